"""The graders by name: what each can judge, and how. One row each."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from reasoncore.domains import Judge
from reasoncore.errors import UserInputError
from reasoncore.evals.graders.answers import exact_match, last_number
from reasoncore.evals.graders.math_verify import grade_with_math_verify
from reasoncore.records import Problem, Verdict

OWN = "own"
MATH_VERIFY = "math-verify"
JudgeMany = Callable[[Judge, Sequence[Problem], Sequence[str]], list[Verdict]]


@dataclass(frozen=True, slots=True)
class Grader:
    """A row of the table.

    Attributes:
        name: What a user types.
        kind: What it judges, as :func:`reasoncore.domains.grader_of` calls it; None judges everything.
        judge_many: ``(judge, problems, responses) -> verdicts``, in order; ``judge`` is the project's own.
    """

    name: str
    kind: str | None
    judge_many: JudgeMany


def _answers(grade: Callable[[str, str], Verdict]) -> JudgeMany:
    return lambda judge, problems, responses: [
        grade(response, problem.answer) for problem, response in zip(problems, responses, strict=True)
    ]


def _math_verify(judge: Judge, problems: Sequence[Problem], responses: Sequence[str]) -> list[Verdict]:
    return grade_with_math_verify(responses, [problem.answer for problem in problems])


def _loose(judge: Judge, problems: Sequence[Problem], responses: Sequence[str]) -> list[Verdict]:
    """IFEval's loose criterion; the instructions that were not followed loosely are not named."""
    strict = judge.judge(problems, responses)
    return [
        verdict
        if verdict.correct is None
        else replace(verdict, correct=verdict.details["follow_all_loose"], reason="the loose criterion")
        for verdict in strict
    ]


_ROWS = (
    Grader(OWN, None, lambda judge, problems, responses: judge.judge(problems, responses)),
    Grader("exact", "math", _answers(exact_match)),
    Grader("last-number", "math", _answers(last_number)),
    Grader(MATH_VERIFY, "math", _math_verify),
    Grader("loose", "instructions", _loose),
)
GRADERS: dict[str, Grader] = {row.name: row for row in _ROWS}


def find_graders(names: Sequence[str]) -> list[Grader]:
    """The rows of these names, each once.

    Raises:
        UserInputError: There is none of a name; the message has the nearest.
    """
    for name in names:
        if name not in GRADERS:
            near = difflib.get_close_matches(name, GRADERS, n=1, cutoff=0.0)[0]
            raise UserInputError(
                f"--grader {name}: unknown grader; nearest: {near!r}", f"Choose from: {', '.join(GRADERS)}."
            )
    return [GRADERS[name] for name in dict.fromkeys(names)]
