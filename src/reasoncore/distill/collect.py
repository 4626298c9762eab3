"""Traces of the specialists: sampled, judged, the wrong ones rejected, one of each text kept ([3B] section 2.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reasoncore.config import DistillStage
from reasoncore.data.problems import load_problems
from reasoncore.domains import Judge
from reasoncore.infer.engine import SamplingParams
from reasoncore.progress import say
from reasoncore.records import Group, Problem
from reasoncore.seeding import derive_seed
from reasoncore.stage import StageContext
from reasoncore.survey import survey


@dataclass(frozen=True, slots=True)
class CollectedTrace:
    """A verified trace.

    Attributes:
        source: The data source it comes from.
    """

    source: str
    problem: Problem
    response: str


def collect_traces(context: StageContext) -> list[CollectedTrace]:
    """Verified traces of every source, source after source. What a source gave is kept in ``traces-NAME.jsonl``."""
    settings: DistillStage = context.settings
    with context.judge() as judge:
        return [trace for name in settings.data for trace in _of_source(context, judge, name)]


def _of_source(context: StageContext, judge: Judge, name: str) -> list[CollectedTrace]:
    settings: DistillStage = context.settings
    source, teacher = settings.data[name], context.checkpoint(settings.teachers[name])
    seed = derive_seed(context.seed, "problems")
    problems = load_problems({name: source}, context.domains, "train", seed, context.root)
    sampling = SamplingParams(temperature=settings.temperature, max_tokens=settings.max_tokens)
    rows = survey(
        context,
        f"traces-{name}",
        lambda: context.engine(teacher),
        judge,
        problems,
        settings.samples,
        sampling,
        verified_responses,
    )
    traces = [
        CollectedTrace(name, problem, response)
        for problem, row in zip(problems, rows, strict=True)
        for response in row["responses"]
    ]
    right = sum(row["right"] for row in rows)
    say(f"{context.name}: {name}: {len(rows) * settings.samples} samples, {right} right, {len(traces)} different")
    return traces


def verified_responses(group: Group) -> dict[str, Any]:
    """How many rollouts are right and whole, and the different texts of those."""
    right = [
        completion.text
        for completion, verdict in zip(group.completions, group.verdicts, strict=True)
        if verdict.correct and completion.finish == "stop"
    ]
    return {"right": len(right), "responses": list(dict.fromkeys(right))}
