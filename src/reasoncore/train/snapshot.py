"""Snapshots of a learner: the one to resume from, and those that are kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from reasoncore.model.weights import load_into
from reasoncore.run_dir import StageDir, write_folder_atomic
from reasoncore.stage import StageContext
from reasoncore.train.learner import Learner


def resume_from(snapshot: Path | None, learner: Learner) -> int:
    """Put a learner back to where :func:`save_progress` left it. Returns the steps done, 0 without a snapshot."""
    if snapshot is None:
        return 0
    load_into(learner.model, snapshot)
    learner.load_state(snapshot)
    return int(json.loads((snapshot / "snapshot.json").read_text(encoding="utf-8"))["step"])


def save_progress(learner: Learner, context: StageContext, step: int, save: Callable[[Path], None]) -> None:
    """Snapshot weights and optimiser, to resume from."""

    def fill(folder: Path) -> None:
        save(folder)
        learner.save_state(folder)

    context.directory.save_snapshot(step, fill)
    context.save_time()


def keep_checkpoint(directory: StageDir, step: int, save: Callable[[Path], None]) -> None:
    """Keep the weights after ``step`` steps under ``checkpoints/``."""
    (directory.path / "checkpoints").mkdir(exist_ok=True)
    write_folder_atomic(directory.path / "checkpoints" / f"step-{step:06d}", save)
