"""IFEval's four accuracies: by prompt and by instruction, strict and loose (Zhou et al. 2023, arXiv 2311.07911)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from reasoncore.evals.statistics import clustered_ratio

CRITERIA = ("strict", "loose")


def instruction_accuracy(rows: Iterable[Mapping[str, Any]]) -> dict[str, Any] | None:
    """The accuracies with intervals clustered by prompt; None where no row has a verdict by instruction.

    A prompt counts when all of its instructions are followed. An instruction counts by itself, so that a prompt with
    three weighs three times one with one.

    Args:
        rows: Rollouts; ``details`` of one that was judged by instructions has a list of bools for each criterion.
    """
    by_prompt: dict[str, list[Mapping[str, list[bool]]]] = {}
    for row in rows:
        details = row.get("details") or {}
        if row["correct"] is not None and all(details.get(criterion) for criterion in CRITERIA):
            by_prompt.setdefault(row["problem_id"], []).append(details)
    if not by_prompt:
        return None
    found = {}
    for criterion in CRITERIA:
        prompts = [[(float(all(d[criterion])), 1.0) for d in group] for group in by_prompt.values()]
        instructions = [
            [(float(sum(d[criterion])), float(len(d[criterion]))) for d in group] for group in by_prompt.values()
        ]
        found[f"prompt_{criterion}"] = clustered_ratio(prompts).as_json()
        found[f"instruction_{criterion}"] = clustered_ratio(instructions).as_json()
    return found
