"""The run folder: manifests, logs, snapshots to resume from. Its layout is documented in docs/run-folder.md.

Everything is written under a temporary name and renamed, so a kill at any moment leaves either the old or the new.
Logs grow in place; a snapshot remembers how long each was, and resuming cuts them back to there.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from reasoncore.config import Recipe
from reasoncore.errors import StageFailedError, UserInputError
from reasoncore.records import to_json_line
from reasoncore.timing import Clock

LOG_NAMES = ("metrics.jsonl", "rollouts.jsonl")


def now() -> str:
    """The current time, ISO 8601, UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def sha256_file(path: Path) -> str:
    """Hex digest of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def lock_folder(lock: Path, option: str) -> IO[str]:
    """Keep other processes out of the folder that a file is in, until the file is closed or the process ends.

    Args:
        option: How another folder is chosen.

    Raises:
        UserInputError: Another process works there.
    """
    stream = lock.open("w")
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        stream.close()
        raise UserInputError(
            f"{lock.parent}: another process is working in this folder", f"Wait for it, or choose another {option}."
        ) from error
    return stream


def write_text_atomic(path: Path, text: str) -> None:
    """Write a whole file or nothing."""
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)


def write_json_atomic(path: Path, value: Any) -> None:
    """Write a value as indented JSON, whole or not at all."""
    write_text_atomic(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def write_folder_atomic(folder: Path, fill: Callable[[Path], None]) -> None:
    """Let ``fill`` write into a temporary folder, then put it in the place of ``folder``."""
    temporary = folder.with_name(f".{folder.name}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    fill(temporary)
    replaced = folder.with_name(f".{folder.name}.old")
    shutil.rmtree(replaced, ignore_errors=True)
    if folder.exists():
        folder.replace(replaced)
    temporary.replace(folder)
    shutil.rmtree(replaced, ignore_errors=True)


def copy_folder_atomic(source: Path, folder: Path) -> None:
    """Put a copy of ``source`` in the place of ``folder``."""

    def fill(temporary: Path) -> None:
        shutil.copytree(source, temporary, dirs_exist_ok=True)

    write_folder_atomic(folder, fill)


class StageDir:
    """``RUN/stages/NN-name``."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.checkpoint = path / "checkpoint"

    @property
    def manifest(self) -> dict[str, Any] | None:
        """What :meth:`finish` wrote; None while the stage is not done.

        Raises:
            StageFailedError: An output named in it is gone or changed.
        """
        path = self.path / "manifest.json"
        if not path.exists():
            return None
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        for name, digest in manifest["outputs"].items():
            output = self.path / name
            if not output.is_file() or sha256_file(output) != digest:
                raise StageFailedError(
                    f"{output}: changed or gone since the stage finished",
                    f"Delete {self.path} and every later stage's folder to do the stage again.",
                )
        return manifest

    def begin(self, *, keep_logs: bool = False) -> Path | None:
        """Start or go on: the snapshot folder to resume from, None from the beginning.

        Logs are cut to match, unless ``keep_logs``: an evaluation knows which rows it has.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        snapshots = sorted(self.path.glob("resume-*"))
        lengths = json.loads((snapshots[-1] / "snapshot.json").read_text())["log_bytes"] if snapshots else {}
        for name in () if keep_logs else LOG_NAMES:
            log = self.path / name
            if log.is_file():
                os.truncate(log, lengths.get(name, 0))
        return snapshots[-1] if snapshots else None

    @property
    def kept_checkpoints(self) -> dict[str, Path]:
        """Periodic checkpoints that the stage keeps, by name, in the order of training."""
        return {folder.name: folder for folder in sorted((self.path / "checkpoints").glob("step-*"))}

    def log(self, name: str) -> IO[str]:
        """Open one of the stage's logs to append to."""
        assert name in LOG_NAMES
        return (self.path / name).open("a", encoding="utf-8")

    def append(self, name: str, *rows: Any) -> None:
        """Append rows to one of the stage's logs."""
        with self.log(name) as stream:
            stream.writelines(to_json_line(row) for row in rows)

    def save_snapshot(self, step: int, fill: Callable[[Path], None]) -> None:
        """Make the state after ``step`` steps the one to resume from."""
        lengths = {name: (self.path / name).stat().st_size for name in LOG_NAMES if (self.path / name).is_file()}
        older = list(self.path.glob("resume-*"))

        def fill_all(folder: Path) -> None:
            fill(folder)
            write_json_atomic(folder / "snapshot.json", {"step": step, "log_bytes": lengths})

        write_folder_atomic(self.path / f"resume-{step:08d}", fill_all)
        for folder in older:
            shutil.rmtree(folder)

    def finish(
        self,
        kind: str,
        started: str,
        inputs: Mapping[str, str],
        outputs: list[Path],
        summary: Mapping[str, Any],
        clock: Clock,
    ) -> None:
        """Write the manifest, which makes the stage done, and drop what was kept for resuming."""
        spent = clock.as_json()
        manifest = {
            "name": self.path.name.partition("-")[2],
            "kind": kind,
            "status": "done",
            "started": started,
            "ended": now(),
            "seconds": spent["seconds"],
            "spent": spent["spent"],
            "inputs": dict(inputs),
            "outputs": {path.relative_to(self.path).as_posix(): sha256_file(path) for path in outputs},
            "summary": dict(summary),
        }
        write_json_atomic(self.path / "manifest.json", manifest)
        self.drop_snapshots()

    def drop_snapshots(self) -> None:
        """Remove what a finished stage kept for resuming."""
        for folder in [*self.path.glob("resume-*"), *self.path.glob(".resume-*")]:
            shutil.rmtree(folder)


