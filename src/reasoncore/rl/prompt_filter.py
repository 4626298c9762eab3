"""Before an RL stage: drop prompts whose accuracy under the starting checkpoint is exactly 0 or 1 ([3B] section 2.2.1).

Such a prompt's group has equal rewards, no advantage and nothing to teach.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from reasoncore.records import Group


@dataclass(frozen=True, slots=True)
class FilterCounts:
    """What the filter saw: prompts kept, at accuracy 1, at accuracy 0, and those where nothing was judged."""

    kept: int
    all_correct: int
    all_wrong: int
    not_judged: int

    def __str__(self) -> str:
        seen = f"kept {self.kept}; {self.all_correct} always right, {self.all_wrong} always wrong"
        return seen + (f", {self.not_judged} not judged" if self.not_judged else "")


def accuracy(group: Group) -> float | None:
    """Share of correct rollouts among the judged ones; None when none was judged."""
    judged = [verdict.correct for verdict in group.verdicts if verdict.correct is not None]
    return sum(judged) / len(judged) if judged else None


def filter_prompts(groups: Sequence[Group], *, keep_always_right: bool = False) -> tuple[list[str], FilterCounts]:
    """Keys of the problems with an accuracy strictly between 0 and 1, in order, and the counts.

    With ``keep_always_right`` those at 1 stay too: a stage that pays for more than correctness learns from them.
    """
    accuracies = [accuracy(group) for group in groups]
    highest = 1.0 if keep_always_right else math.nextafter(1.0, 0.0)
    kept = [g.problem.key for g, p in zip(groups, accuracies, strict=True) if p is not None and 0 < p <= highest]
    counts = FilterCounts(
        kept=len(kept),
        all_correct=accuracies.count(1.0),
        all_wrong=accuracies.count(0.0),
        not_judged=accuracies.count(None),
    )
    return kept, counts
