"""Who scores open-ended answers: the embedded program, or a checkpoint."""

from __future__ import annotations

from pathlib import Path

from reasoncore.config import PROCEDURAL_JUDGE, HardwareSettings
from reasoncore.infer.engine import Engine
from reasoncore.infer.local import LocalEngine
from reasoncore.model.folder import resolve_base
from reasoncore.procedural.instruct.judge import ProceduralJudge


def open_ended_judge(name: str, root: Path, hardware: HardwareSettings) -> Engine:
    """``"procedural"``, a checkpoint folder or a hub id, as an engine.

    Raises:
        CheckpointError: There is no such checkpoint.
    """
    if name == PROCEDURAL_JUDGE:
        return ProceduralJudge()
    return LocalEngine.of_checkpoint(resolve_base(name, root), hardware)
