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
from reasoncore.data.text_quality import why_not

_START = 12


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


def _look(settings: QualitySettings, shard: Shard) -> list[Looked]:
    looked = []
    for line in text_lines_of(shard):
        response = json.loads(line)["response"]
        start = " ".join(response.split(maxsplit=_START)[:_START]).encode("utf-8", "replace")
        looked.append(Looked(line, why_not(response, settings), hashlib.blake2b(start, digest_size=8).digest()))
    return looked
