"""The numbers of an evaluation, read from ``results.json`` without trusting its shape.

Whatever is missing or of the wrong type becomes None or empty, and the page shows a dash: a report of half a run is
worth having, and a report that invents a number is not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

LARGEST = 1e300  # beyond this, and for NaN, nothing sensible can be drawn


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean, a share in [0, 1] unless said otherwise, and its 95 % interval, where one was computed."""

    mean: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Score:
    """How often a set of problems was answered right.

    Attributes:
        n: Number of problems.
        pass_at: Pass@k by k; Pass@1 is under 1.
        cons_at: Accuracy of the majority answer of k samples, by k.
    """

    n: int | None
    pass_at: dict[int, Estimate]
    cons_at: dict[int, Estimate]


@dataclass(frozen=True, slots=True)
class Tokens:
    """How long completions are, in tokens: quantiles by share, and the means of right and of wrong ones."""

    quantiles: dict[str, float]
    right_mean: float | None
    wrong_mean: float | None


@dataclass(frozen=True, slots=True)
class Clr:
    """Claim-level reliability beside the vote of the same samples, by k, and what it cost; shares in [0, 1].

    ``likeliest_at``: best of k by mean log-probability; empty where a server says none.
    """

    clr_at: dict[int, Estimate]
    cons_at: dict[int, Estimate]
    likeliest_at: dict[int, Estimate]
    gain_at: dict[int, Estimate]
    checks: int | None
    spared: float | None
    unparsable_rate: float | None
    padded_rate: float | None


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One benchmark of one evaluation. Rates are shares of all samples, in [0, 1].

    ``note`` is what a reader has to know of the problems or of how they are judged.
    ``instructions`` has the strict and loose accuracies by prompt and by instruction, where there are instructions.
    """

    name: str
    k: int | None
    overall: Score
    macro: Score
    subdomains: dict[str, Score]
    levels: dict[str, Score]
    cutoff_rate: float | None
    no_answer_rate: float | None
    not_judged_rate: float | None
    mean_tokens: float | None
    data_sha256: str | None
    note: str | None
    tokens: Tokens | None
    instructions: dict[str, Estimate]
    clr: Clr | None

    @property
    def has_answers(self) -> bool:
        """Whether there are answers to extract and to vote on: not where samples are right without any."""
        first = self.overall.pass_at.get(1)
        return self.no_answer_rate != 1 or first is None or first.mean == 0


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One model measured under one protocol."""

    name: str
    model: str | None
    protocol: str | None
    benchmarks: dict[str, Benchmark]

    @property
    def asks_claims(self) -> bool:
        """Whether its questions ask for claims too, as CLR's do: other questions than those of plain evaluations."""
        return any(benchmark.clr is not None for benchmark in self.benchmarks.values())


@dataclass(frozen=True, slots=True)
class Comparison:
    """A paired difference ``after - before`` on the same problems."""

    before: str
    after: str
    benchmark: str
    k: int
    macro: bool
    difference: Estimate


def domain_of(benchmark: str) -> str:
    """How a benchmark is called where space is short: ``"math"`` for ``"procedural-math"``."""
    return benchmark.removeprefix("procedural-") or benchmark


def number(value: Any) -> float | None:
    """``value`` if it is a finite number, else None (a JSON true is not a number)."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and -LARGEST < value < LARGEST:
        return float(value)
    return None


def text(value: Any) -> str | None:
    """``value`` as text: strings as they are, flat objects as ``key value`` pairs, None and empty as None."""
    if isinstance(value, dict):
        return ", ".join(f"{key} {item}" for key, item in value.items()) or None
    return None if value is None or value == "" else str(value)


def mapping(value: Any) -> dict[str, Any]:
    """``value`` if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def parse_evaluation(name: str, results: dict[str, Any]) -> Evaluation:
    """An evaluation from an object with ``model``, ``protocol`` and ``benchmarks``."""
    benchmarks = {key: _benchmark(key, mapping(block)) for key, block in mapping(results.get("benchmarks")).items()}
    return Evaluation(name, text(results.get("model")), text(results.get("protocol")), benchmarks)


