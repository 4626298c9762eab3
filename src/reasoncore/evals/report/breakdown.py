"""Tables of one benchmark by subdomain and by level, the evaluations side by side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from reasoncore.evals.report.scores import Benchmark, Estimate, Evaluation, Score


@dataclass(frozen=True, slots=True)
class Line:
    """One subdomain or level: an estimate for each column, None where there is none."""

    label: str
    n: int | None
    estimates: tuple[Estimate | None, ...]
    total: bool = False


@dataclass(frozen=True, slots=True)
class Breakdown:
    """Pass@k of one benchmark along one dimension; ``columns`` are the names of the evaluations."""

    benchmark: str
    dimension: str
    k: int
    columns: tuple[str, ...]
    lines: tuple[Line, ...]


def breakdowns(evaluations: tuple[Evaluation, ...]) -> tuple[Breakdown, ...]:
    """Every table there is data for: per benchmark, by subdomain then level, Pass@1 then the largest shared k."""
    names = dict.fromkeys(name for evaluation in evaluations for name in evaluation.benchmarks)
    tables: list[Breakdown] = []
    for name in names:
        having = [evaluation for evaluation in evaluations if name in evaluation.benchmarks]
        columns = tuple(evaluation.name for evaluation in having)
        benchmarks = [evaluation.benchmarks[name] for evaluation in having]
        for dimension, parts in (("subdomain", _subdomains), ("level", _levels)):
            for k in _shared_ks(benchmarks):
                lines = _lines(benchmarks, parts, k)
                if not lines:
                    continue
                if dimension == "subdomain":
                    lines += _totals(benchmarks, k)
                tables.append(Breakdown(name, dimension, k, columns, tuple(lines)))
    return tuple(tables)


def _shared_ks(benchmarks: list[Benchmark]) -> list[int]:
    shared = set.intersection(*(set(benchmark.overall.pass_at) for benchmark in benchmarks))
    return sorted({min(shared), max(shared)}) if shared else []


def _subdomains(benchmark: Benchmark) -> dict[str, Score]:
    return benchmark.subdomains


def _levels(benchmark: Benchmark) -> dict[str, Score]:
    return benchmark.levels


def _lines(benchmarks: list[Benchmark], parts: Callable[[Benchmark], dict[str, Score]], k: int) -> list[Line]:
    labels = dict.fromkeys(label for benchmark in benchmarks for label in parts(benchmark))
    return [_line(label, [parts(benchmark).get(label) for benchmark in benchmarks], k) for label in labels]


def _totals(benchmarks: list[Benchmark], k: int) -> list[Line]:
    lines = [
        _line("macro mean", [benchmark.macro for benchmark in benchmarks], k, total=True),
        _line("all problems", [benchmark.overall for benchmark in benchmarks], k, total=True),
    ]
    return [line for line in lines if any(line.estimates)]


def _line(label: str, scores: list[Score | None], k: int, total: bool = False) -> Line:
    sizes = [score.n for score in scores if score is not None and score.n is not None]
    estimates = tuple(None if score is None else score.pass_at.get(k) for score in scores)
    return Line(label, max(sizes, default=None), estimates, total)
