"""One step of MGPO: rollouts of the current policy, verdicts, weighted advantages, one update."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from reasoncore.config import RLStage
from reasoncore.domains.judge import Judge
from reasoncore.domains.rollout import roll_out
from reasoncore.errors import InfrastructureError
from reasoncore.infer.engine import Engine, SamplingParams
from reasoncore.records import Group, Problem
from reasoncore.rl.mgpo import judged_advantages, mgpo_loss, mgpo_weight
from reasoncore.rl.mismatch import truncated_importance
from reasoncore.seeding import derive_seed
from reasoncore.timing import Clock
from reasoncore.train.learner import Learner
from reasoncore.train.packing import MicroBatch, TrainingSequence
from reasoncore.train.schedule import learning_rate


def rl_step(
    step: int,
    problems: Sequence[Problem],
    engine: Engine,
    judge: Judge,
    learner: Learner,
    settings: RLStage,
    sampling: SamplingParams,
    seed: int,
    clock: Clock,
) -> tuple[list[Group], dict[str, Any]]:
    """Do 0-based ``step``. Returns the groups and the row for ``metrics.jsonl``."""
    step_clock = Clock()
    groups = roll_out(
        engine, judge, problems, settings.group_size, sampling, derive_seed(seed, "step", step), step_clock
    )
    if not any(group.judged for group in groups):
        raise InfrastructureError(
            f"step {step + 1}: none of its rollouts could be judged",
            "See why the verifier fails, and run the same command again: it goes on from the last snapshot.",
        )
    rates = settings.optimiser
    floor = rates.learning_rate if rates.final_learning_rate is None else rates.final_learning_rate
    rate = learning_rate(step, settings.steps, rates.learning_rate, rates.warmup_fraction, floor)
    with step_clock.time("updating") as updated:
        update = update_policy(learner, groups, settings)
        grad_norm = learner.optim_step(rate)
        updated.tokens = int(update.pop("tokens", 0))
    clock.add(step_clock)
    row = {
        "step": step + 1,
        **rollout_metrics(groups),
        **update,
        "grad_norm": grad_norm,
        "learning_rate": rate,
        "step_time": step_clock.seconds,
        **{f"{name}_time": part.seconds for name, part in step_clock.spent.items()},
    }
    return groups, row


def update_policy(learner: Learner, groups: Sequence[Group], settings: RLStage) -> dict[str, float]:
    """Accumulate the gradient of equation 3 over the groups. Returns loss, mismatch and tokens.

    Rollouts without advantage add exactly nothing to the gradient, so they are not run through the learner; they stay
    in every denominator.
    """
    sequences, token_weights = policy_sequences(groups, settings)
    if not sequences:
        return {"loss": 0.0}
    weight_of = {id(sequence): weight for sequence, weight in zip(sequences, token_weights, strict=True)}
    largest = 0.0

    def token_loss(log_probs_R: Tensor, batch: MicroBatch) -> tuple[Tensor, dict[str, float]]:
        nonlocal largest
        device = log_probs_R.device
        sampler_R = torch.tensor([x for s in batch.sequences for x in s.sampler_log_probs], device=device)
        advantages_S = torch.tensor([s.advantage for s in batch.sequences], device=device)
        weights_S = torch.tensor([weight_of[id(s)] for s in batch.sequences], device=device)
        learner_R = log_probs_R.detach()
        importance_R = truncated_importance(learner_R, sampler_R, settings.importance_cap)
        loss = mgpo_loss(
            log_probs_R,
            learner_R,
            advantages_S[batch.sequence_R],
            weights_S[batch.sequence_R],
            importance_R,
            settings.clip_epsilon,
        )
        difference_R = (learner_R - sampler_R).abs()
        largest = max(largest, float(difference_R.max()))
        sums = {"tokens": float(len(learner_R)), "ratio": float(importance_R.sum()), "gap": float(difference_R.sum())}
        return loss, sums

    totals = learner.forward_backward(sequences, token_loss, settings.temperature)
    return {
        "loss": totals["loss"],
        "sampling/importance_sampling_ratio/mean": totals["ratio"] / totals["tokens"],
        "sampling/sampling_logp_difference/mean": totals["gap"] / totals["tokens"],
        "sampling/sampling_logp_difference/max": largest,
        "tokens": sum(len(sequence.token_ids) for sequence in sequences),
    }


def policy_sequences(groups: Sequence[Group], settings: RLStage) -> tuple[list[TrainingSequence], list[float]]:
    """Rollouts with an advantage, and each one's token weight 1 / (groups x judged rollouts of its group x |y_i|)."""
    counted = [group for group in groups if group.accuracy is not None]
    sequences, weights = [], []
    for group in counted:
        advantages = judged_advantages(group, settings.gamma, settings.long2short)
        judged = sum(advantage is not None for advantage in advantages)
        for completion, advantage in zip(group.completions, advantages, strict=True):
            if advantage and completion.token_ids:
                sequences.append(
                    TrainingSequence(
                        completion.prompt_token_ids + completion.token_ids,
                        len(completion.prompt_token_ids),
                        advantage,
                        completion.log_probs,
                    )
                )
                weights.append(1.0 / (len(counted) * judged * len(completion.token_ids)))
    return sequences, weights


