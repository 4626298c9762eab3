"""Accuracy on problems from before and from after a model's training cut-off.

x_i is the share of right samples of problem i; a group g has n_g problems with mean m_g and variance s_g^2. With
v_g = s_g^2 / n_g,

    difference = m_before - m_after,   se^2 = v_before + v_after,
    interval = difference +- t_{0.975, f} se,   f = se^4 / sum v_g^2 / (n_g - 1)    (Welch 1947).

Where there are at most 20,000 ways to call n_before of the problems "before", p is exact: the share of these ways with
a difference at least as large either way. Else p is that of Welch's t.
Deviation: a group all right or all wrong has s_g = 0, which would claim certainty; it gets the variance of half a
problem more of the other kind.

It says that the later problems went worse, not why: they may be harder. Compare models of other cut-offs, or twins.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

import numpy as np

from reasoncore.evals.statistics import smallest_detectable
from reasoncore.evals.student_t import incomplete_beta, student_t_quantile

LEVEL = 0.05
RESOLUTION = 0.10  # a comparison that would often miss this much says nothing by seeing nothing
MAX_ARRANGEMENTS = 20_000
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class CutoffComparison:
    """Two groups of problems; shares, not percent.

    Attributes:
        n_before: Problems from before the cut-off that were judged.
        n_after: Problems from that day on.
        before: Mean accuracy on the former; None without any.
        after: Likewise on the latter.
        difference: Before minus after; None where a group is empty.
        ci95: Its interval; None for ends that are not known.
        p: Chance of a difference this large were the date of no account; None where not known.
        test: ``"permutation"`` or ``"welch"``; None likewise.
        detectable: The true difference that would be seen 4 times in 5.
        undated: Problems without a date.
    """

    n_before: int
    n_after: int
    before: float | None
    after: float | None
    difference: float | None
    ci95: tuple[float | None, float | None]
    p: float | None
    test: str | None
    detectable: float | None
    undated: int

    @property
    def verdict(self) -> str:
        """What was found, in words."""
        if self.p is None or self.difference is None or self.detectable is None:
            return "too few items to tell"
        if self.p < LEVEL:
            return f"{'higher' if self.difference > 0 else 'lower'} before the cut-off"
        return "no difference seen" if self.detectable <= RESOLUTION else "too few items to tell"

    def as_json(self) -> dict[str, Any]:
        """The attributes and the verdict."""
        return {"verdict": self.verdict, **asdict(self)}


def compare_across_cutoff(before: Sequence[float], after: Sequence[float], undated: int = 0) -> CutoffComparison:
    """Compare each problem's share of right samples, within [0, 1], across a date."""
    sizes = len(before), len(after)
    means = _mean(before), _mean(after)
    if means[0] is None or means[1] is None:
        return CutoffComparison(*sizes, *means, None, (None, None), None, None, None, undated)
    difference = means[0] - means[1]
    if min(sizes) < 2:
        return CutoffComparison(*sizes, *means, difference, (None, None), None, None, None, undated)
    parts = [_variance(group) / len(group) for group in (before, after)]
    se = math.sqrt(sum(parts))
    freedom = sum(parts) ** 2 / sum(part**2 / (size - 1) for part, size in zip(parts, sizes, strict=True))
    half = student_t_quantile(0.975, freedom) * se
    interval = (max(-1.0, difference - half), min(1.0, difference + half))
    if math.comb(sum(sizes), sizes[0]) <= MAX_ARRANGEMENTS:
        p, test = permutation_p(before, after), "permutation"
    else:
        p, test = incomplete_beta(freedom / 2, 0.5, freedom / (freedom + (difference / se) ** 2)), "welch"
    return CutoffComparison(*sizes, *means, difference, interval, p, test, smallest_detectable(se), undated)


def permutation_p(before: Sequence[float], after: Sequence[float]) -> float:
    """Share of all splits of the problems into groups of these sizes that differ at least as much, either way."""
    values = np.asarray([*before, *after])
    n, total = len(before), float(np.sum(values))
    chosen = np.asarray(list(combinations(range(len(values)), n)))
    sums = values[chosen].sum(axis=1)
    differences = np.abs(sums / n - (total - sums) / len(after))
    return float(np.mean(differences >= abs(np.mean(before) - np.mean(after)) - _ROUNDING))


def _mean(group: Sequence[float]) -> float | None:
    return float(np.mean(group)) if group else None


def _variance(group: Sequence[float]) -> float:
    mean, n = float(np.mean(group)), len(group)
    if mean in (0.0, 1.0):
        share = 0.5 / (n + 1)
        return share * (1 - share)
    return max(float(np.var(group, ddof=1)), _ROUNDING)


def cutoff_lines(found: CutoffComparison) -> list[str]:
    """The comparison for people."""
    undated = f"; {found.undated} have no date" if found.undated else ""
    sides = ", ".join(
        f"{'-' if mean is None else f'{100 * mean:.1f} %'} on {n} {name}"
        for mean, n, name in ((found.before, found.n_before, "before"), (found.after, found.n_after, "after"))
    )
    lines = [f"cut-off date: {found.verdict} ({sides}{undated})"]
    if found.difference is None or found.p is None:
        return lines
    low, high = (f"{100 * end:+.1f}" for end in found.ci95 if end is not None)
    return [
        *lines,
        f"    {100 * found.difference:+.1f} points ({low} to {high}), p = {found.p:.3f} ({found.test} test)",
    ]
