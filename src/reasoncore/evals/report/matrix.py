"""Every evaluated stage against every domain, and what was forgotten: how far each score is below an earlier one."""

from __future__ import annotations

from dataclasses import dataclass

from reasoncore.evals.report.collect import Report
from reasoncore.evals.report.numbers import percent
from reasoncore.evals.report.scores import Estimate, Evaluation, domain_of

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
        k: Of Pass@k; None for the tokens of right answers.
        columns: Names of the domains.
    """

    k: int | None
    columns: tuple[str, ...]
    lines: tuple[tuple[str, tuple[Cell | None, ...]], ...]

    @property
    def is_share(self) -> bool:
        """Scores in [0, 1], the more the better, as against tokens."""
        return self.k is not None

    @property
    def title(self) -> str:
        """As the page says it."""
        return "Mean tokens of right answers" if self.k is None else f"Pass@{self.k}, %"


def matrices(report: Report) -> tuple[Matrix, ...]:
    """Pass@1, Pass@k for the largest k that all have, tokens of right answers; none for fewer than two evaluations."""
    evaluations = report.comparable
    names = list(dict.fromkeys(name for evaluation in evaluations for name in evaluation.benchmarks))
    if len(evaluations) < 2:
        return ()
    columns = tuple(domain_of(name) for name in names)
    found = [
        Matrix(k, columns, _lines([(e.name, _scores(e, k)) for e in evaluations], names))
        for k in sorted({1, _largest_k(evaluations)})
    ]
    lengths = [
        (s.name, {name: length.mean for name, length in s.lengths.items()}) for s in report.stages if s.evaluation
    ]
    found.append(Matrix(None, columns, _lines(lengths, names)))
    return tuple(matrix for matrix in found if any(cell for _, cells in matrix.lines for cell in cells))


def final_losses(found: tuple[Matrix, ...]) -> str | None:
    """A sentence on what is forgotten at the end: where the last Pass@1 of each domain is below an earlier one."""
    if not found or found[0].k != 1:
        return None
    last, cells = found[0].lines[-1]
    named = [(domain, cell) for domain, cell in zip(found[0].columns, cells, strict=True) if cell is not None]
    below = [f"{name} is {percent(cell.below)} points below {cell.best_at}" for name, cell in named if cell.forgotten]
    rest = "no other domain" if below else "no domain"
    return f"At the end ({last}) {''.join(f'{part}; ' for part in below)}{rest} is more than 2 points below its best."


def _largest_k(evaluations: tuple[Evaluation, ...]) -> int:
    """The largest k that every benchmark with a score has."""
    ks = [set(item.overall.pass_at) for e in evaluations for item in e.benchmarks.values() if item.overall.pass_at]
    return max(set.intersection(*ks), default=1) if ks else 1


def _scores(evaluation: Evaluation, k: int) -> dict[str, Estimate]:
    scores = {name: item.overall.pass_at.get(k) for name, item in evaluation.benchmarks.items()}
    return {name: estimate for name, estimate in scores.items() if estimate is not None}


def _lines(
    scores: list[tuple[str, dict[str, Estimate]]], names: list[str]
) -> tuple[tuple[str, tuple[Cell | None, ...]], ...]:
    best: dict[str, tuple[float, str]] = {}
    lines = []
    for evaluation, found in scores:
        cells: list[Cell | None] = []
        for name in names:
            estimate = found.get(name)
            cells.append(None if estimate is None else Cell(estimate, *best.get(name, (None, None))))
            if estimate is not None and (name not in best or estimate.mean > best[name][0]):
                best[name] = (estimate.mean, evaluation)
        lines.append((evaluation, tuple(cells)))
    return tuple(lines)
