"""The same rollouts under another grader: its score, every verdict that it changes, and how often it changes one.

The overturn rate is the share of samples that both graders judged and judged differently. A sample that one of them
could not judge is no disagreement; it is left out of that rate and of the difference, and counted.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from reasoncore.errors import DataError
from reasoncore.evals.paired import PairedComparison, compare_samples
from reasoncore.evals.score import Row, group_by_problem, score_benchmark
from reasoncore.records import Verdict

_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Change:
    """A sample that was judged otherwise before; ``recorded`` is the verdict in the file."""

    problem_id: str
    sample: int
    gold: str
    recorded_answer: str | None
    answer: str | None
    recorded: bool | None
    correct: bool | None
    recorded_reason: str
    reason: str


@dataclass(frozen=True, slots=True)
class Regrading:
    """A benchmark under one grader.

    Attributes:
        samples: Samples it was given.
        block: As :func:`reasoncore.evals.score.score_benchmark` makes it, of these samples.
        changes: Samples with another verdict than the recorded one, "not judged" being one, in the order of the file.
        overturn_rate: Of the samples that both judged, the share judged differently; None without any.
        comparison: This grader minus the recorded verdicts, in points, over problems; None likewise.
    """

    benchmark: str
    grader: str
    samples: int
    block: Mapping[str, Any]
    changes: tuple[Change, ...]
    overturn_rate: float | None
    comparison: PairedComparison | None

    def as_json(self) -> dict[str, Any]:
        """The attributes."""
        compared = None if self.comparison is None else self.comparison.as_json()
        return {**asdict(self), "comparison": compared}


def regrade(
    benchmark: str, grader: str, rows: Sequence[Row], verdicts: Sequence[Verdict], data_sha256: str
) -> Regrading:
    """Put other verdicts in the place of the recorded ones.

    Args:
        benchmark: Its name.
        grader: The grader's.
        rows: Rollouts of the benchmark.
        verdicts: The grader's verdict on each.
        data_sha256: Hash of what was asked.

    Raises:
        DataError: As :func:`reasoncore.evals.score.score_benchmark`.
    """
    graded = [_with_verdict(row, verdict) for row, verdict in zip(rows, verdicts, strict=True)]
    pairs = list(zip(rows, graded, strict=True))
    both = [(old, new) for old, new in pairs if old["correct"] is not None and new["correct"] is not None]
    overturned = sum(old["correct"] != new["correct"] for old, new in both)
    return Regrading(
        benchmark,
        grader,
        len(rows),
        score_benchmark(graded, data_sha256),
        tuple(_change(old, new) for old, new in pairs if old["correct"] != new["correct"]),
        overturned / len(both) if both else None,
        _compared(benchmark, both),
    )


def differing_keys(recorded: Mapping[str, Any], block: Mapping[str, Any]) -> list[str]:
    """The figures of a block that a recorded one, read from JSON, does not have alike; it may have more of them."""
    plain = json.loads(json.dumps(block))
    return [key for key, value in plain.items() if key not in recorded or recorded[key] != value]


def _with_verdict(row: Row, verdict: Verdict) -> dict[str, Any]:
    fields = {"answer": verdict.answer, "correct": verdict.correct, "reason": verdict.reason}
    kept = {key: value for key, value in row.items() if key != "details"}
    return {**kept, **fields, **({"details": dict(verdict.details)} if verdict.details else {})}


def _change(old: Row, new: Row) -> Change:
    return Change(
        str(old["problem_id"]),
        old["sample"],
        str(old.get("gold") or ""),
        old["answer"],
        new["answer"],
        old["correct"],
        new["correct"],
        str(old.get("reason") or ""),
        str(new["reason"]),
    )


def _compared(benchmark: str, both: Sequence[tuple[Row, Row]]) -> PairedComparison | None:
    if not both:
        return None
    recorded, graded = ({p.problem_id: p for p in group_by_problem(side)} for side in zip(*both, strict=True))
    try:
        return compare_samples(benchmark, recorded, graded)
    except DataError:
        return None


def regrading_lines(found: Regrading) -> list[str]:
    """The grader's score and what it changed, for people."""
    score = found.block["pass@1"]
    low, high = (_percent(end) for end in score["ci95"])
    overturned = "no sample judged by both" if found.overturn_rate is None else f"{_percent(found.overturn_rate)} %"
    lines = [
        f"{found.grader}: Pass@1 {_percent(score['mean'])} % [{low}, {high}], {found.block['n']} problems, "
        f"{found.samples} samples, not judged {_percent(found.block['not_judged_rate'])} %; overturned: {overturned}"
    ]
    if found.changes and found.comparison is not None:
        ends = ("?" if end is None else f"{end:+.1f}" for end in found.comparison.ci95)
        lines.append(f"    {found.comparison.difference:+.1f} points against the record ({' to '.join(ends)})")
    lines += [
        f"    {change.problem_id}, sample {change.sample}: {_word(change.recorded)} ({change.recorded_reason:.60}) to "
        f"{_word(change.correct)} ({change.reason:.60}); answer {change.answer!r:.40}, gold {change.gold!r:.40}"
        for change in found.changes[:_SHOWN]
    ]
    more = len(found.changes) - _SHOWN
    return [*lines, f"    and {more} more in regrade.json"] if more > 0 else lines


def _word(correct: bool | None) -> str:
    return {True: "right", False: "wrong", None: "not judged"}[correct]


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f}"
