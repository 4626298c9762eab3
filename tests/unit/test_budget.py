"""The budget planner: its formulas by hand, its predictions against simulated evaluations, and what it recommends."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from reasoncore.errors import UserInputError
from reasoncore.evals.budget import (
    Difficulty,
    Workload,
    beta_difficulty,
    budget_lines,
    difficulty_of,
    enough_samples,
    option_of,
    plan_budget,
)
from reasoncore.evals.statistics import clustered_mean


def simulated_half_width(p: float, concentration: float, n: int, k: int, runs: int = 300) -> float:
    """Mean half-width, in points, of the intervals that evaluations of ``n`` items with ``k`` samples report."""
    rng = np.random.default_rng(11)
    widths = []
    for _ in range(runs):
        p_N = rng.beta(p * concentration, (1 - p) * concentration, size=n)
        estimate = clustered_mean((rng.binomial(k, p_N) / k)[:, None].tolist(), proportion=False)
        assert estimate.ci95_low is not None
        assert estimate.ci95_high is not None
        widths.append((estimate.ci95_high - estimate.ci95_low) / 2)
    return 100 * float(np.mean(widths))


@pytest.mark.parametrize("k", [1, 4, 16])
@pytest.mark.parametrize(
    ("p", "concentration", "n"), [(0.5, 1.0, 100), (0.8, 1.0, 60), (0.7, 4.0, 200), (0.4, 0.3, 80)]
)
def test_half_widths_are_those_of_simulated_evaluations(p: float, concentration: float, n: int, k: int) -> None:
    work = Workload("w", n, 1000, beta_difficulty(p, concentration))
    half_width = option_of(work, n, k, 1000).half_width
    assert half_width == pytest.approx(simulated_half_width(p, concentration, n, k), rel=0.10)


@pytest.mark.parametrize("k", [1, 8])
def test_half_widths_for_the_same_items_are_the_spread_of_simulated_means(k: int) -> None:
    rng = np.random.default_rng(3)
    work = Workload("w", 400, 1000, beta_difficulty(0.6, 2.0))
    p_N = rng.beta(1.2, 0.8, size=400)
    means = rng.binomial(k, p_N, size=(4000, 400)).mean(1) / k
    expected = 100 * 1.959964 * float(means.std())
    assert option_of(work, 400, k, 1000).half_width_same_items == pytest.approx(expected, rel=0.10)


def test_the_detectable_difference_is_seen_four_times_in_five() -> None:
    """Two models whose difficulties correlate by 0.5 through a shared part, a detectable difference apart."""
    rng = np.random.default_rng(5)
    n, k, between, within = 200, 4, 0.02, 0.2
    work = Workload("w", n, 1000, Difficulty(0.5, between, within))
    detectable = option_of(work, n, k, 1000, correlation=0.5).detectable
    assert detectable is not None
    runs = 3000
    # Normal parts with these variances stand for the items and the samples.
    shared = rng.normal(0, math.sqrt(between / 2), (runs, n))
    a, b = (
        shared
        + rng.normal(0, math.sqrt(between / 2), (runs, n))
        + rng.normal(0, math.sqrt(within / k), (runs, n))
        + shift
        for shift in (detectable / 100, 0.0)
    )
    difference = a - b
    z = difference.mean(1) / (difference.std(1, ddof=1) / math.sqrt(n))
    assert float((np.abs(z) > 1.959964).mean()) == pytest.approx(0.8, abs=0.03)


def test_one_option_by_hand() -> None:
    work = Workload("aime", 30, 12000, beta_difficulty(0.8))
    assert (work.difficulty.between, work.difficulty.within) == pytest.approx((0.08, 0.08))
    option = option_of(work, 30, 4, 2000, correlation=0.5)
    assert option.hours == pytest.approx(30 * 4 * 12000 / 2000 / 3600)  # 0.2
    assert option.half_width == pytest.approx(100 * 2.04523 * math.sqrt(0.08 / 30 + 0.08 / 120), rel=1e-5)
    assert option.half_width_same_items == pytest.approx(100 * 1.959964 * math.sqrt(0.08 / 120), rel=1e-5)
    omega2 = 2 * 0.08 * 0.5
    assert option.detectable == pytest.approx(100 * (1.959964 + 0.841621) * math.sqrt((omega2 + 0.04) / 30), rel=1e-5)
    lone = option_of(work, 1, 4, 2000)
    assert (lone.half_width, lone.detectable) == (None, None)
    assert enough_samples([lone]) is None


def test_a_measurement_gives_back_its_difficulty() -> None:
    rng = np.random.default_rng(2)
    p_N = rng.beta(2, 1, size=20000)  # variance 1/18, mean of p (1 - p) 1/6
    found = difficulty_of((rng.binomial(4, p_N) / 4).tolist(), 4)
    assert found.p == pytest.approx(2 / 3, abs=0.01)
    assert found.between == pytest.approx(1 / 18, rel=0.05)
    assert found.within == pytest.approx(1 / 6, rel=0.05)
    assert difficulty_of([0.5, 0.5, 0.5], 2).between == 0.0  # never negative


def workloads() -> list[Workload]:
    return [
        Workload("small", 30, 10000, beta_difficulty(0.8)),
        Workload("large", 1000, 500, beta_difficulty(0.8)),
    ]


def test_items_come_before_samples() -> None:
    once = (30 * 10000 + 1000 * 500) / 3.6e6  # hours at 1000 tokens/s
    short = plan_budget(workloads(), 0.5 * once, 1000)
    assert not short.all_items
    assert [(option.items, option.k) for option in short.chosen] == [(15, 1), (500, 1)]
    assert short.chosen_hours <= 0.5 * once
    exact = plan_budget(workloads(), once * (1 + 1e-9), 1000)
    assert exact.all_items
    assert [(option.items, option.k) for option in exact.chosen] == [(30, 1), (1000, 1)]


def test_what_is_left_goes_where_an_hour_takes_the_most_variance() -> None:
    for hours in (0.5, 1.0, 3.0, 20.0):
        plan = plan_budget(workloads(), hours, 1000)
        assert plan.chosen_hours <= hours
        small, large = plan.chosen
        assert small.k >= large.k  # 30 items: each sample takes away far more
    assert [option.k for option in plan_budget(workloads(), 1000, 1000).chosen] == [64, 64]
    assert plan_budget(workloads(), 1.0, 1000).chosen[0].k > 1


def test_the_table_has_every_k_and_narrows() -> None:
    plan = plan_budget(workloads(), 1.0, 1000)
    small = [option for option in plan.table if option.benchmark == "small"]
    assert [option.k for option in small] == [1, 2, 4, 8, 16, 32, 64]
    widths = [option.half_width for option in small]
    assert widths == sorted(widths, reverse=True)  # type: ignore[type-var]
    assert enough_samples(small) == 16
    text = "\n".join(budget_lines(plan))
    assert "small: past 16 samples the interval narrows by less than 5 %" in text
    assert json.loads(json.dumps(plan.as_json()))["chosen"][0]["benchmark"] == "small"
    assert "Not every problem fits once" in "\n".join(budget_lines(plan_budget(workloads(), 0.1, 1000)))


@pytest.mark.parametrize(
    "make",
    [
        lambda: beta_difficulty(0.0),
        lambda: beta_difficulty(60.0),
        lambda: beta_difficulty(0.5, 0.0),
        lambda: difficulty_of([0.5], 8),
        lambda: difficulty_of([0.5, 1.0], 1),
        lambda: Workload("w", 0, 100, beta_difficulty(0.5)),
        lambda: Workload("w", 10, 0, beta_difficulty(0.5)),
        lambda: Workload("w", 10, math.inf, beta_difficulty(0.5)),
        lambda: Workload("", 10, 1, beta_difficulty(0.5)),
        lambda: plan_budget([], 1, 1),
        lambda: plan_budget([*workloads(), *workloads()], 1, 1),
        lambda: plan_budget(workloads(), 0, 1000),
        lambda: plan_budget(workloads(), math.inf, 1000),
        lambda: plan_budget(workloads(), 1, math.nan),
        lambda: plan_budget(workloads(), 1, 1000, correlation=2),
        lambda: plan_budget(workloads(), 0.001, 1000),
    ],
)
def test_wrong_input_has_a_cure(make: object) -> None:
    with pytest.raises(UserInputError) as caught:
        make()  # type: ignore[operator]
    assert caught.value.cure
