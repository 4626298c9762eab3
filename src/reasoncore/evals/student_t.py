"""Student's t distribution: its quantile, from bisecting its distribution function.

That is a regularised incomplete beta function (continued fraction: Numerical Recipes, section 6.4).
"""

from __future__ import annotations

import math
from functools import lru_cache

_TINY = 1e-300


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
