"""Means over problems with 95 % confidence intervals clustered by problem.

Samples of one problem are not independent, so the problem is the unit (Miller 2024, arXiv 2411.00640, section 2.2):
with x_i the mean over the samples of problem i of n,

    mean = (1/n) sum x_i,   se^2 = sum (x_i - mean)^2 / (n (n - 1)),   interval = mean +- t_{0.975, n-1} se.

The quantile of Student's t comes from bisecting its distribution function, which is a regularised incomplete beta
function (continued fraction: Numerical Recipes, section 6.4). Deviation: where every problem scores 0, or every
problem scores 1, se is 0 and says nothing, so a proportion then gets the exact binomial (Clopper-Pearson) bound.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist
from typing import Any

import numpy as np

Z95, Z80 = NormalDist().inv_cdf(0.975), NormalDist().inv_cdf(0.8)
_TAIL = 0.025
_TINY = 1e-300


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
        proportion: Values are within [0, 1], so the interval is clipped to it.

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
        reach = float(1.0 - _TAIL ** (1.0 / n))
        return Estimate(mean, 1.0 - reach if mean else 0.0, 1.0 if mean else reach, n)
    half = student_t_quantile(1 - _TAIL, n - 1) * math.sqrt(float(np.var(means, ddof=1)) / n)
    return _interval(mean, half, n, (0.0, 1.0) if proportion else None)


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
    return _macro(
        [_problem_means(values) for values in values_by_subdomain.values()], (0.0, 1.0) if proportion else None
    )


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
    return _macro([np.asarray(group) for group in groups.values()], (-1.0, 1.0) if proportion else None)


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


def _macro(groups: Sequence[np.ndarray[Any, np.dtype[np.float64]]], bounds: tuple[float, float] | None) -> Estimate:
    mean = float(np.mean([np.mean(group) for group in groups]))
    n = sum(len(group) for group in groups)
    if any(len(group) == 1 for group in groups):
        return Estimate(mean, None, None, n)
    parts = [float(np.var(group, ddof=1)) / (len(group) * len(groups) ** 2) for group in groups]
    variance = sum(parts)
    if variance == 0.0:
        # Nothing varies, so se says nothing; if all is 0 or all is 1, the mean of the subdomains' exact bounds does.
        extreme = bounds == (0.0, 1.0) and mean in (0.0, 1.0)
        reach = float(np.mean([1.0 - _TAIL ** (1.0 / len(group)) for group in groups])) if extreme else 0.0
        return _interval(mean, reach, n, bounds)
    freedom = variance**2 / sum(part**2 / (len(group) - 1) for part, group in zip(parts, groups, strict=True))
    return _interval(mean, student_t_quantile(1 - _TAIL, freedom) * math.sqrt(variance), n, bounds)


def _interval(mean: float, half: float, n: int, bounds: tuple[float, float] | None) -> Estimate:
    low, high = mean - half, mean + half
    if bounds is not None:
        low, high = max(low, bounds[0]), min(high, bounds[1])
    return Estimate(mean, low, high, n)


@lru_cache(maxsize=1024)
def student_t_quantile(p: float, freedom: float) -> float:
    """The ``p`` quantile of Student's t distribution with ``freedom`` degrees of freedom (need not be whole).

    Raises:
        ValueError: Not 0 < p < 1 or not freedom > 0.
    """
    if not 0.0 < p < 1.0 or not freedom > 0.0:
        raise ValueError(f"no t quantile for p = {p}, {freedom} degrees of freedom")
    if p < 0.5:
        return -student_t_quantile(1.0 - p, freedom)
    tail = 1.0 - p
    low, high = 0.0, 1.0
    while _t_upper_tail(high, freedom) > tail:
        low, high = high, 2.0 * high
    for _ in range(80):
        middle = 0.5 * (low + high)
        if _t_upper_tail(middle, freedom) > tail:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


def _t_upper_tail(t: float, freedom: float) -> float:
    """P(T > t) for t >= 0: half of I_x(freedom/2, 1/2) at x = freedom / (freedom + t^2)."""
    return 0.5 * incomplete_beta(0.5 * freedom, 0.5, freedom / (freedom + t * t))


def incomplete_beta(a: float, b: float, x: float) -> float:
    """Regularised incomplete beta function I_x(a, b) for a, b > 0 and 0 <= x <= 1."""
    if x <= 0.0 or x >= 1.0:
        return float(x >= 1.0)
    log_front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    # The continued fraction converges fast on this side; the other side is its mirror image.
    if x < (a + 1.0) / (a + b + 2.0):
        return math.exp(log_front) * _beta_fraction(a, b, x) / a
    return 1.0 - math.exp(log_front) * _beta_fraction(b, a, 1.0 - x) / b


def _beta_fraction(a: float, b: float, x: float) -> float:
    c, d = 1.0, 1.0 / _away_from_zero(1.0 - (a + b) * x / (a + 1.0))
    value = d
    for m in range(1, 10_000):
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1.0 / _away_from_zero(1.0 + term * d)
            c = _away_from_zero(1.0 + term / c)
            value *= c * d
        if abs(c * d - 1.0) < 1e-15:
            break
    return value


def _away_from_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
