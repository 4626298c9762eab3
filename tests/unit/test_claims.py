"""Checking published scores: what a figure can stand for, how exact it is, and whether a measurement agrees."""

from __future__ import annotations

import json
import math
import os
from dataclasses import replace
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reasoncore.errors import DataError, UserInputError
from reasoncore.evals.claims import (
    Score,
    ScoreProtocol,
    check_claim,
    check_granularity,
    claim_lines,
    compare_scores,
    comparison_lines,
    contest_lines,
    contest_rows,
    granularity_lines,
    measured_score,
    printed_score,
    reported_score,
    reported_scores,
    score_of_rollouts,
    uncertainty_lines,
    uncertainty_of,
)

DATA = Path(os.environ.get("REASONCORE_DATA") or Path(__file__).resolve().parents[2].parent / "shared" / "data")
CAPPED = printed_score("85.0", ScoreProtocol(30, 8, cap=40960, cutoff_rate=0.175), label="third party")


def printed(text: str, items: int | None, k: int | None) -> Score:
    return printed_score(text, ScoreProtocol(items, k))


@pytest.mark.parametrize(
    ("text", "items", "k", "counts", "could_fail"),
    [
        ("94.3", 30, 64, (1810, 1811), False),
        ("91.4", 30, 64, (1754, 1755), False),
        ("93.8", 30, 64, (1800, 1801), False),  # 1800 of 1920 is 93.75, an exact half
        ("96.1", 32, 4, (123, 123), True),
        ("96.7", 30, 8, (232, 232), True),
        ("100", 30, 1, (30, 30), True),
        ("0.0", 30, 64, (0, 0), False),
    ],
)
def test_counts_that_round_to_a_figure(
    text: str, items: int, k: int, counts: tuple[int, int], could_fail: bool
) -> None:
    found = check_granularity(printed(text, items, k))
    assert (found.verdict, found.counts, found.could_fail) == ("consistent", counts, could_fail)
    assert found.step == pytest.approx(100 / (items * k))


@given(st.integers(1, 300), st.integers(0, 1000))
def test_the_counts_are_those_that_round_so(outcomes: int, tenths: int) -> None:
    text = f"{tenths / 10:.1f}"
    rounded = {
        c
        for c in range(outcomes + 1)
        for mode in (ROUND_HALF_UP, ROUND_HALF_EVEN)
        if (Decimal(100 * c) / outcomes).quantize(Decimal("0.1"), mode) == Decimal(text)
    }
    counts = check_granularity(printed(text, outcomes, 1)).counts
    # With either rule of rounding, and with halves rounded down, as floating point may do.
    assert rounded <= set(range(counts[0], counts[1] + 1) if counts else ())
    assert counts is None or abs(100 * counts[0] / outcomes - float(text)) <= 0.05 + 1e-9
    assert counts is None or abs(100 * counts[1] / outcomes - float(text)) <= 0.05 + 1e-9


def test_an_impossible_figure_is_inconsistent() -> None:
    found = check_claim(printed("95.0", 30, 1))  # 28.5 of 30
    assert (found.verdict, found.granularity.counts) == ("inconsistent", None)
    assert "no mean of 30" in found.reason
    assert check_claim(printed("95.0", 30, 2)).verdict == "consistent"
    assert check_claim(printed_score("95.0", ScoreProtocol(30, 64, "cons@k"))).verdict == "inconsistent"


def test_a_figure_cut_off_instead_of_rounded_cannot_be_told() -> None:
    found = check_claim(printed("96.0", 32, 4))  # 123 of 128 is 96.09
    assert (found.verdict, found.granularity.only_truncated) == ("cannot tell", True)
    assert check_claim(printed("96.2", 32, 4)).verdict == "inconsistent"


def test_an_unknown_protocol_cannot_be_told() -> None:
    ifeval = check_granularity(printed("93.4", 541, None))
    assert ifeval.verdict == "cannot tell"
    assert 1 not in ifeval.possible_generations
    assert {2, 4, 64} < set(ifeval.possible_generations)
    assert "not with 1." in granularity_lines(ifeval)[0]
    assert check_granularity(printed("38.6", None, 8)).verdict == "cannot tell"
    assert check_claim(printed("38.6", None, 8)).uncertainty is None
    with pytest.raises(UserInputError, match="number of decimals"):
        check_granularity(Score(38.6, ScoreProtocol(30, 8)))


