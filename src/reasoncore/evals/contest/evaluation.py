"""The table of an evaluation that is on disk."""

from __future__ import annotations

from pathlib import Path

from reasoncore.data.code_files import read_code_cases
from reasoncore.errors import DataError
from reasoncore.evals.benchmarks import data_sha256
from reasoncore.evals.comparison import read_rollouts
from reasoncore.evals.contest.score import ContestTable, score_contests
from reasoncore.evals.results_file import read_results


def evaluated_contests(file: Path, out: Path) -> ContestTable:
    """Score an evaluation of a file of contests.

    Args:
        file: As :func:`reasoncore.evals.contest.build_contests` wrote it.
        out: Folder of the evaluation.

    Raises:
        DataError: A file is not there or damaged, or the evaluation is not of this file, or not of all its problems.
    """
    problems = [item.problem for item in read_code_cases(file, "code")]
    results = read_results(out)
    digest = data_sha256(file)
    names = [name for name, block in results["benchmarks"].items() if block["data_sha256"] == digest]
    if not names:
        raise DataError(
            f"{out}: no evaluation of {file} as it is now", f"Evaluate it: reasoncore eval --benchmarks {file} ..."
        )
    return score_contests(results["model"], problems, read_rollouts(out)[names[0]])
