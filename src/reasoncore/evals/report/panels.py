"""Small multiples: the scores of each domain evaluation by evaluation, as lines that the page draws."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from reasoncore.evals.report.matrix import Matrix

WIDTH, HEIGHT, LEFT, RIGHT = 260, 130, 30, 8


@dataclass(frozen=True, slots=True)
class Dot:
    """A point of a curve, in the coordinates of its panel."""

    x: float
    y: float
    forgotten: bool


@dataclass(frozen=True, slots=True)
class Panel:
    """Pass@1 and Pass@k of one domain in a box of ``WIDTH`` by ``HEIGHT``, 0 to 100 % from bottom to top.

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


def panels(matrices: tuple[Matrix, ...]) -> tuple[Panel, ...]:
    """A plot for each domain that two evaluations or more have measured, from the tables of Pass@1 and Pass@k."""
    scores = [matrix for matrix in matrices if matrix.is_share]
    if not scores or scores[0].k != 1:
        return ()
    return tuple(
        _panel(scores, column, domain)
        for column, domain in enumerate(scores[0].columns)
        if sum(cells[column] is not None for _, cells in scores[0].lines) > 1
    )


def _panel(scores: list[Matrix], column: int, domain: str) -> Panel:
    one, *more = scores
    step = (WIDTH - LEFT - RIGHT) / (len(one.lines) - 1)

    def at(place: int, share: float) -> tuple[float, float]:
        return round(LEFT + step * place, 1), round(HEIGHT * (1 - share), 1)

    def line(series: Iterable[tuple[int, float]]) -> str:
        return " ".join("{:g},{:g}".format(*at(place, share)) for place, share in series)

    cells = [(place, cell) for place, (_, row) in enumerate(one.lines) if (cell := row[column]) is not None]
    lines = [
        ("many", line((place, cell.estimate.mean) for place, (_, row) in enumerate(m.lines) if (cell := row[column])))
        for m in more
    ]
    lines.append(("best", line((place, cell.estimate.mean + cell.below) for place, cell in cells)))
    lines.append(("one", line((place, cell.estimate.mean) for place, cell in cells)))
    said = ", ".join(f"{one.lines[place][0]} {100 * cell.estimate.mean:.1f}" for place, cell in cells)
    return Panel(
        domain,
        tuple(lines),
        tuple(Dot(*at(place, cell.estimate.mean), cell.forgotten) for place, cell in cells),
        tuple((at(place, 0)[0], place + 1) for place in range(len(one.lines))),
        f"Pass@1 in {domain}, in %: {said}",
    )
