"""Golds that the answers of models speak against.

A wrong gold that looks like any other shows only here: no sample agrees with it, and most agree with each other. That
is also how a question looks that misleads a model, so it is a warning, worth more with every unlike model that agrees.
"""

from __future__ import annotations

from collections.abc import Iterable

from reasoncore.evals.lint.finding import Finding
from reasoncore.evals.score import Row, group_by_problem
from reasoncore.test_time.classes import answer_classes, majority_class

_MIN_SAMPLES, _AGREEMENT = 8, 0.75


def lint_rollouts(benchmark: str, rows: Iterable[Row]) -> list[Finding]:
    """Problems of at least 8 judged samples, none right, of which three in four give one answer.

    Args:
        benchmark: Its name.
        rows: Its rollouts, of one model or of several with samples numbered through.

    Raises:
        DataError: As :func:`reasoncore.evals.score.group_by_problem`.
    """
    found = []
    for problem in group_by_problem(rows):
        agreeing = majority_class(answer_classes(problem.answers))
        count = len(problem.correct)
        if count >= _MIN_SAMPLES and not any(problem.correct) and len(agreeing) >= _AGREEMENT * count:
            answer = problem.answers[agreeing[0]]
            evidence = f"{len(agreeing)} of {count} samples give {answer!r:.60}, and none the gold"
            cure = "Work the problem out by hand, or compare the original source."
            found.append(Finding("warning", benchmark, problem.problem_id, "a disputed gold", evidence, cure))
    return found
