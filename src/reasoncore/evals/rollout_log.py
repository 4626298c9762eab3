"""An evaluation's ``rollouts.jsonl`` while it grows: rows are appended, and a later row replaces an earlier one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from pathlib import Path
from typing import Any

from reasoncore.records import read_whole_rows, to_json_line
from reasoncore.run_dir import write_text_atomic

Row = dict[str, Any]
Key = tuple[str, str, int]
NOT_JUDGED_YET = "not judged yet"


def key_of(row: Mapping[str, Any]) -> Key:
    """(benchmark, problem, number of the sample): there is one row of each in the end."""
    return row["benchmark"], row["problem_id"], row["sample"]


class RolloutLog:
    """The rows by key. What a kill cut off in the middle is left out."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.rows: dict[Key, Row] = {key_of(row): row for row in read_whole_rows(path)}

    def append(self, rows: Iterable[Row]) -> None:
        """Add rows, or replace those of the same keys."""
        new = list(rows)
        with self._path.open("a", encoding="utf-8") as stream:
            stream.writelines(map(to_json_line, new))
        self.rows.update((key_of(row), row) for row in new)

    def forget_verdicts(self, problems: Set[tuple[str, str]]) -> None:
        """Take the verdicts off the rows of some problems, given as (benchmark, problem)."""
        rows = [row for key, row in self.rows.items() if key[:2] in problems and row["finish"] is not None]
        self.append({**row, "answer": None, "correct": None, "reason": NOT_JUDGED_YET} for row in rows)

    def of(self, benchmark: str) -> list[Row]:
        """A benchmark's rows."""
        return [row for (name, _, _), row in self.rows.items() if name == benchmark]

    def tidy(self, order: Mapping[tuple[str, str], int]) -> None:
        """Write the file anew, a row a sample, by the places of (benchmark, problem) in ``order``; others follow."""
        last = len(order)
        keys = sorted(self.rows, key=lambda key: (order.get(key[:2], last), key))
        self.rows = {key: self.rows[key] for key in keys}
        write_text_atomic(self._path, "".join(map(to_json_line, self.rows.values())))
