"""Our server on the loopback, in a thread of this process."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import uvicorn

from reasoncore.serve.app import Served, make_app


class RunningServer:
    """Serves while the ``with`` block lasts."""

    def __init__(
        self, serving: Callable[[], AbstractAsyncContextManager[Served]], slots: int = 8, places: int = 128, **how: Any
    ) -> None:
        self._serving, self._slots, self._places, self._how = serving, slots, places, how
        self._server: uvicorn.Server | None = None
        self._thread = threading.Thread(target=asyncio.run, args=(self._serve(),), daemon=True)

    async def _serve(self) -> None:
        async with self._serving() as served:
            app = make_app(served, self._slots, self._places, **self._how)
            config = uvicorn.Config(
                app, "127.0.0.1", 0, log_level="error", timeout_graceful_shutdown=1, backlog=2048, lifespan="off"
            )
            self._server = uvicorn.Server(config)
            await self._server.serve()

    def __enter__(self) -> RunningServer:
        self._thread.start()
        until = time.monotonic() + 30
        while self._server is None or not self._server.started:
            assert self._thread.is_alive(), "the server did not start"
            assert time.monotonic() < until
            time.sleep(0.01)
        (socket,) = self._server.servers[0].sockets
        self.url = f"http://127.0.0.1:{socket.getsockname()[1]}"
        return self

    def __exit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.should_exit = True
        self._thread.join(20)
        assert not self._thread.is_alive(), "the server did not end"
