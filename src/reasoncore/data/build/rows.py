"""What a corpus is made of while it is built: a problem, where it comes from, and a response once there is one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from reasoncore.domains import problem_row, read_problem_row
from reasoncore.records import Problem, to_json_line


@dataclass(frozen=True, slots=True)
class CorpusRow:
    """A row.

    Attributes:
        problem: The query and what judges it; an empty answer where a label is still to be found.
        source: Name of the source it comes from.
        response: A worked solution; empty before there is one.
        facts: What the stages found out: votes, margin, error rate, strategy, dimension.
        solutions: Worked solutions that came with the seed, by strategy.
    """

    problem: Problem
    source: str
    response: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    solutions: dict[str, str] = field(default_factory=dict)

    def knowing(self, **facts: Any) -> CorpusRow:
        """The same with further facts."""
        return replace(self, facts={**self.facts, **facts})

    def to_line(self) -> str:
        """As a line of JSON."""
        row = {
            "source": self.source,
            "problem": problem_row(self.problem),
            "response": self.response,
            "facts": self.facts,
            "solutions": self.solutions,
        }
        return to_json_line(row)

    @classmethod
    def of_line(cls, line: str | bytes) -> CorpusRow:
        """Read a line that :meth:`to_line` wrote."""
        row = json.loads(line)
        return cls(
            read_problem_row(row["problem"], "a row of this build"),
            row["source"],
            row["response"],
            row["facts"],
            row["solutions"],
        )


def read_rows(path: Path) -> Iterator[CorpusRow]:
    """The rows of a stage, one at a time."""
    with path.open(encoding="utf-8") as stream:
        for line in stream:
            yield CorpusRow.of_line(line)
