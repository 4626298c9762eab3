"""The nano recipes cut down to seconds, for tests: every stage, few steps, a handful of problems."""

from pathlib import Path

from reasoncore.config import (
    DistillStage,
    EvalStage,
    FuseStage,
    PretrainStage,
    RLStage,
    SFTStage,
    load_recipe,
    sources_of,
)

RECIPES = Path(__file__).parents[2] / "recipes"


def small_overrides(path: Path) -> list[str]:
    """``key=value`` overrides that cut every stage of a recipe."""
    overrides = []
    for name, stage in load_recipe(path).stages.items():
        cut: dict[str, object] = {f"{key}.count": 24 for key in sources_of(stage)}
        match stage:
            case PretrainStage():
                cut = {"documents": 40, "batch_size": 20, "model.hidden_size": 16, "model.intermediate_size": 16}
            case SFTStage(hard=None):
                # Long enough to learn to answer, so that RL finds prompts to learn from.
                cut = {f"{key}.count": 256 for key in sources_of(stage)}
                cut |= {f"data.{key}.count": 24 for key, one in stage.data.items() if one.teaches != "solutions"}
                cut |= {"batch_size": 32, "save_every": 20, "data.chat.count": 64}
            case SFTStage():
                cut |= {"batch_size": 16, "save_every": 2, "hard.min_tokens": 4, "hard.min_error_rate": 0.1}
                cut |= {"hard.rollouts": 2, "hard.max_tokens": 64}
            case FuseStage():
                cut |= {"k": 2, "samples": 2}
            case RLStage():
                # Easy ones, so that a model that has hardly learnt gets some right.
                cut = {f"{key}.count": 40 for key in sources_of(stage)}
                cut |= {f"{key}.levels": [1] for key in sources_of(stage)}
                cut |= {"steps": 4, "prompts_per_step": 4, "group_size": 4, "save_every": 2}
            case DistillStage():
                cut |= {"samples": 2, "batch_size": 8, "save_every": 2, "selection.min_tokens": 0}
                cut["selection.band"] = [0.0, 1.0]
            case EvalStage():
                cut = {"limit": 8, "samples": 2}
        if getattr(stage, "max_tokens", None):
            cut["max_tokens"] = 64  # what has hardly learnt to stop goes on to the end
        overrides += [f"stages.{name}.{key}={value}" for key, value in cut.items()]
    return overrides
