"""What CLR found: the answer, how the classes scored, the plain vote beside it, and what was malformed or missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any, Literal, Self

from reasoncore.errors import ReasoncoreError
from reasoncore.test_time.classes import majority_class
from reasoncore.test_time.reliability import best_class, class_score
from reasoncore.test_time.trajectory import Trajectory


@dataclass(frozen=True, slots=True)
class AnswerClass:
    """Trajectories with equivalent answers.

    Attributes:
        answer: That of the first of them.
        members: Their numbers.
        score: Eq. 6, of those that were checked.
        checked: How many were.
    """

    answer: str
    members: tuple[int, ...]
    score: float
    checked: int

    @property
    def votes(self) -> int:
        """How many trajectories have this answer."""
        return len(self.members)


@dataclass(frozen=True, slots=True)
class ClrOutcome:
    """The outcome of one question. Rates are None where there was nothing to count.

    Attributes:
        answer: The chosen answer; None where no trajectory has one.
        majority: The answer of most trajectories, Cons@K.
        by_votes: The votes chose, because no check could be had.
        settled: Nothing that was left out could change the answer.
        classes: In sampling order.
        trajectories: Those that ended, in sampling order.
        asked: K, how many were wanted.
        unparsable_rate: Verdicts that could not be read, of the claims that were checked.
        padded_rate: Claims that were missing, of those that checked trajectories were asked for.
        no_answer_rate: Trajectories without a parsable answer.
        tokens: Of the trajectories; None where one's are not known.
        check_tokens: Of their checks.
        failures: Why a trajectory or a check could not be had.
    """

    answer: str | None
    majority: str | None
    by_votes: bool
    settled: bool
    classes: tuple[AnswerClass, ...]
    trajectories: tuple[Trajectory, ...]
    asked: int
    unparsable_rate: float | None
    padded_rate: float | None
    no_answer_rate: float | None
    tokens: int | None
    check_tokens: int | None
    failures: tuple[str, ...]

    @classmethod
    def of(
        cls,
        asked: int,
        claims: int,
        trajectories: Sequence[Trajectory],
        classes: Sequence[Sequence[int]],
        reliabilities: Sequence[Fraction | None],
        settled: int | None,
        failures: Sequence[ReasoncoreError] = (),
    ) -> Self:
        """Choose among what is there.

        Args:
            claims: M.
            trajectories: Those that ended, in sampling order.
            classes: Their numbers by answer.
            reliabilities: r by number.
            settled: The class that is the answer whatever is left; None lets the scores decide.
        """
        by_number = {trajectory.number: trajectory for trajectory in trajectories}
        found = tuple(
            AnswerClass(
                by_number[members[0]].answer or "",
                tuple(members),
                float(class_score(members, reliabilities)),
                sum(reliabilities[k] is not None for k in members),
            )
            for members in classes
        )
        votes = majority_class(classes)
        majority = by_number[votes[0]].answer if votes else None
        nothing_checked = settled is None and len(classes) > 1 and not any(one.checked for one in found)
        chosen = settled if settled is not None else best_class(classes, reliabilities)
        read = [trajectory.verdicts for trajectory in trajectories if trajectory.verdicts is not None]
        verdicts = [verdict for each in read for verdict in each]
        return cls(
            answer=majority if nothing_checked else None if chosen is None else found[chosen].answer,
            majority=majority,
            by_votes=nothing_checked,
            settled=settled is not None,
            classes=found,
            trajectories=tuple(trajectories),
            asked=asked,
            unparsable_rate=_rate(sum(verdict is None for verdict in verdicts), len(verdicts)),
            padded_rate=_rate(claims * len(read) - len(verdicts), claims * len(read)),
            no_answer_rate=_rate(sum(one.answer is None for one in trajectories), len(trajectories)),
            tokens=_total([one.tokens for one in trajectories]),
            check_tokens=_total([one.check_tokens for one in trajectories if one.verdicts is not None]),
            failures=tuple(failure.message for failure in failures),
        )

    @property
    def confidence(self) -> float | None:
        """Share of the score, or else of the votes, that the answer has; None without one."""
        if self.answer is None:
            return None
        weigh = {one.answer: one.score if self.confidence_of == "score" else one.votes for one in self.classes}
        return weigh[self.answer] / sum(weigh.values())

    @property
    def confidence_of(self) -> Literal["score", "votes"]:
        """What the confidence is a share of: the score where every answer was checked, which early stopping spares."""
        is_whole = all(one.checked == one.votes for one in self.classes) and any(one.score for one in self.classes)
        return "score" if is_whole else "votes"

    @property
    def votes(self) -> int:
        """Trajectories that have the chosen answer."""
        return next((one.votes for one in self.classes if one.answer == self.answer), 0)

    def as_json(self) -> dict[str, Any]:
        """The attributes, confidence and votes."""
        more = {"confidence": self.confidence, "confidence_of": self.confidence_of, "votes": self.votes}
        return {**asdict(self), **more}


def _rate(count: int, of: int) -> float | None:
    return count / of if of else None


def _total(counts: Sequence[int | None]) -> int | None:
    return sum(count or 0 for count in counts) if None not in counts else None