def test_a_possible_figure_proves_nothing_where_all_are() -> None:
    found = check_claim(reported_score("VibeThinker-3B", "AIME26"))
    assert found.granularity.verdict == "consistent"
    assert found.verdict == "cannot tell"
    assert "every printed figure" in found.reason


def test_uncertainty_by_hand() -> None:
    found = uncertainty_of(reported_score("VibeThinker-3B", "AIME25"))
    assert found is not None
    assert found.same_items_se_max == pytest.approx(100 * math.sqrt(0.914 * 0.086 / 1920))
    assert found.other_items_se_max == pytest.approx(100 * math.sqrt(0.914 * 0.086 / 30))
    assert found.other_items_half_width_max == pytest.approx(2.04523 * found.other_items_se_max, rel=1e-4)
    same, other = uncertainty_lines(found)
    assert "the same 30 problems again" in same
    assert "at most 1.3 points" in same
    assert "up to 10.5 points" in other


def test_certainty_is_not_claimed_at_the_ends() -> None:
    found = uncertainty_of(printed("100.0", 30, 4))
    assert found is not None
    assert found.other_items_half_width_max == pytest.approx(100 * (1 - 0.025 ** (1 / 30)))
    assert found.same_items_half_width_max == pytest.approx(100 * (1 - 0.025 ** (1 / 120)))
    lone = uncertainty_of(printed("50.0", 1, 8))
    assert lone is not None
    assert lone.other_items_half_width_max is None
    assert "One problem cannot say" in uncertainty_lines(lone)[1]


@given(st.lists(st.floats(0.01, 0.99), min_size=2, max_size=40), st.integers(1, 64))
def test_the_true_errors_are_within_the_bounds(rates: list[float], k: int) -> None:
    p_N, n = np.array(rates), len(rates)
    found = uncertainty_of(Score(100 * float(p_N.mean()), ScoreProtocol(n, k)))
    assert found is not None
    run = float((p_N * (1 - p_N)).sum()) / (n * n * k)
    other = float(p_N.var()) / n + run
    assert 100 * math.sqrt(run) <= found.same_items_se_max * (1 + 1e-9)
    assert 100 * math.sqrt(other) >= found.other_items_se_min * (1 - 1e-9)
    assert 100 * math.sqrt(other) <= found.other_items_se_max * (1 + 1e-9)


def test_cut_offs_explain_the_third_party_run() -> None:
    claim = reported_score("VibeThinker-3B", "AIME25")
    found = check_claim(claim, CAPPED)
    comparison = found.comparison
    assert comparison is not None
    assert (found.verdict, comparison.verdict) == ("consistent", "consistent")
    assert comparison.b_bounds == (85.0, 100.0)
    assert comparison.a_bounds == (91.4, 91.4)
    assert comparison.gap == 0.0
    expected = 100 * math.sqrt(0.914 * 0.086 / 1920 + 0.85 * 0.15 / 240)
    assert comparison.se == pytest.approx(expected, rel=1e-3)
    assert comparison.z == pytest.approx(6.4 / expected, rel=1e-3)
    text = "\n".join(claim_lines(found))
    for part in ("85.0 + 17.5 = 102.5", "at most 100", "85.0 to 100.0", "2.7 standard errors", "6.4 points apart"):
        assert part in text
    assert compare_scores(CAPPED, claim).verdict == "consistent"  # either way round


def with_cap(cap: object, rate: float | None, text: str = "80.0", k: int = 64) -> Score:
    return printed_score(text, ScoreProtocol(30, k, cap=cap, cutoff_rate=rate))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("measured", "verdict"),
    [
        (with_cap(40960, 0.12), "consistent"),  # up to 92.0
        (with_cap(40960, 0.02), "inconsistent"),  # up to 82.0
        (with_cap(40960, 0.085), "cannot tell"),  # up to 88.5: 2.9 points, between 2 and 3 standard errors
        (with_cap(40960, None), "cannot tell"),  # no rate reported
        (with_cap(None, 0.12), "cannot tell"),  # no cap reported
        (with_cap(None, None), "cannot tell"),
        (with_cap("none", None), "inconsistent"),
        (with_cap("none", None, "91.0"), "consistent"),
        (with_cap(None, None, "91.0"), "consistent"),  # nothing to explain
    ],
)
def test_what_cut_offs_can_and_cannot_explain(measured: Score, verdict: str) -> None:
    assert compare_scores(reported_score("VibeThinker-3B", "AIME25"), measured).verdict == verdict


