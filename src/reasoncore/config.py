"""A recipe: TOML -> frozen models <- dotted overrides. Unknown keys fail. Imports no torch.

name = "nano"
base = "nano-base"

[stages.rl-math]
kind = "rl"
steps = 100
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from reasoncore.config_errors import explain, unknown_key
from reasoncore.errors import RecipeError


class Settings(BaseModel):
    """Base of every section: frozen, and unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class HardwareSettings(Settings):
    """Where and how large the work is cut; changes speed and memory, not the method."""

    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    threads: int = Field(2, ge=1, description="CPU threads")
    tokens_per_micro_batch: int = Field(2048, ge=1, description="tokens of one forward and backward pass")
    activation_checkpointing: bool = False
    decode_rows: int = Field(256, ge=1, description="completions decoded side by side")
    kv_cache_gib: float = Field(4.0, gt=0, description="bound on the key/value cache; lowers decode_rows if needed")

    def resolved_device(self) -> str:
        """``auto`` is CUDA where there is one, then MPS, then the CPU."""
        import torch

        available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
        if self.device == "auto":
            return next(name for name, there in available.items() if there)
        if not available[self.device]:
            raise RecipeError(
                f"hardware.device = {self.device!r}: this machine has no such device", 'Use "auto" or "cpu".'
            )
        return self.device


class OptimiserSettings(Settings):
    """AdamW, gradient clipping and the learning-rate schedule."""

    learning_rate: float = Field(gt=0)
    warmup_fraction: float = Field(0.0, ge=0, le=1, description="share of the steps with a linear warm-up")
    final_learning_rate: float | None = Field(
        None, ge=0, description="floor of the cosine; none keeps the rate constant"
    )
    betas: tuple[Annotated[float, Field(ge=0, lt=1)], Annotated[float, Field(ge=0, lt=1)]] = (0.9, 0.95)
    weight_decay: float = Field(0.0, ge=0)
    max_grad_norm: float = Field(1.0, gt=0)


class ProblemSource(Settings):
    """Problems with trusted answers: the procedural generator, or a JSONL file of one's own.

    ``subdomains`` and ``levels`` choose among procedural problems and are not used for a file.
    """

    source: str = Field("procedural", description='"procedural", or the path of a JSONL file of questions and answers')
    count: int | None = Field(None, ge=1, description="how many problems; none takes the whole file")
    subdomains: tuple[str, ...] | None = Field(None, description="none takes all")
    levels: tuple[int, ...] = Field((1, 2, 3), min_length=1)

    @model_validator(mode="after")
    def _procedural_is_endless(self) -> ProblemSource:
        if self.source == "procedural" and self.count is None:
            raise ValueError('count is needed when source = "procedural"')
        return self


class TraceSource(ProblemSource):
    """Problems with worked solutions, each written by a strategy drawn with the given weight."""

    strategies: dict[str, float] = Field(default_factory=lambda: {"direct": 1.0, "steps": 1.0, "check": 1.0})

    @model_validator(mode="after")
    def _some_strategy_has_weight(self) -> TraceSource:
        if min(self.strategies.values(), default=-1.0) < 0 or sum(self.strategies.values()) <= 0:
            raise ValueError("strategies need weights of at least 0, one of them above 0")
        return self


class ModelShape(Settings):
    """A decoder to initialise from nothing."""

    vocab_size: int = Field(1024, ge=300)
    hidden_size: int = Field(128, ge=8)
    intermediate_size: int = Field(384, ge=8)
    num_hidden_layers: int = Field(4, ge=1)
    num_attention_heads: int = Field(4, ge=1)
    num_key_value_heads: int = Field(2, ge=1)
    max_position_embeddings: int = Field(2048, ge=16)
    rope_theta: float = Field(10000.0, gt=0)

    @model_validator(mode="after")
    def _heads_fit(self) -> ModelShape:
        if self.hidden_size % (2 * self.num_attention_heads) or self.num_attention_heads % self.num_key_value_heads:
            raise ValueError("hidden_size must be an even multiple of the heads, and heads one of the key/value heads")
        return self


class SupervisedSettings(Settings):
    """What pretraining and SFT share."""

    optimiser: OptimiserSettings
    batch_size: int = Field(128, ge=1, description="sequences of one optimiser step")
    max_length: int = Field(1024, ge=2, description="longer samples are dropped and counted, never cut")
    save_every: int = Field(100, ge=1, description="steps between checkpoints")
    keep_checkpoints: bool = Field(False, description="keep every periodic checkpoint, not only the one to resume from")


