"""When the rest of the checks cannot change the answer, and which check can settle it soonest.

Both rules of method [CLR] follow from r_k being between 0 and 1, and neither can change the answer:

- a trajectory that was not checked adds at most 1 to its class, and one that has not ended may join any class; as soon
  as no class can reach the leader's score, the leader is the answer;
- where all answers are one class it wins whatever the checks say, so that nothing has to be checked.

Optional and not exact: :func:`majority_is_likely` takes the leader of votes as settled when Beta-distributed beliefs
say so (Aggarwal et al. 2023, arXiv 2305.11860), at a level such as 0.95.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from fractions import Fraction

from reasoncore.test_time.reliability import class_score


def settled_class(
    classes: Sequence[Sequence[int]], reliabilities: Sequence[Fraction | None], unfinished: int
) -> int | None:
    """Index of the class that is the answer whatever comes; None while that is open.

    Args:
        classes: Trajectories that have ended with an answer, by it; classes in sampling order.
        reliabilities: r of every trajectory, by its number; None where it was not checked.
        unfinished: Trajectories that have not ended yet.
    """
    if not classes:
        return None
    lowest = [class_score(members, reliabilities) for members in classes]
    highest = [
        low + sum(reliabilities[k] is None for k in members) for low, members in zip(lowest, classes, strict=True)
    ]
    leader = lowest.index(max(lowest))
    if len(classes) == 1 and unfinished == 0:
        return leader
    if unfinished and lowest[leader] <= unfinished:  # they may make a class of their own
        return None
    for place, high in enumerate(highest):
        # Of equal scores the class seen first wins; an unfinished trajectory may yet put another one first.
        wins_ties = place > leader and not unfinished
        if place != leader and (
            high + unfinished > lowest[leader] or (high + unfinished == lowest[leader] and not wins_ties)
        ):
            return None
    return leader


def next_check(
    classes: Sequence[Sequence[int]],
    reliabilities: Sequence[Fraction | None],
    left_out: Collection[int],
    unfinished: int = 0,
) -> int | None:
    """Number of the trajectory to check next; None where no check could decide anything yet, or none is left.

    The class that could still score highest comes first: it is the likely answer, which its checks confirm, or it is
    refuted, which lets another one lead. While more trajectories are unfinished than it could score, nothing can be
    settled, and the answers to come may make its checks needless.

    Args:
        classes, reliabilities, unfinished: As in :func:`settled_class`.
        left_out: Trajectories that are being checked, or could not be.
    """
    best: tuple[Fraction, int] | None = None
    for members in classes:
        waiting = [k for k in members if reliabilities[k] is None and k not in left_out]
        high = class_score(members, reliabilities) + sum(reliabilities[k] is None for k in members)
        if waiting and high > unfinished and (best is None or high > best[0]):
            best = (high, waiting[0])
    return None if best is None else best[1]


def majority_is_likely(votes: Sequence[int], level: float = 0.95) -> bool:
    """Whether the largest class will stay the larger of the two largest, with that probability.

    The chance that a vote for one of the two goes to the first has the density Beta(first + 1, second + 1) with a flat
    prior; its mass above 1/2, for whole numbers, is the binomial sum

        P = 2^-(n + 1) sum_{j=0..first} C(n + 1, j),    n = first + second
    """
    from math import comb

    first, second = (*sorted(votes, reverse=True), 0, 0)[:2]
    draws = first + second + 1
    return sum(comb(draws, j) for j in range(first + 1)) / 2**draws >= level
