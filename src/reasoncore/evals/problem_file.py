"""``problems.jsonl`` beside an evaluation's rollouts: what was asked and what judges it, so that no data are needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from reasoncore.domains import problem_row, read_problem_row
from reasoncore.records import Problem, read_whole_rows, required_text, to_json_line
from reasoncore.run_dir import write_text_atomic

NAME = "problems.jsonl"


def write_problems(folder: Path, problems_of: Mapping[str, Sequence[Problem]]) -> set[tuple[str, str]]:
    """Write the problems of each benchmark, and keep those that are there of others or beyond a smaller limit.

    Returns:
        ``(benchmark, id)`` of those that were there and are judged by something else now, such as other tests.
    """
    path = folder / NAME
    rows = {(row["benchmark"], row["id"]): to_json_line(row) for row in read_whole_rows(path)}
    changed = set()
    for benchmark, problems in problems_of.items():
        for problem in problems:
            key, line = (benchmark, problem.id), to_json_line({"benchmark": benchmark, **problem_row(problem)})
            if rows.get(key, line) != line:
                changed.add(key)
            rows[key] = line
    write_text_atomic(path, "".join(rows.values()))
    return changed


def read_problems(folder: Path) -> dict[str, dict[str, Problem]]:
    """The problems by benchmark and id; empty where the folder has no such file.

    Raises:
        DataError: A row does not fit.
    """
    path = folder / NAME
    found: dict[str, dict[str, Problem]] = {}
    for number, row in enumerate(read_whole_rows(path), start=1):
        where = f"{path}, line {number}"
        problem = read_problem_row(row, where)
        found.setdefault(required_text(row, "benchmark", where), {})[problem.id] = problem
    return found
