"""What ``reasoncore data build`` reads: TOML -> a frozen model. Unknown keys fail."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationError, model_validator

from reasoncore.config.clean import Share, SharedWords, TextQuality
from reasoncore.config.errors import explain
from reasoncore.config.settings import Settings
from reasoncore.config.toml_file import read_toml

PROCEDURAL = "procedural"
GYM_PREFIX = "reasoning-gym:"


def _none_if_false(value: Any) -> Any:
    """TOML has no none."""
    return None if value is False else value


class SourceSettings(Settings):
    """Seed problems: only those with a reliable signal, a trusted answer or tests ([3B] section 2.1.1)."""

    path: str = Field(
        description='a .jsonl, .parquet or .csv file, "hf://datasets/OWNER/NAME/FILE", "procedural", or '
        '"reasoning-gym:GENERATOR"'
    )
    domain: str = "math"
    format: str | None = Field(None, description="how the domain reads the file; none takes question and answer")
    fields: dict[str, str] = Field(
        default_factory=dict, description="what a column is called there, by our names: question, answer, response, id"
    )
    licence: str = Field("unknown", description="goes into the data card")
    count: int | None = Field(None, ge=1, description="how many problems; none takes the whole file")
    levels: tuple[int, ...] = Field((1, 2, 3), min_length=1, description="of procedural problems")

    @property
    def is_generated(self) -> bool:
        """Whether the problems are in no file."""
        return self.path == PROCEDURAL or self.path.startswith(GYM_PREFIX)

    @model_validator(mode="after")
    def _generators_are_endless(self) -> SourceSettings:
        if self.is_generated and self.count is None:
            raise ValueError(f'count is needed when path = "{self.path}"')
        return self


class TeacherSettings(Settings):
    """Who answers: the seeds' own worked solutions, a checkpoint, a model behind a server, or an engine in Python."""

    kind: Literal["known", "checkpoint", "endpoint", "engine"] = Field(
        "known",
        description='"known": the worked solutions that come with the seeds, procedural ones included; "engine": the '
        "one that Build is given in Python",
    )
    model: str | None = Field(
        None, description="folder of a checkpoint, the model's name at the endpoint, or what an engine is known by"
    )
    endpoint: str | None = Field(None, description="address of an OpenAI-compatible server")
    concurrency: int = Field(8, ge=1)
    requests_per_minute: int | None = Field(None, ge=1)
    usd_per_million_prompt_tokens: float = Field(0.0, ge=0)
    usd_per_million_tokens: float = Field(0.0, ge=0)
    most_usd: float | None = Field(None, ge=0, description="cap on what all requests of this build may cost")
    temperature: float = Field(1.0, ge=0)
    top_p: float = Field(0.95, gt=0, le=1)
    max_tokens: int = Field(4096, ge=1)
    threads: int = Field(2, ge=1, description="CPU threads of a checkpoint")

    @model_validator(mode="after")
    def _is_one(self) -> TeacherSettings:
        if (self.kind == "endpoint") != (self.endpoint is not None) or (self.kind == "known") != (self.model is None):
            raise ValueError(
                'kind = "checkpoint" and "engine" need model, "endpoint" needs endpoint and model, "known" neither'
            )
        return self


class ExpandSettings(Settings):
    """New queries from seeds along the named dimensions ([3B] section 2.1.1)."""

    dimensions: tuple[Literal["concepts", "skeleton", "constraints", "objective"], ...] = (
        "concepts",
        "skeleton",
        "constraints",
        "objective",
    )
    per_seed: int = Field(1, ge=1, description="new queries a seed, the dimensions in turn")


class LabelSettings(Settings):
    """Pseudo-labels of new queries: the majority over classes of equivalent answers; the margin is ours."""

    samples: int = Field(8, ge=1)
    min_margin: Share = Field(0.25, description="least lead of the majority over the runner-up, as a share of samples")


