"""What of a recipe's inputs is on this machine: rows of data files, benchmarks, the base's shape. Loads no weights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from reasoncore.config import (
    PROCEDURAL,
    PROCEDURAL_JUDGE,
    EvalStage,
    PlanModel,
    PretrainStage,
    Recipe,
    references,
    sources_of,
)
from reasoncore.data.corpus_files import shards_in
from reasoncore.data.files import count_parquet_rows
from reasoncore.domains import Domain, load_domains
from reasoncore.errors import DataError, UserInputError
from reasoncore.evals.benchmarks import benchmark_file, find_benchmark, load_benchmark
from reasoncore.evals.protocols import PROTOCOLS
from reasoncore.model.config import ModelConfig, parse_config, read_config
from reasoncore.model.folder import find_base, is_hub_id
from reasoncore.paths import find_near
from reasoncore.recipe_names import check_recipe_names


@dataclass(frozen=True)
class FoundBenchmark:
    """A row of the table of benchmarks.

    Attributes:
        samples: Completions a problem unless the recipe says.
        rows: Problems of its file, None where that is not here.
        generated: Made and not read: as many problems as asked for.
    """

    samples: int
    rows: int | None
    generated: bool = False


@dataclass(frozen=True)
class Found:
    """What is here.

    Attributes:
        rows: Problems of a data file, by its path.
        benchmarks: By name; a file of one's own that is not here is missing.
        protocols: Longest completion by protocol.
        shape: Of the base; None where it is not here and the plan does not describe it.
        nowhere: Checkpoints that are no earlier stage, not here, and no model that a hub could have; by key.
    """

    rows: Mapping[str, int] = field(default_factory=dict)
    benchmarks: Mapping[str, FoundBenchmark] = field(default_factory=dict)
    protocols: Mapping[str, int] = field(default_factory=dict)
    shape: ModelConfig | None = None
    nowhere: Mapping[str, str] = field(default_factory=dict)


def look(recipe: Recipe, described: PlanModel | None, root: Path) -> Found:
    """Find the inputs. What is missing is left out; what is damaged or misnamed is an error.

    Args:
        described: Shape of the base where it is not here.
        root: Paths in the recipe are relative to this folder, or to the current one.

    Raises:
        UserInputError: A file of domains, a corpus, a benchmark's file or a ``config.json`` that cannot be used; or as
            :func:`reasoncore.recipe_names.check_recipe_names`.
    """
    domains = load_domains(recipe.domains, root)
    check_recipe_names(recipe, domains)
    return Found(
        rows=dict(_data_files(recipe, root)),
        benchmarks=dict(_benchmarks(recipe, domains, root)),
        protocols={name: sampling.max_tokens for name, sampling in PROTOCOLS.items()},
        shape=_shape(recipe, described, root),
        nowhere=dict(_nowhere(recipe, root)),
    )


def _data_files(recipe: Recipe, root: Path) -> Iterator[tuple[str, int]]:
    names = {source.source for stage in recipe.stages.values() for source in sources_of(stage).values()}
    for name in sorted(names - {PROCEDURAL}):
        path = find_near(name, root, Path.exists)
        if path is None:
            continue
        if path.is_dir():
            yield name, sum(map(count_parquet_rows, shards_in(path)))
        else:
            with path.open("rb") as stream:
                yield name, sum(1 for line in stream if line.strip())


def _benchmarks(recipe: Recipe, domains: Mapping[str, Domain], root: Path) -> Iterator[tuple[str, FoundBenchmark]]:
    asked = {
        (name, stage.data_dir)
        for stage in recipe.stages.values()
        if isinstance(stage, EvalStage)
        for name in stage.benchmarks
    }
    for name, data_dir in asked:
        try:
            row = find_benchmark(name, domains)
        except DataError:  # a file of one's own
            if Path(name).exists():
                raise
            continue
        if row.file_name is None:
            yield name, FoundBenchmark(row.default_samples, row.count, generated=True)
            continue
        folder = _folder(data_dir, root)
        try:
            path = benchmark_file(row, folder)
        except UserInputError:  # no folder is given
            path = None
        here = path is not None and path.is_file()
        problems = load_benchmark(name, folder, None, domains) if here else None
        yield name, FoundBenchmark(row.default_samples, None if problems is None else len(problems))


def _folder(data_dir: str | None, root: Path) -> Path | None:
    return find_near(data_dir, root, Path.is_dir) if data_dir else None


def _shape(recipe: Recipe, described: PlanModel | None, root: Path) -> ModelConfig | None:
    if recipe.base is None:
        first = next(iter(recipe.stages.values()))
        assert isinstance(first, PretrainStage)
        return parse_config({"model_type": "qwen2", "tie_word_embeddings": True, **first.model.model_dump()}, "model")
    folder = find_base(recipe.base, root)
    if folder is not None:
        return read_config(folder)
    return None if described is None else parse_config(described.model_dump(exclude_none=True), "plan.model")


def _nowhere(recipe: Recipe, root: Path) -> Iterator[tuple[str, str]]:
    named = {} if recipe.base is None else {"base": recipe.base}
    if recipe.judge != PROCEDURAL_JUDGE:
        named["judge"] = recipe.judge
    for name, stage in recipe.stages.items():
        named |= {f"stages.{name}.{key}": reference for key, reference in references(stage).items()}
    for key, reference in named.items():
        if reference not in recipe.stages and not is_hub_id(reference) and find_base(reference, root) is None:
            yield key, reference
