"""The figures of the report that this project follows (arXiv 2606.16140, Tables 1 to 3), shipped as data."""

from __future__ import annotations

import difflib
import json
from dataclasses import asdict, dataclass
from functools import cache
from importlib import resources
from typing import Any, TypeVar

from reasoncore.errors import UserInputError
from reasoncore.evals.claims.score import Score, ScoreProtocol

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class ContestRow:
    """A row of the table of contests, with its total added up again.

    Attributes:
        model: The model.
        passed: Right first submissions by contest.
        printed_total: As printed.
        total: Sum of ``passed``.
        out_of: Submissions in all.
        matches: The two totals agree, and no contest has more right ones than submissions.
    """

    model: str
    passed: dict[str, int]
    printed_total: int
    total: int
    out_of: int
    matches: bool

    def as_json(self) -> dict[str, Any]:
        """The attributes."""
        return asdict(self)


@cache
def _tables() -> dict[str, Any]:
    text = (resources.files("reasoncore") / "assets" / "reported_scores.json").read_text(encoding="utf-8")
    return json.loads(text)


def reported_scores() -> dict[str, dict[str, Score]]:
    """Every figure of Tables 1 and 2 by model and benchmark, with its protocol as far as the report says it."""
    table = _tables()["scores"]
    return {
        row["model"]: {name: _score(table, row, name) for name in table["benchmarks"] if row[name] is not None}
        for row in table["rows"]
    }


def reported_score(model: str, benchmark: str) -> Score:
    """One figure.

    Raises:
        UserInputError: There is no such row or figure; the message has the nearest.
    """
    scores = reported_scores()
    return _named(_named(scores, model, "reported model"), benchmark, f"reported score of {model}")


def contest_rows(table: dict[str, Any] | None = None) -> list[ContestRow]:
    """The rows of Table 3, or of another table of that form, with their totals added up again.

    Args:
        table: ``{"submissions_a_contest": 16, "contests": [..], "rows": [{"model", contest: passed, "total"}]}``.
    """
    table = _tables()["contests"] if table is None else table
    most, names = table["submissions_a_contest"], table["contests"]
    rows = []
    for row in table["rows"]:
        passed = {name: int(row[name]) for name in names}
        total = sum(passed.values())
        matches = total == row["total"] and all(0 <= count <= most for count in passed.values())
        rows.append(ContestRow(row["model"], passed, row["total"], total, most * len(names), matches))
    return rows


def contest_lines(rows: list[ContestRow]) -> list[str]:
    """A line a row, and how many totals do not add up."""
    lines = [
        f"{row.model}: {' + '.join(map(str, row.passed.values()))} = {row.total} of {row.out_of} "
        f"({100 * row.total / row.out_of:.1f} %), "
        + ("as printed" if row.matches else f"but printed {row.printed_total}: DOES NOT ADD UP")
        for row in rows
    ]
    wrong = sum(not row.matches for row in rows)
    return [*lines, f"{len(rows)} totals added up again, {wrong} do not match."]


def _score(table: dict[str, Any], row: dict[str, Any], name: str) -> Score:
    protocol = table["protocols"].get(row["model"], {"generations": {}, "cap": None})
    how = ScoreProtocol(
        items=table["benchmarks"][name]["items"],
        generations=protocol["generations"].get(name),
        cap=protocol["cap"],
    )
    label, source = f"{row['model']}, {name}", f"{table['source']}, {table['table']}"
    return Score(float(row[name]), how, table["decimals"], label=label, source=source)


def _named(table: dict[str, Value], name: str, what: str) -> Value:
    if name in table:
        return table[name]
    near = difflib.get_close_matches(name, table, n=1, cutoff=0.0)
    raise UserInputError(f"no {what} {name!r}; nearest: {near[0]!r}", f"Choose from: {', '.join(table)}.")
