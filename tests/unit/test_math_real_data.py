"""The benchmarks' own answers: each is right for its problem, and nearly never for the next one."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from reasoncore.evals.benchmarks import find_benchmark, load_benchmark
from reasoncore.verify.math import MathVerifier
from reasoncore.verify.math.read import readings

DATA = Path(os.environ.get("REASONCORE_DATA") or Path(__file__).resolve().parents[2].parent / "shared" / "data")
NAMES = ("gsm8k", "math500", "aime24", "aime25")


@pytest.fixture(scope="module")
def verifier() -> Iterator[MathVerifier]:
    with MathVerifier(workers=1) as shared:
        yield shared


def _golds(*names: str) -> list[str]:
    for name in names:
        file_name = find_benchmark(name).file_name
        if not (DATA / str(file_name)).is_file():
            pytest.skip(f"no {file_name} in {DATA}; set REASONCORE_DATA")
    return [problem.answer for name in names for problem in load_benchmark(name, DATA)]


def test_every_gold_is_in_the_language(verifier: MathVerifier) -> None:
    """Nothing is left to the general reader, and nothing but words is taken for words."""
    golds = _golds(*NAMES)
    assert {gold for gold in golds if readings(gold)[0].op == "raw"} == set()
    words = {readings(gold)[0].name for gold in golds if readings(gold)[0].op == "text"}
    assert words == {"Evelyn", "Navin", "east", "ellipse", "even"}


def test_every_solution_is_correct(verifier: MathVerifier) -> None:
    _golds("math500")
    rows = [json.loads(line) for line in (DATA / "math500.jsonl").read_text(encoding="utf-8").splitlines()]
    verdicts = verifier.judge_many([row["solution"] for row in rows], [row["answer"] for row in rows])
    assert len(verdicts) == 500
    assert [(verdict.answer, verdict.reason) for verdict in verdicts if verdict.correct is not True] == []


def test_an_answer_to_the_next_problem_is_correct_only_where_it_is_equal(verifier: MathVerifier) -> None:
    golds = _golds(*NAMES)
    others = golds[1:] + golds[:1]
    verdicts = verifier.judge_many([rf"\boxed{{{gold}}}" for gold in golds], others)
    assert all(verdict.correct is not None for verdict in verdicts)
    accepted = [(one, two) for one, two, verdict in zip(golds, others, verdicts, strict=True) if verdict.correct]
    assert len(accepted) == 18
    # Checked without any of our code: the same text, but for one "x=5" beside "5".
    assert [pair for pair in accepted if pair[0].removeprefix("x=") != pair[1].removeprefix("x=")] == []


def test_no_two_different_golds_of_math500_are_taken_for_each_other(verifier: MathVerifier) -> None:
    golds = sorted({gold for gold in _golds("math500") if not gold.lstrip("-").isdecimal()})[::3]
    pairs = [(one, two) for one in golds for two in golds if one < two]
    verdicts = verifier.judge_many([rf"\boxed{{{one}}}" for one, _ in pairs], [two for _, two in pairs])
    accepted = {pair for pair, verdict in zip(pairs, verdicts, strict=True) if verdict.correct is not False}
    assert accepted <= {
        (r"\frac14", r"\frac{1}{4}"),
        (r"2 \sqrt{5}", r"2\sqrt{5}"),
        ("(-2,1)", "-2,1"),
        ("-2,1", "1,-2"),
    }
