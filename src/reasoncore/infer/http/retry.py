"""How long to go on trying: exponential backoff with full jitter, bounded in attempts and in time."""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import count
from typing import TypeVar

from reasoncore.errors import InfrastructureError

T = TypeVar("T")
_AWAY_AFTER_REQUESTS = 8


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for a server; it never decides that itself.

    Attributes:
        connect_s: Longest wait for a connection.
        start_s: Time for queueing and reading the prompt, added to the time for a completion's tokens.
        min_tokens_per_s: Slowest generation of one completion; gives a call ``start_s + max_tokens / this`` seconds.
        stall_s: Longest silence once an answer has begun.
        attempts: Most attempts for one call.
        total_s: No further attempt begins this long after a call first failed, or after the last time that any call
            succeeded.
        backoff_s: Longest wait before the second attempt; doubles with every further one.
        max_backoff_s: Longest wait before any attempt, also where the server asks for more.
    """

    connect_s: float = 10.0
    start_s: float = 300.0
    min_tokens_per_s: float = 2.0
    stall_s: float = 300.0
    attempts: int = 10
    total_s: float = 600.0
    backoff_s: float = 1.0
    max_backoff_s: float = 60.0

    def call_s(self, max_tokens: int) -> float:
        """Longest time for one call."""
        return self.start_s + max_tokens / self.min_tokens_per_s

    def wait_s(self, failures: int, retry_after_s: float) -> float:
        """How long to wait after so many failures: what the server asks for, and a random time against stampedes."""
        backoff_s = min(self.max_backoff_s, self.backoff_s * 2 ** (failures - 1))
        return min(self.max_backoff_s, retry_after_s) + random.uniform(0, backoff_s)


class FaultError(Exception):
    """A failure that may pass: worth another attempt. ``begun`` says whether there was some of an answer already."""

    def __init__(self, message: str, cure: str, retry_after_s: float = 0.0, begun: bool = False) -> None:
        super().__init__(message)
        self.cure = cure
        self.retry_after_s = retry_after_s
        self.begun = begun


class Persistence:
    """Attempts of all calls of a run, so that a server which is away is not waited for by each call anew.

    Args:
        tell: Told of every failure after which there is another attempt.
    """

    def __init__(self, patience: Patience, tell: Callable[[str], None]) -> None:
        self._patience, self._tell = patience, tell
        self._failing_since: float | None = None
        self._out_of_time: set[int] = set()

    async def call(self, attempt: Callable[[], Awaitable[T]], request: int) -> T:
        """The first result of ``attempt``, made for the request of that number.

        Raises:
            InfrastructureError: Too many attempts failed, or for too long.
        """
        began, begun_answers = float("inf"), 0
        for failures in count(1):
            if len(self._out_of_time) >= _AWAY_AFTER_REQUESTS:
                raise InfrastructureError(
                    f"not tried: the server answered none of {len(self._out_of_time)} requests before this one",
                    "Look at the server and its log, then run the same command again.",
                )
            try:
                result = await attempt()
            except FaultError as fault:
                now = time.monotonic()
                begun_answers += fault.begun
                if self._failing_since is None:
                    self._failing_since = now
                began = min(began, self._failing_since)
                wait_s = self._patience.wait_s(failures, fault.retry_after_s)
                out_of_time = now + wait_s > began + self._patience.total_s
                if out_of_time:
                    self._out_of_time.add(request)
                if out_of_time or failures >= self._patience.attempts:
                    times = f"{failures} attempts" if failures > 1 else "1 attempt"
                    failure = InfrastructureError(f"{fault}, after {times}", fault.cure)
                    failure.begun_answers = begun_answers
                    raise failure from fault
                made = f"{failures} of {self._patience.attempts} attempts made"
                self._tell(f"{fault}; trying again, {made}")
                await asyncio.sleep(wait_s)
            else:
                self._failing_since = None
                self._out_of_time.clear()
                return result
        raise AssertionError("unreachable")


def retry_after_s(value: str) -> float:
    """Seconds that a ``Retry-After`` header (seconds or a date) asks for; 0 where it cannot be read."""
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", value.strip()):
        return float(value)
    try:
        date = parsedate_to_datetime(value)
        date = date if date.tzinfo else date.replace(tzinfo=UTC)
        return max(0.0, (date - datetime.now(UTC)).total_seconds())
    except (ValueError, OverflowError):
        return 0.0
