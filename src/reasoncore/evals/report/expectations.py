"""What the recipe expects of its stages, and what was measured. Nothing that is expected may vanish from the page."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reasoncore.evals.report.lengths import RightLength
from reasoncore.evals.report.scores import Estimate, Evaluation, interval, mapping, number, text

TOKENS = "correct_tokens"
METRIC_NAMES = {"pass@1": "Pass@1", "pass@k": "Pass@k", TOKENS: "mean tokens of right answers"}
Measured = Mapping[str, tuple[Evaluation, Mapping[str, RightLength]]]


@dataclass(frozen=True, slots=True)
class Expectation:
    """One claim and what became of it.

    Attributes:
        at_least: Whether the bound is a lower one; None where no bound is recorded.
        value: The measured change and its interval, in points, or in % of tokens; None if not measured.
        start, end: The metric before and after: a share, or tokens.
        holds: Whether the value keeps the bound; ``certain`` says it of the whole interval.
        missing: The evaluations that it needs and that are not there.
    """

    name: str
    claim: str
    metric: str
    benchmarks: tuple[str, ...]
    before: str
    after: str
    bound: float | None
    at_least: bool | None
    value: Estimate | None
    start: float | None
    end: float | None
    holds: bool | None
    certain: bool
    missing: tuple[str, ...]

    @property
    def unit(self) -> str:
        """Of the value and the bound."""
        return "%" if self.metric == TOKENS else "points"

    @property
    def metric_name(self) -> str:
        """As the page says it."""
        return METRIC_NAMES.get(self.metric, self.metric)

    @property
    def tone(self) -> str:
        """``good``, ``unsure``, ``bad`` or ``open``: the colour of the verdict."""
        if self.holds is None:
            return "open"
        return ("good" if self.certain else "unsure") if self.holds else "bad"

    @property
    def words(self) -> str:
        """The verdict."""
        if self.holds is None:
            return "not measured"
        if not self.holds:
            return "does not hold"
        if self.certain:
            return "holds"
        no_interval = self.value is None or self.value.low is None
        return "holds, but no interval is recorded" if no_interval else "holds, but the interval crosses the bound"

    @property
    def note(self) -> str | None:
        """What else a reader should know of the verdict."""
        if self.holds is None:
            there = "no answers to compare" if not self.missing else f"waits for {' and '.join(self.missing)}"
            return there
        if self.holds or self.value is None or self.bound is None or self.value.low is None or self.value.high is None:
            return None
        return "the interval reaches the bound" if self.value.low <= self.bound <= self.value.high else None


def read_expectations(recipe: Mapping[str, Any], results: Any, measured: Measured) -> tuple[Expectation, ...]:
    """All that the recipe expects, in its order, then whatever else the results name.

    Args:
        recipe: The resolved recipe; its ``expect`` also has what is not measured yet.
        results: ``expectations`` of the run's ``results.json``.
        measured: Evaluations by name, each with the lengths of its right answers.
    """
    expected, found = mapping(recipe.get("expect")), mapping(results)
    return tuple(
        _expectation(name, {**mapping(expected.get(name)), **mapping(found.get(name))}, measured)
        for name in dict.fromkeys((*expected, *found))
    )


def count_words(expectations: tuple[Expectation, ...]) -> str:
    """``"11 of 13 expectations hold (9 with their whole 95 % interval), 1 does not and 1 is not measured yet"``."""
    number_of = len(expectations)
    subject = f"{number_of} expectations" if number_of != 1 else "expectation"
    tones = [expectation.tone for expectation in expectations]
    held, certain, failed = tones.count("good") + tones.count("unsure"), tones.count("good"), tones.count("bad")
    if tones.count("open") == number_of:
        return (
            f"None of the {subject} has been measured yet" if number_of > 1 else "The expectation is not measured yet"
        )
    if number_of == 1:
        return f"The one expectation {expectations[0].words}"
    start = f"All {subject} hold" if held == number_of else f"{held} of {subject} {'holds' if held == 1 else 'hold'}"
    if held:
        whole = "all of them" if certain == held else f"{certain} of them"
        start += f" ({whole if certain else 'none'} with the whole 95 % interval)"
    rest = [f"{failed} {'does' if failed == 1 else 'do'} not"] if failed else []
    waiting = tones.count("open")
    rest += [f"{waiting} {'is' if waiting == 1 else 'are'} not measured yet"] if waiting else []
    return f"{start}{', ' if rest else ''}{' and '.join(rest)}"


def _expectation(name: str, row: dict[str, Any], measured: Measured) -> Expectation:
    before, after = text(row.get("before")) or "?", text(row.get("after")) or "?"
    metric = text(row.get("metric")) or "pass@1"
    listed = row.get("benchmarks")
    benchmarks = tuple(str(item) for item in listed) if isinstance(listed, list) else ()
    at_least, at_most = number(row.get("at_least")), number(row.get("at_most"))
    mean = number(row.get("value"))
    holds = row.get("holds") if isinstance(row.get("holds"), bool) and mean is not None else None
    start, end = _levels(metric, benchmarks, measured.get(before), measured.get(after))
    return Expectation(
        name=name,
        claim=text(row.get("claim")) or name,
        metric=metric,
        benchmarks=benchmarks,
        before=before,
        after=after,
        bound=at_most if at_least is None else at_least,
        at_least=None if at_least is None and at_most is None else at_least is not None,
        value=None if mean is None else Estimate(mean, *interval(row.get("ci95"))),
        start=start,
        end=end,
        holds=holds,
        certain=row.get("certain") is True,
        missing=tuple(dict.fromkeys(side for side in (before, after) if side not in measured)),
    )


Side = tuple[Evaluation, Mapping[str, RightLength]] | None


def _levels(metric: str, benchmarks: tuple[str, ...], *sides: Side) -> tuple[float | None, float | None]:
    """The metric on both sides, None where one of the benchmarks has none."""
    if metric == TOKENS:
        start, end = (_tokens(benchmarks, side) for side in sides)
        return start, end
    shared = None
    for evaluation in (side[0] for side in sides if side is not None):
        for name in benchmarks:
            found = evaluation.benchmarks.get(name)
            ks = set() if found is None else set(found.overall.pass_at)
            shared = ks if shared is None else shared & ks
    if not shared or (metric == "pass@1" and 1 not in shared):
        return None, None
    k = 1 if metric == "pass@1" else max(shared)
    start, end = (None if side is None else _mean_pass(benchmarks, side[0], k) for side in sides)
    return start, end


def _mean_pass(benchmarks: tuple[str, ...], evaluation: Evaluation, k: int) -> float:
    return math.fsum(evaluation.benchmarks[name].overall.pass_at[k].mean for name in benchmarks) / len(benchmarks)


def _tokens(benchmarks: tuple[str, ...], side: Side) -> float | None:
    if side is None or not benchmarks or any(name not in side[1] for name in benchmarks):
        return None
    lengths = [side[1][name] for name in benchmarks]
    return math.fsum(length.tokens for length in lengths) / sum(length.count for length in lengths)