class RunDir:
    """``RUN``: one recipe's results. Only one process works in it at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: IO[str] | None = None

    def open(self, recipe: Recipe, run_json: Mapping[str, Any], fresh: bool = False) -> None:
        """Create the folder, or check that it holds this recipe's run.

        Raises:
            UserInputError: It holds something else, or another process works in it, or ``fresh`` and not empty.
        """
        if self.path.exists() and not self.path.is_dir():
            raise UserInputError(f"{self.path}: not a folder", "Choose another --run-dir.")
        record = self.path / "run.json"
        # A kill while the folder was made can leave these two.
        started = {"run.lock", ".run.json.tmp"}
        holds_something = self.path.exists() and any(path.name not in started for path in self.path.iterdir())
        if fresh and holds_something:
            raise UserInputError(
                f"{self.path}: holds results, and --fresh never touches those", "Choose another --run-dir, or empty it."
            )
        if holds_something and not record.exists():
            raise UserInputError(f"{self.path}: not empty and not a run folder", "Choose another --run-dir.")
        self.path.mkdir(parents=True, exist_ok=True)
        self._take_lock()
        if record.exists():
            self._check_same_recipe(json.loads(record.read_text(encoding="utf-8"))["recipe"], recipe)
        else:
            write_json_atomic(record, run_json)

    def close(self) -> None:
        """Let other processes work in the folder."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def stage(self, number: int, name: str) -> StageDir:
        """The folder of the ``number``-th stage, counted from 1."""
        return StageDir(self.path / "stages" / f"{number:02d}-{name}")

    def _take_lock(self) -> None:
        self._lock = lock_folder(self.path / "run.lock", "--run-dir")

    def _check_same_recipe(self, before: dict[str, Any], recipe: Recipe) -> None:
        key = first_difference(before, recipe.model_dump(mode="json"))
        if key is not None:
            raise UserInputError(
                f"{self.path}: made with another recipe (different: {key})",
                "Use another --run-dir for the changed recipe, or the same recipe to go on.",
            )


def first_difference(a: Any, b: Any, path: str = "") -> str | None:
    """Dotted key of the first difference between two trees, None when they are equal. Order of keys counts."""
    if isinstance(a, dict) and isinstance(b, dict):
        if list(a) != list(b):
            differing = next((key for key in [*a, *b] if (key in a) != (key in b)), "order")
            return f"{path}.{differing}".lstrip(".")
        for key in a:
            found = first_difference(a[key], b[key], f"{path}.{key}")
            if found is not None:
                return found
        return None
    return None if a == b else path.lstrip(".")
