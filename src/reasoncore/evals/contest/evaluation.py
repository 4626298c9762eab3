"""The table of an evaluation that is on disk."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from reasoncore.data.code_files import read_code_cases
from reasoncore.errors import DataError
from reasoncore.evals.benchmarks import data_sha256
from reasoncore.evals.comparison import read_rollouts
from reasoncore.evals.contest.score import ContestTable, score_contests


def evaluated_contests(file: Path, out: Path) -> ContestTable:
    """Score an evaluation of a file of contests.

    Args:
        file: As :func:`reasoncore.evals.contest.build_contests` wrote it.
        out: Folder of the evaluation.

    Raises:
        DataError: A file is not there or damaged, or the evaluation is not of this file, or not of all its problems.
    """
    problems = [item.problem for item in read_code_cases(file, "code")]
    results = _read_results(out / "results.json")
    digest = data_sha256(file)
    names = [name for name, block in results["benchmarks"].items() if block["data_sha256"] == digest]
    if not names:
        raise DataError(
            f"{out}: no evaluation of {file} as it is now", f"Evaluate it: reasoncore eval --benchmarks {file} ..."
        )
    return score_contests(results["model"], problems, read_rollouts(out)[names[0]])


def _read_results(path: Path) -> dict[str, Any]:
    try:
        results: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(
            f"{path}: cannot be read ({error.strerror})", "Give the folder of a whole evaluation."
        ) from error
    return results
