"""Claim-level reliability: how far a trajectory can be trusted, and which answer its fellows make the best.

[3B] eq. 5 and 6, [CLR]. Trajectory k has M claims with verdicts v_km, 0 refuted and 1 valid, and the answer y_k:

    r_k      = ((1/M) sum_m v_km)^M                                              (5)
    Score(G) = sum_{k: y_k in G} r_k    over answer-equivalence classes G        (6)

The answer is the class of the highest score, ties by sampling order. Ours: scores are exact fractions, so that a tie is
one on every machine. As in [CLR], a verdict that cannot be read counts as valid unless the settings say otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

ClaimVerdict = bool | None
"""Valid, refuted, or None where the verdict could not be read."""


@dataclass(frozen=True, slots=True)
class CountedAs:
    """What counts where a trajectory is malformed: True is valid, False refuted.

    Attributes:
        unparsable: A verdict that cannot be read.
        padded: A claim that is missing.
    """

    unparsable: bool = True
    padded: bool = True


AS_PUBLISHED = CountedAs()


def reliability(verdicts: Sequence[ClaimVerdict], claims: int, counted: CountedAs = AS_PUBLISHED) -> Fraction:
    """r of a trajectory, eq. 5.

    Args:
        verdicts: One a claim that the trajectory gave, at most M; fewer are padded.
        claims: M, how many claims a trajectory is asked for.
        counted: What malformed ones count as.
    """
    assert 0 <= len(verdicts) <= claims, (len(verdicts), claims)
    assert claims >= 1, claims
    valid = sum(counted.unparsable if verdict is None else verdict for verdict in verdicts)
    valid += counted.padded * (claims - len(verdicts))
    return Fraction(valid, claims) ** claims


def class_score(members: Sequence[int], reliabilities: Sequence[Fraction | None]) -> Fraction:
    """Score of a class, eq. 6; a trajectory whose reliability is not known adds nothing."""
    return sum((reliabilities[k] or Fraction(0) for k in members), Fraction(0))


def best_class(classes: Sequence[Sequence[int]], reliabilities: Sequence[Fraction | None]) -> int | None:
    """Index of the class of the highest score; None without classes.

    Args:
        classes: Trajectories by answer, classes in sampling order.
        reliabilities: r of every trajectory.
    """
    scores = [class_score(members, reliabilities) for members in classes]
    return scores.index(max(scores)) if scores else None
