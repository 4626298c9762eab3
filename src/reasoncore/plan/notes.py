"""What to say beside a plan's figures: what they leave out, and what will not work as the recipe stands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reasoncore.config import PROCEDURAL_JUDGE, FuseStage, PlanSettings, Recipe, SFTStage
from reasoncore.plan.found import Found
from reasoncore.plan.records import StagePlan
from reasoncore.plan.stages import asked_context
from reasoncore.plan.work import unknown


def notes_on(recipe: Recipe, assumed: PlanSettings | None, stages: Sequence[StagePlan]) -> Iterator[str]:
    """What the figures take for granted."""
    kinds = recipe.stages.values()
    if any(isinstance(stage, FuseStage) for stage in kinds):
        yield "a fuse stage counts every candidate as a specialist, the most there can be"
    if any(isinstance(stage, SFTStage) and stage.hard for stage in kinds):
        yield (
            "a hard subset counts every trace as a long one with a problem of its own, and the reference as a model of "
            "the base's size"
        )
    if assumed is None:
        yield "no section plan, so no tokens, memory, device-hours or price"
        return
    if recipe.judge != PROCEDURAL_JUDGE:
        yield f"the judge of open-ended answers, {recipe.judge}, is not counted: neither its work nor its memory"
    if assumed.device.devices > 1:
        yield (
            f"days are of work shared evenly by {assumed.device.devices} devices, each of which holds everything; the "
            "learner and the engine here drive one"
        )
    rows = [stage.costs.memory.decode_rows for stage in stages if stage.costs and stage.costs.memory.decode_rows]
    lowered = [count for count in rows if count < recipe.hardware.decode_rows]
    if lowered:
        span = f"{min(lowered)} to {max(lowered)}" if min(lowered) < max(lowered) else f"{min(lowered)}"
        yield (
            f"in {len(lowered)} of {len(rows)} stages that sample, hardware.kv_cache_gib holds {span} whole windows, "
            f"not the {recipe.hardware.decode_rows} of decode_rows"
        )
    longest = [stage.name for stage in stages if stage.costs and stage.costs.is_longest]
    if longest:
        yield f"no mean in plan.response_tokens, so the longest response allowed stands for it: {', '.join(longest)}"
    names = {*recipe.stages, *(stage.kind for stage in kinds)}
    unused = sorted({*assumed.response_tokens, *assumed.trained_share} - names)
    if unused:
        yield f"in plan.response_tokens or plan.trained_share, but no stage or kind here: {', '.join(unused)}"


def warnings_on(
    recipe: Recipe, assumed: PlanSettings | None, found: Found, stages: Sequence[StagePlan]
) -> Iterator[str]:
    """What will not work as the recipe stands, or is not known."""
    missing = list(unknown(recipe, assumed, found))
    if missing:
        yield f"not here, and their size not in plan.count, so counted as empty: {', '.join(missing)}"
    if found.nowhere:
        listed = ", ".join(f"{key} = {reference!r}" for key, reference in found.nowhere.items())
        yield f"neither a stage nor a folder here, so a run refuses: {listed}. Mend the name, or put the folder there"
    if assumed is None:
        return
    if found.shape is None:
        yield f"base {recipe.base} is not here and plan.model does not describe it, so nothing can be costed"
        return
    context = found.shape.max_position_embeddings
    beyond = {name: asked for name, asked in asked_context(recipe, assumed, found).items() if asked > context}
    if beyond:
        yield (
            f"the base's context is {context:,} tokens, but these ask for up to {max(beyond.values()):,}: "
            f"{', '.join(beyond)}. Longer traces are dropped and completions cut: raise max_position_embeddings in the "
            "base's config.json. The plan counts as if that were done"
        )
    yield from _unfit(assumed, stages)


def _unfit(assumed: PlanSettings, stages: Sequence[StagePlan]) -> Iterator[str]:
    """Stages that need more memory than the device has, while training and while sampling."""
    device = assumed.device
    cures = {
        "training": "hardware.activation_checkpointing, fewer hardware.tokens_per_micro_batch or a shorter window",
        "sampling": "a smaller hardware.kv_cache_gib or a shorter window",
    }
    for phase, cure in cures.items():
        needed = {stage.name: getattr(stage.costs.memory, phase) for stage in stages if stage.costs}
        beyond = [f"{name} {gib:.0f}" for name, gib in needed.items() if gib > device.memory_gib]
        if beyond:
            yield (
                f"more than the {device.memory_gib:g} GiB of {device.name} while {phase}: {', '.join(beyond)}. What "
                f"helps is {cure}, or a larger device"
            )
