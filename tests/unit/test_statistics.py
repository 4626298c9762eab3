"""Intervals against printed t tables, hand-computed means, and their coverage in simulation."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reasoncore.evals.statistics import (
    clustered_mean,
    macro_mean,
    macro_paired_difference,
    paired_difference,
)
from reasoncore.evals.student_t import incomplete_beta, student_t_quantile


@pytest.mark.parametrize(
    ("p", "freedom", "value"),
    [
        (0.975, 1, 12.7062),
        (0.975, 2, 4.30265),
        (0.975, 5, 2.57058),
        (0.975, 10, 2.22814),
        (0.975, 29, 2.04523),
        (0.975, 100, 1.98397),
        (0.95, 3, 2.35336),
        (0.995, 7, 3.49948),
        (0.9, 20, 1.32534),
        (0.025, 10, -2.22814),
        (0.5, 4, 0.0),
    ],
)
def test_t_quantile_is_the_printed_table(p: float, freedom: int, value: float) -> None:
    assert student_t_quantile(p, freedom) == pytest.approx(value, abs=1e-5 * max(1, abs(value)))


def test_t_quantile_tends_to_the_normal_and_knows_closed_forms() -> None:
    assert student_t_quantile(0.975, 1e7) == pytest.approx(1.959964, abs=1e-5)
    assert student_t_quantile(0.9, 1) == pytest.approx(math.tan(math.pi * 0.4), rel=1e-12)  # Cauchy
    assert student_t_quantile(0.9, 2) == pytest.approx(0.8 * math.sqrt(2 / (1 - 0.8**2)), rel=1e-12)


@given(st.floats(0.3, 20), st.floats(0.3, 20), st.floats(0.001, 0.999))
def test_incomplete_beta_is_a_distribution_function(a: float, b: float, x: float) -> None:
    assert incomplete_beta(a, b, x) == pytest.approx(1 - incomplete_beta(b, a, 1 - x), abs=1e-9)
    assert incomplete_beta(1, 1, x) == pytest.approx(x, abs=1e-12)


@pytest.mark.parametrize(("p", "freedom"), [(0, 3), (1, 3), (0.5, 0), (0.5, -1)])
def test_t_quantile_refuses(p: float, freedom: float) -> None:
    with pytest.raises(ValueError, match="no t quantile"):
        student_t_quantile(p, freedom)


def test_clustered_mean_by_hand() -> None:
    # Problem means 0.5, 1, 0, 0.5: mean 0.5, variance 1/6, se = sqrt(1/24), t(0.975, 3) = 3.182446.
    estimate = clustered_mean([[1, 0], [1, 1, 1], [0], [0, 1]])
    assert estimate.mean == 0.5
    assert estimate.n_problems == 4
    # n_e = 0.25 / (1/24) = 6; w = 3.182446^2 / 6; half = sqrt(3.182446^2 / 24 + w^2 / 4) / (1 + w) = 0.396224.
    assert estimate.ci95_low == pytest.approx(0.5 - 0.396224, abs=1e-6)
    assert estimate.ci95_high == pytest.approx(0.5 + 0.396224, abs=1e-6)
    free = clustered_mean([[1, 0], [1, 1, 1], [0], [0, 1]], proportion=False)
    assert free.ci95_low == pytest.approx(0.5 - 3.182446 * math.sqrt(1 / 24), abs=1e-6)
    assert free.ci95_high == pytest.approx(0.5 + 3.182446 * math.sqrt(1 / 24), abs=1e-6)


def test_more_samples_of_one_problem_are_not_more_problems() -> None:
    assert clustered_mean([[1] * 50, [0] * 50, [1] * 50]) == clustered_mean([[1], [0], [1]])


def test_one_problem_has_no_interval_and_says_so_in_json() -> None:
    estimate = clustered_mean([[1, 0, 1, 0]])
    assert (estimate.ci95_low, estimate.ci95_high) == (None, None)
    assert json.dumps(estimate.as_json()) == '{"mean": 0.5, "ci95": [null, null]}'
    assert paired_difference({"p": [1]}, {"p": [0]}).ci95_low is None


def test_all_right_is_not_certainty() -> None:
    right, wrong = clustered_mean([[1]] * 30), clustered_mean([[0]] * 30)
    assert right.ci95_high == 1.0
    assert right.ci95_low == pytest.approx(0.025 ** (1 / 30))  # Clopper-Pearson: 0.8843
    assert wrong.ci95_low == 0.0
    assert wrong.ci95_high == pytest.approx(1 - 0.025 ** (1 / 30))


@pytest.mark.parametrize("values", [[], [[1], []], [[1.2], [0]]])
def test_clustered_mean_refuses(values: list[list[float]]) -> None:
    with pytest.raises(ValueError, match=r"no problems|no values|outside"):
        clustered_mean(values)


DIFFICULTIES = {
    "uniform": ((1.0, 1.0), 0.92),
    "Beta(2, 2)": ((2.0, 2.0), 0.92),
    "like AIME at 94": ((2.89, 0.175), 0.90),  # mean 0.943, standard deviation between problems 0.115
}


@pytest.mark.parametrize(("law", "least"), DIFFICULTIES.values(), ids=DIFFICULTIES)
def test_the_interval_covers_the_truth_and_the_run_only_one_does_not(law: tuple[float, float], least: float) -> None:
    """2,000 data sets of 30 problems with 64 samples each."""
    rng = np.random.default_rng(0)
    truth = law[0] / (law[0] + law[1])
    hits = run_only_hits = 0
    for _ in range(2_000):
        rates = rng.beta(*law, size=30)
        means = rng.binomial(64, rates) / 64
        estimate = clustered_mean(means[:, None].tolist())
        assert estimate.ci95_low is not None
        assert estimate.ci95_high is not None
        hits += estimate.ci95_low <= truth <= estimate.ci95_high
        run_only = 1.96 * math.sqrt(float(np.sum(means * (1 - means) / 63))) / 30  # decoding's part alone
        run_only_hits += abs(float(np.mean(means)) - truth) <= run_only
    assert least <= hits / 2_000 <= 0.98
    assert run_only_hits / 2_000 < 0.5


def test_macro_mean_weighs_subdomains_alike() -> None:
    # algebra: mean 1/2, var 1/3, n 4; geometry: mean 1, var 0, n 2. se^2 = (1/3)/4/4 + 0 = 1/48; df = 3.
    estimate = macro_mean({"algebra": [[1], [0], [1], [0]], "geometry": [[1], [1]]}, proportion=False)
    assert estimate.mean == 0.75
    assert estimate.n_problems == 6
    assert estimate.ci95_high == pytest.approx(0.75 + 3.182446 * math.sqrt(1 / 48), abs=1e-6)


def test_macro_mean_of_equal_groups_has_welch_degrees_of_freedom() -> None:
    # Two groups of equal variance 1/3 and size 4: df = 6, se^2 = 2 * (1/3)/4/4 = 1/24, t(0.975, 6) = 2.446912.
    group = [[1], [0], [1], [0]]
    estimate = macro_mean({"a": group, "b": group}, proportion=False)
    assert estimate.ci95_high == pytest.approx(0.5 + 2.446912 * math.sqrt(1 / 24), abs=1e-6)
    assert macro_mean({"a": group}) == clustered_mean(group)
    assert macro_mean({"a": group, "b": [[1]]}).ci95_low is None
    with pytest.raises(ValueError, match="no subdomains"):
        macro_mean({})


def test_paired_difference_by_hand() -> None:
    a = {"p": [1, 1], "q": [1, 0], "r": [0, 0]}
    b = {"r": [0, 0], "q": [0, 0], "p": [0, 1]}  # order does not matter
    # Differences 0.5, 0.5, 0: mean 1/3, var 1/12, se = 1/6, t(0.975, 2) = 4.302653.
    estimate = paired_difference(a, b)
    assert estimate.mean == pytest.approx(1 / 3)
    assert estimate.ci95_low == pytest.approx(1 / 3 - 4.302653 / 6, abs=1e-6)
    assert estimate.ci95_high == 1.0  # clipped to [-1, 1]
    with pytest.raises(ValueError, match=r"not the same problems: 1 .*'r'"):
        paired_difference(a, {"p": [1], "q": [1]})


def test_macro_paired_difference_weighs_subdomains_alike() -> None:
    a = {"p": [1], "q": [0], "r": [1], "s": [1], "t": [1], "u": [1]}
    b = {problem: [0] for problem in a}
    subdomains = {"p": "x", "q": "x", "r": "y", "s": "y", "t": "y", "u": "y"}
    estimate = macro_paired_difference(a, b, subdomains, proportion=False)
    assert estimate.mean == 0.75
    # x: var 1/2, n 2; y: var 0. se^2 = 1/2/2/4 = 1/16, df = 1.
    assert estimate.ci95_high == pytest.approx(0.75 + 12.7062 / 4, abs=1e-4)
    assert macro_paired_difference(a, b, dict.fromkeys(a, "x")) == paired_difference(a, b)
