"""A published score checked on its own and, where there is one, against a measurement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reasoncore.evals.claims.comparison import Comparison, compare_scores, comparison_lines
from reasoncore.evals.claims.granularity import Granularity, check_granularity, granularity_lines
from reasoncore.evals.claims.score import Score, Verdict
from reasoncore.evals.claims.uncertainty import Uncertainty, uncertainty_lines, uncertainty_of


@dataclass(frozen=True, slots=True)
class ClaimCheck:
    """What can be said of a published score; verdict by the rules of :mod:`reasoncore.evals.claims`."""

    verdict: Verdict
    reason: str
    claim: Score
    granularity: Granularity
    uncertainty: Uncertainty | None
    comparison: Comparison | None

    def as_json(self) -> dict[str, Any]:
        """The attributes; null for a part that could not be done."""
        return {
            "verdict": self.verdict,
            "reason": self.reason,
            "claim": self.claim.as_json(),
            "granularity": self.granularity.as_json(),
            "uncertainty": None if self.uncertainty is None else self.uncertainty.as_json(),
            "comparison": None if self.comparison is None else self.comparison.as_json(),
        }


def check_claim(claim: Score, measured: Score | None = None, *, same_items: bool = True) -> ClaimCheck:
    """Check a published score.

    Args:
        claim: As printed; see :func:`reasoncore.evals.claims.printed_score`.
        measured: Another figure of the same benchmark, measured or published.
        same_items: As in :func:`reasoncore.evals.claims.compare_scores`.

    Raises:
        UserInputError: The claim has no number of decimals.
    """
    granularity = check_granularity(claim)
    comparison = None if measured is None else compare_scores(claim, measured, same_items=same_items)
    verdict, reason = _decide(granularity, comparison)
    return ClaimCheck(verdict, reason, claim, granularity, uncertainty_of(claim), comparison)


def _decide(granularity: Granularity, comparison: Comparison | None) -> tuple[Verdict, str]:
    if granularity.verdict == "inconsistent":
        return "inconsistent", f"{granularity.printed} % is no mean of {granularity.outcomes} right-or-wrong outcomes"
    if comparison is not None:
        return comparison.verdict, comparison.reason
    if granularity.verdict == "consistent" and granularity.could_fail:
        return "consistent", "the figure is possible where others would not be; nothing was measured"
    if granularity.verdict == "consistent":
        return "cannot tell", "every printed figure would be possible, and nothing was measured"
    if granularity.only_truncated:
        return "cannot tell", "the figure is possible only if its digits were cut off instead of rounded"
    return "cannot tell", "the protocol is not known well enough, and nothing was measured"


def claim_lines(found: ClaimCheck) -> list[str]:
    """The verdict, and the arithmetic behind it in words."""
    label = f"{found.claim.label}: " if found.claim.label else ""
    lines = [f"{label}{found.claim.text} % is {found.verdict.upper()}: {found.reason}."]
    lines += granularity_lines(found.granularity)
    if found.uncertainty is not None:
        lines += uncertainty_lines(found.uncertainty)
    if found.comparison is not None:
        lines += comparison_lines(found.comparison)
    return lines
