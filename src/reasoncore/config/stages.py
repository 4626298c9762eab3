"""The stages of a recipe, a section each. [3B] is arXiv 2606.16140, [1.5B] arXiv 2511.06221."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field, model_validator

from reasoncore.config.clean import CleanSettings
from reasoncore.config.data import ProblemSources, TraceSources
from reasoncore.config.settings import OptimiserSettings, Settings


class StageSettings(Settings):
    """What every stage has."""

    start: str | None = Field(
        None,
        description="checkpoint to start from: an earlier stage, a folder or a hub id; none takes the stage before",
    )


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


class SupervisedSettings(StageSettings):
    """What pretraining, SFT and self-distillation share."""

    optimiser: OptimiserSettings
    batch_size: int = Field(128, ge=1, description="sequences of one optimiser step")
    max_length: int = Field(1024, ge=2, description="longer samples are dropped and counted, never cut")
    save_every: int = Field(100, ge=1, description="steps between checkpoints")


class PretrainStage(SupervisedSettings):
    """Tokenizer and decoder from nothing, on plain procedural text."""

    kind: Literal["pretrain"]
    model: ModelShape = ModelShape()
    documents: int = Field(ge=1)
    levels: tuple[int, ...] = Field((1, 2, 3), min_length=1)


class HardSettings(Settings):
    """The hard subset of stage two ([3B] section 2.1.2): long traces of problems that a reference mostly fails."""

    reference: str = Field(description="checkpoint that is sampled: an earlier stage, a folder or a hub id")
    rollouts: int = Field(8, ge=1)
    min_error_rate: float = Field(0.75, ge=0, le=1)
    min_tokens: int = Field(5000, ge=0, description="shortest trace, in tokens of the response")
    temperature: float = Field(1.0, gt=0)
    max_tokens: int = Field(ge=1, description="longest rollout of the reference")


class SFTStage(SupervisedSettings):
    """Supervised fine-tuning: cross-entropy on response tokens ([3B] section 2.1.2)."""

    kind: Literal["sft"]
    epochs: int = Field(1, ge=1)
    data: TraceSources
    clean: CleanSettings | None = Field(None, description="leave out traces that are no use or in a benchmark")
    hard: HardSettings | None = Field(None, description="keep only hard traces")
    keep_checkpoints: bool = Field(False, description="keep every periodic checkpoint, for a fuse stage to choose from")

    @model_validator(mode="after")
    def _hard_solutions(self) -> SFTStage:
        taught = [name for name, source in self.data.items() if source.teaches != "solutions"]
        if self.hard is not None and taught:
            raise ValueError(f'data.{taught[0]}: hard chooses by right answers, so it goes with teaches = "solutions"')
        return self


class FuseStage(StageSettings):
    """Diversity-Exploring Distillation: specialists by Pass@K on probing sets, then their average ([1.5B] 3.3)."""

    kind: Literal["fuse"]
    of: str | tuple[str, ...] = Field(
        description="candidates: the kept checkpoints of an SFT stage, or a list of checkpoints by folder or hub id"
    )
    probe: ProblemSources = Field(description="probing sets; every subdomain gets a specialist")
    k: int = Field(8, ge=1, description="K of Pass@K")
    samples: int = Field(8, ge=1, description="completions a problem")
    temperature: float = Field(1.0, gt=0)
    max_tokens: int = Field(ge=1)
    chosen_by: Literal["pass@k", "pass@1", "last"] = Field(
        "pass@k", description='what makes a specialist; "last" takes the last checkpoint and fuses nothing'
    )

    @model_validator(mode="after")
    def _something_to_choose(self) -> FuseStage:
        if not self.of:
            raise ValueError("of names no checkpoint")
        if self.samples < self.k:
            raise ValueError(f"samples = {self.samples} is too few for k = {self.k}")
        return self


class ProbeSettings(Settings):
    """A small held-out set measured while training; never the test set."""

    every: int = Field(20, ge=1, description="steps between measurements")
    data: ProblemSources
    samples: int = Field(8, ge=1)


class RLStage(StageSettings):
    """MGPO, strictly on-policy ([3B] equations 1 to 3), with Long2Short ([3B] section 2.2.2) where lambda is set."""

    kind: Literal["rl"]
    optimiser: OptimiserSettings
    data: ProblemSources
    steps: int = Field(ge=1)
    prompts_per_step: int = Field(32, ge=1)
    group_size: int = Field(8, ge=2, description="rollouts of one prompt, G")
    gamma: float = Field(1.0, ge=0, description="MGPO's sharpness; 0 is GRPO")
    long2short: float = Field(0.0, ge=0, description="lambda of Long2Short; 0 pays for correctness alone")
    clip_epsilon: float = Field(0.2, gt=0)
    importance_cap: float = Field(2.0, gt=0, description="C of the truncated importance weight")
    temperature: float = Field(1.0, gt=0)
    max_tokens: int = Field(ge=1)
    filter_rollouts: int = Field(8, ge=1, description="rollouts that decide whether a prompt is at accuracy 0 or 1")
    keep_always_right: bool | None = Field(
        None,
        description="keep prompts at accuracy 1: Long2Short learns from them, correctness alone cannot; "
        "none keeps them with Long2Short",
    )
    save_every: int = Field(20, ge=1)
    probe: ProbeSettings | None = None

    @property
    def keeps_always_right(self) -> bool:
        """What ``keep_always_right`` comes to."""
        return self.long2short > 0 if self.keep_always_right is None else self.keep_always_right


class SelectionSettings(Settings):
    """Which verified traces self-distillation keeps ([3B] section 2.3); all values are ours."""

    min_tokens: int = Field(0, ge=0, description="shorter traces are left out of the ranking, and out of the data")
    length_edges: tuple[int, ...] = Field((2048, 8192, 16384, 32768), description="tokens between length buckets")
    trim_top: float = Field(0.02, ge=0, lt=1, description="share of each bucket cut as extreme, highest scores first")
    band: tuple[float, float] = Field((0.4, 1.0), description="quantiles of learning potential kept, after the trim")
    choose: Literal["learning-potential", "random"] = Field(
        "learning-potential", description='"random" keeps as many of each bucket at random, to compare with'
    )

    @model_validator(mode="after")
    def _ordered(self) -> SelectionSettings:
        if not 0 <= self.band[0] < self.band[1] <= 1:
            raise ValueError("band needs 0 <= low < high <= 1")
        if list(self.length_edges) != sorted(set(self.length_edges)):
            raise ValueError("length_edges must grow")
        return self


class DistillStage(SupervisedSettings):
    """Offline self-distillation ([3B] section 2.3): sample the specialists, keep what teaches, fine-tune the student.

    The student is the stage's start; the report does not name it.
    """

    kind: Literal["distill"]
    data: ProblemSources
    teachers: dict[str, str] = Field(
        min_length=1, description="checkpoint that answers each source of data: an earlier stage, a folder or a hub id"
    )
    samples: int = Field(4, ge=1, description="completions a problem")
    temperature: float = Field(1.0, gt=0)
    max_tokens: int = Field(ge=1)
    selection: SelectionSettings = SelectionSettings()
    epochs: int = Field(1, ge=1)

    @model_validator(mode="after")
    def _a_teacher_each(self) -> DistillStage:
        if self.teachers.keys() != self.data.keys():
            raise ValueError(f"teachers and data need the same names; data has {', '.join(self.data)}")
        return self


class EvalClrSettings(Settings):
    """CLR on an evaluation's own samples ([3B] equations 5 and 6)."""

    claims: int = Field(5, ge=1, description="M, claims a sample")


class EvalStage(StageSettings):
    """Measure a checkpoint."""

    kind: Literal["eval"]
    benchmarks: tuple[str, ...] = Field(min_length=1)
    samples: int | None = Field(None, ge=1, description="completions a problem; none takes the benchmark's own")
    limit: int | None = Field(None, ge=1, description="problems of each benchmark; none takes them all")
    protocol: str = "vt3b"
    max_tokens: int | None = Field(None, ge=1)
    data_dir: str | None = None
    clr: EvalClrSettings | None = Field(None, description="also weigh the answers by checked claims, at 2K calls")


STAGE_KINDS: dict[str, type[BaseModel]] = {
    "pretrain": PretrainStage,
    "sft": SFTStage,
    "fuse": FuseStage,
    "rl": RLStage,
    "distill": DistillStage,
    "eval": EvalStage,
}
Stage = Annotated[
    PretrainStage | SFTStage | FuseStage | RLStage | DistillStage | EvalStage, Field(discriminator="kind")
]
