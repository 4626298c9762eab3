"""A run's ``results.json``: every evaluation stage, and what changed from each to the next, problem by problem."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

from reasoncore.evals.score import ProblemSamples, group_by_problem
from reasoncore.evals.statistics import macro_paired_difference
from reasoncore.records import read_jsonl


def collect_results(run: Path) -> dict[str, Any]:
    """The contents of ``RUN/results.json`` from what the stages have written so far."""
    folders = [path.parent for path in sorted(run.glob("stages/*/results.json"))]
    stages = {
        _stage_name(folder): json.loads((folder / "results.json").read_text(encoding="utf-8")) for folder in folders
    }
    comparisons: list[dict[str, Any]] = []
    for before, after in pairwise(folders):
        comparisons += compare_rollouts(before, after)
    return {"stages": stages, "comparisons": comparisons}


def compare_rollouts(before: Path, after: Path) -> list[dict[str, Any]]:
    """Paired differences, macro over subdomains, of Pass@1 and the largest Pass@K two evaluations share."""
    samples_before, samples_after = _samples(before), _samples(after)
    rows: list[dict[str, Any]] = []
    for benchmark in samples_before.keys() & samples_after.keys():
        a, b = samples_before[benchmark], samples_after[benchmark]
        if a.keys() != b.keys():
            continue
        k = min(len(problem.correct) for problem in [*a.values(), *b.values()])
        for size in sorted({1, k} - {0}):
            subdomain_of = {problem.problem_id: problem.subdomain for problem in a.values()}
            estimate = macro_paired_difference(_values(b, size), _values(a, size), subdomain_of)
            rows.append(
                {
                    "from": _stage_name(before),
                    "to": _stage_name(after),
                    "benchmark": benchmark,
                    "metric": f"pass@{size}",
                    "macro": True,
                    "difference": estimate.mean,
                    "ci95": estimate.as_json()["ci95"],
                }
            )
    return rows


def _values(problems: dict[str, ProblemSamples], k: int) -> dict[str, list[float]]:
    """Pass@k of each problem, as a list of one."""
    values: dict[str, list[float]] = {}
    for problem_id in sorted(problems):
        score = problems[problem_id].pass_at(k)
        assert score is not None
        values[problem_id] = [score]
    return values


def _samples(folder: Path) -> dict[str, dict[str, ProblemSamples]]:
    rows_of: dict[str, list[dict[str, Any]]] = {}
    for _, row in read_jsonl(folder / "rollouts.jsonl"):
        rows_of.setdefault(row["benchmark"], []).append(row)
    return {name: {p.problem_id: p for p in group_by_problem(rows)} for name, rows in rows_of.items()}


def _stage_name(folder: Path) -> str:
    return folder.name.partition("-")[2]
