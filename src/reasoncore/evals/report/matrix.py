"""Every evaluated stage against every domain, and what was forgotten: how far each score is below the best before it."""

from __future__ import annotations

from dataclasses import dataclass

from reasoncore.evals.report.collect import Report
from reasoncore.evals.report.scores import Estimate, domain_of

FORGOTTEN = 0.02  # a loss of more than this is marked


@dataclass(frozen=True, slots=True)
class Cell:
    """One score; ``best`` is the highest that an earlier evaluation has, ``best_at`` its name."""

    estimate: Estimate
    best: float | None
    best_at: str | None

    @property
    def below(self) -> float:
        """How far this is below the best before it; 0 where it is not."""
        return 0.0 if self.best is None else max(0.0, self.best - self.estimate.mean)

    @property
    def forgotten(self) -> bool:
        """Whether the loss is to be marked."""
        return self.below > FORGOTTEN + 1e-9


@dataclass(frozen=True, slots=True)
class Matrix:
    """One metric: a line for each evaluation, a cell for each benchmark, None where it was not measured.

    Attributes:
        title: ``"Pass@8"``.
        is_share: Scores in [0, 1], the more the better, as against tokens.
        columns: Names of the domains.
    """

    title: str
    is_share: bool
    columns: tuple[str, ...]
    lines: tuple[tuple[str, tuple[Cell | None, ...]], ...]


def matrices(report: Report) -> tuple[Matrix, ...]:
    """Pass@1, Pass@k for the largest k that all have, and tokens of right answers; none with fewer than two lines."""
    names = benchmarks_of(report)
    if len(report.evaluations) < 2 or not names:
        return ()
    k = largest_k(report)
    scores = [("Pass@1", True, scores_of(report, 1))]
    if k is not None:
        scores.append((f"Pass@{k}", True, scores_of(report, k)))
    scores.append(("Mean tokens of right answers", False, _tokens(report)))
    columns = tuple(domain_of(name) for name in names)
    return tuple(
        Matrix(title, is_share, columns, _lines(found, names, is_share))
        for title, is_share, found in scores
        if any(line for _, line in found)
    )


def benchmarks_of(report: Report) -> list[str]:
    """Every benchmark that any evaluation has, in order of first appearance."""
    return list(dict.fromkeys(name for evaluation in report.evaluations for name in evaluation.benchmarks))


def largest_k(report: Report) -> int | None:
    """The largest k above 1 that every benchmark of every evaluation has."""
    ks = [set(item.overall.pass_at) for evaluation in report.evaluations for item in evaluation.benchmarks.values()]
    return max((k for k in set.intersection(*ks) if k > 1), default=None) if ks else None


Scores = list[tuple[str, dict[str, Estimate]]]


def scores_of(report: Report, k: int) -> Scores:
    """Pass@k of every evaluation by benchmark."""
    return [
        (e.name, {name: item.overall.pass_at[k] for name, item in e.benchmarks.items() if k in item.overall.pass_at})
        for e in report.evaluations
    ]


def _tokens(report: Report) -> Scores:
    measured = [stage for stage in report.stages if stage.evaluation is not None]
    return [(stage.name, {name: length.mean for name, length in stage.lengths.items()}) for stage in measured]


def _lines(scores: Scores, names: list[str], is_share: bool) -> tuple[tuple[str, tuple[Cell | None, ...]], ...]:
    best: dict[str, tuple[float, str]] = {}
    lines = []
    for evaluation, found in scores:
        cells: list[Cell | None] = []
        for name in names:
            estimate = found.get(name)
            known = best.get(name, (None, None)) if is_share else (None, None)
            cells.append(None if estimate is None else Cell(estimate, *known))
            if estimate is not None and (name not in best or estimate.mean > best[name][0]):
                best[name] = (estimate.mean, evaluation)
        lines.append((evaluation, tuple(cells)))
    return tuple(lines)
