"""Before an RL stage: drop prompts whose accuracy under the starting checkpoint is exactly 0 or 1 ([3B] section 2.2.1).

Such a prompt's group has equal rewards, no advantage and nothing to teach. Where rewards are graded, accuracy is a
threshold's, so what counts is whether the rewards differ (ours); for rewards of 0 and 1 the two are one.
"""

from __future__ import annotations

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


def filter_prompts(groups: Sequence[Group], *, keep_always_right: bool = False) -> tuple[list[str], FilterCounts]:
    """Keys of the problems whose judged rewards differ, in order, and the counts of the others.

    With ``keep_always_right`` those at accuracy 1 stay too: a stage that pays for length learns from them.
    """
    accuracies = [group.accuracy for group in groups]
    told_apart = [len({v.reward for v in group.verdicts if v.correct is not None}) > 1 for group in groups]
    kept = [
        group.problem.key
        for group, p, differ in zip(groups, accuracies, told_apart, strict=True)
        if differ or (keep_always_right and p == 1)
    ]
    dropped = [p for p, differ in zip(accuracies, told_apart, strict=True) if not differ]
    counts = FilterCounts(
        kept=len(kept),
        all_correct=dropped.count(1.0),
        all_wrong=dropped.count(0.0),
        not_judged=accuracies.count(None),
    )
    return kept, counts
