"""The RL stage: filter prompts, then step by step roll out, judge, weigh and update. Strictly on-policy.

One optimiser step a batch of rollouts ([3B] section 2.2.1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from reasoncore.config import RLStage
from reasoncore.data.problems import load_problems
from reasoncore.domains.judge import Judge
from reasoncore.errors import StageFailedError
from reasoncore.infer.engine import Engine, SamplingParams
from reasoncore.infer.local import LocalEngine
from reasoncore.model.checkpoint import load_checkpoint
from reasoncore.progress import say, track
from reasoncore.records import Problem
from reasoncore.rl.probe import Probe
from reasoncore.rl.prompt_filter import FilterCounts, PromptAccuracy, filter_prompts
from reasoncore.rl.step import rl_step, rollout_rows
from reasoncore.run_dir import now, write_json_atomic
from reasoncore.seeding import derive_seed, epoch_order
from reasoncore.stage import StageContext
from reasoncore.survey import survey
from reasoncore.train.learner import Learner
from reasoncore.train.snapshot import resume_from, save_progress


def run_rl(context: StageContext) -> None:
    """Reinforce the starting checkpoint and write the stage's checkpoint.

    Raises:
        StageFailedError: The prompt filter leaves nothing to learn from.
    """
    assert context.start is not None
    settings: RLStage = context.settings
    started, directory = now(), context.directory
    snapshot = context.begin()
    problems_seed = derive_seed(context.seed, "problems")
    problems = load_problems(settings.data, context.domains, "train", problems_seed, context.root)
    model, tokenizer = load_checkpoint(context.start)
    learner = Learner(model, settings.optimiser, context.hardware)
    engine = LocalEngine(model, tokenizer, context.hardware)
    sampling = SamplingParams(temperature=settings.temperature, max_tokens=settings.max_tokens)
    with context.judge() as judge:
        kept, counts = kept_problems(context, engine, judge, problems, sampling)
        probe = Probe.prepare(settings, context, engine, judge)
        first_step = resume_from(snapshot, learner)
        if first_step == 0 and (measured := probe.measure(0)):
            directory.append("metrics.jsonl", {"step": 0, **measured})

        def save(folder: Path) -> None:
            context.save(folder, model, tokenizer)

        with track(f"{directory.path.name} (steps)", settings.steps, first_step) as task:
            for step in range(first_step, settings.steps):
                batch = [kept[i] for i in prompts_of_step(step, len(kept), settings.prompts_per_step, context.seed)]
                groups, row = rl_step(
                    step, batch, engine, judge, learner, settings, sampling, context.seed, context.clock
                )
                directory.append("metrics.jsonl", {**row, **probe.measure(step + 1)})
                directory.append("rollouts.jsonl", *rollout_rows(step + 1, groups, settings))
                if (step + 1) % settings.save_every == 0 and step + 1 < settings.steps:
                    save_progress(learner, context, step + 1, save)
                task.advance(note=f"reward {row['reward']:.3f}")
    summary = {
        "prompts": len(problems),
        "kept": len(kept),
        "dropped_all_right": 0 if settings.keeps_always_right else counts.all_correct,
        "dropped_all_wrong": counts.all_wrong,
        "dropped_not_judged": counts.not_judged,
        "steps": settings.steps,
        "rollouts": settings.steps * min(settings.prompts_per_step, len(kept)) * settings.group_size,
        "gamma": settings.gamma,
        "long2short": settings.long2short,
    }
    context.finish(started, summary, model, tokenizer)


def kept_problems(
    context: StageContext, engine: Engine, judge: Judge, problems: Sequence[Problem], sampling: SamplingParams
) -> tuple[list[Problem], FilterCounts]:
    """The problems worth training on; the decision is kept in ``filter.json``."""
    settings: RLStage = context.settings
    rollouts = settings.filter_rollouts
    rows = survey(
        context,
        "accuracies",
        lambda: engine,
        judge,
        problems,
        rollouts,
        sampling,
        lambda group: asdict(PromptAccuracy.of(group)),
    )
    kept, counts = filter_prompts(
        [PromptAccuracy(**row) for row in rows], keep_always_right=settings.keeps_always_right
    )
    write_json_atomic(
        context.directory.path / "filter.json", {"rollouts": rollouts, "counts": asdict(counts), "kept": kept}
    )
    say(f"{context.name}: prompt filter, {len(problems)} prompts x {rollouts} rollouts: {counts}")
    if not kept:
        raise StageFailedError(
            f"stage {context.name}: the prompt filter leaves nothing to learn from: of {len(problems)} prompts "
            f"x {settings.filter_rollouts} rollouts it {counts}",
            "Use problems nearer to what the checkpoint can do, or more filter_rollouts, in a new run folder.",
        )
    problem_of = {problem.key: problem for problem in problems}
    return [problem_of[key] for key in kept], counts


def prompts_of_step(step: int, count: int, per_step: int, seed: int) -> list[int]:
    """Prompts of a step, no prompt twice: every epoch a fresh permutation, its rest too short for a step left out."""
    steps_per_epoch = max(1, count // per_step)
    epoch, place = divmod(step, steps_per_epoch)
    return list(epoch_order(count, seed, epoch)[place * per_step : (place + 1) * per_step])
