"""The sentence at the top of the page, which follows from the data alone and claims no more than they do."""

from __future__ import annotations

import re

from reasoncore.evals.report.collect import Report
from reasoncore.evals.report.expectations import count_words
from reasoncore.evals.report.numbers import percent, points
from reasoncore.evals.report.pipeline import KIND_NAMES
from reasoncore.evals.report.scores import Benchmark, Comparison, Estimate, Evaluation, domain_of


def verdict(report: Report) -> str:
    """What happened, in one sentence, no stronger than the data."""
    # Numbers stay with their units when the line breaks.
    return re.sub(
        r"(?<=\d) (?=%|to|points|problems|samples)|(?<=\d to) (?=\W?\d)|(?<=%) (?=interval)",
        "\N{NO-BREAK SPACE}",
        _sentence(report),
    )


def _sentence(report: Report) -> str:
    evaluations = [evaluation for evaluation in report.comparable if evaluation.benchmarks]
    # With several domains the last step on one of them would be an arbitrary choice.
    several = any(len(evaluation.benchmarks) > 1 for evaluation in evaluations)
    gains = _gains(evaluations) if several or report.expectations else None
    said = gains or _one_domain(report, evaluations)
    return f"{count_words(report.expectations)}. {said}" if report.expectations else said


def _one_domain(report: Report, evaluations: list[Evaluation]) -> str:
    headline = _headline(report, evaluations)
    if headline is not None:
        return _compared(report, headline)
    if not evaluations:
        return "Nothing has been measured yet: there is no evaluation result in this folder."
    last = evaluations[-1]
    if len(evaluations) == 1:
        return f"{_only_one(report, last)}{_measured(last)}."
    return (
        f"No paired comparison is recorded, so no gain is claimed; "
        f"after the last evaluated stage ({last.name}), {_measured(last)}."
    )


def _gains(evaluations: list[Evaluation]) -> str | None:
    """Pass@1 of every domain from its first evaluation to its last; None where no domain has two."""
    measured: dict[str, list[tuple[str, float]]] = {}
    for evaluation in evaluations:
        for name, benchmark in evaluation.benchmarks.items():
            if 1 in benchmark.overall.pass_at:
                measured.setdefault(name, []).append((evaluation.name, benchmark.overall.pass_at[1].mean))
    measured = {name: found for name, found in measured.items() if len(found) > 1}
    if not measured:
        return None
    ends = {(found[0][0], found[-1][0]) for found in measured.values()}
    first, last = ends.pop() if len(ends) == 1 else ("each domain's first evaluation", "its last")
    changes = [
        f"{percent(found[0][1])} to {percent(found[-1][1])} % in {domain_of(name)}" for name, found in measured.items()
    ]
    return f"From {first} to {last}, Pass@1 went from {_listed(changes)}."


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _headline(report: Report, evaluations: list[Evaluation]) -> Comparison | None:
    """The comparison to lead with: what the last step did to Pass@1, macro if there is one."""
    order = {evaluation.name: place for place, evaluation in enumerate(evaluations)}
    known = [c for c in report.comparisons if c.before in order and c.after in order]
    # Latest result first, then the shortest step towards it, then Pass@1, then macro.
    return min(
        known,
        key=lambda c: (-order[c.after], order[c.after] - order[c.before], c.k != 1, c.k, not c.macro),
        default=None,
    )


def _compared(report: Report, comparison: Comparison) -> str:
    evaluations = {evaluation.name: evaluation for evaluation in report.evaluations}
    before = evaluations[comparison.before].benchmarks.get(comparison.benchmark)
    after = evaluations[comparison.after].benchmarks.get(comparison.benchmark)
    difference = comparison.difference
    subject = _subject(report, comparison)
    metric = metric_name(comparison)
    start, end = _mean(before, comparison), _mean(after, comparison)
    values = "" if start is None or end is None else f" from {percent(start)} % to {percent(end)} %"
    place = f" of {comparison.benchmark}"
    problems = "" if after is None or after.overall.n is None else f" on {after.overall.n:,} problems"
    change = f"{points(difference.mean)} points"
    if difference.low is None or difference.high is None:
        return (
            f"{metric} went{values} with {subject} ({change}){problems}{place}, "
            "but no interval is recorded, so this may be chance."
        )
    interval = f"95 % interval {points(difference.low)} to {points(difference.high)}"
    if difference.low <= 0 <= difference.high:
        return (
            f"{subject} made no measurable difference to {metric}: it went{values} "
            f"({change}, {interval}, which includes zero){problems}{place}."
        )
    verb = "raised" if difference.mean > 0 else "lowered"
    return f"{subject} {verb} {metric}{values} ({change}, {interval}){problems}{place}."


def metric_name(comparison: Comparison) -> str:
    """``"macro Pass@1"`` and the like."""
    return f"{'macro ' if comparison.macro else ''}Pass@{comparison.k}"


def _subject(report: Report, comparison: Comparison) -> str:
    """What lies between the two evaluations: ``"RL"``, ``"SFT and RL"``."""
    names = [stage.name for stage in report.stages]
    between = report.stages[names.index(comparison.before) + 1 : names.index(comparison.after)]
    kinds = list(dict.fromkeys(KIND_NAMES.get(stage.kind, stage.name) for stage in between if stage.kind != "eval"))
    if not kinds:
        return f"The step from {comparison.before} to {comparison.after}"
    return _listed(kinds)


def _mean(benchmark: Benchmark | None, comparison: Comparison) -> float | None:
    if benchmark is None:
        return None
    estimate = (benchmark.macro if comparison.macro else benchmark.overall).pass_at.get(comparison.k)
    return None if estimate is None else estimate.mean


def _only_one(report: Report, evaluation: Evaluation) -> str:
    if not report.is_run:
        return f"For {evaluation.model}, " if evaluation.model else ""
    return f"Only one evaluation ({evaluation.name}) is there, so there is nothing to compare it with yet: "


def _measured(evaluation: Evaluation) -> str:
    if len(evaluation.benchmarks) > 1:
        scores = {name: item.overall.pass_at.get(1) for name, item in evaluation.benchmarks.items()}
        known = [f"{percent(found.mean)} % in {domain_of(name)}" for name, found in scores.items() if found is not None]
        return f"Pass@1 is {_listed(known)}" if known else "no Pass@1 is recorded"
    benchmark = next(iter(evaluation.benchmarks.values()))
    macro = 1 in benchmark.macro.pass_at
    estimate = (benchmark.macro if macro else benchmark.overall).pass_at.get(1)
    if estimate is None:
        return f"no Pass@1 is recorded on {benchmark.name}"
    n = benchmark.overall.n
    problems = "" if n is None else f" on {n:,} problems of {benchmark.name}"
    samples = "" if benchmark.k is None else f", {benchmark.k} samples each"
    return (
        f"{'macro ' if macro else ''}Pass@1 is {percent(estimate.mean)} %{_with_interval(estimate)}{problems}{samples}"
    )


def _with_interval(estimate: Estimate) -> str:
    if estimate.low is None or estimate.high is None:
        return " (no interval recorded)"
    return f" (95 % interval {percent(estimate.low)} to {percent(estimate.high)})"
