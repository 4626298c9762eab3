"""A corpus that ``reasoncore data build`` wrote, as problems with worked solutions."""

from __future__ import annotations

import json
from pathlib import Path

from reasoncore.data.files import nonempty, read_parquet
from reasoncore.domains.cases import read_problem_row
from reasoncore.errors import DataError
from reasoncore.records import WorkedProblem

_CURE = "Give the folder of Parquet shards that reasoncore data build wrote."


def shards_in(folder: Path) -> list[Path]:
    """The shards of a corpus, in order."""
    return sorted(folder.glob("*.parquet"))


def read_corpus(folder: Path, domain: str) -> list[WorkedProblem]:
    """The rows of one domain; each is a problem with one solution, also where another row solves it otherwise.

    Raises:
        DataError: A shard cannot be read, has other columns, or there is no row of the domain.
    """
    worked = []
    for path in shards_in(folder):
        for number, row in enumerate(read_parquet(path), start=1):
            where = f"{path}, row {number}"
            try:
                own = {**json.loads(row["reference"]), **row, "gold": row["answer"]}
                if row["domain"] == domain:
                    strategy = json.loads(row["facts"]).get("strategy", "given")
                    problem = read_problem_row(own, where)
                    worked.append(WorkedProblem(problem, {strategy: row["response"]}, problem.prompt))
            except DataError:
                raise
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                raise DataError(f"{where}: not a row of a corpus ({error})", _CURE) from error
    return nonempty(worked, folder)
