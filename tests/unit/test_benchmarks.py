r"""The benchmark table: real files where they are at hand, and every way a file can be wrong."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reasoncore.data.files import read_questions
from reasoncore.domains import DOMAINS
from reasoncore.errors import DataError, UserInputError
from reasoncore.evals.benchmarks import (
    PROCEDURAL_SEED,
    benchmark_sha256,
    benchmarks_of,
    data_sha256,
    find_benchmark,
    load_benchmark,
    problems_sha256,
)
from reasoncore.procedural import PROCEDURAL, sample_problems
from reasoncore.records import Problem
from reasoncore.verify.math import MathVerifier

DATA = Path(os.environ.get("REASONCORE_DATA") or Path(__file__).resolve().parents[2].parent / "shared" / "data")
INSTRUCTION = DOMAINS["math"].instruction
BENCHMARKS = benchmarks_of(DOMAINS)
COUNTS = {"gsm8k": 1319, "math500": 500, "aime24": 30, "aime25": 30}


def _real(name: str) -> list[Problem]:
    file_name = BENCHMARKS[name].file_name
    assert file_name is not None
    if not (DATA / file_name).is_file():
        pytest.skip(f"no {file_name} in {DATA}; set REASONCORE_DATA")
    return load_benchmark(name, DATA)


@pytest.mark.parametrize("name", [name for name, row in BENCHMARKS.items() if row.file_name is None])
def test_every_generated_benchmark_has_its_problems(name: str) -> None:
    problems = load_benchmark(name)
    count = 120 if name.endswith("-open") else 320 if name.endswith("-hard") else 400
    assert len({problem.key for problem in problems}) == len(problems) == count
    assert {problem.domain for problem in problems} == {BENCHMARKS[name].domain}


@pytest.mark.parametrize("name", COUNTS)
def test_every_real_gold_is_correct_against_itself(name: str) -> None:
    problems = _real(name)
    assert len(problems) == COUNTS[name]
    assert len({problem.id for problem in problems}) == COUNTS[name]
    with MathVerifier() as verifier:
        verdicts = verifier.judge_many([rf"So \boxed{{{p.answer}}}." for p in problems], [p.answer for p in problems])
    failing = [
        (problem.answer, verdict.reason)
        for problem, verdict in zip(problems, verdicts, strict=True)
        if verdict.correct is not True
    ]
    assert failing == []


def test_math_verify_reads_every_real_gold_that_is_not_a_plain_number() -> None:
    """The self-check above ends at equal spelling; here the worker must read each gold and find it equal to itself."""
    problems = _real("math500")
    golds = [problem.answer for problem in problems if not problem.answer.lstrip("-").isdecimal()]
    with MathVerifier() as verifier:
        verdicts = [verifier._compare_symbolically(gold, gold) for gold in golds]
    assert len(golds) > 150
    assert [pair for pair in zip(golds, verdicts, strict=True) if pair[1][0] is not True] == []


@pytest.mark.parametrize("name", COUNTS)
def test_all_four_are_asked_alike(name: str) -> None:
    prompts = [problem.prompt for problem in _real(name)]
    assert all(prompt.endswith(" " + INSTRUCTION) and prompt.count(INSTRUCTION) == 1 for prompt in prompts)


def test_real_rows() -> None:
    first = _real("gsm8k")[0]
    assert (first.id, first.domain, first.answer) == ("gsm8k_test-0", "math", "18")
    assert _real("math500")[0].subdomain == "Precalculus"
    assert _real("math500")[0].level == 2
    assert _real("aime24")[1].answer == "025"
    assert _real("aime25")[0].answer == "70"
    assert load_benchmark("gsm8k", DATA, limit=3) == _real("gsm8k")[:3]


def test_an_unknown_name_gets_the_nearest() -> None:
    with pytest.raises(UserInputError, match="nearest: 'math500'") as caught:
        load_benchmark("math-500")
    assert all(name in caught.value.cure for name in BENCHMARKS)


def test_a_missing_data_folder_names_the_option(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("REASONCORE_DATA", raising=False)
    with pytest.raises(UserInputError, match=r"gsm8k_test\.jsonl") as caught:
        load_benchmark("gsm8k")
    assert "--data" in caught.value.cure
    with pytest.raises(UserInputError, match="not there") as caught:
        load_benchmark("gsm8k", tmp_path / "nowhere")
    assert "--data" in caught.value.cure
    with pytest.raises(DataError, match=r"gsm8k_test\.jsonl: cannot be read"):
        load_benchmark("gsm8k", tmp_path)
    with pytest.raises(DataError, match=r"aime24\.parquet: cannot be read"):
        load_benchmark("aime24", tmp_path)


def test_the_environment_names_the_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "gsm8k_test.jsonl").write_text('{"question": "1+1?", "answer": "so\\n#### 2"}\n')
    monkeypatch.setenv("REASONCORE_DATA", str(tmp_path))
    [problem] = load_benchmark("gsm8k")
    assert problem == Problem("gsm8k_test-0", "math", "gsm8k", f"1+1? {INSTRUCTION}", "2")


def test_a_limit_below_one_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserInputError, match="limit 0"):
        load_benchmark("gsm8k", tmp_path, limit=0)


_GOOD = '{"question": "1+1?", "answer": "#### 2"}\n'


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "holds no problems"),
        ("\n\n", "holds no problems"),
        (_GOOD + "{broken\n", "line 2: not valid JSON"),
        (_GOOD + "[1]\n", "line 2: not a JSON object"),
        (_GOOD + '{"answer": "2"}\n', "line 2: no question"),
        (_GOOD + '{"question": "q"}\n', "line 2, key 'answer': missing"),
        (_GOOD + '{"question": "", "answer": "2"}\n', "line 2, key 'question': empty"),
        (_GOOD + '{"question": "q", "answer": null}\n', "line 2, key 'answer': null"),
        (_GOOD + '{"question": "q", "answer": [1]}\n', "line 2, key 'answer': not text"),
        (_GOOD + '{"question": "q", "answer": NaN}\n', "line 2, key 'answer': not text"),
        (_GOOD + '{"question": "q", "answer": "so ####  "}\n', "line 2, key 'answer': no answer after"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_text(content)
    with pytest.raises(DataError, match=message) as caught:
        read_questions(path)
    assert str(path) in caught.value.message
    assert caught.value.cure


def test_a_users_own_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    rows = [
        {"question": "q", "answer": "work\n#### 1,000"},
        {"problem": "p", "answer": 0, "subject": "Algebra", "level": 3, "unique_id": "u"},
        {"prompt": "r", "answer": r"\frac{1}{2}", "id": 7, "subdomain": "fractions", "level": "Level 5"},
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert [worked.problem for worked in read_questions(path, instruction="Go.")] == [
        Problem("mine-0", "math", "mine", "q Go.", "1,000"),
        Problem("u", "math", "Algebra", "p Go.", "0", 3),
        Problem("7", "math", "fractions", "r Go.", r"\frac{1}{2}"),
    ]
    assert [w.problem.subdomain for w in read_questions(path, subdomain="other", limit=2)] == ["other", "Algebra"]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"reward_model": {"ground_truth": "1"}}, "row 1, key 'prompt': not a list"),
        ({"prompt": [{"role": "user"}], "reward_model": {"ground_truth": "1"}}, "key 'content': missing"),
        ({"prompt": [{"content": "q"}]}, "row 1: no key 'reward_model'"),
        ({"prompt": [{"content": "q"}], "reward_model": {"style": "rule"}}, "key 'ground_truth': missing"),
    ],
)
def test_a_bad_parquet_row_is_named(tmp_path: Path, row: dict[str, object], message: str) -> None:
    pq.write_table(pa.Table.from_pylist([row]), tmp_path / "aime24.parquet")
    with pytest.raises(DataError, match=message):
        load_benchmark("aime24", tmp_path)


def test_a_file_that_is_not_parquet_and_an_empty_one(tmp_path: Path) -> None:
    (tmp_path / "aime24.parquet").write_text("not parquet at all")
    with pytest.raises(DataError, match="not a Parquet file"):
        load_benchmark("aime24", tmp_path)
    pq.write_table(pa.table({"prompt": pa.array([], pa.string())}), tmp_path / "aime25.parquet")
    with pytest.raises(DataError, match="holds no problems"):
        load_benchmark("aime25", tmp_path)


def test_hashes(tmp_path: Path) -> None:
    path = tmp_path / "gsm8k_test.jsonl"
    path.write_text(_GOOD)
    assert data_sha256(path) == hashlib.sha256(_GOOD.encode()).hexdigest()
    assert benchmark_sha256(find_benchmark("gsm8k"), tmp_path, []) == data_sha256(path)
    with pytest.raises(DataError, match="cannot be read"):
        data_sha256(tmp_path / "none")
    one, other = Problem("1", "math", "x", "q", "1"), Problem("1", "math", "x", "q", "2")
    assert problems_sha256([one]) != problems_sha256([other])
    assert problems_sha256([one, other]) != problems_sha256([other, one])


def test_procedural_problems_are_the_test_split_and_stay_the_same() -> None:
    problems = load_benchmark("procedural-math", limit=24)
    assert len(problems) == 24
    assert problems == load_benchmark("procedural-math", limit=40)[:24]
    assert len({problem.subdomain for problem in problems}) == 4
    assert problems == [
        worked.problem for worked in sample_problems("math", PROCEDURAL["math"], (1, 2, 3), "test", 24, PROCEDURAL_SEED)
    ]
    assert benchmark_sha256(find_benchmark("procedural-math"), None, problems) == problems_sha256(problems)
    with MathVerifier() as verifier:
        verdicts = verifier.judge_many([rf"\boxed{{{p.answer}}}" for p in problems], [p.answer for p in problems])
    assert all(verdict.correct for verdict in verdicts)
