"""Two evaluations of the same problems: the paired difference, what flipped, and what could have been seen.

d_i = x_i(b) - x_i(a), x_i the share of right samples of problem i
difference = mean d_i, with Student's t interval over problems (Miller 2024, arXiv 2411.00640, section 4.2)
detectable = (z_0.975 + z_0.8) se(mean d): a true difference of this size is seen 4 times in 5 (section 5)
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from reasoncore.errors import DataError
from reasoncore.evals.score import ProblemSamples
from reasoncore.evals.statistics import paired_difference, smallest_detectable

# A difference of this many points is what people argue about; an evaluation that would miss it is called too small.
WORTH_SEEING = 5.0
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class PairedComparison:
    """Evaluation b against evaluation a on one benchmark; points of Pass@1.

    Attributes:
        problems: Problems that both have judged samples of.
        before: Pass@1 of a over these, in percent.
        after: Pass@1 of b over these, in percent.
        difference: b minus a.
        ci95: Its interval; None for an end that is not known.
        detectable: The smallest true difference that is seen 4 times in 5; None for a single problem.
        better: Problems with a larger share of right samples in b, those that changed most first.
        worse: Problems with a smaller one, likewise.
    """

    benchmark: str
    problems: int
    before: float
    after: float
    difference: float
    ci95: tuple[float | None, float | None]
    detectable: float | None
    better: tuple[str, ...]
    worse: tuple[str, ...]

    @property
    def seen(self) -> bool:
        """Whether the interval leaves out 0."""
        low, high = self.ci95
        return low is not None and high is not None and not low <= 0 <= high

    @property
    def underpowered(self) -> bool:
        """Whether nothing was seen where a difference worth seeing would often have been missed."""
        return not self.seen and (self.detectable is None or self.detectable > WORTH_SEEING)

    def as_json(self) -> dict[str, Any]:
        """The attributes, and ``underpowered``."""
        return {**asdict(self), "underpowered": self.underpowered}


def compare_samples(
    benchmark: str, a: Mapping[str, ProblemSamples], b: Mapping[str, ProblemSamples]
) -> PairedComparison:
    """Compare two evaluations of a benchmark over the problems that both have judged.

    Raises:
        DataError: There is no such problem.
    """
    shared = [problem for problem in a if problem in b and a[problem].correct and b[problem].correct]
    if not shared:
        raise DataError(f"{benchmark}: no problem was judged in both", "Evaluate both with the same --limit.")
    means = [{problem: 100 * float(np.mean(side[problem].correct)) for problem in shared} for side in (a, b)]
    changes = {problem: means[1][problem] - means[0][problem] for problem in shared}
    estimate = paired_difference(
        {problem: [means[1][problem]] for problem in shared},
        {problem: [means[0][problem]] for problem in shared},
        proportion=False,
    )
    n = len(shared)
    # Problems that all change alike do not show that none would change: an error of one problem in n is the least.
    error = max(math.sqrt(float(np.var(list(changes.values()), ddof=1)) / n), 100 / n) if n > 1 else None
    largest_first = sorted(shared, key=lambda problem: -abs(changes[problem]))
    return PairedComparison(
        benchmark,
        n,
        float(np.mean(list(means[0].values()))),
        float(np.mean(list(means[1].values()))),
        estimate.mean,
        (estimate.ci95_low, estimate.ci95_high),
        None if error is None else smallest_detectable(error),
        tuple(problem for problem in largest_first if changes[problem] > 0),
        tuple(problem for problem in largest_first if changes[problem] < 0),
    )


def comparison_lines(found: PairedComparison) -> list[str]:
    """The comparison for people."""
    low, high = ("?" if end is None else f"{end:+.1f}" for end in found.ci95)
    lines = [
        f"{found.benchmark}: Pass@1 {found.before:.1f} to {found.after:.1f} %, {found.difference:+.1f} points "
        f"({low} to {high}), {found.problems} problems",
        f"    better {_listed(found.better)}; worse {_listed(found.worse)}",
    ]
    if found.seen:
        return lines
    known = "unknown" if found.detectable is None else f"{found.detectable:.1f} points"
    power = "UNDERPOWERED: no" if found.underpowered else "no"
    return [*lines, f"    {power} difference seen; the smallest that is seen 4 times in 5: {known}"]


def _listed(problems: tuple[str, ...]) -> str:
    shown = ", ".join(problems[:_SHOWN])
    more = ", ..." if len(problems) > _SHOWN else ""
    return f"{len(problems)}" + (f" ({shown}{more})" if problems else "")
