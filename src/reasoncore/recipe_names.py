"""Whether a recipe names what there is, found out without a look at a data file, benchmark or checkpoint."""

from __future__ import annotations

from collections.abc import Mapping

from reasoncore.config import EvalStage, PretrainStage, Recipe, SFTStage, sources_of
from reasoncore.data.problems import check_levels, check_source_names
from reasoncore.domains import Domain
from reasoncore.evals.benchmarks import find_benchmark
from reasoncore.evals.benchmarks.own import SUFFIX
from reasoncore.evals.protocols import find_protocol


def check_recipe_names(recipe: Recipe, domains: Mapping[str, Domain]) -> None:
    """Check every name that is not one of a file or checkpoint.

    Raises:
        UserInputError: An unknown domain, format, subdomain, level, strategy, protocol or benchmark.
    """
    for name, stage in recipe.stages.items():
        benchmarks: tuple[str, ...] = ()
        if isinstance(stage, PretrainStage):
            check_levels(f"stages.{name}.levels", stage.levels)
        for key, source in sources_of(stage).items():
            check_source_names(f"stages.{name}.{key}", source, domains)
        if isinstance(stage, SFTStage) and stage.clean is not None:
            benchmarks = stage.clean.benchmarks
        if isinstance(stage, EvalStage):
            find_protocol(stage.protocol)
            benchmarks = stage.benchmarks
        for benchmark in benchmarks:
            if not benchmark.endswith(SUFFIX):
                find_benchmark(benchmark, domains)
