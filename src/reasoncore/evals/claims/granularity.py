"""Which counts of right outcomes a printed figure can stand for.

A mean of N zero/one outcomes is c/N for a whole number c of right ones. A figure s printed with d decimals stands for
those c with |100 c/N - s| <= 10^-d / 2; an exact half may have gone either way. Neighbouring means are 100/N points
apart: from N = 100 * 10^d outcomes on, every printed figure is possible, and the check decides nothing. (Brown and
Heathers 2017, The GRIM Test, is this check for means of questionnaires.)
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any

from reasoncore.errors import UserInputError
from reasoncore.evals.claims.score import Score, Verdict

TRIED_GENERATIONS = (1, 2, 3, 4, 5, 8, 10, 16, 32, 64)


@dataclass(frozen=True, slots=True)
class Granularity:
    """What a printed figure can stand for.

    Attributes:
        verdict: ``"cannot tell"`` also where the figure is possible only if its last digits were cut off, not rounded.
        printed: The figure.
        items: Of the protocol.
        outcomes: N, None where not known.
        step: Points between neighbouring means, None where N is not known.
        counts: Smallest and largest c that rounds to the figure; None where none does, or N is not known.
        could_fail: Whether some other figure with as many decimals would have been impossible.
        only_truncated: No c rounds to the figure, but one does when digits are cut off.
        possible_generations: Where the generations are not known: those of ``TRIED_GENERATIONS`` that can give it.
    """

    verdict: Verdict
    printed: str
    items: int | None
    outcomes: int | None = None
    step: float | None = None
    counts: tuple[int, int] | None = None
    could_fail: bool = False
    only_truncated: bool = False
    possible_generations: tuple[int, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The attributes."""
        return asdict(self)


def check_granularity(score: Score) -> Granularity:
    """Whether a printed figure is a possible mean of its protocol's zero/one outcomes.

    Raises:
        UserInputError: The figure was not printed, so that it has no decimals to check.
    """
    if score.decimals is None:
        raise UserInputError("the score has no number of decimals", "Give it as text, as it was printed.")
    percent, items, outcomes = Fraction(score.text), score.protocol.items, score.protocol.outcomes
    if items is None:
        return Granularity("cannot tell", score.text, None)
    if outcomes is None:
        possible = tuple(k for k in TRIED_GENERATIONS if counts_of(percent, score.rounding, items * k))
        return Granularity("cannot tell", score.text, items, possible_generations=possible)
    counts = counts_of(percent, score.rounding, outcomes)
    # Digits cut off: the mean is at least s and less than one unit of the last digit above it.
    below = math.ceil(percent * outcomes / 100)
    truncated = counts is None and Fraction(100 * below, outcomes) < percent + 2 * score.rounding and below <= outcomes
    return Granularity(
        verdict="consistent" if counts else "cannot tell" if truncated else "inconsistent",
        printed=score.text,
        items=items,
        outcomes=outcomes,
        step=100.0 / outcomes,
        counts=counts,
        could_fail=outcomes < 100 * 10**score.decimals,
        only_truncated=truncated,
    )


def counts_of(percent: Fraction, rounding: Fraction, outcomes: int) -> tuple[int, int] | None:
    """Smallest and largest number of right ones among ``outcomes`` within ``rounding`` of ``percent``, or None."""
    low = max(0, math.ceil((percent - rounding) * outcomes / 100))
    high = min(outcomes, math.floor((percent + rounding) * outcomes / 100))
    return (low, high) if low <= high else None


def granularity_lines(found: Granularity) -> list[str]:
    """What was found, in words."""
    if found.items is None:
        return [f"Can {found.printed} % occur? Not known: the report does not say how many problems there are."]
    if found.outcomes is None:
        return [_unknown_generations(found)]
    head = f"Can {found.printed} % occur? The mean of {found.outcomes} right-or-wrong outcomes moves in steps of "
    head += f"{found.step:.3g} points."
    if found.counts is None:
        why = "No count of right outcomes rounds to it"
        also = ", but one gives it when the digits after are cut off." if found.only_truncated else ": it cannot."
        return [head, why + also]
    low, high = found.counts
    shown = " and ".join(f"{c} ({100 * c / found.outcomes:.3f} %)" for c in sorted({low, high}))
    many = "Only" if low == high else "These counts round to it:" if high == low + 1 else "From the first to the last:"
    lines = [head, f"{many} {shown}{' right rounds to it' if low == high else ''}."]
    if not found.could_fail:
        lines.append("With so many outcomes every printed figure is possible, so this says nothing for or against it.")
    return lines


def _unknown_generations(found: Granularity) -> str:
    head = f"Can {found.printed} % occur? There are {found.items} problems; generations a problem are not reported. "
    if not found.possible_generations:
        tried = ", ".join(map(str, TRIED_GENERATIONS))
        return f"{head}It is no mean of right-or-wrong outcomes with any of {tried} of them."
    possible = ", ".join(map(str, found.possible_generations))
    rest = [k for k in TRIED_GENERATIONS if k not in found.possible_generations]
    return (
        f"{head}Possible with {possible}; not with {', '.join(map(str, rest))}."
        if rest
        else (f"{head}It is possible with any number of them.")
    )