def test_cut_offs_explain_only_the_figure_with_the_smaller_cap() -> None:
    low, high = with_cap(32768, 0.15), with_cap(65536, 0.15, "91.0")
    assert compare_scores(low, high).verdict == "consistent"
    assert compare_scores(replace(low, protocol=high.protocol), high).verdict == "inconsistent"  # one cap for both
    assert compare_scores(with_cap(65536, 0.15), with_cap(32768, 0.15, "91.0")).verdict == "inconsistent"


def test_too_few_outcomes_and_too_little_known() -> None:
    claim = printed_score("60.0", ScoreProtocol(30, 1, cap="none"))
    assert compare_scores(claim, with_cap("none", None, "63.3", 1)).verdict == "cannot tell"
    assert compare_scores(claim, with_cap("none", None, "0.0", 1)).verdict == "inconsistent"
    one = Score(100.0, ScoreProtocol(1, 1, cap="none"))
    assert compare_scores(one, Score(0.0, ScoreProtocol(1, 1, cap="none"))).verdict == "cannot tell"
    unknown = compare_scores(claim, printed("10.0", None, 1))
    assert (unknown.verdict, unknown.se) == ("cannot tell", None)
    voted = printed_score("20.0", ScoreProtocol(30, 64, "cons@k", cap="none"))
    assert compare_scores(with_cap("none", None), voted).verdict == "cannot tell"
    assert "cons@k" in comparison_lines(compare_scores(with_cap("none", None), voted))[-1]


def test_other_items_differ_by_their_difficulty() -> None:
    a, b = with_cap("none", None, "91.4"), with_cap("none", None, "80.0")
    assert compare_scores(a, b).verdict == "inconsistent"
    apart = compare_scores(a, b, same_items=False)
    assert apart.verdict == "cannot tell"
    assert apart.se == pytest.approx(100 * math.sqrt(0.914 * 0.086 / 30 + 0.16 / 30), rel=1e-3)
    # A third of the items: two thirds of their difficulty is still a matter of chance.
    part = Score(80.0, ScoreProtocol(10, 64, cap="none"))
    rounding = 0.05**2 / 3  # of the one that is printed
    expected = 100**2 * (0.914 * 0.086 / 1920 + 0.16 / 10 * 2 / 3) + rounding
    assert compare_scores(a, part).se == pytest.approx(math.sqrt(expected))


@pytest.mark.parametrize("k_measured", [4, 8, 64])
def test_the_truth_is_rarely_called_inconsistent_and_a_lie_nearly_always(k_measured: int) -> None:
    rng = np.random.default_rng(7)
    honest, caught = [], []
    for _ in range(400):
        p_N = rng.beta(1.6, 0.4, size=30)
        claimed = float(rng.binomial(64, p_N).mean() / 64)
        means = rng.binomial(k_measured, p_N) / k_measured
        measured = measured_score(means.tolist(), k_measured, cap="none")
        for shift, verdicts in ((0.0, honest), (-0.15, caught)):
            text = f"{100 * (claimed + shift):.1f}"
            claim = printed_score(text, ScoreProtocol(30, 64, cap="none"))
            verdicts.append(compare_scores(claim, measured).verdict)
    assert honest.count("inconsistent") <= 4
    assert k_measured == 4 or honest.count("consistent") >= 380  # four samples often cannot see 10 points
    assert caught.count("inconsistent") >= 350


def test_known_items_narrow_the_error_but_are_never_certain() -> None:
    claim = reported_score("VibeThinker-3B", "AIME25")
    means = [1.0] * 24 + [0.0] * 6  # 80 %, every item always or never solved
    by_items = compare_scores(claim, measured_score(means, 8, cap="none")).se
    by_mean = compare_scores(claim, Score(80.0, ScoreProtocol(30, 8, cap="none"))).se
    assert by_items is not None
    assert by_mean is not None
    assert 0.5 * by_mean < by_items < 0.8 * by_mean