def rollout_metrics(groups: Sequence[Group]) -> dict[str, Any]:
    """What a step's rollouts look like; TRL's names where TRL has one.

    ``entropy`` is the mean negative log-probability of the sampled tokens, an unbiased estimate in nats a token.
    """
    completions = [completion for group in groups for completion in group.completions]
    rewards = [np.array([v.reward for v in group.verdicts if v.correct is not None]) for group in groups]
    rewards = [r for r in rewards if len(r)]
    log_probs = [value for completion in completions for value in completion.log_probs]
    unjudged = sum(v.correct is None for group in groups for v in group.verdicts)
    return {
        "reward": float(np.concatenate(rewards).mean()) if rewards else 0.0,
        "reward_std": float(np.mean([r.std(ddof=1) if len(r) > 1 else 0.0 for r in rewards])) if rewards else 0.0,
        "frac_reward_zero_std": float(np.mean([np.ptp(r) == 0 for r in rewards])) if rewards else 1.0,
        "entropy": -float(np.mean(log_probs)) if log_probs else 0.0,
        "completions/mean_length": float(np.mean([len(c.token_ids) for c in completions])),
        **_mean_right_length(groups),
        "completions/clipped_ratio": float(np.mean([c.finish == "length" for c in completions])),
        "not_judged": unjudged,
        "num_tokens": sum(len(c.prompt_token_ids) + len(c.token_ids) for c in completions),
    }


def _mean_right_length(groups: Sequence[Group]) -> dict[str, float]:
    lengths = [
        len(completion.token_ids)
        for group in groups
        for completion, verdict in zip(group.completions, group.verdicts, strict=True)
        if verdict.correct
    ]
    return {"completions/mean_right_length": float(np.mean(lengths))} if lengths else {}


def rollout_rows(step: int, groups: Sequence[Group], settings: RLStage) -> Iterator[dict[str, Any]]:
    """Rows for ``rollouts.jsonl``."""
    for group in groups:
        p = group.accuracy
        advantages = judged_advantages(group, settings.gamma, settings.long2short)
        for sample, (completion, verdict) in enumerate(zip(group.completions, group.verdicts, strict=True)):
            yield {
                "step": step,
                "problem_id": group.problem.id,
                "domain": group.problem.domain,
                "subdomain": group.problem.subdomain,
                "level": group.problem.level,
                "sample": sample,
                "prompt": group.problem.prompt,
                "text": completion.text,
                "token_count": len(completion.token_ids),
                "finish": completion.finish,
                "answer": verdict.answer,
                "gold": group.problem.answer,
                "correct": verdict.correct,
                "reward": verdict.reward,
                "reason": verdict.reason,
                "advantage": advantages[sample],
                "weight": None if p is None else mgpo_weight(p, settings.gamma),
            }
