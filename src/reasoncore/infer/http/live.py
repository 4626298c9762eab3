"""The asynchronous engine over a chat endpoint."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import count

import httpx2

from reasoncore.infer.async_engine import AsyncEngine, OnText
from reasoncore.infer.engine import Request, SamplingParams
from reasoncore.infer.http.call import ask
from reasoncore.infer.http.choices import Choice, to_completion
from reasoncore.infer.http.context import say_if_context_is_small
from reasoncore.infer.http.endpoint import Server, api_root, check_model, key_headers, open_client
from reasoncore.infer.http.retry import Patience, Persistence
from reasoncore.infer.http.sampling import request_body
from reasoncore.records import Completion, Message

BROKEN_OFF = "\n[broken off; the answer begins anew]\n"


class AsyncHttpEngine(AsyncEngine):
    """Completes conversations by a server; made by :func:`connect`, and once more for each piece of work.

    A failure that may pass is tried again. The attempts of one piece of work are counted together, so that a server
    that is away is not waited for by each of its calls anew.
    """

    def __init__(self, client: httpx2.AsyncClient, server: Server, patience: Patience) -> None:
        self._client, self._server, self._patience = client, server, patience
        self._persistence, self._numbers = Persistence(patience, server.say_trouble), count()

    def for_new_work(self) -> AsyncHttpEngine:
        """An engine on the same connections that has not failed yet."""
        return AsyncHttpEngine(self._client, self._server, self._patience)

    async def complete(
        self,
        messages: Sequence[Message],
        sampling: SamplingParams,
        seed: int,
        sample: int = 0,
        on_text: OnText | None = None,
    ) -> Completion:
        """See :class:`reasoncore.infer.async_engine.AsyncEngine`."""
        request = Request(tuple(messages), 1, seed, sample)
        body = request_body(self._server, request, request.samples, sampling)
        url = f"{self._server.root}/chat/completions"
        listener = None if on_text is None else _Listener(on_text)

        async def attempt() -> list[Choice]:
            if listener is not None:
                listener.begin()
            return await ask(self._client, url, body, self._patience, listener)

        (choice,) = await self._persistence.call(attempt, next(self._numbers))
        say_if_context_is_small(self._server, body, [choice])
        return to_completion(choice, sampling.stop)


class _Listener:
    """Passes text on, and says where an attempt that broke off begins anew."""

    def __init__(self, on_text: OnText) -> None:
        self._on_text, self._heard = on_text, False

    def begin(self) -> None:
        if self._heard:
            self._on_text(BROKEN_OFF)
        self._heard = False

    def __call__(self, text: str) -> None:
        self._heard = True
        self._on_text(text)


@asynccontextmanager
async def connect(
    base_url: str,
    model: str,
    *,
    api_key: str | None = None,
    concurrency: int = 8,
    patience: Patience | None = None,
) -> AsyncIterator[AsyncHttpEngine]:
    """An engine on a server, as :class:`reasoncore.infer.http.engine.HttpEngine` takes one.

    Raises:
        UserInputError: The address or the key cannot be used, or the server lists models and this is none of them.
    """
    server, patience = Server(api_root(base_url), model), patience or Patience()
    async with open_client(server, key_headers(api_key), patience.connect_s, concurrency) as client:
        await check_model(client, server, patience.connect_s)
        yield AsyncHttpEngine(client, server, patience)
