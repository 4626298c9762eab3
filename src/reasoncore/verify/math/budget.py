"""How much exact arithmetic one comparison may do, counted and not timed: a verdict does not depend on the machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

WORK = 12_000
"""About a microsecond each."""


class TooLargeError(Exception):
    """Numbers of more than 32,768 bits, too many terms, or more work than a comparison may do."""


class Work:
    """What one comparison has left, and what it has found out so far, so that nothing is worked out twice."""

    __slots__ = ("known", "left")

    def __init__(self) -> None:
        self.left = WORK
        self.known: dict[Any, Any] = {}


_WORK: ContextVar[Work | None] = ContextVar("work", default=None)


@contextmanager
def limited_work() -> Iterator[None]:
    """All inside is one comparison."""
    token = _WORK.set(Work())
    try:
        yield
    finally:
        _WORK.reset(token)


def current_work() -> Work:
    """Of the comparison at hand; outside of one, of a new one."""
    return _WORK.get() or Work()


def spend(amount: int) -> None:
    """Count work.

    Raises:
        TooLargeError: There was not as much left.
    """
    work = _WORK.get()
    if work is not None:
        work.left -= amount
        if work.left < 0:
            raise TooLargeError