def test_a_measured_score_from_rollouts() -> None:
    rows = [
        {
            "problem_id": f"p{i}",
            "sample": s,
            "token_count": 9,
            "finish": "length" if i == 0 and s == 0 else "stop",
            "answer": "1",
            "correct": None if i == 2 and s == 3 else i < 2 and s > 0,
        }
        for i in range(5)
        for s in range(4)
    ]
    score = score_of_rollouts(rows, 512)
    assert score.item_means == (0.75, 0.75, 0.0, 0.0, 0.0)
    assert score.percent == pytest.approx(30.0)
    assert score.protocol == ScoreProtocol(5, 3, "avg@k", 512, 1 / 20)
    with pytest.raises(DataError, match="none was judged"):
        score_of_rollouts([{**row, "correct": None} for row in rows], 512)


@pytest.mark.parametrize(
    "make",
    [
        lambda: printed_score("91,4"),
        lambda: printed_score("101.0"),
        lambda: printed_score("-1"),
        lambda: Score(100.5),
        lambda: ScoreProtocol(items=0),
        lambda: ScoreProtocol(generations=-1),
        lambda: ScoreProtocol(cutoff_rate=17.5),
        lambda: ScoreProtocol(metric="best"),  # type: ignore[arg-type]
        lambda: measured_score([], 8),
        lambda: measured_score([0.5, 1.2], 8),
        lambda: reported_score("VibeThinker", "AIME25"),
        lambda: reported_score("VibeThinker-3B", "AIME"),
    ],
)
def test_wrong_input_has_a_cure(make: object) -> None:
    with pytest.raises(UserInputError) as caught:
        make()  # type: ignore[operator]
    assert caught.value.cure


def test_every_total_of_the_contests_adds_up() -> None:
    rows = contest_rows()
    assert len(rows) == 14
    assert all(row.matches for row in rows)
    ours = next(row for row in rows if row.model == "VibeThinker-3B")
    assert (ours.total, ours.out_of) == (123, 128)
    assert "123 of 128 (96.1 %), as printed" in "\n".join(contest_lines(rows))


def test_a_total_that_does_not_add_up_is_reported() -> None:
    table = {
        "submissions_a_contest": 16,
        "contests": ["a", "b"],
        "rows": [{"model": "m", "a": 16, "b": 15, "total": 32}, {"model": "n", "a": 17, "b": 1, "total": 18}],
    }
    rows = contest_rows(table)
    assert [row.matches for row in rows] == [False, False]  # a wrong sum; more right ones than submissions
    assert "DOES NOT ADD UP" in contest_lines(rows)[0]
    assert "2 do not match" in contest_lines(rows)[-1]


def test_the_shipped_tables_are_those_of_the_report() -> None:
    names = ("benchmarks.json", "leetcode_contests.json")
    if not all((DATA / "paper" / name).is_file() for name in names):
        pytest.skip(f"no paper/{names[0]} in {DATA}; set REASONCORE_DATA")
    scores, contests = (json.loads((DATA / "paper" / name).read_text(encoding="utf-8")) for name in names)
    given = {
        (row["model"], name): value
        for row in scores["rows"]
        for name, value in row.items()
        if name not in ("model", "params_billion") and value is not None
    }
    ours = reported_scores()
    assert given == {(model, name): score.percent for model, row in ours.items() for name, score in row.items()}
    assert [row["total"] for row in contests["rows"]] == [row.printed_total for row in contest_rows()]


def test_reported_scores_carry_their_protocol() -> None:
    aime, gpqa = (reported_score("VibeThinker-3B", name).protocol for name in ("AIME25", "GPQA-D"))
    assert (aime.items, aime.generations, aime.cap) == (30, 64, "none")
    assert (gpqa.items, gpqa.generations) == (198, 16)
    other = reported_score("GLM-5", "AIME25").protocol
    assert (other.items, other.generations, other.cap) == (30, None, None)
    for name in ("AIME25", "AIME26", "HMMT25", "BruMO25"):  # 240 outcomes each, a figure in four is possible
        assert check_claim(reported_score("VibeThinker-3B + CLR", name)).verdict == "consistent"


def test_results_are_json() -> None:
    found = check_claim(reported_score("VibeThinker-3B", "AIME25"), CAPPED)
    read = json.loads(json.dumps(found.as_json()))
    assert read["comparison"]["b_bounds"] == [85.0, 100.0]
    assert read["granularity"]["counts"] == [1754, 1755]
    assert read["uncertainty"]["items"] == 30
    assert read["claim"]["protocol"]["cap"] == "none"
    assert json.loads(json.dumps([row.as_json() for row in contest_rows()]))[0]["out_of"] == 128
