"""Strata by chain length and difficulty ([3B] section 2.1.1), and the corpus as Parquet shards, a stratum a shard."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from reasoncore.data.build.config import StrataSettings
from reasoncore.data.build.rows import CorpusRow, read_rows
from reasoncore.domains import problem_row
from reasoncore.model.tokenizer import ChatTokenizer
from reasoncore.run_dir import write_folder_atomic

_AT_ONCE = 2000
_SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("source", pa.string()),
        ("licence", pa.string()),
        ("domain", pa.string()),
        ("subdomain", pa.string()),
        ("level", pa.int64()),
        ("prompt", pa.string()),
        ("answer", pa.string()),
        ("response", pa.string()),
        ("tokens", pa.int64()),
        ("length", pa.string()),
        ("error_rate", pa.float64()),
        ("difficulty", pa.string()),
        ("reference", pa.string()),
        ("facts", pa.string()),
    ]
)


def stratum_of(value: float | None, edges: Sequence[float]) -> str:
    """Such as ``"64-256"``, ``"below 64"`` or ``"from 256"``; ``"unknown"`` of no value. An edge belongs above it."""
    if value is None:
        return "unknown"
    if not edges:
        return "all"
    place = bisect_right(edges, value)
    if place == 0:
        return f"below {edges[0]:g}"
    return f"from {edges[-1]:g}" if place == len(edges) else f"{edges[place - 1]:g}-{edges[place]:g}"


def corpus_rows(
    rows: Path, settings: StrataSettings, tokenizer: ChatTokenizer, licences: dict[str, str]
) -> Iterator[dict[str, Any]]:
    """The rows of the corpus, in order."""
    stream = read_rows(rows)
    while part := list(islice(stream, _AT_ONCE)):
        lengths = [len(ids) for ids in tokenizer.response_ids([row.response for row in part])]
        for row, tokens in zip(part, lengths, strict=True):
            yield _corpus_row(row, tokens, settings, licences)


def write_corpus(folder: Path, rows: Iterable[dict[str, Any]], rows_per_shard: int) -> None:
    """Parquet shards, a stratum a shard; the folder gets its name when all are there."""

    def fill(target: Path) -> None:
        open_shards: dict[str, list[dict[str, Any]]] = {}
        written: Counter[str] = Counter()

        def write(stratum: str) -> None:
            table = pa.Table.from_pylist(open_shards.pop(stratum), _SCHEMA)
            pq.write_table(table, target / f"{stratum}_{written[stratum]:05d}.parquet", compression="zstd")
            written[stratum] += 1

        for row in rows:
            stratum = f"length-{row['length']}_difficulty-{row['difficulty']}".replace(" ", "-")
            open_shards.setdefault(stratum, []).append(row)
            if len(open_shards[stratum]) == rows_per_shard:
                write(stratum)
        for stratum in sorted(open_shards):
            write(stratum)

    write_folder_atomic(folder, fill)


def _corpus_row(row: CorpusRow, tokens: int, settings: StrataSettings, licences: dict[str, str]) -> dict[str, Any]:
    problem, error_rate = row.problem, row.facts.get("error_rate")
    own = problem_row(problem)
    reference = {key: own[key] for key in own if key not in ("id", "domain", "subdomain", "level", "prompt", "gold")}
    return {
        "id": f"{problem.id}#{row.facts.get('trace', 0)}",
        "source": row.source,
        "licence": licences[row.source],
        "domain": problem.domain,
        "subdomain": problem.subdomain,
        "level": problem.level,
        "prompt": problem.prompt,
        "answer": problem.answer,
        "response": row.response,
        "tokens": tokens,
        "length": stratum_of(tokens, settings.length_edges),
        "error_rate": error_rate,
        "difficulty": stratum_of(error_rate, settings.difficulty_edges),
        "reference": json.dumps(reference),
        "facts": json.dumps(row.facts, sort_keys=True),
    }
