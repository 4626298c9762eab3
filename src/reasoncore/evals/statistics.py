"""Means over problems with 95 % confidence intervals clustered by problem.

Samples of one problem are not independent, so the problem is the unit (Miller 2024, arXiv 2411.00640, section 2.2):
with x_i the mean over the samples of problem i of n,

    mean = (1/n) sum x_i,   se^2 = sum (x_i - mean)^2 / (n (n - 1)),   interval = mean +- t se,   t = t_{0.975, n-1}.

That is the interval of a difference. For the mean of proportions it covers too little where most problems are nearly
always right: 89 % at n = 30, k = 64 and a mean of 94 %. So a proportion has Wilson's score interval (Wilson 1927) with
t in place of the normal quantile, and in place of n the number of independent answers that se is worth, as surveys with
clusters do (Korn and Graubard 1998):

    n_e = mean (1 - mean) / se^2,   w = t^2 / n_e,   interval = (mean + w / 2 +- sqrt(t^2 se^2 + w^2 / 4)) / (1 + w).

Where every problem scores 0, or every problem scores 1, se is 0 and says nothing, so a proportion then gets the exact
binomial (Clopper-Pearson) bound.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

from reasoncore.evals.student_t import student_t_quantile

Z95, Z80 = NormalDist().inv_cdf(0.975), NormalDist().inv_cdf(0.8)
_TAIL = 0.025


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over problems with its 95 % interval.

    Attributes:
        mean: The mean.
        ci95_low: Lower end, None where the data cannot give an interval (one problem).
        ci95_high: Upper end, None likewise.
        n_problems: Problems the mean is over.
    """

    mean: float
    ci95_low: float | None
    ci95_high: float | None
    n_problems: int

    def as_json(self) -> dict[str, Any]:
        """``{"mean": m, "ci95": [low, high]}`` with null for ends that are not known."""
        return {"mean": self.mean, "ci95": [self.ci95_low, self.ci95_high]}


def smallest_detectable(standard_error: float) -> float:
    """The true difference that a test at level 5 % sees with power 80 %: (z_0.975 + z_0.8) se (Miller 2024, section 5).

    Normal quantiles: a little too small below some 20 problems.
    """
    return (Z95 + Z80) * standard_error


def clustered_mean(values_by_problem: Sequence[Sequence[float]], *, proportion: bool = True) -> Estimate:
    """Mean over problems of each problem's mean, with an interval clustered by problem.

    Args:
        values_by_problem: The samples' values of each problem; problems may differ in number of samples.
        proportion: Values are within [0, 1], and so is the interval.

    Raises:
        ValueError: No problem, a problem without values, or a proportion outside [0, 1].
    """
    means = _problem_means(values_by_problem)
    if proportion and bool(np.any((means < 0) | (means > 1))):
        raise ValueError("a proportion lies outside [0, 1]")
    n = len(means)
    mean = float(np.mean(means))
    if n == 1:
        return Estimate(mean, None, None, 1)
    if proportion and mean in (0.0, 1.0):
        return _extreme(mean, 1.0 - _TAIL ** (1.0 / n), n)
    variance = float(np.var(means, ddof=1)) / n
    t = student_t_quantile(1 - _TAIL, n - 1)
    return _score_interval(mean, variance, t, n) if proportion else _interval(mean, t * math.sqrt(variance), n)


def clustered_ratio(counts_by_problem: Sequence[Sequence[tuple[float, float]]]) -> Estimate:
    """A share of things of which problems have different numbers, such as instructions followed, clustered by problem.

    With y_i right of x_i things of problem i, each the mean over its samples: R = sum y_i / sum x_i, and by
    linearisation (Cochran 1977, section 6.3) se^2 = n / (n - 1) sum (y_i - R x_i)^2 / (sum x_i)^2.

    Args:
        counts_by_problem: ``(right, all)`` of each sample of each problem.

    Raises:
        ValueError: No problem, a problem without samples, or nothing that could be right.
    """
    if not counts_by_problem or not all(counts_by_problem):
        raise ValueError("no problems, or a problem has no samples")
    means = np.asarray([np.mean(counts, axis=0) for counts in counts_by_problem], dtype=np.float64)
    right, whole = means[:, 0], means[:, 1]
    n, total = len(means), float(np.sum(whole))
    if not total > 0:
        raise ValueError("nothing to be right")
    ratio = float(np.sum(right)) / total
    if n == 1:
        return Estimate(ratio, None, None, 1)
    if ratio in (0.0, 1.0):
        return _extreme(ratio, 1.0 - _TAIL ** (1.0 / n), n)
    variance = n / (n - 1) * float(np.sum((right - ratio * whole) ** 2)) / total**2
    return _score_interval(ratio, variance, student_t_quantile(1 - _TAIL, n - 1), n)


def macro_mean(values_by_subdomain: Mapping[str, Sequence[Sequence[float]]], *, proportion: bool = True) -> Estimate:
    """Mean over subdomains, each with equal weight, of the mean over its problems.

    With S subdomains of n_s problems: se^2 = sum_s var_s / (n_s S^2), and Welch-Satterthwaite degrees of freedom.
    One subdomain gives :func:`clustered_mean`; a subdomain of one problem leaves the interval unknown.

    Raises:
        ValueError: No subdomain, or as :func:`clustered_mean`.
    """
    if not values_by_subdomain:
        raise ValueError("no subdomains")
    if len(values_by_subdomain) == 1:
        return clustered_mean(next(iter(values_by_subdomain.values())), proportion=proportion)
    groups = [_problem_means(values) for values in values_by_subdomain.values()]
    mean, variance, freedom, n = _macro(groups)
    if variance is None:
        return Estimate(mean, None, None, n)
    if proportion and mean in (0.0, 1.0):  # the mean of the subdomains' exact bounds
        reach = float(np.mean([1.0 - _TAIL ** (1.0 / len(group)) for group in groups]))
        return _extreme(mean, reach, n)
    t = student_t_quantile(1 - _TAIL, freedom) if variance else 0.0
    return _score_interval(mean, variance, t, n) if proportion else _interval(mean, t * math.sqrt(variance), n)


