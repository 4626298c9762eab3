"""Asynchronous work behind an ordinary iterator."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")
_CLOSING_S = 2.0


def emitted(work: Callable[[Callable[[T], Awaitable[None]]], Coroutine[Any, Any, None]]) -> Iterator[T]:
    """Yield what ``work(emit)`` emits, as it does, and raise what it raises.

    ``await emit(item)`` returns when the consumer is done with the item, and asks for the next; all else goes on
    meanwhile, in a thread of its own. An interrupt, or closing the iterator, cancels it.
    """
    items: SimpleQueue[tuple[T, asyncio.Event] | asyncio.Task[None]] = SimpleQueue()
    loop = asyncio.new_event_loop()

    async def emit(item: T) -> None:
        done = asyncio.Event()
        items.put((item, done))
        await done.wait()

    task = loop.create_task(work(emit))
    task.add_done_callback(items.put)
    thread = threading.Thread(target=_drive, args=(loop, task), name="http engine", daemon=True)
    thread.start()
    try:
        while not isinstance(entry := items.get(), asyncio.Task):
            item, done = entry
            yield item
            with suppress(RuntimeError):  # the work has failed, and its loop is closed
                loop.call_soon_threadsafe(done.set)
        entry.result()
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
