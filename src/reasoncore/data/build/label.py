"""Pseudo-labels ([3B] section 2.1.1): the majority over classes of equivalent answers, and never over strings.

    margin = (votes of the largest class - votes of the next) / samples

Ours: votes, margin and abstentions are stored; a tie, or a margin below the bound, gives no label.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from reasoncore.data.build.config import LabelSettings
from reasoncore.data.build.rows import CorpusRow
from reasoncore.data.build.stage_folder import StageWriter
from reasoncore.data.build.teacher import Teacher, all_answered, prompts_of
from reasoncore.test_time.classes import Same, answer_classes
from reasoncore.verify.math.answer import extract_answer


@dataclass(frozen=True, slots=True)
class Vote:
    """What a vote came to.

    Attributes:
        answer: The majority's; None where it gives no label.
        margin: Its lead over the next class, as a share of the samples.
        votes: Of each class, by its first answer.
        abstained: Samples without an answer.
        reason: Why there is no label; empty with one.
    """

    answer: str | None
    margin: float
    votes: dict[str, int]
    abstained: int
    reason: str

    def as_fact(self) -> dict[str, Any]:
        """For the row."""
        return {"votes": self.votes, "margin": self.margin, "abstained": self.abstained}


def majority_vote(answers: Sequence[str | None], same: Same, min_margin: float) -> Vote:
    """Vote on answers, None for an abstention."""
    classes = sorted(answer_classes(answers, same), key=len, reverse=True)
    votes = {str(answers[members[0]]): len(members) for members in classes}
    abstained = sum(answer is None for answer in answers)
    if not classes:
        return Vote(None, 0.0, votes, abstained, "no answer to vote on")
    first, second = len(classes[0]), len(classes[1]) if len(classes) > 1 else 0
    margin = (first - second) / len(answers)
    if first == second:
        return Vote(None, margin, votes, abstained, "a tie between labels")
    if margin < min_margin:
        return Vote(None, margin, votes, abstained, "a label without a margin")
    return Vote(answers[classes[0][0]], margin, votes, abstained, "")


def label(
    writer: StageWriter, rows: Sequence[CorpusRow], settings: LabelSettings, teacher: Teacher, same: Same
) -> None:
    """Label the rows that have no answer; the others pass."""
    unlabelled = [row for row in rows if not row.problem.answer and row.problem.reference is None]
    answers = iter(teacher.ask("pseudo-labels", prompts_of(unlabelled), settings.samples))
    for row in rows:
        if row.problem.answer or row.problem.reference is not None:
            writer.keep(row)
            continue
        if (whole := all_answered(writer, row, next(answers))) is None:
            continue
        vote = majority_vote(
            [extract_answer(one.text) if one.finish == "stop" else None for one in whole], same, settings.min_margin
        )
        known = row.knowing(label=vote.as_fact())
        if vote.answer is None:
            writer.reject(known, vote.reason)
        else:
            writer.keep(replace(known, problem=replace(row.problem, answer=vote.answer)))
