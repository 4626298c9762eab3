"""How exact a published mean can be, when only the mean is known.

With p_i the chance that item i is answered right, p the mean of the n items' p_i, and k samples an item:

    same items again:    se^2 = sum p_i (1 - p_i) / (n^2 k),    between 0 and p (1 - p) / (n k)
    other, like items:   se^2 = Var(p_i) / n + the above,       between p (1 - p) / (n k) and p (1 - p) / n

The first has its bound because p (1 - p) is concave: it is reached when all items are equally hard, and 0 when each is
always or never solved. The second adds how items differ (the law of total variance; Miller 2024, arXiv 2411.00640,
section 3.1) and runs the other way. Half-widths of 95 % intervals are 1.96 se for the same items and t_{0.975, n-1} se
for others. At 0 and 100 %, se is 0 and says nothing; the half-width is then that of the exact binomial bound, whose
form for items of unlike difficulty follows from the inequality of arithmetic and geometric means.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from reasoncore.evals.claims.score import Score
from reasoncore.evals.student_t import student_t_quantile

Z95 = 1.959964
_TAIL = 0.025


@dataclass(frozen=True, slots=True)
class Uncertainty:
    """Standard errors and 95 % half-widths in points.

    Attributes:
        printed: The figure.
        items: n.
        generations: Outcomes an item, k; None where not known (then 1 is taken, which gives the largest errors).
        same_items_se_max: At most this, were the same items sampled again.
        other_items_se_min: At least this, on other items like these.
        other_items_se_max: At most this.
        same_items_half_width_max: Of the 95 % interval.
        other_items_half_width_max: Of the 95 % interval; None for one item.
    """

    printed: str
    items: int
    generations: int | None
    same_items_se_max: float
    other_items_se_min: float
    other_items_se_max: float
    same_items_half_width_max: float
    other_items_half_width_max: float | None

    def as_json(self) -> dict[str, Any]:
        """The attributes."""
        return asdict(self)


def uncertainty_of(score: Score) -> Uncertainty | None:
    """Bounds of the standard errors of a mean; None where the number of items is not known."""
    n = score.protocol.items
    if n is None:
        return None
    known = score.protocol.outcomes_an_item
    outcomes = n * (known or 1)
    p = score.percent / 100.0
    run, items = (100.0 * math.sqrt(p * (1.0 - p) / count) for count in (outcomes, n))
    if p in (0.0, 1.0):
        run_half, item_half = (100.0 * (1.0 - _TAIL ** (1.0 / count)) for count in (outcomes, n))
    else:
        run_half = Z95 * run
        item_half = math.nan if n == 1 else student_t_quantile(1.0 - _TAIL, n - 1) * items
    return Uncertainty(score.text, n, known, run, run, items, run_half, None if math.isnan(item_half) else item_half)


def uncertainty_lines(found: Uncertainty) -> list[str]:
    """What was found, in words."""
    unknown = "" if found.generations else " (taking one generation a problem, since their number is not reported)"
    same = (
        f"Would the same {found.items} problems again give {found.printed} %{unknown}? Sampling alone moves it by at "
    )
    same += f"most {found.same_items_half_width_max:.1f} points either way, 19 times in 20 (standard error at most "
    same += f"{found.same_items_se_max:.2f})."
    other = "Would other problems like these? "
    if found.other_items_half_width_max is None:
        return [same, other + "One problem cannot say."]
    low = "" if found.generations is None else f"at least {found.other_items_se_min:.2f} and "
    other += f"The choice of problems moves it by up to {found.other_items_half_width_max:.1f} points "
    other += f"(standard error {low}at most {found.other_items_se_max:.2f}; the report's mean alone does not say more)."
    return [same, other]
