"""What a careful reader should know before believing the numbers; it stands right under the verdict."""

from __future__ import annotations

from collections.abc import Callable

from reasoncore.evals.report.collect import UNFINISHED, Report
from reasoncore.evals.report.numbers import percent
from reasoncore.evals.report.scores import Benchmark

MANY_CUT_OFF = 0.10
MANY_NOT_JUDGED = 0.01


def cautions(report: Report) -> tuple[str, ...]:
    """The cautions, one sentence each; a benchmark has at most one of a kind, however often it was measured."""
    found = list(report.problems_reading)
    for stage in report.stages:
        if stage.status == UNFINISHED:
            steps = f" after {len(stage.metrics)} recorded steps" if stage.metrics else ""
            found.append(f"Stage {stage.name} has not finished{steps}: it is running or it was stopped.")
        elif stage.status != "done":
            found.append(f"Stage {stage.name} ended with status “{stage.status}”.")
    found += _high_rates(
        report, lambda benchmark: benchmark.cutoff_rate, MANY_CUT_OFF, "were cut off at the token limit"
    )
    found += _high_rates(
        report, lambda benchmark: benchmark.not_judged_rate, MANY_NOT_JUDGED, "could not be judged and are left out"
    )
    return (*found, *_not_comparable(report))


def _high_rates(report: Report, rate_of: Callable[[Benchmark], float | None], limit: float, fate: str) -> list[str]:
    high: dict[str, list[tuple[float, str]]] = {}
    measured: dict[str, int] = {}
    for evaluation in report.evaluations:
        for name, benchmark in evaluation.benchmarks.items():
            measured[name] = measured.get(name, 0) + 1
            rate = rate_of(benchmark)
            if rate is not None and rate > limit:
                high.setdefault(name, []).append((rate, evaluation.name))
    said = []
    for name, rates in high.items():
        if len(rates) == 1:
            said.append(f"{rates[0][1]}, {name}: {percent(rates[0][0])} % of the samples {fate}.")
            continue
        low, most = min(rates)[0], max(rates)
        said.append(
            f"{name}: {percent(low)} to {percent(most[0])} % of the samples {fate} in {len(rates)} of "
            f"{measured[name]} evaluations, the most in {most[1]}."
        )
    return said


def _not_comparable(report: Report) -> list[str]:
    """Evaluations that share a benchmark's name and not its problems, or were sampled by different rules."""
    found: list[str] = []
    hashes: dict[str, set[str]] = {}
    for evaluation in report.comparable:
        for benchmark in evaluation.benchmarks.values():
            if benchmark.data_sha256 is not None:
                hashes.setdefault(benchmark.name, set()).add(benchmark.data_sha256)
    for name, different in hashes.items():
        if len(different) > 1:
            found.append(f"{name}: the evaluations used different problems (their data hashes differ).")
    protocols = {evaluation.protocol for evaluation in report.comparable if evaluation.protocol is not None}
    if len(protocols) > 1:
        found.append(f"The evaluations used different protocols: {'; '.join(sorted(protocols))}.")
    return found
