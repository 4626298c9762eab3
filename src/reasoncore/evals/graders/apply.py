"""From an evaluation's rollouts to a grader's verdicts on them, with nothing sampled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reasoncore.domains import Judge, cut_off, grader_of
from reasoncore.errors import DataError
from reasoncore.evals.graders.table import Grader
from reasoncore.evals.score import Row
from reasoncore.records import Problem, Verdict


def problems_of_rows(benchmark: str, rows: Sequence[Row], known: Mapping[str, Problem]) -> dict[str, Problem]:
    """The problems that rollouts are of, by id.

    Args:
        benchmark: Its name, for messages.
        rows: Rollouts of the benchmark.
        known: The problems that ``problems.jsonl`` has beside them, by id.

    Raises:
        DataError: A problem is not there, or was asked in other words.
    """
    for row in rows:
        problem, found = row["problem_id"], known.get(row["problem_id"])
        if found is None or found.prompt_sha256 != row["prompt_sha256"]:
            raise DataError(
                f"{benchmark}, problem {problem}: {'not there' if found is None else 'not asked'} as in the rollouts",
                "Evaluate again with the same --out, which writes problems.jsonl and samples nothing that is there.",
            )
    return {row["problem_id"]: known[row["problem_id"]] for row in rows}


def rows_for(grader: Grader, problems: Mapping[str, Problem], rows: Sequence[Row]) -> list[Row]:
    """The rows that a grader can judge."""
    return [row for row in rows if grader.kind in (None, grader_of(problems[row["problem_id"]]))]


def grade_rows(grader: Grader, judge: Judge, problems: Mapping[str, Problem], rows: Sequence[Row]) -> list[Verdict]:
    """A verdict for each row. As in every evaluation, a completion that was cut off gave no answer.

    A completion that could not be had stays not judged.
    """
    whole = [row for row in rows if row["finish"] == "stop"]
    judged = iter(grader.judge_many(judge, [problems[row["problem_id"]] for row in whole], [r["text"] for r in whole]))
    return [next(judged) if row["finish"] == "stop" else _not_whole(row, problems) for row in rows]


def _not_whole(row: Row, problems: Mapping[str, Problem]) -> Verdict:
    if row["finish"] == "length":
        return cut_off(problems[row["problem_id"]])
    return Verdict(None, 0.0, None, str(row["reason"]))
