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
    """Documents in one stream. N input tokens, R response tokens.

    Attributes:
        sequences: The documents, in stream order.
        tokens_N: Inputs: every document without its last token, which predicts nothing; shared prompts once.
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
    """Lay documents end to end; a prompt that several share is there once."""
    tokens: list[int] = []
    predicts: list[int] = []
    targets: list[int] = []
    documents: list[tuple[range, range]] = []
    prompts: dict[tuple[int, ...], range] = {}

    def lay(token_ids: tuple[int, ...]) -> range:
        tokens.extend(token_ids)
        return range(len(tokens) - len(token_ids), len(tokens))

    for sequence in sequences:
        assert 1 <= sequence.prompt_length < len(sequence.token_ids)
        prompt, response = sequence.token_ids[: sequence.prompt_length], sequence.token_ids[sequence.prompt_length :]
        if prompt not in prompts:
            prompts[prompt] = lay(prompt)
        inputs = lay(response[:-1])
        documents.append((prompts[prompt], inputs))
        predicts += [prompts[prompt][-1], *inputs]
        targets += response
    counts = torch.tensor([sequence.response_length for sequence in sequences])
    return MicroBatch(
        sequences=tuple(sequences),
        tokens_N=torch.tensor(tokens, device=device),
        attention=PackedAttention(documents, device),
        predicts_R=torch.tensor(predicts, device=device),
        targets_R=torch.tensor(targets, device=device),
        sequence_R=torch.repeat_interleave(torch.arange(len(sequences)), counts).to(device),
    )
