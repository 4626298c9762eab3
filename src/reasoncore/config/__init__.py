"""A recipe: TOML -> frozen models <- dotted overrides. Unknown keys fail. Imports no torch."""

from reasoncore.config.clean import CleanSettings, TextQuality
from reasoncore.config.data import PROCEDURAL, ProblemSource, TraceSource
from reasoncore.config.expectations import Expectation
from reasoncore.config.plan import PlanDevice, PlanModel, PlanSettings
from reasoncore.config.recipe import (
    PROCEDURAL_JUDGE,
    Recipe,
    load_recipe,
    longest_asked,
    only_stages,
    references,
    sources_of,
)
from reasoncore.config.settings import HardwareSettings, OptimiserSettings
from reasoncore.config.stages import (
    DistillStage,
    EvalStage,
    FuseStage,
    HardSettings,
    ModelShape,
    PretrainStage,
    ProbeSettings,
    RLStage,
    SelectionSettings,
    SFTStage,
    Stage,
    SupervisedSettings,
)

__all__ = [
    "PROCEDURAL",
    "PROCEDURAL_JUDGE",
    "CleanSettings",
    "DistillStage",
    "EvalStage",
    "Expectation",
    "FuseStage",
    "HardSettings",
    "HardwareSettings",
    "ModelShape",
    "OptimiserSettings",
    "PlanDevice",
    "PlanModel",
    "PlanSettings",
    "PretrainStage",
    "ProbeSettings",
    "ProblemSource",
    "RLStage",
    "Recipe",
    "SFTStage",
    "SelectionSettings",
    "Stage",
    "SupervisedSettings",
    "TextQuality",
    "TraceSource",
    "load_recipe",
    "longest_asked",
    "only_stages",
    "references",
    "sources_of",
]
