"""Small multiples: the scores of each domain evaluation by evaluation, as lines that the page draws."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from reasoncore.evals.report.collect import Report
from reasoncore.evals.report.matrix import FORGOTTEN, Scores, benchmarks_of, largest_k, scores_of
from reasoncore.evals.report.scores import domain_of

WIDTH, HEIGHT, LEFT, RIGHT = 260, 130, 30, 8


@dataclass(frozen=True, slots=True)
class Dot:
    """A point of a curve, in the coordinates of its panel."""

    x: float
    y: float
    forgotten: bool


@dataclass(frozen=True, slots=True)
class Panel:
    """Pass@1 and Pass@k of one domain, evaluation by evaluation, as points of lines in a box of ``WIDTH`` by ``HEIGHT``.

    Attributes:
        lines: Class and points of each line: Pass@k, the best Pass@1 so far, Pass@1.
        dots: Pass@1.
        ticks: Place and number of the evaluations along the axis.
        words: What the panel shows, for those who cannot see it.
    """

    domain: str
    lines: tuple[tuple[str, str], ...]
    dots: tuple[Dot, ...]
    ticks: tuple[tuple[float, int], ...]
    words: str


def panels(report: Report) -> tuple[Panel, ...]:
    """A small plot for each domain that two evaluations or more have measured."""
    k, names = largest_k(report), [evaluation.name for evaluation in report.evaluations]
    found = (_panel(report, name, k, names) for name in benchmarks_of(report))
    return tuple(panel for panel in found if panel is not None)


def _panel(report: Report, benchmark: str, k: int | None, names: list[str]) -> Panel | None:
    first = list(_places(scores_of(report, 1), benchmark))
    if len(first) < 2:
        return None
    step = (WIDTH - LEFT - RIGHT) / max(1, len(names) - 1)

    def points(series: list[tuple[int, float]]) -> list[tuple[float, float]]:
        return [(round(LEFT + step * place, 1), round(HEIGHT * (1 - share), 1)) for place, share in series]

    def drawn(series: list[tuple[int, float]]) -> str:
        return " ".join(f"{x:g},{y:g}" for x, y in points(series))

    best = list(accumulate((share for _, share in first), max))
    lines = [] if k is None else [("many", drawn(list(_places(scores_of(report, k), benchmark))))]
    lines += [("best", drawn([(place, top) for (place, _), top in zip(first, best, strict=True)])), ("one", drawn(first))]
    dots = [
        Dot(x, y, top - share > FORGOTTEN + 1e-9)
        for (x, y), (_, share), top in zip(points(first), first, best, strict=True)
    ]
    said = ", ".join(f"{names[place]} {100 * share:.1f}" for place, share in first)
    ticks = [(round(LEFT + step * place, 1), place + 1) for place in range(len(names))]
    domain = domain_of(benchmark)
    return Panel(domain, tuple(lines), tuple(dots), tuple(ticks), f"Pass@1 in {domain}, in %: {said}")


def _places(scores: Scores, benchmark: str) -> Iterator[tuple[int, float]]:
    """Place and mean of each evaluation that has the benchmark."""
    return ((place, found[benchmark].mean) for place, (_, found) in enumerate(scores) if benchmark in found)