class PretrainStage(SupervisedSettings):
    """Tokenizer and decoder from nothing, on plain procedural text."""

    kind: Literal["pretrain"]
    model: ModelShape = ModelShape()
    documents: int = Field(ge=1)
    levels: tuple[int, ...] = Field((1, 2, 3), min_length=1)


class SFTStage(SupervisedSettings):
    """Supervised fine-tuning: cross-entropy on response tokens ([3B] section 2.1.2)."""

    kind: Literal["sft"]
    epochs: int = Field(1, ge=1)
    data: TraceSource


class ProbeSettings(Settings):
    """A small held-out set measured while training; never the test set."""

    every: int = Field(20, ge=1, description="steps between measurements")
    data: ProblemSource
    samples: int = Field(8, ge=1)


class RLStage(Settings):
    """MGPO, strictly on-policy ([3B] equations 1 to 3)."""

    kind: Literal["rl"]
    optimiser: OptimiserSettings
    data: ProblemSource
    steps: int = Field(ge=1)
    prompts_per_step: int = Field(32, ge=1)
    group_size: int = Field(8, ge=2, description="rollouts of one prompt, G")
    gamma: float = Field(1.0, ge=0, description="MGPO's sharpness; 0 is GRPO")
    clip_epsilon: float = Field(0.2, gt=0)
    importance_cap: float = Field(2.0, gt=0, description="C of the truncated importance weight")
    temperature: float = Field(1.0, gt=0)
    max_tokens: int = Field(ge=1)
    filter_rollouts: int = Field(8, ge=1, description="rollouts that decide whether a prompt is at accuracy 0 or 1")
    save_every: int = Field(20, ge=1)
    probe: ProbeSettings | None = None


class EvalStage(Settings):
    """Measure the current checkpoint."""

    kind: Literal["eval"]
    benchmarks: tuple[str, ...] = Field(min_length=1)
    samples: int | None = Field(None, ge=1, description="completions a problem; none takes the benchmark's own")
    limit: int | None = Field(None, ge=1, description="problems of each benchmark; none takes them all")
    protocol: str = "vt3b"
    max_tokens: int | None = Field(None, ge=1)
    data_dir: str | None = None


STAGE_KINDS: dict[str, type[BaseModel]] = {"pretrain": PretrainStage, "sft": SFTStage, "rl": RLStage, "eval": EvalStage}
Stage = Annotated[PretrainStage | SFTStage | RLStage | EvalStage, Field(discriminator="kind")]


class Recipe(Settings):
    """A whole run: a base checkpoint and the stages in order."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    base: str | None = Field(
        None, description='"nano-base", a checkpoint folder or a hub id; none starts with "pretrain"'
    )
    seed: int = Field(1, ge=0)
    hardware: HardwareSettings = HardwareSettings()
    stages: dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")], Stage] = Field(min_length=1)

    @model_validator(mode="after")
    def _starts_somewhere(self) -> Recipe:
        kinds = [stage.kind for stage in self.stages.values()]
        if (self.base is None) != (kinds[0] == "pretrain") or "pretrain" in kinds[1:]:
            raise ValueError('either name a base, or leave it out and make "pretrain" the first stage')
        return self

    def sha256(self) -> str:
        """Hash of every resolved value."""
        return hashlib.sha256(json.dumps(self.model_dump(mode="json"), sort_keys=False).encode()).hexdigest()


def load_recipe(path: Path, overrides: Sequence[str] = ()) -> Recipe:
    """Read a recipe and apply ``key=value`` overrides before anything is derived from it.

    Raises:
        RecipeError: No such file, not TOML, an unknown key (names the nearest), a value that does not fit.
    """
    try:
        tree = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RecipeError(
            f"{path}: no readable recipe there ({error.strerror})",
            "Give the path of a recipe, such as recipes/nano.toml.",
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path}: not valid TOML ({error})", "Mend the syntax at that place.") from error
    for override in overrides:
        _apply_override(tree, override)
    try:
        return Recipe.model_validate(tree)
    except ValidationError as error:
        raise explain(error, str(path), Recipe, STAGE_KINDS) from error


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
