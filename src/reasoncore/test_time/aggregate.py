"""CLR from a log: trajectories with answers and verdicts, one a line, scored again without a model.

A line is {"problem_id", "answer": text or null, "gold"?: text, "verdicts": [1, 0, null, ...]}, null where a verdict
could not be read. Lines of one problem are its trajectories in sampling order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from reasoncore.errors import DataError
from reasoncore.records import read_jsonl, required_text
from reasoncore.test_time.classes import Same, answer_classes
from reasoncore.test_time.outcome import ClrOutcome
from reasoncore.test_time.reliability import CountedAs, reliability
from reasoncore.test_time.trajectory import Trajectory

_CURE = 'Write {"problem_id": "p1", "answer": "42", "verdicts": [1, 0, null]}; a gold may be added.'


@dataclass(frozen=True, slots=True)
class LoggedProblem:
    """The trajectories of one problem; ``gold`` is None where the log has none."""

    id: str
    gold: str | None
    trajectories: tuple[Trajectory, ...]


@dataclass(frozen=True, slots=True)
class Aggregated:
    """A problem's outcome.

    Attributes:
        correct: Whether CLR's answer is equivalent to the gold; None without a gold, or where nobody could say.
        majority_correct: The same of Cons@K's.
    """

    id: str
    gold: str | None
    outcome: ClrOutcome
    correct: bool | None
    majority_correct: bool | None

    def as_json(self) -> dict[str, Any]:
        """Without the trajectories."""
        found = self.outcome
        return {
            "problem_id": self.id,
            "answer": found.answer,
            "cons@k": found.majority,
            "k": found.asked,
            "classes": [{**asdict(one), "votes": one.votes} for one in found.classes],
            "by_votes": found.by_votes,
            "no_answer_rate": found.no_answer_rate,
            "unparsable_rate": found.unparsable_rate,
            "padded_rate": found.padded_rate,
            **({} if self.gold is None else {"gold": self.gold, "correct": self.correct}),
            **({} if self.gold is None else {"cons@k_correct": self.majority_correct}),
        }


def read_trajectories(path: Path) -> list[LoggedProblem]:
    """The problems of a log, in the order of their first lines.

    Raises:
        DataError: The file cannot be read, is empty, or has a line of another form; names line and key.
    """
    rows: dict[str, list[tuple[str, Mapping[str, Any]]]] = {}
    for line, row in read_jsonl(path):
        where = f"{path}, line {line}"
        rows.setdefault(required_text(row, "problem_id", where), []).append((where, row))
    if not rows:
        raise DataError(f"{path}: holds no trajectories", _CURE)
    return [_problem(problem, lines) for problem, lines in rows.items()]


def aggregate(
    problems: Sequence[LoggedProblem], same: Same, counted: CountedAs, claims: int | None = None
) -> list[Aggregated]:
    """CLR's answer and the vote's for each problem.

    Args:
        same: Whether two answers are equivalent.
        counted: What malformed verdicts and missing claims count as.
        claims: M; None takes the most verdicts that any trajectory has.

    Raises:
        DataError: A trajectory has more than M verdicts.
    """
    most = max(len(one.verdicts or ()) for problem in problems for one in problem.trajectories)
    if claims is not None and most > claims:
        raise DataError(
            f"a trajectory has {most} verdicts, and --claims is {claims}", "Give the number of claims asked for."
        )
    return [_aggregated(problem, same, counted, claims or max(1, most)) for problem in problems]


def _aggregated(problem: LoggedProblem, same: Same, counted: CountedAs, claims: int) -> Aggregated:
    trajectories = problem.trajectories
    classes = answer_classes([one.answer for one in trajectories], same)
    reliabilities = [
        None if one.answer is None or one.verdicts is None else reliability(one.verdicts, claims, counted)
        for one in trajectories
    ]
    outcome = ClrOutcome.of(len(trajectories), claims, trajectories, classes, reliabilities, settled=None)

    def right(answer: str | None) -> bool | None:
        if problem.gold is None:
            return None
        if answer is None or len(answer_classes([problem.gold, answer])) == 1:
            return answer is not None
        return same(answer, problem.gold)

    return Aggregated(problem.id, problem.gold, outcome, right(outcome.answer), right(outcome.majority))


def _problem(problem: str, lines: Sequence[tuple[str, Mapping[str, Any]]]) -> LoggedProblem:
    golds: set[str] = set()
    trajectories = []
    for number, (where, row) in enumerate(lines):
        if row.get("gold") is not None:
            golds.add(required_text(row, "gold", where))
        if len(golds) > 1:
            raise DataError(f"{where}, key 'gold': another one than before in problem {problem!r}", _CURE)
        answer = None if row.get("answer") is None else required_text(row, "answer", where, empty_ok=True)
        trajectories.append(Trajectory(number, "", answer or None, (), _verdicts(row, where)))
    return LoggedProblem(problem, next(iter(golds), None), tuple(trajectories))


def _verdicts(row: Mapping[str, Any], where: str) -> tuple[bool | None, ...]:
    given = row.get("verdicts")
    if not isinstance(given, list) or not all(verdict in (0, 1, None) for verdict in given):
        raise DataError(f"{where}, key 'verdicts': not a list of 1, 0 and null", _CURE)
    return tuple(None if verdict is None else bool(verdict) for verdict in given)
