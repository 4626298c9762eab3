"""IFBench's rows from file to verdict: arguments with gaps, real prompts, the command line, and hostile responses."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
from command_line import run_cli

from reasoncore.errors import DataError
from reasoncore.verify.constraints import InstructionTask, InstructionVerifier, read_instruction_task
from reasoncore.verify.constraints.ifbench_table import IFBENCH_CONSTRAINTS

DATA = Path(os.environ.get("REASONCORE_DATA") or Path(__file__).resolve().parents[2].parent / "shared" / "data")
ROWS = "ifbench.jsonl"


@pytest.fixture(scope="module")
def rows() -> list[dict[str, Any]]:
    if not (DATA / ROWS).is_file():
        pytest.skip(f"no {ROWS} in {DATA}; set REASONCORE_DATA")
    return [json.loads(line) for line in (DATA / ROWS).read_text(encoding="utf-8").splitlines()]


def _row(name: str, **kwargs: Any) -> dict[str, Any]:
    return {"prompt": "p", "instruction_id_list": [name], "kwargs": [kwargs]}


def test_nulls_are_absent_and_numbers_with_a_point_are_whole() -> None:
    row = _row("sentence:keyword", N=2.0, word="tea", keyword=None, percentage=None, n=None)
    assert read_instruction_task(row, "line 1").instructions == (("sentence:keyword", {"N": 2, "word": "tea"}),)
    row = _row("repeat:repeat_span", prompt_to_repeat="a b", n_start=0, n_end=1.0)
    assert read_instruction_task(row, "line 1").instructions[0][1]["n_start"] == 0
    row = _row("ratio:stop_words", percentage=12)
    assert read_instruction_task(row, "line 1").instructions[0][1] == {"percentage": 12.0}


@pytest.mark.parametrize(
    ("row", "part"),
    [
        (_row("count:pronouns", N=None), "argument 'N' is missing"),
        (_row("count:words_japanese", N=0), "'N' must be a whole number from 1"),
        (_row("count:numbers", N=-1), "'N' must be a whole number from 0"),
        (_row("count:numbers", N=True), "'N' must be a whole number from 0"),
        (_row("repeat:repeat_span", prompt_to_repeat="a", n_start=0.5, n_end=1), "'n_start' must be a whole number"),
        (_row("ratio:stop_words", percentage=101), "'percentage' must be a number from 0 to 100"),
        (_row("ratio:stop_words", percentage=-1), "'percentage' must be a number from 0 to 100"),
        (_row("ratio:stop_words", percentage=float("nan")), "'percentage' must be a number from 0 to 100"),
        (_row("ratio:stop_words", percentage=True), "'percentage' must be a number from 0 to 100"),
        (_row("ratio:stop_words", percentage="5"), "'percentage' must be a number from 0 to 100"),
        (_row("format:list", sep="a" * 201), "'sep' must be at most 200"),
        (_row("format:options", options=" "), "'options' must be text"),
        (_row("format:options", options="a" * 201), "'options' must be at most 200"),
        (_row("format:emoji", sep="-"), "unknown argument 'sep'"),
        (_row("format:emojis"), "Did you mean 'format:emoji'?"),
    ],
)
def test_a_bad_row_is_a_data_error(row: dict[str, Any], part: str) -> None:
    with pytest.raises(DataError) as caught:
        read_instruction_task(row, "f.jsonl, line 3")
    assert part in str(caught.value)


def test_every_row_of_the_benchmark_is_read_and_judged(rows: list[dict[str, Any]]) -> None:
    tasks = [read_instruction_task(row, f"line {number}") for number, row in enumerate(rows, start=1)]
    assert len(tasks) == 300
    assert {name for task in tasks for name, _ in task.instructions} == set(IFBENCH_CONSTRAINTS)
    responses = ["Tell me: is it so? Yes! (1) It is 😀.\n\n* one, two\n- 三\n", "a", '"x"\n' * 60]
    followed = set()
    for response in responses:
        for verdict, task in zip(InstructionVerifier().judge_many([response] * 300, tasks), tasks, strict=True):
            assert verdict.correct is not None, verdict.reason
            bits = verdict.details["loose"]
            assert all(loose or not strict for strict, loose in zip(verdict.details["strict"], bits, strict=True))
            followed |= {name for (name, _), bit in zip(task.instructions, bits, strict=True) if bit}
    assert 15 < len(followed) < 50


def test_rows_with_all_their_nulls_go_through_the_command_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, rows: list[dict[str, Any]]
) -> None:
    spans = [row for row in rows if row["instruction_id_list"] == ["repeat:repeat_span"]]
    assert spans
    assert None in spans[0]["kwargs"][0].values()
    path = tmp_path / "cases.jsonl"
    for start, correct in (("", True), ("Span: ", False)):
        lines = []
        for row in spans:
            asked = row["kwargs"][0]
            words = asked["prompt_to_repeat"].split()[asked["n_start"] : asked["n_end"] + 1]
            lines.append(json.dumps({**row, "response": start + " ".join(words)}))
        path.write_text("\n".join(lines), encoding="utf-8")
        code, out, _ = run_cli(capsys, monkeypatch, "verify", "instructions", path)
        assert code == 0
        assert [json.loads(line)["correct"] for line in out.splitlines()] == [correct] * len(spans)


def test_arguments_are_literal_text() -> None:
    verifier = InstructionVerifier()
    for name, arguments, good, bad in (
        ("sentence:keyword", {"word": "a+b", "N": 1}, "is a+b", "is aab"),
        ("format:list", {"sep": "(x|y)*"}, "(x|y)*(x|y)*", "xyxy"),
        ("format:options", {"options": ".*/x"}, "x", "anything"),
        ("words:words_position", {"keyword": "c.t"}, "a c.t b", "a cat b"),
    ):
        task = InstructionTask(((name, arguments),), "p")
        assert verifier.judge(good, task).correct is True
        assert verifier.judge(bad, task).correct is False


WIDE: dict[str, Any] = {
    "N": 3,
    "small_n": 3,
    "min_words": 0,
    "max_words": 10**6,
    "n": 1,
    "m": 10**5,
    "n_start": 0,
    "n_end": 10**6,
    "percentage": 50.0,
    "reference_text": "a b c d " * 100,
    "prompt_to_repeat": "a " * 1000,
    "word": "a" * 199 + "b",
    "keyword": "a " * 99 + "b",
    "sep": "(((",
    "options": "a" * 200,
    **{f"keyword{number}": "a " * 99 + "b" for number in range(1, 6)},
}
MIXED = "Ab, c? d! (x) \"q\" 'r' * - 1. e’s\u0301\u0327😀\ud800\n"


@pytest.mark.parametrize("unit", ["a", " ", "\n", "(", MIXED], ids=["letters", "spaces", "lines", "brackets", "mixed"])
def test_hostile_responses_are_judged_in_time(unit: str) -> None:
    text = ("a" + unit * 200_000)[:199_999] + "b"
    for name, constraint in IFBENCH_CONSTRAINTS.items():
        arguments = {key: WIDE[key] for key in constraint.arguments}
        started = time.process_time()
        constraint.check(text, **arguments)
        assert time.process_time() - started < 5.0, name


HOSTILE = {
    "words:start_verb": ["a. ", "`", '(" ', ".)))) "],
    "words:words_position": ["a. ", ".)))) ", "cannot "],
    "words:odd_even_syllables": ["ia", "ings", "es "],
    "words:consonants": ["ab", "a b "],
    "format:line_indent": ["\n ", " \n"],
    "format:quotes": ["'\"", "'"],
    "format:thesis": ["<i>", "<em>", "</i>"],
    "format:no_bullets_bullets": ["a. b.\n", "*\n"],
    "custom:mcq_count_length": ["Question 1", "Question 1\n", "1"],
    "custom:reverse_newline": ["Zimbabwe\n", "Zimbabwe\u0301\u0327\u0301\u0327", "\u0301\u0327"],
    "custom:european_capitals_sort": ["\u0301\u0327", "\ufdfa", ","],
    "custom:date_format_list": [",", "1800-01-01,", "1"],
    "custom:csv_city": [",", '"', "\n", '"\n'],
    "custom:csv_special_character": ["!", '"', "\n1,2,3,4,5"],
    "custom:csv_quotes": ["\t", '"\t', "\n"],
}
HEADERS = {
    "custom:csv_special_character": 'ProductID,Category,Brand,Price,Stock\n"',
    "custom:csv_quotes": "StudentID\tSubject\tGrade\tSemester\tScore\n",
    "custom:mcq_count_length": "Question 1",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_a_constraint_looks_for_in_great_number_is_judged_in_time(name: str) -> None:
    constraint = IFBENCH_CONSTRAINTS[name]
    arguments = {key: WIDE[key] for key in constraint.arguments}
    for unit in HOSTILE[name]:
        text = (HEADERS.get(name, "a") + unit * 200_000)[:200_000]
        started = time.process_time()
        constraint.check(text, **arguments)
        assert time.process_time() - started < 5.0, unit
