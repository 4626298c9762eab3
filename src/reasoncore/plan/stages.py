"""What each stage costs under stated assumptions.

A stage takes, in seconds of one device,

    generated / decode rate  +  read / prefill rate  +  training FLOPs / (peak x utilisation)

generated: response tokens sampled. read: tokens of prompts, once for all their samples, and of sequences scored.
Verifiers run beside the device and are not counted, nor are loading, saving and waiting.
"""

from __future__ import annotations

from reasoncore.config import (
    DistillStage,
    EvalStage,
    FuseStage,
    HardwareSettings,
    PlanSettings,
    PretrainStage,
    Recipe,
    RLStage,
    SFTStage,
    Stage,
)
from reasoncore.model.config import ModelConfig
from reasoncore.plan.costs import decoding_flops, memory, reading_flops, training_flops
from reasoncore.plan.found import Found
from reasoncore.plan.records import Costs, StagePlan
from reasoncore.plan.work import Work, by_stage, plan_work

Windows = tuple[int, int]


def plan_stages(recipe: Recipe, assumed: PlanSettings | None, found: Found) -> tuple[StagePlan, ...]:
    """Every stage in order, without costs where there are no assumptions or the base's shape is not known."""
    work = plan_work(recipe, assumed, found)
    if assumed is None or found.shape is None:
        return tuple(StagePlan(name, stage.kind, work[name], None) for name, stage in recipe.stages.items())
    # As if the base's context were what the stages ask for; a warning says where it is not.
    context = max(found.shape.max_position_embeddings, *asked_context(recipe, assumed, found).values())
    planned = []
    for name, stage in recipe.stages.items():
        trained, sampled = windows(stage, assumed.prompt_tokens, found)
        longest = min(trained, context), min(sampled, context)
        costs = stage_costs(name, stage, work[name], longest, assumed, found.shape, recipe.hardware)
        planned.append(StagePlan(name, stage.kind, work[name], costs))
    return tuple(planned)


def windows(stage: Stage, prompt: int, found: Found) -> Windows:
    """Tokens of the longest sequence trained on, and of the longest prompt and completion sampled; 0 for none."""
    match stage:
        case PretrainStage():
            return stage.max_length, 0
        case SFTStage():
            return stage.max_length, prompt + stage.hard.max_tokens if stage.hard else 0
        case FuseStage():
            return 0, prompt + stage.max_tokens
        case RLStage():
            return prompt + stage.max_tokens, prompt + stage.max_tokens
        case DistillStage():
            return stage.max_length, prompt + stage.max_tokens
        case EvalStage():
            return 0, prompt + (stage.max_tokens or found.protocols.get(stage.protocol, 1))


def asked_context(recipe: Recipe, assumed: PlanSettings, found: Found) -> dict[str, int]:
    """Context that each stage asks for. An evaluation without a cap of its own takes what there is."""
    return {
        name: 0
        if isinstance(stage, EvalStage) and stage.max_tokens is None
        else max(windows(stage, assumed.prompt_tokens, found))
        for name, stage in recipe.stages.items()
    }


def stage_costs(
    name: str,
    stage: Stage,
    work: Work,
    longest: Windows,
    assumed: PlanSettings,
    shape: ModelConfig,
    hardware: HardwareSettings,
) -> Costs:
    """Costs of one stage. ``longest``: as :func:`windows` has them."""
    # Pretraining's documents are all response.
    prompt = 0 if isinstance(stage, PretrainStage) else assumed.prompt_tokens
    allowed = max(1, max(longest) - prompt)
    mean = by_stage(assumed.response_tokens, name, stage)
    response = allowed if mean is None else min(mean, allowed)
    generated = work.rollouts * response
    read = work.prompts * prompt + work.scored * (prompt + response)
    training = work.trained * training_flops(shape, prompt + response, hardware.activation_checkpointing)
    inference = (
        work.rollouts * decoding_flops(shape, prompt, response)
        + work.prompts * reading_flops(shape, prompt)
        + work.scored * reading_flops(shape, prompt + response)
    )
    device = assumed.device
    hours = (
        generated / device.decode_tokens_per_second
        + read / device.prefill_tokens_per_second
        + training / (device.peak_tflops * 1e12 * device.training_utilisation)
    ) / 3600
    needed = memory(shape, hardware, *longest, keeps_optimiser=isinstance(stage, RLStage))
    return Costs(
        response_tokens=response,
        is_longest=mean is None,
        generated_tokens=generated,
        read_tokens=read,
        trained_tokens=work.trained * (prompt + response),
        flops=training + inference,
        memory=needed,
        memory_gib=needed.peak,
        device_hours=hours,
        usd=hours * device.usd_per_hour,
    )
