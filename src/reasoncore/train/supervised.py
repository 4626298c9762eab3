"""Next-token cross-entropy over packed sequences: the loop that SFT and pretraining share.

L = -(1/R) sum_r log p(y_r)     over the R response tokens of a batch
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from torch import Tensor

from reasoncore.config import SupervisedSettings
from reasoncore.model.tokenizer import ChatTokenizer
from reasoncore.progress import track
from reasoncore.seeding import epoch_order
from reasoncore.stage import StageContext
from reasoncore.train.learner import Learner
from reasoncore.train.packing import MicroBatch, TrainingSequence
from reasoncore.train.schedule import learning_rate
from reasoncore.train.snapshot import keep_checkpoint, save_progress


def to_sequences(exchanges: Sequence[tuple[str, str]], tokenizer: ChatTokenizer) -> list[TrainingSequence]:
    """(prompt, response) texts through the chat template; the responses carry the loss."""
    prompts = tokenizer.prompt_ids([[{"role": "user", "content": prompt}] for prompt, _ in exchanges])
    responses = tokenizer.response_ids([response for _, response in exchanges])
    return [
        TrainingSequence(prompt + response, len(prompt)) for prompt, response in zip(prompts, responses, strict=True)
    ]


def fit(
    learner: Learner,
    sequences: Sequence[TrainingSequence],
    settings: SupervisedSettings,
    epochs: int,
    context: StageContext,
    tokenizer: ChatTokenizer,
    first_step: int = 0,
    *,
    keep_checkpoints: bool = False,
) -> int:
    """Train on ``sequences`` for ``epochs``, logging to and snapshotting in the stage's folder.

    Args:
        first_step: Steps done before an interruption.
        keep_checkpoints: Keep every periodic checkpoint, not only the one to resume from.

    Returns:
        The number of steps of the whole stage.
    """
    directory = context.directory
    total_steps = math.ceil(epochs * len(sequences) / settings.batch_size)
    rates = settings.optimiser
    floor = rates.learning_rate if rates.final_learning_rate is None else rates.final_learning_rate

    def save(folder: Path) -> None:
        context.save(folder, learner.model, tokenizer)

    with track(f"{directory.path.name} (steps)", total_steps, first_step) as task:
        for step in range(first_step, total_steps):
            batch = [
                sequences[i] for i in batch_indices(len(sequences), settings.batch_size, step, context.seed, epochs)
            ]
            response_tokens = sum(sequence.response_length for sequence in batch)

            def cross_entropy(
                log_probs_R: Tensor, _: MicroBatch, response_tokens: int = response_tokens
            ) -> tuple[Tensor, dict[str, float]]:
                return -log_probs_R.sum() / response_tokens, {}

            rate = learning_rate(step, total_steps, rates.learning_rate, rates.warmup_fraction, floor)
            with context.clock.time("updating") as spent:
                loss = learner.forward_backward(batch, cross_entropy)["loss"]
                grad_norm = learner.optim_step(rate)
                spent.tokens = tokens = sum(len(sequence.token_ids) for sequence in batch)
            row = {"step": step + 1, "loss": loss, "learning_rate": rate, "grad_norm": grad_norm, "num_tokens": tokens}
            directory.append(
                "metrics.jsonl",
                {**row, "step_time": spent.seconds, "tokens_per_second": tokens / spent.seconds},
            )
            if (step + 1) % settings.save_every == 0 and step + 1 < total_steps:
                if keep_checkpoints:
                    keep_checkpoint(directory, step + 1, save)
                save_progress(learner, context, step + 1, save)
            task.advance(note=f"loss {loss:.3f}")
    return total_steps


def batch_indices(count: int, batch_size: int, step: int, seed: int, epochs: int) -> list[int]:
    """Items of 0-based ``step``: fresh permutation every epoch, batches run across its end, the last may be short."""
    end = min((step + 1) * batch_size, epochs * count)
    out: list[int] = []
    for epoch in range(step * batch_size // count, (end - 1) // count + 1):
        order = epoch_order(count, seed, epoch)
        out += order[max(0, step * batch_size - epoch * count) : max(0, end - epoch * count)]
    return out
