"""Quality control on text alone ([3B] section 2.1.1): anomalous repetition, templated degeneration, lengths.

Rows are looked at shard by shard on all cores, and memory does not grow with the corpus; only what responses begin
with is counted over all of it.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from reasoncore.data.build.config import QualitySettings
from reasoncore.data.build.stage_folder import StageWriter
from reasoncore.data.executor import map_shards
from reasoncore.data.shards import Shard, shards_of, text_lines_of

_GRAM, _START = 10, 12


class Looked(NamedTuple):
    """A row's line, why it is no good (empty where it is), and a hash of what its response begins with."""

    line: str
    reason: str
    start: bytes


def filter_quality(writer: StageWriter, rows: Path, settings: QualitySettings, workers: int | None = None) -> None:
    """Keep the rows whose responses are of use."""
    starts: Counter[bytes] = Counter()
    for shard in map_shards(_look, settings, shards_of(rows), workers):
        for line, reason, start in shard:
            if not reason and settings.max_same_start:
                starts[start] += 1
                if starts[start] > settings.max_same_start:
                    reason = "begins like too many others"
            if reason:
                writer.reject_line(line, reason)
            else:
                writer.keep_line(line)


def why_not(response: str, settings: QualitySettings) -> str:
    """Why a response is of no use; empty where it is."""
    words = response.split()
    if len(words) < settings.min_words:
        return "too short"
    if settings.max_words is not None and len(words) > settings.max_words:
        return "too long"
    if repeated_share(words) > settings.max_repeated:
        return "repeats itself"
    if repeated_lines(response) > settings.max_line_share:
        return "repeats its lines"
    return ""


def repeated_share(words: list[str]) -> float:
    """Share of the word 10-grams that stood there before; 0 where there are none."""
    total = len(words) - _GRAM + 1
    if total < 2:
        return 0.0
    return 1 - len({tuple(words[i : i + _GRAM]) for i in range(total)}) / total


def repeated_lines(text: str) -> float:
    """Share of the lines that stood there before; 0 for fewer than four."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return 1 - len(set(lines)) / len(lines) if len(lines) >= 4 else 0.0


def _look(settings: QualitySettings, shard: Shard) -> list[Looked]:
    looked = []
    for line in text_lines_of(shard):
        response = json.loads(line)["response"]
        start = " ".join(response.split(maxsplit=_START)[:_START]).encode("utf-8", "replace")
        looked.append(Looked(line, why_not(response, settings), hashlib.blake2b(start, digest_size=8).digest()))
    return looked
