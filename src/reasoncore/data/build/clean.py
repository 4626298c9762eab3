"""Decontamination of a corpus against evaluation files, and near-duplicates within it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from reasoncore.data.build.config import DecontaminateSettings, NearDuplicateSettings
from reasoncore.data.build.rows import CorpusRow
from reasoncore.data.build.stage_folder import StageWriter
from reasoncore.data.decontaminate import Match, ProtectedIndex, scan_texts
from reasoncore.data.decontaminate.protect import protected_texts
from reasoncore.data.executor import map_shards
from reasoncore.data.files import without_instruction
from reasoncore.data.shards import Shard, shards_of, text_lines_of
from reasoncore.data.words import shingles
from reasoncore.domains import DOMAINS
from reasoncore.errors import UserInputError

if TYPE_CHECKING:
    from datasketch import LeanMinHash, MinHashLSH

_SHINGLE, _SEED = 5, 1


def remove_contaminated(
    writer: StageWriter,
    rows: Path,
    settings: DecontaminateSettings,
    against: Sequence[Path],
    workers: int | None = None,
) -> None:
    """Keep the rows that share nothing with an evaluation item; the others say item and words."""
    n = settings.ngram
    index = ProtectedIndex.of((text for path in against for text in protected_texts(path, (), n)), n, settings.common)
    for found in map_shards(_scan, index, shards_of(rows), workers):
        for line, match in found:
            if match is None:
                writer.keep_line(line)
            else:
                item, words = match.item, " ".join(match.words)
                writer.reject_line(line, f"stands in {item.source}", item=item.item, words=words)


def remove_near_duplicates(
    writer: StageWriter, rows: Path, settings: NearDuplicateSettings, workers: int | None = None
) -> None:
    """Of queries that are nearly the same, keep the first with all its traces.

    Raises:
        UserInputError: As :func:`near_duplicate_index`.
    """
    index = near_duplicate_index(settings)
    like: dict[str, str] = {}
    for lines, sketches in map_shards(_sketch, settings.permutations, shards_of(rows), workers):
        for key, line in lines:
            if key not in like:
                near = sorted(index.query(sketches[key]))
                like[key] = near[0] if near else ""
                if not near:
                    index.insert(key, sketches[key])
            if like[key]:
                writer.reject_line(line, "nearly the same query", like=like[key])
            else:
                writer.keep_line(line)


def near_duplicate_index(settings: NearDuplicateSettings) -> MinHashLSH:
    """An empty index of queries.

    Raises:
        UserInputError: ``datasketch`` is missing, or no index can tell so high a similarity from a higher one.
    """
    try:
        from datasketch import MinHashLSH
    except ImportError as error:
        cure = (
            "Install it in reasoncore's own folder: pip install --editable '.[data]', or set near_duplicates = false."
        )
        raise UserInputError("near_duplicates: datasketch is not installed", cure) from error
    try:
        return MinHashLSH(threshold=settings.threshold, num_perm=settings.permutations)
    except ValueError as error:
        raise UserInputError(f"near_duplicates: {error}", "Raise permutations, or lower threshold.") from error


def _sketch(permutations: int, shard: Shard) -> tuple[list[tuple[str, str]], dict[str, LeanMinHash]]:
    """The key of each line's query, and the MinHash of each query."""
    from datasketch import LeanMinHash, MinHash

    lines: list[tuple[str, str]] = []
    sketches: dict[str, LeanMinHash] = {}
    for line in text_lines_of(shard):
        problem = CorpusRow.of_line(line).problem
        lines.append((problem.key, line))
        if problem.key not in sketches:
            question = _question(problem.domain, problem.prompt)
            sketch = MinHash(num_perm=permutations, seed=_SEED)
            sketch.update_batch([" ".join(words).encode() for words in shingles(question, _SHINGLE)])
            sketches[problem.key] = LeanMinHash(sketch)
    return lines, sketches


def _scan(index: ProtectedIndex, shard: Shard) -> list[tuple[str, Match | None]]:
    """Each line, and what stands in its question or response."""
    lines = text_lines_of(shard)
    texts: list[str] = []
    for row in map(json.loads, lines):
        problem = row["problem"]
        texts += (_question(problem["domain"], problem["prompt"]), row["response"])
    first: dict[int, Match] = {}
    for match in scan_texts(texts, index):
        first.setdefault(match.text // 2, match)
    return [(line, first.get(number)) for number, line in enumerate(lines)]


def _question(domain: str, prompt: str) -> str:
    """A prompt without the domain's instruction: what a row asks, and no more than that."""
    return without_instruction(prompt, DOMAINS[domain].instruction)
