"""How much a recipe's stages have to do, in prompts, rollouts and sequences, as far as it follows from the recipe."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from reasoncore.config import (
    PROCEDURAL,
    DistillStage,
    EvalStage,
    FuseStage,
    PlanSettings,
    PretrainStage,
    ProblemSource,
    Recipe,
    RLStage,
    SFTStage,
    Stage,
    sources_of,
)
from reasoncore.plan.found import Found


@dataclass(frozen=True)
class Work:
    """What a stage does.

    Attributes:
        items: Traces or prompts of its data, probing problems of a fuse stage, problems of an evaluation.
        steps: Optimiser steps; 0 where nothing is trained.
        prompts: Prompts that are read to be answered; the samples of one share a reading.
        rollouts: Responses sampled.
        scored: Sequences that are read for their likelihood alone.
        trained: Sequences trained on, each as often as it is.
    """

    items: int
    steps: int = 0
    prompts: int = 0
    rollouts: int = 0
    scored: int = 0
    trained: int = 0


def plan_work(recipe: Recipe, assumed: PlanSettings | None, found: Found) -> dict[str, Work]:
    """Work of every stage, by name, in order. What nothing is known of counts as 0; see :func:`unknown`."""
    work: dict[str, Work] = {}
    for name, stage in recipe.stages.items():
        known = {key: size or 0 for key, size in sizes(stage, assumed, found).items()}
        items = sum(known.values())
        share = 1.0 if assumed is None else by_stage(assumed.trained_share, name, stage) or 1.0
        match stage:
            case PretrainStage():
                work[name] = supervised(items, items, 1, stage.batch_size)
            case SFTStage():
                work[name] = supervised(items, round(share * items), stage.epochs, stage.batch_size)
                if stage.hard is not None:
                    work[name] = replace(work[name], prompts=items, rollouts=items * stage.hard.rollouts)
            case FuseStage():
                work[name] = fusing(stage, items, recipe, work)
            case RLStage():
                probes = sum(size for key, size in known.items() if key.startswith("probe."))
                work[name] = reinforcing(stage, items - probes, probes, share)
            case DistillStage():
                rollouts = items * stage.samples
                fit = supervised(items, round(share * rollouts), stage.epochs, stage.batch_size)
                work[name] = replace(fit, prompts=items, rollouts=rollouts, scored=rollouts)
            case EvalStage():
                work[name] = evaluating(stage, known, found)
    return work


def supervised(items: int, kept: int, epochs: int, batch_size: int) -> Work:
    """Steps = ceil(epochs x kept / batch): batches run across the end of an epoch."""
    return Work(items, steps=math.ceil(epochs * kept / batch_size), trained=epochs * kept)


def fusing(stage: FuseStage, problems: int, recipe: Recipe, work: Mapping[str, Work]) -> Work:
    """At most: every candidate on one half of the probes, every candidate and their fusion on the other."""
    if isinstance(stage.of, str):
        trained = recipe.stages[stage.of]
        assert isinstance(trained, SFTStage)
        candidates = max(1, math.ceil(work[stage.of].steps / trained.save_every))
    else:
        candidates = len(stage.of)
    choosing = math.ceil(problems / 2)
    last_only = stage.chosen_by == "last"
    prompts = (0 if last_only else candidates * choosing) + (2 if last_only else candidates + 1) * (problems - choosing)
    return Work(problems, prompts=prompts, rollouts=prompts * stage.samples)


def reinforcing(stage: RLStage, prompts: int, probes: int, share: float) -> Work:
    """The filter's rollouts, steps x prompts x group, and the probe's at step 0 and every so many steps."""
    asked = stage.steps * (min(stage.prompts_per_step, prompts) if prompts else stage.prompts_per_step)
    rollouts = asked * stage.group_size
    measured = (stage.steps // stage.probe.every + 1) * probes if stage.probe else 0
    return Work(
        prompts,
        steps=stage.steps,
        prompts=prompts + asked + measured,
        rollouts=prompts * stage.filter_rollouts + rollouts + (measured * stage.probe.samples if stage.probe else 0),
        trained=round(share * rollouts),
    )


def evaluating(stage: EvalStage, problems: Mapping[str, int], found: Found) -> Work:
    """Problems x samples, the benchmark's own number unless the stage says; CLR at most doubles it."""
    samples = {name: stage.samples or found.benchmarks[name].samples for name in problems if name in found.benchmarks}
    items = sum(problems.values())
    rollouts = sum(count * samples.get(name, stage.samples or 1) for name, count in problems.items())
    checks = 0 if stage.clr is None else rollouts
    return Work(items, prompts=items + checks, rollouts=rollouts + checks)


def sizes(stage: Stage, assumed: PlanSettings | None, found: Found) -> dict[str, int | None]:
    """Problems of each source or benchmark of a stage, by key; None where neither file nor assumption says."""
    counted = assumed.count if assumed else {}
    if isinstance(stage, PretrainStage):
        return {"documents": stage.documents}
    if isinstance(stage, EvalStage):
        return {name: _benchmark_size(name, stage, counted, found) for name in stage.benchmarks}
    return {key: _source_size(source, counted, found) for key, source in sources_of(stage).items()}


def unknown(recipe: Recipe, assumed: PlanSettings | None, found: Found) -> Iterator[str]:
    """Files and benchmarks whose size nothing says, each once."""
    seen = set()
    for stage in recipe.stages.values():
        sources = sources_of(stage)
        for key, size in sizes(stage, assumed, found).items():
            name = sources[key].source if key in sources else key
            if size is None and name not in seen:
                seen.add(name)
                yield name


def by_stage(table: Mapping[str, float], name: str, stage: Stage) -> float | None:
    """An assumption for a stage: under its own name, or else under its kind; None without either."""
    return table.get(name, table.get(stage.kind))


def _source_size(source: ProblemSource, counted: Mapping[str, int], found: Found) -> int | None:
    if source.source == PROCEDURAL:
        return source.count
    known = found.rows.get(source.source, counted.get(source.source))
    bounds = [size for size in (known, source.count) if size is not None]
    return min(bounds, default=None)


def _benchmark_size(name: str, stage: EvalStage, counted: Mapping[str, int], found: Found) -> int | None:
    row = found.benchmarks.get(name)
    if row is not None and row.generated:
        return stage.limit or row.rows
    known = counted.get(name) if row is None or row.rows is None else row.rows
    if known is None or stage.limit is None:
        return known
    return min(known, stage.limit)
