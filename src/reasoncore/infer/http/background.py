"""Asynchronous work behind an ordinary iterator."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")
_CLOSING_S = 2.0


def emitted(work: Callable[[Callable[[T], None]], Coroutine[Any, Any, None]]) -> Iterator[T]:
    """Yield what ``work(emit)`` emits, as it does, and raise what it raises.

    It goes on while the consumer is busy with an item, in a thread that holds up nobody. An interrupt, or closing the
    iterator, cancels it.
    """
    items: SimpleQueue[T | asyncio.Task[None]] = SimpleQueue()
    loop = asyncio.new_event_loop()
    task = loop.create_task(work(items.put))
    task.add_done_callback(items.put)
    thread = threading.Thread(target=_drive, args=(loop, task), name="http engine", daemon=True)
    thread.start()
    try:
        while not isinstance(item := items.get(), asyncio.Task):
            yield item
        item.result()
    finally:
        with suppress(RuntimeError):  # the loop has ended and is closed
            loop.call_soon_threadsafe(task.cancel)
        thread.join(_CLOSING_S)


def _drive(loop: asyncio.AbstractEventLoop, task: asyncio.Task[None]) -> None:
    try:
        loop.run_until_complete(asyncio.wait([task]))
        loop.run_until_complete(loop.shutdown_asyncgens())
    finally:
        loop.close()