class DistilSettings(Settings):
    """Several traces a query, distinct correct ones kept."""

    samples: int = Field(4, ge=1)
    keep: int = Field(2, ge=1, description="most traces of one query")
    max_similarity: Share = Field(
        0.8, description="a trace is distinct where it shares at most this share of word 3-grams with each one kept"
    )


class QualitySettings(TextQuality):
    """Filters on text, and what the teacher is asked; all bounds are ours."""

    max_same_start: int = Field(
        0, ge=0, description="responses that may begin with the same 12 words; 0 does not look for templates"
    )
    ask_teacher: bool = Field(False, description="have the teacher look for queries that are no use")
    reasoning_votes: int = Field(
        0, ge=0, description="times the teacher is asked whether a trace's steps are sound; the majority counts"
    )


class DecontaminateSettings(SharedWords):
    """Evaluation files that nothing may be in."""

    against: tuple[str, ...] = ()


class NearDuplicateSettings(Settings):
    """MinHash over word 5-grams of prompts."""

    threshold: float = Field(
        0.8, gt=0, lt=1, description="Jaccard similarity of two prompts from about which on they are one"
    )
    permutations: int = Field(128, ge=16, le=4096)


class ReferenceSettings(Settings):
    """The model whose error rate says how hard a query is."""

    checkpoint: str = Field(description="a folder, a hub id, or nano-base")
    rollouts: int = Field(8, ge=1)
    temperature: float = Field(1.0, gt=0)
    max_tokens: int = Field(4096, ge=1)
    threads: int = Field(2, ge=1, description="CPU threads")


class StrataSettings(Settings):
    """Strata by length and difficulty."""

    length_edges: tuple[int, ...] = Field((64, 256, 1024, 4096, 16384), description="tokens between lengths")
    difficulty_edges: tuple[float, ...] = Field((0.25, 0.5, 0.75), description="error rates between difficulties")
    tokenizer: str = Field("nano-base", description="folder or hub id that counts tokens")
    rows_per_shard: int = Field(10_000, ge=1)

    @model_validator(mode="after")
    def _edges_ascend(self) -> StrataSettings:
        for edges in (self.length_edges, self.difficulty_edges):
            if any(later <= earlier for earlier, later in pairwise(edges)):
                raise ValueError("edges have to ascend")
        return self


class BuildSettings(Settings):
    """A corpus: what it is made of and what is done to it, in order."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    seed: int = Field(1, ge=0)
    sources: dict[str, SourceSettings] = Field(min_length=1)
    teacher: TeacherSettings = TeacherSettings()
    expand: ExpandSettings | None = Field(None, description="none adds no queries")
    label: LabelSettings = LabelSettings()
    distil: DistilSettings = DistilSettings()
    quality: QualitySettings = QualitySettings()
    decontaminate: DecontaminateSettings = DecontaminateSettings()
    near_duplicates: Annotated[NearDuplicateSettings | None, BeforeValidator(_none_if_false)] = Field(
        NearDuplicateSettings(), description="false keeps them"
    )
    reference: ReferenceSettings | None = Field(None, description="none takes the teacher's own error rate")
    strata: StrataSettings = StrataSettings()

    @model_validator(mode="after")
    def _somebody_answers(self) -> BuildSettings:
        asks = self.expand is not None or self.quality.ask_teacher or self.quality.reasoning_votes > 0
        if self.teacher.kind == "known" and asks:
            raise ValueError(
                'teacher.kind = "known" answers nothing new: leave expand and '
                "quality's ask_teacher and reasoning_votes out"
            )
        return self


def load_build(path: Path) -> BuildSettings:
    """Read a build's settings.

    Raises:
        RecipeError: No such file, not TOML, an unknown key (names the nearest), a value that does not fit.
    """
    tree = read_toml(path, "cannot be read", "Give the path of a build's settings.")
    try:
        return BuildSettings.model_validate(tree)
    except ValidationError as error:
        raise explain(error, str(path), BuildSettings, {}) from error
