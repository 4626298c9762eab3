"""The engine: prompts in, completions with token ids and log-probabilities out."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from reasoncore.errors import ReasoncoreError
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
    """Completions ``first`` to ``first + n - 1`` of one conversation.

    A completion depends on ``seed`` and its number alone, and not on what runs beside it.
    """

    messages: tuple[Message, ...]
    n: int
    seed: int
    first: int = 0

    @property
    def samples(self) -> range:
        """Numbers of the completions."""
        return range(self.first, self.first + self.n)


class Sampled(NamedTuple):
    """What became of one completion that was asked for.

    Attributes:
        request: Index of the request.
        sample: Number of the completion, one of the request's ``samples``.
        outcome: The completion, or why there is none: an ``InfrastructureError``, or a ``UserInputError`` where this
            request is refused.
    """

    request: int
    sample: int
    outcome: Completion | ReasoncoreError


class Engine(Protocol):
    """Anything that completes prompts: an engine derives from this and writes :meth:`stream`."""

    @abstractmethod
    def stream(self, requests: Sequence[Request], sampling: SamplingParams) -> Generator[Sampled, None, None]:
        """Yield every completion of every request once, as it finishes. Closing the iterator abandons the others.

        Raises:
            ReasoncoreError: No request can be completed.
        """

    def describe(self) -> dict[str, Any]:
        """What of the engine can move a score, for the results: its name and version, template, precision."""
        return {"engine": type(self).__name__}

    def generate(
        self,
        requests: Sequence[Request],
        sampling: SamplingParams,
        on_finished: Callable[[int], None] = lambda count: None,
    ) -> list[tuple[Completion, ...]]:
        """Complete every request; results in the order of the requests, samples in order.

        ``on_finished`` is told how many more completions are done, for a progress display.

        Raises:
            ReasoncoreError: A completion could not be had; the others are abandoned.
        """
        rows: list[dict[int, Completion]] = [{} for _ in requests]
        with closing(self.stream(requests, sampling)) as sampled:
            for index, sample, outcome in sampled:
                if isinstance(outcome, ReasoncoreError):
                    raise outcome
                rows[index][sample] = outcome
                on_finished(1)
        return [tuple(row[sample] for sample in sorted(row)) for row in rows]
