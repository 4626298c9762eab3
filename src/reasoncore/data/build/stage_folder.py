"""One stage of a build: a folder named by the hash of all that decides what is in it, so that nothing is done twice.

stages/NAME-HASH/kept.jsonl      rows that go on
stages/NAME-HASH/rejected.jsonl  {"reason", "row"} of every other
stages/NAME-HASH/manifest.json   counts; written last, and only where nothing is left to be asked again
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from reasoncore.data.build.rows import CorpusRow
from reasoncore.records import to_json_line
from reasoncore.run_dir import sha256_file, write_json_atomic


@dataclass(slots=True)
class StageResult:
    """What a stage left.

    Attributes:
        name: Of the stage.
        rows: File of the rows that go on.
        counts: ``in``, ``made``, ``kept`` and ``rejected`` rows; the first two add up to as much as the last two.
        reasons: Rejected rows by reason.
        unanswered: Requests that failed, or that the cap forbade; a further run asks them again.
    """

    name: str
    rows: Path
    counts: dict[str, int]
    reasons: dict[str, int]
    unanswered: int = 0


@dataclass(slots=True)
class StageWriter:
    """Takes a stage's rows while it works."""

    kept_to: TextIO
    rejected_to: TextIO
    counts: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    unanswered: int = 0

    def keep(self, row: CorpusRow) -> None:
        """A row goes on."""
        self.keep_line(row.to_line())

    def keep_line(self, line: str) -> None:
        """The same of a row as it was written."""
        self.kept_to.write(line)
        self.counts["kept"] += 1

    def reject(self, row: CorpusRow, reason: str, **details: Any) -> None:
        """A row stays behind, and why."""
        self.reject_line(row.to_line(), reason, **details)

    def reject_line(self, line: str, reason: str, **details: Any) -> None:
        """The same of a row as it was written."""
        self.rejected_to.write(to_json_line({"reason": reason, **details, "row": json.loads(line)}))
        self.counts["rejected"] += 1
        self.reasons[reason] += 1


def content_hash(name: str, settings: Any, *inputs: str) -> str:
    """Of a stage's name, settings, and the hashes of what it reads."""
    return hashlib.sha256(json.dumps([name, settings, inputs], sort_keys=True).encode()).hexdigest()


def read_own_json(path: Path) -> dict[str, Any]:
    """What is in a file of ours; nothing where it is not there or damaged."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


class StageFolder:
    """The folder of one stage of one build."""

    def __init__(self, out: Path, name: str, settings: Any, *inputs: str) -> None:
        self.name = name
        self.path = out / "stages" / f"{name}-{content_hash(name, settings, *inputs)[:12]}"

    def done(self) -> StageResult | None:
        """What is there from before; None where the stage is still to be done, or something was changed since."""
        found = read_own_json(self.path / "manifest.json")
        if found.get("sha256") != self._hashes():
            return None
        return StageResult(self.name, self.path / "kept.jsonl", found["counts"], found["reasons"])

    @contextmanager
    def writing(self) -> Iterator[StageWriter]:
        """Begin the stage anew; both files get their names when it has ended well."""
        self.path.mkdir(parents=True, exist_ok=True)
        (self.path / "manifest.json").unlink(missing_ok=True)
        parts = [self.path / f"{what}.jsonl.part" for what in ("kept", "rejected")]
        with parts[0].open("w", encoding="utf-8") as kept, parts[1].open("w", encoding="utf-8") as rejected:
            yield StageWriter(kept, rejected)
        for part in parts:
            part.replace(part.with_suffix(""))

    def result(self, writer: StageWriter, rows_in: int, made: int) -> StageResult:
        """What came of it; the manifest is written where no request is left to be asked again."""
        counts = {"in": rows_in, "made": made, "kept": writer.counts["kept"], "rejected": writer.counts["rejected"]}
        assert rows_in + made == counts["kept"] + counts["rejected"], (self.name, counts)
        kept = self.path / "kept.jsonl"
        if not writer.unanswered:
            facts = {"counts": counts, "reasons": dict(writer.reasons), "sha256": self._hashes()}
            write_json_atomic(self.path / "manifest.json", facts)
        return StageResult(self.name, kept, counts, dict(writer.reasons), writer.unanswered)

    def _hashes(self) -> dict[str, str]:
        paths = [self.path / f"{what}.jsonl" for what in ("kept", "rejected")]
        return {path.name: sha256_file(path) for path in paths if path.is_file()}
