"""Whether two figures of one benchmark agree, made by protocols that differ.

Notation: figures a and b in points, n items and k samples an item each, f the share of a benchmark's items that both
were asked (1 where the items are the same, 0 where they are others like them).

Sampling. On the same items their difficulty is common to both figures and cancels; what is left is sampling. In
general, with sigma^2 = Var(p_i) and E = mean of p_i (1 - p_i), so that sigma^2 + E = p (1 - p),

    Var(mean) = sigma^2 (1 - f) / n + E / (n k)   <=   p (1 - p) / n * max(1 - f, 1/k).

Where the means x_i of a figure's own items are known, E is estimated from them with half a right and half a wrong
sample added to each item, so that an item always solved does not count as certain: E = mean of y_i (1 - y_i) with
y_i = (k x_i + 1/2) / (k + 1), and sigma^2 as what Var(x_i) leaves. The smaller of estimate and bound is taken. In the
bound, p is held two outcomes away from 0 and 1, where p (1 - p) would claim certainty. Rounding by at most r points
adds r^2 / 3.

Cut-offs. A rollout that its token cap cut off counts as wrong. So of two figures the one with the smaller cap, b with
a share c of its rollouts cut off, could have been anything from b to b + c under the larger cap, never above 100.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from reasoncore.evals.claims.score import Score, Verdict

NEAR, FAR = 2.0, 3.0  # standard errors: within the first they agree, beyond the second they do not
RESOLUTION_POINTS = 10.0  # a comparison that could not have seen this much decides nothing


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two figures compared; everything in points.

    Attributes:
        verdict: By the rules of :mod:`reasoncore.evals.claims`.
        reason: The rule that decided.
        a: First figure.
        b: Second figure.
        difference: a - b.
        same_items: Whether difficulty of the items cancels.
        se: Largest standard error of the difference; None where the items are not known.
        z: Distance in standard errors without allowing for cut-offs.
        a_bounds: What the first may be once cut-offs are allowed for.
        b_bounds: Likewise the second.
        gap: Distance that is left between the two once they are.
        z_allowed: That distance in standard errors.
        se_other_items: Standard error were the items others like these; None likewise.
    """

    verdict: Verdict
    reason: str
    a: Score
    b: Score
    difference: float
    same_items: bool
    se: float | None
    z: float | None
    a_bounds: tuple[float, float]
    b_bounds: tuple[float, float]
    gap: float
    z_allowed: float | None
    se_other_items: float | None

    def as_json(self) -> dict[str, Any]:
        """The attributes."""
        return {**asdict(self), "a": self.a.as_json(), "b": self.b.as_json()}


def compare_scores(a: Score, b: Score, *, same_items: bool = True) -> Comparison:
    """Compare two figures of one benchmark.

    Args:
        a: One figure, such as a published one.
        b: Another, such as a measured one.
        same_items: The items of the smaller are among those of the larger. False: others like them.
    """
    a_bounds, a_sure = _allowed(a, b)
    b_bounds, b_sure = _allowed(b, a)
    difference = a.percent - b.percent
    gap = max(0.0, a_bounds[0] - b_bounds[1], b_bounds[0] - a_bounds[1])
    se = z = z_allowed = other = None
    if a.protocol.items is not None and b.protocol.items is not None:
        se = _se_of_difference(a, b, _points(a), _points(b), same_items)
        other = _se_of_difference(a, b, _points(a), _points(b), False)
        z = abs(difference) / se
        z_allowed = gap / _se_of_difference(a, b, a_bounds, b_bounds, same_items)
    verdict, reason = _decide(se, z, z_allowed, a_sure and b_sure)
    if a.protocol.metric != b.protocol.metric:
        verdict, reason = "cannot tell", f"one is {a.protocol.metric} and the other {b.protocol.metric}"
    return Comparison(verdict, reason, a, b, difference, same_items, se, z, a_bounds, b_bounds, gap, z_allowed, other)


def _decide(se: float | None, z: float | None, z_allowed: float | None, sure: bool) -> tuple[Verdict, str]:
    if se is None or z is None or z_allowed is None:
        return "cannot tell", "the number of problems is not known"
    if z <= NEAR:
        if FAR * se > RESOLUTION_POINTS:
            return "cannot tell", f"too few outcomes: {RESOLUTION_POINTS:g} points of difference would not have shown"
        return "consistent", "no further apart than sampling explains"
    if z_allowed <= NEAR:
        if sure:
            return "consistent", "the reported cut-offs can explain the difference"
        return "cannot tell", "cut-offs could explain the difference, but their rate or the cap is not reported"
    if z_allowed > FAR:
        return "inconsistent", f"more than {FAR:g} standard errors apart, all allowances made"
    return "cannot tell", f"between {NEAR:g} and {FAR:g} standard errors apart"


