"""What an SFT stage leaves out: degenerate traces and problems of its benchmarks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reasoncore.config import CleanSettings
from reasoncore.data.decontaminate import ItemText, ProtectedIndex
from reasoncore.domains import DOMAINS
from reasoncore.errors import UserInputError
from reasoncore.procedural import sample_problems
from reasoncore.records import Problem, Trace
from reasoncore.sft.clean import benchmark_prompts, sift

LOOP = "so we add one and then we add one more again " * 20
ASKED = "Seven red foxes cross the frozen river at dawn while nine grey owls watch in silence. How many animals?"


def trace(name: str, prompt: str, response: str = "7 + 9 = 16") -> Trace:
    return Trace(Problem(name, "math", "algebra", prompt, "16"), response, "steps")


def test_what_is_left_out_says_why_and_the_rest_stays_in_order() -> None:
    index = ProtectedIndex.of([ItemText("exam", "q1", ASKED)])
    traces = [
        trace("a", "What is 2 + 2?"),
        trace("b", ASKED.lower().replace(".", "")),
        trace("c", "Go on.", LOOP),
        trace("d", "Nine owls watch seven foxes."),
        trace("e", "What was asked?", f"It said: {ASKED}"),
    ]
    kept, refused = sift(traces, CleanSettings(), index)
    assert [one.problem.id for one in kept] == ["a", "d"]
    assert [(one.trace.problem.id, one.reason) for one in refused] == [
        ("b", "stands in exam"),
        ("c", "repeats itself"),
        ("e", "stands in exam"),
    ]
    row = refused[0].as_row()
    assert row["item"] == "q1"
    assert row["words"] == "seven red foxes cross the frozen river at dawn while"
    assert json.loads(json.dumps(row))["problem"] == "math/b"


def test_nothing_of_a_benchmark_is_left_in_generated_traces() -> None:
    """Whole problems alone, where ngram is more words than any has."""
    settings = CleanSettings(benchmarks=("procedural-math",), ngram=1000)
    index = ProtectedIndex.of(benchmark_prompts(settings, DOMAINS, Path()), settings.ngram, settings.common)
    asked = sample_problems("math", DOMAINS["math"].subdomains, (1, 2, 3), "train", 300, seed=3)
    own = [Trace(worked.problem, worked.solutions["direct"], "direct") for worked in asked]
    planted = [trace("planted", item.text) for item in benchmark_prompts(settings, DOMAINS, Path(), limit=5)]
    kept, refused = sift([*own, *planted], settings, index)
    assert {one.trace.problem.id for one in refused} >= {"planted"}
    assert len(refused) < 5 + 3 * 5
    assert all(one.problem.id != "planted" for one in kept)


def test_a_benchmark_that_is_not_there() -> None:
    with pytest.raises(UserInputError, match="procedural-maths"):
        list(benchmark_prompts(CleanSettings(benchmarks=("procedural-maths",)), DOMAINS, Path(), limit=1))
