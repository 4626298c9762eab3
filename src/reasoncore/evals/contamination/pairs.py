"""Originals against variants that ask the same skill: what their paired difference says.

A difference is *seen* where its interval leaves out 0 and at least six problems changed: six signs that agree are the
fewest that chance makes agree in less than 5 % of cases (2 / 2^6 = 0.03). That none was seen says something from 30
pairs on of which either was ever answered right, where a share of one in ten that changes would show in 95 % of cases
(rule of three, Hanley and Lippman-Hand 1983), and where a true difference of ten points would be seen four times in
five. Who solves nothing has nothing to fall from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from reasoncore.errors import DataError
from reasoncore.evals.paired import PairedComparison, compare_samples
from reasoncore.evals.score import ProblemSamples

MIN_CHANGED = 6
MIN_SOLVED = 30
RESOLUTION_POINTS = 10.0


@dataclass(frozen=True, slots=True)
class Pairs:
    """Originals and their variants.

    Attributes:
        comparison: Originals minus variants, in points; None where no pair was judged.
        without: Problems that have no variant.
        verdict: What was found, in words.
    """

    comparison: PairedComparison | None
    without: int
    verdict: str

    def as_json(self) -> dict[str, Any]:
        """The attributes."""
        compared = None if self.comparison is None else self.comparison.as_json()
        return {"verdict": self.verdict, "without": self.without, "comparison": compared}


def compare_pairs(
    benchmark: str,
    originals: Sequence[ProblemSamples],
    variants: Sequence[Sequence[ProblemSamples]],
    without: int,
    words: tuple[str, str],
) -> Pairs:
    """Compare each original with its variants, whose samples count alike.

    Args:
        benchmark: What the comparison calls it.
        originals: Samples of the problems as they are.
        variants: Samples of each original's variants.
        without: Problems that have no variant.
        words: The verdict where originals are answered better, and where they are answered worse.
    """
    a = {own.problem_id: _together(own.problem_id, several) for own, several in zip(originals, variants, strict=True)}
    b = {own.problem_id: own for own in originals}
    try:
        comparison = compare_samples(benchmark, a, b)
    except DataError:
        return Pairs(None, without, "too few pairs to tell")
    solved = sum(any(a[problem].correct) or any(b[problem].correct) for problem in a)
    return Pairs(comparison, without, _verdict(comparison, solved, words))


def _together(problem_id: str, several: Sequence[ProblemSamples]) -> ProblemSamples:
    return ProblemSamples(
        problem_id,
        several[0].subdomain,
        several[0].level,
        sum(one.sampled for one in several),
        tuple(answer for one in several for answer in one.answers),
        tuple(correct for one in several for correct in one.correct),
        tuple(tokens for one in several for tokens in one.tokens),
    )


def _verdict(found: PairedComparison, solved: int, words: tuple[str, str]) -> str:
    if found.seen and len(found.better) + len(found.worse) >= MIN_CHANGED:
        return words[0] if found.difference > 0 else words[1]
    fine = found.detectable is not None and found.detectable <= RESOLUTION_POINTS
    return "no difference seen" if fine and solved >= MIN_SOLVED else "too few pairs to tell"


def pairs_lines(title: str, found: Pairs, variant: str) -> list[str]:
    """The comparison for people; ``variant`` is what one is called."""
    lines = [f"{title}: {found.verdict} ({found.without} problems have no {variant})"]
    if found.comparison is None:
        return lines
    compared = found.comparison
    low, high = ("?" if end is None else f"{end:+.1f}" for end in compared.ci95)
    return [
        *lines,
        f"    {compared.after:.1f} % on {compared.problems} originals, {compared.before:.1f} % on their {variant}s: "
        f"{compared.difference:+.1f} points ({low} to {high})",
    ]