def _allowed(score: Score, other: Score) -> tuple[tuple[float, float], bool]:
    """Bounds of a figure under the other's cap, and whether they rest on what was reported."""
    mine, theirs = score.protocol.cap, other.protocol.cap
    if mine == "none" or (mine is not None and mine == theirs):
        return _points(score), True
    if isinstance(mine, int) and isinstance(theirs, int) and mine > theirs:
        return _points(score), True
    rate = score.protocol.cutoff_rate
    high = 100.0 if rate is None else min(100.0, score.percent + 100.0 * rate)
    return (score.percent, high), rate is not None and mine is not None and theirs is not None


def _points(score: Score) -> tuple[float, float]:
    return score.percent, score.percent


def _se_of_difference(
    a: Score, b: Score, a_bounds: tuple[float, float], b_bounds: tuple[float, float], same_items: bool
) -> float:
    n_a, n_b = a.protocol.items, b.protocol.items
    assert n_a is not None
    assert n_b is not None
    # The items of the smaller set are a share of the larger one's, which is then all there is.
    shares = (min(1.0, n_a / n_b), min(1.0, n_b / n_a)) if same_items else (0.0, 0.0)
    sampled = _variance(a, a_bounds, n_a, shares[0]) + _variance(b, b_bounds, n_b, shares[1])
    rounded = float(a.rounding**2 + b.rounding**2) / 3.0
    return math.sqrt(100.0**2 * sampled + rounded)


def _variance(score: Score, bounds: tuple[float, float], n: int, share: float) -> float:
    """The largest variance of a mean, whose share of the benchmark's items is given, wherever it is within bounds."""
    k = score.protocol.outcomes_an_item or 1
    factor = max(1.0 - share, 1.0 / k)
    away = min(0.5, 2.0 * factor / n)
    p = min(max(0.5, bounds[0] / 100.0), bounds[1] / 100.0)  # of those within bounds, the nearest to one half
    p = min(max(p, away), 1.0 - away)
    bound = p * (1.0 - p) / n * factor
    if score.item_means is None or n < 2 or bounds[0] != bounds[1]:
        return bound
    smoothed = [(k * x + 0.5) / (k + 1) for x in score.item_means]
    within = sum(y * (1.0 - y) for y in smoothed) / n
    mean = sum(score.item_means) / n
    between = max(0.0, sum((x - mean) ** 2 for x in score.item_means) / (n - 1) - within / k)
    return min(bound, between * (1.0 - share) / n + within / (n * k))


def comparison_lines(found: Comparison) -> list[str]:
    """What was found, in words."""
    a, b = (f"{score.label or name} {score.text} %" for score, name in ((found.a, "first"), (found.b, "second")))
    lines = [f"{a} against {b}: {abs(found.difference):.1f} points apart."]
    if found.se is not None and found.z is not None and found.se_other_items is not None:
        lines.append(
            f"As they stand, that is {found.z:.1f} standard errors of at most {found.se:.2f} points "
            + ("(the problems are the same, so only sampling differs); " if found.same_items else "(other problems); ")
            + f"between two sets of problems like these it would be {found.z * found.se / found.se_other_items:.1f}."
        )
    for score, bounds in ((found.a, found.a_bounds), (found.b, found.b_bounds)):
        if bounds[1] > bounds[0]:
            lines.append(_allowance_line(score, bounds))
    if found.a_bounds != _points(found.a) or found.b_bounds != _points(found.b):
        left = f"{found.gap:.1f} points are left between them"
        lines.append(
            "Once that is allowed for, nothing is left between them." if found.gap == 0 else f"With that, {left}."
        )
    return [*lines, f"Verdict of the comparison: {found.verdict} ({found.reason})."]


def _allowance_line(score: Score, bounds: tuple[float, float]) -> str:
    protocol = score.protocol
    cap = f"a cap of {protocol.cap:,} tokens" if isinstance(protocol.cap, int) else "a cap that is not reported"
    if protocol.cutoff_rate is None:
        return f"{score.text} % may have been cut short by {cap}, at a rate not reported: up to 100 % without it."
    share = 100.0 * protocol.cutoff_rate
    return (
        f"{score.text} % had {share:.1f} % of its rollouts cut off by {cap}, and a rollout cut off counts as wrong: "
        f"with more room it could be up to {score.text} + {share:.1f} = {score.percent + share:.1f}"
        f"{', that is at most 100' if score.percent + share > 100 else ''}. So it stands for {bounds[0]:.1f} to "
        f"{bounds[1]:.1f} %."
    )
