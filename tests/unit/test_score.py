"""The block of results.json from rollout rows: by hand, with unjudged rollouts, with broken rows."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reasoncore.errors import DataError
from reasoncore.evals.score import group_by_problem, k_values, score_benchmark


def row(problem: str, sample: int, correct: bool | None, answer: str | None = "1", **more: Any) -> dict[str, Any]:
    return {
        "benchmark": "b",
        "problem_id": problem,
        "sample": sample,
        "seed": 0,
        "prompt_sha256": "",
        "text": "",
        "token_count": 10,
        "finish": "stop",
        "answer": answer,
        "correct": correct,
        "reason": "",
        **more,
    }


def four_samples(problem: str, verdicts: str, answers: str, **more: Any) -> list[dict[str, Any]]:
    """Rows from a string of verdicts (``+``, ``-``, ``?``) and one of one-letter answers (``.`` for none)."""
    meaning = {"+": True, "-": False, "?": None}
    return [
        row(problem, index, meaning[verdict], None if answer == "." else answer, **more)
        for index, (verdict, answer) in enumerate(zip(verdicts, answers, strict=True))
    ]


def test_a_block_by_hand() -> None:
    rows = [
        *four_samples("p", "++--", "1123", subdomain="algebra", level=1),
        *four_samples("q", "+---", "1222", subdomain="algebra", level=2, token_count=30, finish="length"),
        *four_samples("r", "----", "....", subdomain="geometry", level=1),
        *four_samples("s", "++++", "5555", subdomain="geometry", level=1),
    ]
    block = score_benchmark(rows[::-1], "abc")
    assert (block["n"], block["k"], block["n_fully_judged"], block["data_sha256"]) == (4, 4, 4, "abc")
    assert block["pass@1"]["mean"] == pytest.approx((2 / 4 + 1 / 4 + 0 + 1) / 4)
    assert list(block["pass@k"]) == ["1", "2", "4"]
    assert block["pass@k"]["1"] == block["pass@1"]
    assert block["pass@k"]["2"]["mean"] == pytest.approx((5 / 6 + 3 / 6 + 0 + 1) / 4)
    assert block["pass@k"]["4"]["mean"] == 0.75
    assert block["cons@k"].keys() == {"4"}
    assert block["cons@k"]["4"]["mean"] == 0.5  # p by 1 1, s; q is outvoted, r has no answer
    assert block["cutoff_rate"] == 0.25
    assert block["no_answer_rate"] == 0.25
    assert block["not_judged_rate"] == 0.0
    assert block["mean_tokens"] == 15.0
    low, high = block["pass@1"]["ci95"]
    assert 0.0 <= low < block["pass@1"]["mean"] < high <= 1.0
    assert {name: part["n"] for name, part in block["subdomains"].items()} == {"algebra": 2, "geometry": 2}
    assert block["subdomains"]["algebra"]["pass@1"]["mean"] == pytest.approx(3 / 8)
    assert {name: part["n"] for name, part in block["levels"].items()} == {"1": 3, "2": 1}
    assert block["levels"]["2"]["pass@1"] == {"mean": 0.25, "ci95": [None, None]}
    json.loads(json.dumps(block, allow_nan=False))


def test_macro_gives_subdomains_equal_weight() -> None:
    rows = [row(f"a{index}", 0, True, subdomain="algebra") for index in range(9)]
    rows += [row(f"g{index}", 0, False, subdomain="geometry") for index in range(3)]
    block = score_benchmark(rows, "")
    assert block["pass@1"]["mean"] == 0.75
    assert block["macro"]["pass@1"]["mean"] == 0.5
    assert block["macro"]["pass@k"]["1"]["mean"] == 0.5


def test_unjudged_rollouts_are_in_neither_numerator_nor_denominator() -> None:
    rows = [*four_samples("p", "+???", "1111"), *four_samples("q", "--?+", "2231"), *four_samples("r", "????", "1111")]
    block = score_benchmark(rows, "")
    assert (block["n"], block["k"], block["n_fully_judged"]) == (3, 4, 0)
    assert block["not_judged_rate"] == pytest.approx(8 / 12)
    assert block["pass@1"]["mean"] == pytest.approx((1 + 1 / 3) / 2)  # r has nothing judged
    assert block["pass@k"]["2"]["mean"] == pytest.approx(2 / 3)  # only q has two
    assert block["pass@k"]["4"] == {"mean": None, "ci95": [None, None]}
    assert block["cons@k"]["4"]["mean"] == 0.5


def test_a_subdomain_with_nothing_judged_leaves_no_macro_mean() -> None:
    rows = [row("p", 0, True, subdomain="a"), row("q", 0, None, subdomain="b")]
    block = score_benchmark(rows, "")
    assert block["macro"]["pass@1"]["mean"] is None
    assert block["pass@1"]["mean"] == 1.0


def test_samples_vote_in_sampling_order() -> None:
    rows = [row("p", 1, False, "2"), row("p", 0, True, "1")]
    assert score_benchmark(rows, "")["cons@k"]["2"]["mean"] == 1.0


@pytest.mark.parametrize(("k", "values"), [(1, [1]), (2, [1, 2]), (3, [1, 2, 3]), (4, [1, 2, 4]), (6, [1, 2, 4, 6])])
def test_k_values(k: int, values: list[int]) -> None:
    assert k_values(k) == values


def test_rows_without_subdomain_and_level() -> None:
    block = score_benchmark([row("p", 0, True), row("q", 0, False)], "")
    assert list(block["subdomains"]) == ["all"]
    assert block["levels"] == {}
    assert block["macro"]["pass@1"] == block["pass@1"]


def test_bad_rows_are_named() -> None:
    with pytest.raises(DataError, match="no rows"):
        score_benchmark([], "")
    with pytest.raises(DataError, match="row 2: sample 0 of problem 'p' is there twice"):
        group_by_problem([row("p", 0, True), row("p", 0, False)])
    broken = row("p", 1, True)
    del broken["finish"]
    with pytest.raises(DataError, match="row 2: no field 'finish'"):
        score_benchmark([row("p", 0, True), broken], "")


def test_token_counts_by_hand() -> None:
    rows = [
        *four_samples("p", "++--", "1123"),
        row("q", 0, True, token_count=20),
        row("q", 1, False, token_count=50),
        row("q", 2, None, token_count=100),
        row("q", 3, None, token_count=None, finish=None),
    ]
    assert score_benchmark(rows, "")["tokens"] == {
        "quantiles": {"0.1": 10, "0.5": 10, "0.9": 100, "0.99": 100, "1.0": 100},
        "right_mean": 40 / 3,
        "wrong_mean": 70 / 3,
    }
    assert score_benchmark([row("p", 0, True, token_count=None)], "")["tokens"] is None


def test_instruction_accuracy_by_hand() -> None:
    def judged(problem: str, strict: list[bool], loose: list[bool]) -> dict[str, Any]:
        return row(problem, 0, all(strict), None, details={"strict": strict, "loose": loose})

    rows = [
        judged("p", [True, True, False], [True, True, True]),
        judged("q", [True], [True]),
        judged("r", [False, True], [False, True]),
        row("s", 0, None, None),
    ]
    found = score_benchmark(rows, "")["instructions"]
    assert {name: part["mean"] for name, part in found.items()} == {
        "prompt_strict": pytest.approx(1 / 3),
        "instruction_strict": pytest.approx(4 / 6),
        "prompt_loose": pytest.approx(2 / 3),
        "instruction_loose": pytest.approx(5 / 6),
    }
    # R = 4/6; residuals 2 - 3 R, 1 - R, 1 - 2 R = 0, 1/3, -1/3; se^2 = 3/2 (2/9) / 36 = 1/108.
    centre, share = 2 / 3, 4.302653**2 / 108 / (2 / 9)
    half = (4.302653**2 / 108 + share**2 / 4) ** 0.5
    low, high = found["instruction_strict"]["ci95"]
    assert low == pytest.approx((centre + share / 2 - half) / (1 + share), abs=1e-5)
    assert high == pytest.approx((centre + share / 2 + half) / (1 + share), abs=1e-5)
    assert score_benchmark([row("p", 0, True)], "")["instructions"] is None
