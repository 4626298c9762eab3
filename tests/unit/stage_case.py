"""A stage's settings and surroundings, for tests that run a part of a stage."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from reasoncore.config import HardwareSettings, RLStage
from reasoncore.domains import DOMAINS
from reasoncore.infer.scripted import ScriptedEngine
from reasoncore.run_dir import StageDir
from reasoncore.stage import StageContext


def rl_settings(**changes: float) -> RLStage:
    """A stage of one step on one problem."""
    fixed = {
        "kind": "rl",
        "optimiser": {"learning_rate": 1e-3},
        "data": {"math": {"count": 1}},
        "steps": 1,
        "max_tokens": 8,
    }
    return RLStage.model_validate({**fixed, **changes})


def stage_context(folder: Path, settings: Any = None) -> StageContext:
    """A stage in ``folder`` that starts from nothing."""
    return StageContext(
        name="s",
        directory=StageDir(folder),
        settings=settings,
        start=None,
        earlier={},
        domains=DOMAINS,
        open_ended=lambda: ScriptedEngine([]),
        run_seed=1,
        hardware=HardwareSettings(),
        recipe_name="r",
        recipe_sha256="0",
        root=folder,
    )