def parse_comparison(row: dict[str, Any]) -> Comparison | None:
    """A comparison from a row of ``comparisons``; None when it does not say what was compared."""
    difference = number(row.get("difference"))
    metric, _, k = str(row.get("metric")).partition("@")
    if difference is None or metric != "pass" or not k.isdecimal() or not (row.get("from") and row.get("to")):
        return None
    return Comparison(
        str(row["from"]),
        str(row["to"]),
        str(row.get("benchmark")),
        int(k),
        bool(row.get("macro")),
        Estimate(difference, *interval(row.get("ci95"))),
    )


def _benchmark(name: str, block: dict[str, Any]) -> Benchmark:
    k = number(block.get("k"))
    return Benchmark(
        name=name,
        k=None if k is None else int(k),
        overall=_score(block),
        macro=_score(mapping(block.get("macro"))),
        subdomains={key: _score(mapping(item)) for key, item in sorted(mapping(block.get("subdomains")).items())},
        levels={
            key: _score(mapping(item)) for key, item in sorted(mapping(block.get("levels")).items(), key=_by_level)
        },
        cutoff_rate=number(block.get("cutoff_rate")),
        no_answer_rate=number(block.get("no_answer_rate")),
        not_judged_rate=number(block.get("not_judged_rate")),
        mean_tokens=number(block.get("mean_tokens")),
        data_sha256=text(block.get("data_sha256")),
        note=text(block.get("note")),
        tokens=_tokens(mapping(block.get("tokens"))),
        instructions={
            str(key): found
            for key, value in mapping(block.get("instructions")).items()
            if (found := estimate(value)) is not None
        },
        clr=_clr(mapping(block.get("clr"))),
    )


def _clr(block: dict[str, Any]) -> Clr | None:
    checks = number(block.get("checks"))
    found = Clr(
        _by_k(block.get("clr@k")),
        _by_k(block.get("cons@k")),
        _by_k(block.get("best_log_prob@k")),
        _by_k(block.get("clr_minus_cons@k")),
        None if checks is None else int(checks),
        number(block.get("spared")),
        number(block.get("unparsable_rate")),
        number(block.get("padded_rate")),
    )
    return found if found.clr_at else None


def _tokens(block: dict[str, Any]) -> Tokens | None:
    shares = {key: number(value) for key, value in mapping(block.get("quantiles")).items()}
    quantiles = {str(key): value for key, value in shares.items() if value is not None}
    return Tokens(quantiles, number(block.get("right_mean")), number(block.get("wrong_mean"))) if quantiles else None


def _by_level(item: tuple[str, Any]) -> tuple[bool, int, str]:
    """Levels 2 and 10 in this order, whatever is not a number after them."""
    key = item[0]
    return (not key.isdecimal(), int(key) if key.isdecimal() else 0, key)


def _score(block: dict[str, Any]) -> Score:
    n = number(block.get("n"))
    pass_at = _by_k(block.get("pass@k"))
    first = estimate(block.get("pass@1"))
    if first is not None:
        pass_at[1] = first
    return Score(None if n is None else int(n), pass_at, _by_k(block.get("cons@k")))


def _by_k(value: Any) -> dict[int, Estimate]:
    read = {int(k): estimate(item) for k, item in mapping(value).items() if k.isdecimal()}
    return {k: found for k, found in sorted(read.items()) if found is not None}


def estimate(value: Any) -> Estimate | None:
    """From an object with ``mean`` and ``ci95``; None without a mean."""
    mean = number(mapping(value).get("mean"))
    return None if mean is None else Estimate(mean, *interval(mapping(value).get("ci95")))


def interval(value: Any) -> tuple[float | None, float | None]:
    """From ``[low, high]``; (None, None) if either end is missing."""
    if not isinstance(value, list) or len(value) != 2:
        return None, None
    low, high = number(value[0]), number(value[1])
    return (None, None) if low is None or high is None else (low, high)
