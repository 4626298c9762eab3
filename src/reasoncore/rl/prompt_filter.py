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


@dataclass(frozen=True, slots=True)
class PromptAccuracy:
    """What the filter needs to know of one prompt's rollouts.

    Attributes:
        key: The problem's key.
        accuracy: Share of correct rollouts among the judged ones; None when none was judged.
        rewards_differ: Whether two judged rollouts are paid differently.
    """

    key: str
    accuracy: float | None
    rewards_differ: bool

    @classmethod
    def of(cls, group: Group) -> PromptAccuracy:
        """From a prompt's rollouts."""
        rewards = {verdict.reward for verdict in group.verdicts if verdict.correct is not None}
        return cls(group.problem.key, group.accuracy, len(rewards) > 1)


def filter_prompts(
    prompts: Sequence[PromptAccuracy], *, keep_always_right: bool = False
) -> tuple[list[str], FilterCounts]:
    """Keys of the problems whose judged rewards differ, in order, and the counts of the others.

    With ``keep_always_right`` those at accuracy 1 stay too: a stage that pays for length learns from them.
    """
    kept = [p.key for p in prompts if p.rewards_differ or (keep_always_right and p.accuracy == 1)]
    alike = [p.accuracy for p in prompts if not p.rewards_differ]
    counts = FilterCounts(
        kept=len(kept), all_correct=alike.count(1.0), all_wrong=alike.count(0.0), not_judged=alike.count(None)
    )
    return kept, counts
