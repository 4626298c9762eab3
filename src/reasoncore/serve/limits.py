"""How much at once: calls of the engine, and requests that may wait for them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from reasoncore.infer.async_engine import AsyncEngine, OnText
from reasoncore.infer.engine import SamplingParams
from reasoncore.records import Completion, Message
from reasoncore.serve.problems import ApiError

RETRY_AFTER_S = 1


class LimitedEngine(AsyncEngine):
    """An engine that is given so many calls at a time, in the order in which they came.

    Attributes:
        calls: Calls that the engine is working on.
        made: Calls in all.
    """

    def __init__(self, engine: AsyncEngine, slots: asyncio.Semaphore) -> None:
        self._engine, self._slots = engine, slots
        self.calls = self.made = 0

    async def complete(
        self,
        messages: Sequence[Message],
        sampling: SamplingParams,
        seed: int,
        sample: int = 0,
        on_text: OnText | None = None,
    ) -> Completion:
        """See :class:`reasoncore.infer.async_engine.AsyncEngine`."""
        async with self._slots:
            self.calls += 1
            self.made += 1
            try:
                return await self._engine.complete(messages, sampling, seed, sample, on_text)
            finally:
                self.calls -= 1


class Admission:
    """A place for every request that is being answered; whoever finds none is told to come again.

    Attributes:
        inside: Requests that have one.
    """

    def __init__(self, places: int) -> None:
        self._places = places
        self.inside = 0

    @contextmanager
    def admitted(self) -> Iterator[None]:
        """Hold a place.

        Raises:
            ApiError: There is none.
        """
        if self.inside >= self._places:
            raise ApiError(
                429,
                f"{self._places} requests are being answered already; try again soon",
                "rate_limit_error",
                code="rate_limit_exceeded",
                retry_after_s=RETRY_AFTER_S,
            )
        self.inside += 1
        try:
            yield
        finally:
            self.inside -= 1
