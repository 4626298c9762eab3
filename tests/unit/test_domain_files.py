"""The domains read real files: problems that the domain's verifier judges, references right and others wrong."""

import json
import os
from functools import partial
from pathlib import Path

import pytest

from reasoncore.config import HardwareSettings, ProblemSource, TraceSource
from reasoncore.data.code_files import load_mbpp
from reasoncore.data.problems import check_rows, check_source_names, load_problems, load_traces
from reasoncore.domains import DOMAINS, Judge
from reasoncore.domains.open_ended import open_ended_judge
from reasoncore.errors import DataError, UserInputError

DATA = Path(os.environ.get("REASONCORE_DATA") or Path(__file__).resolve().parents[2].parent / "shared" / "data")
NO_JUDGE = partial(open_ended_judge, "procedural", Path(), HardwareSettings())


def real(name: str) -> str:
    if not (DATA / name).is_file():
        pytest.skip(f"no {name} in {DATA}; set REASONCORE_DATA")
    return str(DATA / name)


@pytest.mark.parametrize(
    ("domain", "name", "format_name", "count"),
    [
        ("math", "gsm8k_train.jsonl", None, 7473),
        ("code", "humaneval.jsonl", "humaneval", 164),
        ("code", "mbpp.jsonl", "mbpp", 974),
        ("code", "leetcode_2024.jsonl", "leetcode", 84),
    ],
)
def test_worked_solutions_of_real_files_are_judged_right(
    domain: str, name: str, format_name: str | None, count: int
) -> None:
    source = TraceSource(domain=domain, source=real(name), format=format_name)
    check_source_names("data.x", source, DOMAINS)
    check_rows(source, DOMAINS, Path())
    traces = load_traces({domain: source}, DOMAINS, 0, Path())
    assert len(traces) == count
    few = traces[: 200 if domain == "math" else 8]
    with Judge(DOMAINS, NO_JUDGE) as judge:
        verdicts = judge.judge([trace.problem for trace in few], [trace.response for trace in few])
        mixed = judge.judge([trace.problem for trace in few], [trace.response for trace in (*few[1:], few[0])])
    assert all(verdict.correct for verdict in verdicts)
    assert sum(verdict.correct is True for verdict in mixed) <= 1 + len(few) // 20


def test_ifeval_prompts_and_their_real_responses() -> None:
    source = ProblemSource(domain="instruct", source=real("ifeval.jsonl"))
    problems = load_problems({"instruct": source}, DOMAINS, "train", 0, Path())
    assert len(problems) == 541
    assert "mixed" in {problem.subdomain for problem in problems}
    with Judge(DOMAINS, NO_JUDGE) as judge:
        verdicts = judge.judge(problems[:50], ["no, thanks"] * 50)
    assert all(verdict.correct is not None for verdict in verdicts)
    assert sum(verdict.correct is True for verdict in verdicts) < 15


def test_questions_with_options(tmp_path: Path) -> None:
    path = tmp_path / "stem.jsonl"
    path.write_text(json.dumps({"question": "Which?", "answer": "9 V", "options": ["1 V", "9 V", "3 V"]}) + "\n")
    (problem,) = load_problems({"stem": ProblemSource(domain="stem", source=str(path))}, DOMAINS, "train", 0, Path())
    assert problem.prompt.startswith("Which?\nA) 1 V\nB) 9 V\nC) 3 V\n")
    assert problem.answer == "B"
    with Judge(DOMAINS, NO_JUDGE) as judge:
        right, wrong = judge.judge([problem, problem], [r"So \boxed{B}", r"So \boxed{C}"])
    assert (right.correct, wrong.correct) == (True, False)


def test_code_cases_bring_a_response_or_a_program(tmp_path: Path) -> None:
    test = {"type": "functional", "input": [2], "output": 4}
    rows = [
        {"id": "a", "prompt": "Double x.", "entry_point": "f", "tests": [test], "solution": "def f(x): return 2 * x"},
        {
            "id": "b",
            "prompt": "Double.",
            "entry_point": "f",
            "tests": [test],
            "response": "I think.\n```python\nf=1\n```",
        },
        {"id": "c", "prompt": "Twice.", "entry_point": "f", "tests": [test]},
    ]
    path = tmp_path / "cases.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    source = TraceSource(domain="code", source=str(path))
    with pytest.raises(DataError, match="problem c: no worked solution"):
        check_rows(source, DOMAINS, Path())
    path.write_text("".join(json.dumps(row) + "\n" for row in rows[:2]))
    first, second = load_traces({"code": source}, DOMAINS, 0, Path())
    assert first.response == "```python\ndef f(x): return 2 * x\n```"
    assert second.response == rows[1]["response"]


def test_an_odd_escape_in_a_file_warns_nobody(tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    row = {"task_id": 1, "text": "Match.", "code": "import re\ndef f(s):\n    return bool(re.match('\\w', s))"}
    path = tmp_path / "mbpp.jsonl"
    path.write_text(json.dumps({**row, "test_list": ["assert f('a')"], "test_setup_code": ""}) + "\n")
    (problem,) = load_mbpp(path)
    assert "'\\w'" in problem.solution
    assert not recwarn.list


def test_a_response_is_judged_once_however_often_it_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    source = ProblemSource(domain="math", count=3)
    problems = load_problems({"math": source}, DOMAINS, "train", 0, Path())
    seen: list[int] = []
    with Judge(DOMAINS, NO_JUDGE) as judge:
        verifier = judge._verifier("math")
        original = verifier.judge_many
        monkeypatch.setattr(verifier, "judge_many", lambda r, g: seen.append(len(r)) or original(r, g))
        asked = [problems[0], problems[1], problems[0], problems[0]]
        texts = [rf"\boxed{{{problems[0].answer}}}"] * 3 + [r"\boxed{x}"]
        verdicts = judge.judge(asked, texts)
    assert seen == [3]
    assert [verdict.correct for verdict in verdicts] == [True, problems[0].answer == problems[1].answer, True, False]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"domain": "maths", "count": 1}, "unknown domain 'maths'"),
        ({"domain": "code", "source": "x.jsonl", "format": "mpbb"}, "unknown format 'mpbb'"),
        ({"domain": "code", "count": 1, "subdomains": ("list",)}, "unknown subdomain 'list'"),
        ({"domain": "stem", "count": 1, "levels": (9,)}, "unknown level 9"),
        ({"domain": "stem", "source": "nowhere.jsonl"}, "no such file"),
    ],
)
def test_wrong_sources_are_named(settings: dict[str, object], said: str) -> None:
    source = ProblemSource.model_validate(settings)

    def check() -> None:
        check_source_names("data.x", source, DOMAINS)
        check_rows(source, DOMAINS, Path())

    with pytest.raises(UserInputError, match=said):
        check()
