"""A recipe: TOML -> frozen models <- dotted overrides. Unknown keys fail. Imports no torch.

name = "nano"
base = "nano-base"

[stages.rl-math]
kind = "rl"
steps = 100
"""

from __future__ import annotations

import difflib
import hashlib
import json
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError, model_validator

from reasoncore.config.data import ProblemSource
from reasoncore.config.errors import explain, unknown_key
from reasoncore.config.expectations import Expectation
from reasoncore.config.plan import PlanSettings
from reasoncore.config.settings import HardwareSettings, Settings
from reasoncore.config.stages import (
    STAGE_KINDS,
    DistillStage,
    EvalStage,
    FuseStage,
    PretrainStage,
    RLStage,
    SFTStage,
    Stage,
)
from reasoncore.config.toml_file import read_toml
from reasoncore.errors import RecipeError

BEFORE_ALL = "base"
PROCEDURAL_JUDGE = "procedural"


class Recipe(Settings):
    """A whole run: a base checkpoint and the stages in order."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    base: str | None = Field(
        None, description='"nano-base", a checkpoint folder or a hub id; none starts with "pretrain"'
    )
    seed: int = Field(1, ge=0)
    domains: tuple[str, ...] = Field((), description="Python files that define domains of one's own")
    judge: str = Field(
        PROCEDURAL_JUDGE, description='who scores open-ended answers: "procedural", a checkpoint folder or a hub id'
    )
    hardware: HardwareSettings = HardwareSettings()
    stages: dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")], Stage] = Field(min_length=1)
    expect: dict[str, Expectation] = Field(default_factory=dict, description="what the report checks")
    # Left out of every dump, and so of the hash: another price makes no other run.
    plan: PlanSettings | None = Field(None, exclude=True, description="what --dry-run takes the run's cost from")

    @model_validator(mode="after")
    def _starts_somewhere(self) -> Recipe:
        kinds = [stage.kind for stage in self.stages.values()]
        if (self.base is None) != (kinds[0] == "pretrain") or "pretrain" in kinds[1:]:
            raise ValueError('either name a base, or leave it out and make "pretrain" the first stage')
        return self

    @model_validator(mode="after")
    def _references_are_earlier(self) -> Recipe:
        names = list(self.stages)
        for place, (name, stage) in enumerate(self.stages.items()):
            if stage.start is not None and isinstance(stage, PretrainStage | FuseStage):
                raise ValueError(f"stages.{name}.start: a {stage.kind} stage starts from nothing of the kind")
            for key, reference in references(stage).items():
                if reference in names[place:]:
                    raise ValueError(f"stages.{name}.{key} = {reference!r} is not an earlier stage")
                if isinstance(self.stages.get(reference), EvalStage):
                    raise ValueError(f"stages.{name}.{key} = {reference!r} is an evaluation and leaves no checkpoint")
            if isinstance(stage, FuseStage) and isinstance(stage.of, str):
                candidates = self.stages.get(stage.of)
                if not isinstance(candidates, SFTStage) or not candidates.keep_checkpoints:
                    raise ValueError(
                        f"stages.{name}.of = {stage.of!r} is no SFT stage here with keep_checkpoints = true"
                    )
        return self

    @model_validator(mode="after")
    def _expectations_are_measured(self) -> Recipe:
        for name, expectation in self.expect.items():
            for side in (expectation.before, expectation.after):
                stage = self.stages.get(side)
                if not isinstance(stage, EvalStage) or not set(expectation.benchmarks) <= set(stage.benchmarks):
                    wanted = ", ".join(expectation.benchmarks)
                    raise ValueError(f"expect.{name}: {side!r} is not an evaluation stage that measures {wanted}")
        return self

    def sha256(self) -> str:
        """Hash of every resolved value."""
        return hashlib.sha256(json.dumps(self.model_dump(mode="json"), sort_keys=False).encode()).hexdigest()


def references(stage: Stage) -> dict[str, str]:
    """Checkpoints that a stage names, by the key that names each: earlier stages, folders or hub ids."""
    named: dict[str, str | None] = {"start": stage.start}
    if isinstance(stage, SFTStage) and stage.hard is not None:
        named["hard.reference"] = stage.hard.reference
    if isinstance(stage, DistillStage):
        named |= {f"teachers.{name}": teacher for name, teacher in stage.teachers.items()}
    if isinstance(stage, FuseStage) and not isinstance(stage.of, str):
        named |= {f"of.{place}": candidate for place, candidate in enumerate(stage.of)}
    return {key: reference for key, reference in named.items() if reference is not None}


def longest_asked(stage: Stage) -> int | None:
    """Tokens of the longest sequence, or else completion, that a stage asks for; None where it takes what there is."""
    lengths = [getattr(stage, key, None) for key in ("max_length", "max_tokens")]
    return max((length for length in lengths if length is not None), default=None)


def sources_of(stage: Stage) -> dict[str, ProblemSource]:
    """Problem sources of a stage, by the key that leads to each."""
    found: dict[str, ProblemSource] = {}
    if isinstance(stage, SFTStage | RLStage | DistillStage):
        found |= {f"data.{name}": source for name, source in stage.data.items()}
    if isinstance(stage, FuseStage):
        found |= {f"probe.{name}": source for name, source in stage.probe.items()}
    if isinstance(stage, RLStage) and stage.probe is not None:
        found |= {f"probe.data.{name}": source for name, source in stage.probe.data.items()}
    return found


def only_stages(recipe: Recipe, names: Sequence[str], start: str | None) -> Recipe:
    """A recipe of some of the stages, in their order, from another checkpoint.

    Raises:
        RecipeError: There is no such stage, or what is left cannot stand alone.
    """
    for name in names:
        if name not in recipe.stages:
            near = difflib.get_close_matches(name, recipe.stages, n=1)
            hint = f"Did you mean {near[0]}? " if near else ""
            raise RecipeError(f"--only {name}: no such stage", f"{hint}The stages are {', '.join(recipe.stages)}.")
    tree = recipe.model_dump(mode="json")
    if names:
        tree["stages"] = {name: stage for name, stage in tree["stages"].items() if name in names}
        tree["expect"] = {}
    if start is not None:
        tree["base"] = start
    try:
        return Recipe.model_validate(tree)
    except ValidationError as error:
        raise explain(error, f"--only {', '.join(names)}" if names else "--from", Recipe, STAGE_KINDS) from error


def load_recipe(path: Path, overrides: Sequence[str] = ()) -> Recipe:
    """Read a recipe and apply ``key=value`` overrides before anything is derived from it.

    Raises:
        RecipeError: No such file, not TOML, an unknown key (names the nearest), a value that does not fit.
    """
    cure = "Give the path of a recipe, such as recipes/nano.toml."
    tree = read_toml(path, "no readable recipe there", cure)
    for section in tree:
        if section not in {*Recipe.model_fields, "evaluate"}:
            raise unknown_key(str(path), section, (*Recipe.model_fields, "evaluate"))
    shared = [override for override in overrides if override.startswith("evaluate.")]
    for override in shared:
        _apply_override(tree, override)
    _place_evaluations(tree, str(path))
    for override in overrides:
        if override not in shared:
            _apply_override(tree, override)
    try:
        return Recipe.model_validate(tree)
    except ValidationError as error:
        raise explain(error, str(path), Recipe, STAGE_KINDS) from error


def _place_evaluations(tree: dict[str, Any], where: str) -> None:
    """Turn the section ``evaluate`` into an evaluation stage ``eval-NAME`` after each stage named in its ``after``."""
    section, stages = tree.pop("evaluate", None), tree.get("stages")
    if section is None or not isinstance(stages, dict):
        return
    if not isinstance(section, dict):
        raise RecipeError(f"{where}: evaluate is not a section", 'Write [evaluate] with after = ["STAGE"].')
    settings = {"kind": "eval", **section}
    after = settings.pop("after", None)
    if not isinstance(after, list) or not after:
        raise RecipeError(f"{where}: evaluate.after is missing", "List the stages to measure after.")
    for name in after:
        if f"eval-{name}" in stages or BEFORE_ALL in stages:
            taken = BEFORE_ALL if BEFORE_ALL in stages else f"eval-{name}"
            raise RecipeError(f"{where}: stages.{taken}: evaluate needs this name", "Call that stage otherwise.")
        if name not in (BEFORE_ALL, *stages):
            raise unknown_key(where, f"evaluate.after.{name}", (BEFORE_ALL, *stages))
    placed: dict[str, Any] = {}
    for name, stage in {BEFORE_ALL: None, **stages}.items():
        if stage is not None:
            placed[name] = stage
        if name in after:
            placed[f"eval-{name}"] = dict(settings)
    tree["stages"] = placed


def _apply_override(tree: dict[str, Any], override: str) -> None:
    """``stages.rl-math.steps=20``: the value is TOML, or a bare string."""
    key, separator, text = override.partition("=")
    if not separator or not key.strip():
        raise RecipeError(f"--set {override}: not of the form key=value", "Example: --set stages.rl-math.steps=20")
    try:
        value: Any = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text
    node = tree
    *parents, leaf = key.strip().split(".")
    for depth, name in enumerate(parents):
        if name not in node and depth == 1 and parents[0] == "stages":
            raise unknown_key(f"--set {key}", ".".join(parents[: depth + 1]), node)
        node = node.setdefault(name, {})
        if not isinstance(node, dict):
            raise RecipeError(f"--set {key}: {name} is a value, not a section", "Check the spelling of the key.")
    node[leaf] = value
