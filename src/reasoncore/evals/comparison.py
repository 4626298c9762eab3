"""A run's ``results.json``: every evaluation stage, and what changed from each to the next, problem by problem."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from reasoncore.config import Expectation
from reasoncore.evals.expectations import check_expectation
from reasoncore.evals.score import ProblemSamples, Samples, group_by_problem, largest_shared_k, shared_problems
from reasoncore.evals.statistics import macro_paired_difference
from reasoncore.records import read_jsonl, required_text


def collect_results(run: Path, expected: Mapping[str, Expectation]) -> dict[str, Any]:
    """The contents of ``RUN/results.json`` from what the stages have written so far.

    An evaluation that asks for claims too asks other questions, and is not compared with the one before.
    """
    folders = [path.parent for path in sorted(run.glob("stages/*/results.json"))]
    stages = {
        _stage_name(folder): json.loads((folder / "results.json").read_text(encoding="utf-8")) for folder in folders
    }
    samples = {_stage_name(folder): read_samples(folder) for folder in folders}
    alike = [name for name, one in stages.items() if not any("clr" in block for block in one["benchmarks"].values())]
    comparisons = [row for before, after in pairwise(alike) for row in _compare(before, after, samples)]
    expectations = {
        name: check_expectation(e, samples[e.before], samples[e.after])
        for name, e in expected.items()
        if e.before in samples and e.after in samples
    }
    return {"stages": stages, "comparisons": comparisons, "expectations": expectations}


def _compare(before: str, after: str, samples: Mapping[str, Mapping[str, Samples]]) -> list[dict[str, Any]]:
    """Paired differences, macro over subdomains, of Pass@1 and the largest Pass@K two evaluations share.

    Over the problems that both evaluations have, with enough judged samples on either side; ``problems`` counts them.
    """
    rows: list[dict[str, Any]] = []
    for benchmark in (name for name in samples[before] if name in samples[after]):
        a, b = samples[before][benchmark], samples[after][benchmark]
        for size in sorted({1, largest_shared_k(a, b)}):
            shared = shared_problems(a, b, size)
            if not shared:
                continue
            subdomain_of = {i: a[i].subdomain for i in shared}
            estimate = macro_paired_difference(_values(b, shared, size), _values(a, shared, size), subdomain_of)
            rows.append(
                {
                    "from": before,
                    "to": after,
                    "benchmark": benchmark,
                    "metric": f"pass@{size}",
                    "macro": True,
                    "problems": len(shared),
                    "difference": estimate.mean,
                    "ci95": estimate.as_json()["ci95"],
                }
            )
    return rows


def _values(problems: Samples, chosen: list[str], k: int) -> dict[str, list[float]]:
    """Pass@k of each chosen problem, which has at least k judged samples, as a list of one."""
    return {i: [value] for i in chosen if (value := problems[i].pass_at(k)) is not None}


def read_samples(folder: Path) -> dict[str, dict[str, ProblemSamples]]:
    """The samples that an evaluation wrote, by benchmark and problem."""
    rows_of = read_rollouts(folder)
    return {name: {p.problem_id: p for p in group_by_problem(rows)} for name, rows in rows_of.items()}


def read_rollouts(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """The rows of an evaluation's ``rollouts.jsonl`` by benchmark.

    Raises:
        DataError: There is no such file, or it is damaged.
    """
    rows_of: dict[str, list[dict[str, Any]]] = {}
    path = folder / "rollouts.jsonl"
    for line, row in read_jsonl(path):
        rows_of.setdefault(required_text(row, "benchmark", f"{path}, line {line}"), []).append(row)
    return rows_of


def _stage_name(folder: Path) -> str:
    return folder.name.partition("-")[2]
