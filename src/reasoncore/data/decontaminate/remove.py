"""Taking contaminated rows out of training files: the others go over as they are, the removed ones are kept apart.

    OUT/NAME              each training file without them
    OUT/removed.jsonl     {"file", "row", "matches": [{"source", "item", "words"}], "content"}
    OUT/decontamination.json    counts by file and by evaluation item, settings, hashes

Shards are scanned by all cores; memory is that of the index and of the shards that are being worked on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from reasoncore.data.decontaminate.corpus import texts_of
from reasoncore.data.decontaminate.index import ProtectedIndex
from reasoncore.data.decontaminate.protect import check_names
from reasoncore.data.decontaminate.rewrite import Span, rewriting
from reasoncore.data.decontaminate.scan import Match, scan_buffer
from reasoncore.data.executor import map_shards
from reasoncore.data.shards import Shard, shards_of
from reasoncore.errors import DataError, UserInputError
from reasoncore.progress import track
from reasoncore.records import to_json_line
from reasoncore.run_dir import write_json_atomic

REMOVED, SUMMARY = "removed.jsonl", "decontamination.json"


class Contaminated(NamedTuple):
    """A row to be removed.

    Attributes:
        row: Counted in its shard.
        span: Where it is in there.
        matches: "source", "item" and "words" of each item that was met, once, with the first words it shares.
    """

    row: int
    span: Span
    matches: list[dict[str, str]]


class Found(NamedTuple):
    """What a shard has.

    Attributes:
        rows: Rows of the shard.
        contaminated: Those to be removed, in order.
        fields: Which of the wanted fields it has.
    """

    rows: int
    contaminated: list[Contaminated]
    fields: set[str]


@dataclass(slots=True)
class FileOutcome:
    """What became of a training file."""

    rows: int = 0
    removed: int = 0
    sha256: str = ""


@dataclass(slots=True)
class Outcome:
    """What became of all of them.

    Attributes:
        files: By name.
        sources: Removed rows by the evaluation file whose words they have; a row may count for several.
        items: Evaluation items that were met, by source.
    """

    ngram: int
    protected_texts: int
    boilerplate_ngrams: int
    files: dict[str, FileOutcome] = field(default_factory=dict)
    sources: Counter[str] = field(default_factory=Counter)
    items: dict[str, set[str]] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """All rows."""
        return sum(one.rows for one in self.files.values())

    @property
    def removed(self) -> int:
        """All rows that were taken out."""
        return sum(one.removed for one in self.files.values())

    def count(self, matches: Sequence[Mapping[str, str]]) -> None:
        """Count the matches of a removed row."""
        self.sources.update({match["source"] for match in matches})
        for match in matches:
            self.items.setdefault(match["source"], set()).add(match["item"])

    def as_json(self) -> dict[str, Any]:
        """For ``decontamination.json``."""
        return {
            "ngram": self.ngram,
            "protected_texts": self.protected_texts,
            "boilerplate_ngrams": self.boilerplate_ngrams,
            "rows": self.rows,
            "removed": self.removed,
            "files": {name: asdict(one) for name, one in self.files.items()},
            "removed_by_source": dict(sorted(self.sources.items())),
            "items_met": {source: sorted(items) for source, items in sorted(self.items.items())},
        }


def decontaminate(
    training: Sequence[Path],
    index: ProtectedIndex,
    out: Path,
    fields: Sequence[str] = (),
    workers: int | None = None,
    against: Sequence[Path] = (),
) -> Outcome:
    """Write the files without the rows in which protected words stand; all get their names when all are done.

    Args:
        fields: Columns that are looked at; none takes all.
        against: The evaluation files, which are never written over.

    Raises:
        UserInputError: Two files have one name, or a file would be written over.
        DataError: A file cannot be read, names the row; or none has a wanted field.
    """
    _check_names(training, against, out)
    out.mkdir(parents=True, exist_ok=True)
    outcome = Outcome(index.n, len(index.texts), index.boilerplate)
    shards = {path: list(shards_of(path)) for path in training}
    every = [shard for path in training for shard in shards[path]]
    results = map_shards(scan_shard, (index, tuple(fields)), every, workers)
    parts = {name: out / f"{name}.part" for name in (*(path.name for path in training), REMOVED)}
    seen: set[str] = set()
    try:
        with parts[REMOVED].open("w", encoding="utf-8") as removed, track("scan (shards)", len(every)) as progress:
            for path in training:
                one = outcome.files[path.name] = FileOutcome()
                with rewriting(path, parts[path.name]) as new:
                    for shard in shards[path]:
                        found = next(results)
                        contents = new.without(shard, [row.span for row in found.contaminated])
                        for row, content in zip(found.contaminated, contents, strict=True):
                            outcome.count(row.matches)
                            told = {"file": path.name, "row": one.rows + row.row + 1, "matches": row.matches}
                            removed.write(f'{to_json_line(told)[:-2]}, "content": {content}}}\n')
                        one.rows += found.rows
                        one.removed += len(found.contaminated)
                        seen |= found.fields
                        progress.advance()
                one.sha256 = new.file.sha256.hexdigest()
        if outcome.rows and not seen.issuperset(fields):
            missing = ", ".join(sorted(set(fields) - seen))
            raise DataError(f"no training row has a field {missing}", "Name fields that they have, or none for all.")
        # The first of all: it tells that the others are this command's.
        write_json_atomic(out / SUMMARY, outcome.as_json())
        for name, part in parts.items():
            part.replace(out / name)
    finally:
        results.close()
        for part in parts.values():
            part.unlink(missing_ok=True)
    return outcome


def scan_shard(given: tuple[ProtectedIndex, tuple[str, ...]], shard: Shard) -> Found:
    """Look through a shard, by the index and for the fields that are given; none takes all."""
    index, fields = given
    matches: dict[int, list[Match]] = {}
    try:
        found = texts_of(shard, fields)
        for texts in found.texts:
            for match in scan_buffer(texts.buffer, texts.ends, index):
                matches.setdefault(int(texts.rows[match.text]), []).append(match)
    except RecursionError as error:
        raise DataError(f"{shard.path}: a row is nested too deep", "Leave out what nests it so.") from error
    except (pa.ArrowException, UnicodeDecodeError) as error:
        raise DataError(f"{shard.path}: a text in it cannot be read ({error})", "Write the file again.") from error
    bounds = found.bounds
    contaminated = [
        Contaminated(row, (int(bounds[row]), int(bounds[row + 1])), _each_item(matches[row])) for row in sorted(matches)
    ]
    return Found(len(bounds) - 1, contaminated, found.fields)


def _each_item(matches: Sequence[Match]) -> list[dict[str, str]]:
    """Each item once, with the first words that a row shares with it."""
    first: dict[tuple[str, str], str] = {}
    for match in matches:
        first.setdefault((match.item.source, match.item.item), " ".join(match.words))
    return [{"source": source, "item": item, "words": words} for (source, item), words in first.items()]


def _check_names(training: Sequence[Path], against: Sequence[Path], out: Path) -> None:
    check_names(training)
    inputs = {path.resolve(): path for path in (*training, *against)}
    for name in (*(path.name for path in training), REMOVED, SUMMARY):
        target = out / name
        if target.resolve() in inputs:
            raise UserInputError(f"--out {out}: {name} is there and would be written over", "Name a new folder.")
        if target.exists() and not (out / SUMMARY).exists():
            raise UserInputError(f"{target}: is there already, and not from this command", "Name a new folder.")
    for path in training:
        if path.name in (REMOVED, SUMMARY):
            raise UserInputError(f"{path}: a file of this name is written beside the clean ones", "Rename it.")
