"""The table of benchmarks for a person, and as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from reasoncore.domains import Domain
from reasoncore.errors import UserInputError
from reasoncore.evals.benchmarks.load import benchmark_file, benchmarks_of
from reasoncore.evals.benchmarks.row import Benchmark, Pin

_FOOT = """
verified: this project has read the real file. here: the file is in the data folder; "fetch": --fetch downloads it;
"by hand": the message about the missing file says from where. Also: all-local, every benchmark whose file is here but
training splits; and FILE.jsonl, a file of your own. See docs/benchmarks.md."""


def benchmark_rows(data_dir: Path | None, domains: Mapping[str, Domain]) -> list[dict[str, Any]]:
    """Every benchmark as an object."""
    return [
        {
            "name": row.name,
            "problems": row.count,
            "domain": row.domain,
            "k": row.default_samples,
            "verified": row.verified,
            "here": _is_here(row, data_dir),
            "fetch": isinstance(row.source, Pin),
            "file": row.file_name,
            "source": row.where,
            "sha256": row.source.sha256 if isinstance(row.source, Pin) else None,
            "note": row.note,
        }
        for row in benchmarks_of(domains).values()
    ]


def benchmark_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """The objects of :func:`benchmark_rows` as lines of text."""
    lines = [_line("name", "problems", "domain", "k", "verified", "here", "note")]
    for row in rows:
        here = "yes" if row["here"] else "fetch" if row["fetch"] else "by hand"
        verified = "yes" if row["verified"] else "no"
        lines.append(_line(row["name"], row["problems"], row["domain"], row["k"], verified, here, row["note"]))
    return "\n".join([*lines, _FOOT])


def _line(name: str, problems: Any, domain: str, k: Any, verified: str, here: str, note: str) -> str:
    return f"{name:<26}{problems:>8}  {domain:<9}{k:>3}  {verified:<9} {here:<8} {note}"


def _is_here(row: Benchmark, data_dir: Path | None) -> bool:
    """Whether it can be had at once; generated problems always can."""
    try:
        path = benchmark_file(row, data_dir)
    except UserInputError:  # no data folder
        return False
    return path is None or path.is_file()
