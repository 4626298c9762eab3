"""From rollout rows to a benchmark's block of ``results.json``. Needs only the rows, so re-grading is this and no more.

A rollout that was not judged (``correct`` is null) is left out of numerator and denominator of its problem, and
counted in ``not_judged_rate``. A problem left with fewer than k judged samples has no pass@k for that k and is left
out of that mean; ``n_fully_judged`` says how many problems have all k.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reasoncore.errors import DataError
from reasoncore.evals.instruction_accuracy import instruction_accuracy
from reasoncore.evals.metrics import cons_at_k, pass_at_k
from reasoncore.evals.statistics import Estimate, clustered_mean, macro_mean
from reasoncore.evals.token_counts import token_counts

Samples = Mapping[str, "ProblemSamples"]
Row = Mapping[str, Any]
Metric = Callable[["ProblemSamples"], float | None]

_REQUIRED = ("problem_id", "sample", "token_count", "finish", "answer", "correct")


@dataclass(frozen=True, slots=True)
class ProblemSamples:
    """The samples of one problem in sampling order; ``answers``, ``correct`` and ``tokens`` hold the judged ones.

    ``tokens`` is None where a server did not count them. ``whole`` where responses are judged as a whole, and have no
    final answer: by instructions or a rubric.
    """

    problem_id: str
    subdomain: str
    level: int | None
    sampled: int
    answers: tuple[str | None, ...]
    correct: tuple[bool, ...]
    tokens: tuple[int | None, ...]
    whole: bool = False

    @property
    def right_tokens(self) -> list[int]:
        """Lengths of the correct samples, where they were counted."""
        pairs = zip(self.tokens, self.correct, strict=True)
        return [tokens for tokens, correct in pairs if correct and tokens is not None]

    def pass_at(self, k: int) -> float | None:
        """Unbiased pass@k, None with fewer than k judged samples."""
        return pass_at_k(len(self.correct), sum(self.correct), k) if len(self.correct) >= k else None

    def consensus(self) -> float | None:
        """1.0 if the majority answer of the judged samples is correct, else 0.0.

        None when none was judged, or where nothing can be voted on.
        """
        return float(cons_at_k(self.answers, self.correct)) if self.correct and not self.whole else None


def score_benchmark(rows: Sequence[Row], data_sha256: str) -> dict[str, Any]:
    """The block of one benchmark, as the contract shows it, with ``subdomains``, ``levels`` and ``macro``.

    Also ``tokens``, see :func:`token_counts`, and ``instructions``, see :func:`instruction_accuracy`; null without any.

    Args:
        rows: Rollouts of one benchmark in any order: the contract's fields, and ``subdomain`` and ``level`` where
            known.
        data_sha256: Hash of what was asked.

    Raises:
        DataError: No rows, a row without a needed field, or one sample given twice.
    """
    problems = group_by_problem(rows)
    k = max(problem.sampled for problem in problems)
    had = [row for row in rows if row["finish"] is not None]
    counts = [row["token_count"] for row in had if row["token_count"] is not None]
    by_subdomain = _grouped(problems, lambda problem: problem.subdomain)
    by_level = _grouped([p for p in problems if p.level is not None], lambda problem: f"{problem.level}")
    return {
        "n": len(problems),
        "k": k,
        **_scores(problems, k),
        "n_fully_judged": sum(len(problem.correct) == k for problem in problems),
        "cutoff_rate": _rate(had, lambda row: row["finish"] == "length"),
        "no_answer_rate": _rate(had, _gave_no_answer),
        "not_judged_rate": _rate(rows, lambda row: row["correct"] is None),
        "mean_tokens": sum(counts) / len(counts) if counts else None,
        "tokens": token_counts(had),
        "instructions": instruction_accuracy(rows),
        "data_sha256": data_sha256,
        "macro": {
            "pass@1": _macro(by_subdomain, _pass_at_1),
            "pass@k": {str(size): _macro(by_subdomain, _pass_at(size)) for size in k_values(k)},
        },
        "subdomains": {name: {"n": len(part), **_scores(part, k)} for name, part in by_subdomain.items()},
        "levels": {name: {"n": len(part), **_scores(part, k)} for name, part in by_level.items()},
    }


def k_values(k: int) -> list[int]:
    """Powers of two up to k, and k itself."""
    powers = [2**exponent for exponent in range(k.bit_length()) if 2**exponent <= k]
    return powers if powers[-1] == k else [*powers, k]


def group_by_problem(rows: Iterable[Row]) -> list[ProblemSamples]:
    """Rollout rows by problem, in order of first appearance, samples in sampling order.

    Raises:
        DataError: As :func:`score_benchmark`.
    """
    groups: dict[str, dict[int, Row]] = {}
    for number, row in enumerate(rows, start=1):
        missing = [field for field in _REQUIRED if field not in row]
        if missing:
            raise DataError(
                f"rollouts, row {number}: no field {missing[0]!r}", "Use the rollouts.jsonl that an evaluation wrote."
            )
        samples = groups.setdefault(str(row["problem_id"]), {})
        if row["sample"] in samples:
            raise DataError(
                f"rollouts, row {number}: sample {row['sample']} of problem {row['problem_id']!r} is there twice",
                "Delete one of the two rows, or evaluate into an empty folder.",
            )
        samples[row["sample"]] = row
    if not groups:
        raise DataError("rollouts: no rows", "Evaluate at least one problem.")
    return [
        _problem(problem_id, [samples[index] for index in sorted(samples)]) for problem_id, samples in groups.items()
    ]


def largest_shared_k(a: Samples, b: Samples) -> int:
    """The largest k of Pass@k that two evaluations of a benchmark have; samples by problem."""
    return min(max(problem.sampled for problem in side.values()) for side in (a, b))


def shared_problems(a: Samples, b: Samples, k: int) -> list[str]:
    """The problems that both have with at least k judged samples, in the order of the first."""
    return [i for i in a if i in b and min(len(a[i].correct), len(b[i].correct)) >= k]


def _problem(problem_id: str, rows: Sequence[Row]) -> ProblemSamples:
    judged = [row for row in rows if row["correct"] is not None]
    return ProblemSamples(
        problem_id=problem_id,
        subdomain=str(rows[0].get("subdomain") or "all"),
        level=rows[0].get("level"),
        sampled=len(rows),
        answers=tuple(row["answer"] for row in judged),
        correct=tuple(bool(row["correct"]) for row in judged),
        tokens=tuple(row["token_count"] for row in judged),
        whole=any(map(_is_judged_whole, judged)),
    )


def _is_judged_whole(row: Row) -> bool:
    details = row.get("details") or {}
    return "strict" in details or "rubric" in details


def _gave_no_answer(row: Row) -> bool:
    return row["answer"] is None and (row["finish"] == "length" or not _is_judged_whole(row))


def _scores(problems: Sequence[ProblemSamples], k: int) -> dict[str, Any]:
    return {
        "pass@1": _mean(problems, _pass_at_1),
        "pass@k": {str(size): _mean(problems, _pass_at(size)) for size in k_values(k)},
        "cons@k": {str(k): _mean(problems, ProblemSamples.consensus)},
    }


def _pass_at(k: int) -> Metric:
    return lambda problem: problem.pass_at(k)


_pass_at_1 = _pass_at(1)


def _values(problems: Sequence[ProblemSamples], metric: Metric) -> list[list[float]]:
    """One list of one value for each problem that has a value."""
    return [[value] for value in map(metric, problems) if value is not None]


def _mean(problems: Sequence[ProblemSamples], metric: Metric) -> dict[str, Any]:
    values = _values(problems, metric)
    return _json(clustered_mean(values) if values else None)


def _macro(by_subdomain: Mapping[str, Sequence[ProblemSamples]], metric: Metric) -> dict[str, Any]:
    values = {name: _values(part, metric) for name, part in by_subdomain.items()}
    # Dropping a subdomain would silently change what the mean is over.
    return _json(macro_mean(values) if all(values.values()) else None)


def _json(estimate: Estimate | None) -> dict[str, Any]:
    return {"mean": None, "ci95": [None, None]} if estimate is None else estimate.as_json()


def _rate(rows: Sequence[Row], holds: Callable[[Row], bool]) -> float | None:
    return sum(map(holds, rows)) / len(rows) if rows else None


def _grouped(
    problems: Sequence[ProblemSamples], label: Callable[[ProblemSamples], str]
) -> dict[str, list[ProblemSamples]]:
    groups: dict[str, list[ProblemSamples]] = {}
    for problem in problems:
        groups.setdefault(label(problem), []).append(problem)
    return dict(sorted(groups.items()))
