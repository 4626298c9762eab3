"""What ``--benchmarks`` takes: own files, all that is local, and the list of all."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import run_cli

from reasoncore.cli.evaluate import benchmark_names
from reasoncore.domains import DOMAINS
from reasoncore.errors import DataError, UserInputError
from reasoncore.evals.benchmarks import (
    benchmark_sha256,
    benchmarks_of,
    data_sha256,
    find_benchmark,
    load_benchmark,
    local_benchmarks,
)
from reasoncore.verify.choice import ChoiceTask
from reasoncore.verify.code import CodeTask
from reasoncore.verify.constraints import InstructionTask

Run = Callable[..., tuple[int, str, str]]
QUESTION = {"question": "1+1?", "answer": "2"}
CASE = {"prompt": "Double x.", "entry_point": "f", "tests": [{"type": "functional", "input": [2], "output": 4}]}
CHOICE = {"question": "Which?", "options": ["x", "y"], "answer": "x"}
INSTRUCTIONS = {"prompt": "Say hi.", "instruction_id_list": ["punctuation:no_comma"], "kwargs": [{}]}


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.delenv("REASONCORE_DATA", raising=False)
    return lambda *words: run_cli(capsys, monkeypatch, *words)


def own(folder: Path, *rows: dict[str, object]) -> Path:
    path = folder / "mine.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.mark.parametrize(
    ("row", "domain", "kind"),
    [
        (QUESTION, "math", type(None)),
        (CASE, "code", CodeTask),
        (CHOICE, "stem", ChoiceTask),
        (INSTRUCTIONS, "instruct", InstructionTask),
    ],
)
def test_a_file_of_ones_own_is_a_benchmark(tmp_path: Path, row: dict[str, object], domain: str, kind: type) -> None:
    path = own(tmp_path, row, row)
    benchmark = find_benchmark(str(path))
    assert (benchmark.name, benchmark.domain, benchmark.default_samples) == ("mine", domain, 4)
    first, second = load_benchmark(str(path))
    assert (first.domain, first.id, second.id) == (domain, "mine-0", "mine-1")
    assert type(first.reference) is kind
    assert first.prompt.endswith(DOMAINS[domain].instruction)
    assert load_benchmark(str(path), limit=1) == [first]
    assert benchmark_sha256(benchmark, None, []) == data_sha256(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no problems"),
        ("<!DOCTYPE html>\n", "line 1: not valid JSON"),
        ('{"question": "q"}\n', "first row: no key that says what it is"),
        ('{"question": "q", "answer": "1"}\n{"question": "q"}\n', "line 2, key 'answer': missing"),
        ('{"question": "half \\ud800", "answer": "1"}\n', "line 1: half a character"),
    ],
)
def test_a_bad_file_of_ones_own_is_named(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "mine.jsonl").write_text(text)
    with pytest.raises(DataError, match=message):
        load_benchmark(str(tmp_path / "mine.jsonl"))
    with pytest.raises(DataError, match=r"other\.jsonl: cannot be read"):
        load_benchmark(str(tmp_path / "other.jsonl"))


def test_all_local_is_what_is_there(tmp_path: Path) -> None:
    for name in ("gsm8k_train.jsonl", "math500.jsonl", "aime26.jsonl", "ojbench_prompts.jsonl", "other.txt"):
        (tmp_path / name).write_text("\n")
    assert local_benchmarks(tmp_path) == ["math500", "aime26"]
    assert benchmark_names(" all-local, procedural-math,math500,", tmp_path) == ("math500", "aime26", "procedural-math")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserInputError, match="holds no benchmark"):
        local_benchmarks(tmp_path / "empty")
    with pytest.raises(UserInputError, match="no name given"):
        benchmark_names(" , ", None)


def test_a_missing_file_says_where_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"math500\.jsonl: cannot be read") as caught:
        load_benchmark("math500", tmp_path)
    assert caught.value.cure.startswith("Add --fetch to download it, or take it from https://huggingface.co/datasets/")
    with pytest.raises(DataError, match=r"gpqa_diamond\.csv: cannot be read") as caught:
        load_benchmark("gpqa-diamond", tmp_path)
    assert caught.value.cure.startswith("Fetch it by hand from https://huggingface.co/datasets/Idavidrein/gpqa")
    assert caught.value.cure.endswith("save it as gpqa_diamond.csv; its SHA-256 goes into the results.")


def test_ojbench_is_sent_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "ojbench_prompts.jsonl").write_text("{}\n")
    with pytest.raises(UserInputError, match="its judge is a program of its own") as caught:
        load_benchmark("ojbench", tmp_path)
    assert "reasoncore.evals.ojbench" in caught.value.cure


def test_the_list_has_every_row(tmp_path: Path, run: Run) -> None:
    (tmp_path / "gsm8k_test.jsonl").write_text("\n")
    code, out, err = run("eval", "--list", "--data", tmp_path)
    assert (code, err) == (0, "")
    lines = {line.split()[0]: line for line in out.splitlines()[1:] if line}
    assert set(benchmarks_of(DOMAINS)) <= set(lines)
    assert lines["gsm8k"].split() == ["gsm8k", "1319", "math", "4", "yes", "yes", "grade", "school"]
    assert "fetch" in lines["livecodebench-v6"]
    assert "by hand" in lines["hmmt25"]
    rows = {row["name"]: row for row in json.loads(run("eval", "--list", "--json")[1])}
    assert set(rows) == set(benchmarks_of(DOMAINS))
    assert rows["aime25"]["k"] == rows["hmmt25"]["k"] == 64
    assert rows["imo-answerbench-v2"]["k"] == rows["gpqa-diamond"]["k"] == 16
    assert rows["livecodebench-v6"]["k"] == rows["ojbench"]["k"] == 8
    assert (rows["math500"]["here"], rows["procedural-math"]["here"]) == (False, True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "--benchmarks: no name given"),
        (("--benchmarks", "gsm8k", "--data", "."), "gsm8k_test.jsonl: cannot be read"),
        (("--benchmarks", "hmmt25", "--data", ".", "--fetch"), "hmmt25.parquet is not pinned"),
        (("--benchmarks", "all-local"), "no data folder is given"),
        (("--benchmarks", "nowhere.jsonl"), "nowhere.jsonl: cannot be read"),
        (("--list", "--data", "nowhere"), "data folder nowhere: not there"),
    ],
)
def test_what_cannot_be_measured_is_said_in_two_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run, words: tuple[str, ...], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = run("eval", "--endpoint", "http://localhost:1", "--model-name", "m", *words)
    assert (code, out) == (2, "")
    assert said in err
    assert err.count("\n") == 2
