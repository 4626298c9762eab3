"""Before an RL stage: drop prompts whose accuracy under the starting checkpoint is exactly 0 or 1 ([3B] section 2.2.1).

Such a prompt's group has equal rewards, no advantage and nothing to teach.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reasoncore.records import Group


@dataclass(frozen=True, slots=True)
class FilterCounts:
    """What the filter did: kept, dropped at accuracy 1, dropped at accuracy 0, dropped because nothing was judged."""

    kept: int
    all_correct: int
    all_wrong: int
    not_judged: int

    def __str__(self) -> str:
        dropped = f"{self.all_correct} always right, {self.all_wrong} always wrong"
        return f"kept {self.kept} and dropped {dropped}" + (
            f", {self.not_judged} not judged" if self.not_judged else ""
        )


def accuracy(group: Group) -> float | None:
    """Share of correct rollouts among the judged ones; None when none was judged."""
    judged = [verdict.correct for verdict in group.verdicts if verdict.correct is not None]
    return sum(judged) / len(judged) if judged else None


def filter_prompts(groups: Sequence[Group]) -> tuple[list[str], FilterCounts]:
    """Ids of the problems with an accuracy strictly between 0 and 1, in order, and the counts."""
    accuracies = [accuracy(group) for group in groups]
    kept = [g.problem.id for g, p in zip(groups, accuracies, strict=True) if p is not None and 0 < p < 1]
    counts = FilterCounts(
        kept=len(kept),
        all_correct=accuracies.count(1.0),
        all_wrong=accuracies.count(0.0),
        not_judged=accuracies.count(None),
    )
    return kept, counts