def paired_difference(
    a_by_problem: Mapping[str, Sequence[float]], b_by_problem: Mapping[str, Sequence[float]], *, proportion: bool = True
) -> Estimate:
    """Mean over problems of (mean of a) - (mean of b), with an interval from the per-problem differences.

    Pairing removes what the two share: how hard each problem is. With ``proportion`` clipped to [-1, 1].

    Raises:
        ValueError: The two do not cover the same problems, or there are none.
    """
    differences = _differences(a_by_problem, b_by_problem)
    n = len(differences)
    mean = float(np.mean(differences))
    if n == 1:
        return Estimate(mean, None, None, 1)
    half = student_t_quantile(1 - _TAIL, n - 1) * math.sqrt(float(np.var(differences, ddof=1)) / n)
    return _interval(mean, half, n, (-1.0, 1.0) if proportion else None)


def macro_paired_difference(
    a_by_problem: Mapping[str, Sequence[float]],
    b_by_problem: Mapping[str, Sequence[float]],
    subdomain_of: Mapping[str, str],
    *,
    proportion: bool = True,
) -> Estimate:
    """:func:`paired_difference` with equal weight for each subdomain; ``subdomain_of`` maps problem to subdomain.

    Raises:
        ValueError: As :func:`paired_difference`.
        KeyError: A problem has no subdomain.
    """
    differences = dict(zip(a_by_problem, _differences(a_by_problem, b_by_problem), strict=True))
    groups: dict[str, list[float]] = {}
    for problem, difference in differences.items():
        groups.setdefault(subdomain_of[problem], []).append(float(difference))
    if len(groups) == 1:
        return paired_difference(a_by_problem, b_by_problem, proportion=proportion)
    mean, variance, freedom, n = _macro([np.asarray(group) for group in groups.values()])
    if variance is None:
        return Estimate(mean, None, None, n)
    half = student_t_quantile(1 - _TAIL, freedom) * math.sqrt(variance) if variance else 0.0
    return _interval(mean, half, n, (-1.0, 1.0) if proportion else None)


def _problem_means(values_by_problem: Sequence[Sequence[float]]) -> np.ndarray[Any, np.dtype[np.float64]]:
    if not values_by_problem:
        raise ValueError("no problems")
    if any(len(values) == 0 for values in values_by_problem):
        raise ValueError("a problem has no values")
    return np.asarray([np.mean(values) for values in values_by_problem], dtype=np.float64)


def _differences(
    a_by_problem: Mapping[str, Sequence[float]], b_by_problem: Mapping[str, Sequence[float]]
) -> np.ndarray[Any, np.dtype[np.float64]]:
    if a_by_problem.keys() != b_by_problem.keys():
        lone = sorted(a_by_problem.keys() ^ b_by_problem.keys())
        raise ValueError(f"not the same problems: {len(lone)} are in one set only, such as {lone[0]!r}")
    return _problem_means(list(a_by_problem.values())) - _problem_means([b_by_problem[key] for key in a_by_problem])


def _macro(
    groups: Sequence[np.ndarray[Any, np.dtype[np.float64]]],
) -> tuple[float, float | None, float, int]:
    """Mean of the groups' means, its variance (None where a group is of one), degrees of freedom, problems."""
    mean = float(np.mean([np.mean(group) for group in groups]))
    n = sum(len(group) for group in groups)
    if any(len(group) == 1 for group in groups):
        return mean, None, 0.0, n
    parts = [float(np.var(group, ddof=1)) / (len(group) * len(groups) ** 2) for group in groups]
    variance = sum(parts)
    spread = sum(part**2 / (len(group) - 1) for part, group in zip(parts, groups, strict=True))
    return mean, variance, variance**2 / spread if variance else 0.0, n


def _extreme(mean: float, reach: float, n: int) -> Estimate:
    """The estimate 0 or 1, with an interval that reaches so far from it."""
    return Estimate(mean, 1.0 - reach, 1.0, n) if mean else Estimate(mean, 0.0, reach, n)


def _score_interval(mean: float, variance: float, t: float, n: int) -> Estimate:
    """Wilson's interval of a proportion strictly between 0 and 1 whose squared standard error is ``variance``.

    Unknown where that is 0: problems that are all alike do not say how unlike others may be.
    """
    if variance == 0.0:
        return Estimate(mean, None, None, n)
    share = t * t * variance / (mean * (1.0 - mean))  # t^2 / n_e
    centre = mean + 0.5 * share
    half = math.sqrt(t * t * variance + 0.25 * share * share)
    return Estimate(mean, (centre - half) / (1.0 + share), (centre + half) / (1.0 + share), n)


def _interval(mean: float, half: float, n: int, bounds: tuple[float, float] | None = None) -> Estimate:
    low, high = mean - half, mean + half
    if bounds is not None:
        low, high = max(low, bounds[0]), min(high, bounds[1])
    return Estimate(mean, low, high, n)
