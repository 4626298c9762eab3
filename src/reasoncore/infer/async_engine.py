"""The engine for work that is not known beforehand: completions are asked for one by one, many at once."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Protocol

from reasoncore.infer.engine import SamplingParams
from reasoncore.records import Completion, Message

OnText = Callable[[str], None]
"""Told each further piece of a completion's text as it is sampled."""


class AsyncEngine(Protocol):
    """Completes conversations; whoever cancels a call abandons its completion, on a server too."""

    @abstractmethod
    async def complete(
        self,
        messages: Sequence[Message],
        sampling: SamplingParams,
        seed: int,
        sample: int = 0,
        on_text: OnText | None = None,
    ) -> Completion:
        """One completion; it depends on ``seed`` and ``sample`` alone, as in :class:`reasoncore.infer.engine.Request`.

        Raises:
            InfrastructureError: It could not be had, for now.
            UserInputError: It would be refused each time.
        """
