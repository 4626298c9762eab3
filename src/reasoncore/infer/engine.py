"""The engine: prompts in, completions with token ids and log-probabilities out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from reasoncore.records import Completion, Message


@dataclass(frozen=True, slots=True)
class SamplingParams:
    """How to sample; names as in vLLM.

    Attributes:
        temperature: Divides the logits; 0 is greedy.
        top_p: Keep the smallest set of tokens whose probability reaches this; 1 keeps all.
        top_k: Keep the k likeliest tokens; 0 keeps all.
        max_tokens: Longest completion, in tokens.
        stop: Strings that end a completion; the text is cut before the first.
    """

    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = 0
    max_tokens: int = 512
    stop: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        assert self.temperature >= 0, self.temperature
        assert 0 < self.top_p <= 1, self.top_p
        assert self.top_k >= 0, self.top_k
        assert self.max_tokens >= 1, self.max_tokens


@dataclass(frozen=True, slots=True)
class Request:
    """``n`` completions of one conversation. Sample i depends on ``(seed, i)`` and not on what runs beside it."""

    messages: tuple[Message, ...]
    n: int
    seed: int


class Engine(Protocol):
    """Anything that completes prompts."""

    def generate(
        self,
        requests: Sequence[Request],
        sampling: SamplingParams,
        on_finished: Callable[[int], None] = lambda count: None,
    ) -> list[tuple[Completion, ...]]:
        """Complete every request; results in the order of the requests, samples in order.

        ``on_finished`` is told how many more completions are done, for a progress display.
        """
        ...
