"""Problems and worked solutions for training, from the procedural generator or a file of one's own."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

from reasoncore.config import ProblemSource, TraceSource
from reasoncore.data.files import load_problem_file, load_trace_file
from reasoncore.domains.table import DOMAINS
from reasoncore.errors import DataError
from reasoncore.procedural import LEVELS, SUBDOMAINS, sample_problems
from reasoncore.procedural.core import STRATEGIES, Split, WorkedProblem
from reasoncore.records import Problem, Trace
from reasoncore.seeding import derive_seed

# A file's questions are asked as the benchmarks ask theirs.
INSTRUCTION = DOMAINS["math"].instruction


def load_problems(source: ProblemSource, split: Split, seed: int, root: Path) -> list[Problem]:
    """Problems with trusted answers, in a fixed order.

    Args:
        split: For procedural problems; a file is what it is.
        root: A relative path in the source is relative to this folder, or to the current one.
    """
    if source.source == "procedural":
        return [worked.problem for worked in _procedural(source, split, seed)]
    return load_problem_file(find_file(source.source, root), instruction=INSTRUCTION)[: source.count]


def load_traces(source: TraceSource, seed: int, root: Path) -> list[Trace]:
    """Problems with one worked solution each; procedural ones by a strategy drawn with the source's weights."""
    if source.source != "procedural":
        return load_trace_file(find_file(source.source, root), instruction=INSTRUCTION)[: source.count]
    names, weights = zip(*sorted(source.strategies.items()), strict=True)
    traces = []
    for worked in _procedural(source, "train", seed):
        draw = random.Random(derive_seed(seed, "strategy", worked.problem.id))
        strategy = draw.choices(names, weights)[0]
        traces.append(Trace(worked.problem, worked.solutions[strategy], strategy))
    return traces


def check_source(source: ProblemSource, root: Path) -> None:
    """Find out before any work whether a source can be used.

    Raises:
        UserInputError: No such file, a row that cannot be used, or an unknown subdomain, level or strategy.
    """
    if source.source != "procedural":
        load = load_trace_file if isinstance(source, TraceSource) else load_problem_file
        load(find_file(source.source, root))
        return
    check_levels(source.levels)
    _check_names("subdomain", source.subdomains or (), tuple(SUBDOMAINS))
    _check_names("strategy", tuple(source.strategies) if isinstance(source, TraceSource) else (), STRATEGIES)


def check_levels(levels: Sequence[int]) -> None:
    """Raise a :class:`DataError` for a level of difficulty that there is not."""
    _check_names("level", levels, LEVELS)


def _check_names(what: str, given: Sequence[object], valid: Sequence[object]) -> None:
    for name in given:
        if name not in valid:
            raise DataError(f"recipe: unknown {what} {name!r}", f"Use {', '.join(map(str, valid))}.")


def find_file(name: str, root: Path) -> Path:
    """A data file, relative to ``root`` or to the current folder."""
    for path in (Path(name), root / name):
        if path.is_file():
            return path
    raise DataError(
        f"{name}: no such file", f'Give the path of a JSONL file, or source = "procedural". Looked in {root}.'
    )


def _procedural(source: ProblemSource, split: Split, seed: int) -> list[WorkedProblem]:
    assert source.count is not None
    return sample_problems(source.subdomains or tuple(SUBDOMAINS), source.levels, split, source.count, seed)
