"""From token sequences to micro-batches: flat streams of whole documents, no padding, none cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from reasoncore.model.attention import PackedAttention


@dataclass(frozen=True, slots=True)
class TrainingSequence:
    """A prompt and a response to learn from.

    Attributes:
        token_ids: Prompt then response.
        prompt_length: Tokens of the prompt, at least 1; they carry no loss.
        advantage: Reinforcement learning only: the weighted advantage of the whole response.
        sampler_log_probs: Reinforcement learning only: one per response token, as the engine reported them.
    """

    token_ids: tuple[int, ...]
    prompt_length: int
    advantage: float = 0.0
    sampler_log_probs: tuple[float, ...] = ()

    @property
    def response_length(self) -> int:
        """Tokens that carry loss."""
        return len(self.token_ids) - self.prompt_length


@dataclass(frozen=True)
class MicroBatch:
    """Documents laid end to end. N input tokens, R response tokens.

    Attributes:
        sequences: The documents, in stream order.
        tokens_N: Inputs: every document without its last token, which predicts nothing.
        predicts_R: Stream positions whose hidden state predicts a response token.
        targets_R: Those response tokens.
        sequence_R: Which of ``sequences`` each belongs to.
    """

    sequences: tuple[TrainingSequence, ...]
    tokens_N: Tensor
    attention: PackedAttention
    predicts_R: Tensor
    targets_R: Tensor
    sequence_R: Tensor


def pack(sequences: Sequence[TrainingSequence], device: torch.device) -> MicroBatch:
    """Lay documents end to end."""
    tokens: list[int] = []
    predicts: list[int] = []
    targets: list[int] = []
    for sequence in sequences:
        assert 1 <= sequence.prompt_length < len(sequence.token_ids)
        first = len(tokens) + sequence.prompt_length - 1
        predicts.extend(range(first, first + sequence.response_length))
        targets.extend(sequence.token_ids[sequence.prompt_length :])
        tokens.extend(sequence.token_ids[:-1])
    counts = torch.tensor([sequence.response_length for sequence in sequences])
    return MicroBatch(
        sequences=tuple(sequences),
        tokens_N=torch.tensor(tokens, device=device),
        attention=PackedAttention([len(sequence.token_ids) - 1 for sequence in sequences], device),
        predicts_R=torch.tensor(predicts, device=device),
        targets_R=torch.tensor(targets, device=device),
        sequence_R=torch.repeat_interleave(torch.arange(len(sequences)), counts).to(device),
    )
