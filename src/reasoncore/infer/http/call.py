"""One call of ``/chat/completions``: bounded in time and size, and every failure told apart."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import httpx2

from reasoncore.errors import RequestRefusedError, ServerUnusableError
from reasoncore.infer.http.choices import BadAnswerError, Choice, ChoiceReader
from reasoncore.infer.http.endpoint import API_KEY_VARIABLE
from reasoncore.infer.http.retry import FaultError, Patience, retry_after_s
from reasoncore.infer.http.words import error_words, plain

_MAY_PASS = frozenset({408, 409, 425, 429})
_OF_THIS_REQUEST = frozenset({400, 413, 422})
_LARGEST_ERROR = 2**16
_ERROR_BODY_S = 5.0
_AFTER_DONE_S = 1.0
_NOT_TOGETHER = re.compile(r"\bn\b|n_cmpl|completion choice|stream_options", re.IGNORECASE)

_LOOK_AT_SERVER = "Look at the server and its log, then run the same command again."


class NotTogetherError(Exception):
    """The server refuses to give several choices in one call."""


async def ask(
    client: httpx2.AsyncClient,
    url: str,
    body: dict[str, Any],
    patience: Patience,
    on_text: Callable[[str], None] | None = None,
) -> list[Choice]:
    """Make one call; the answer has at least one choice and at most ``body["n"]``.

    ``on_text`` is told what comes of the first choice, piece by piece; a call that is made again begins anew.

    Raises:
        FaultError: A failure that may pass.
        NotTogetherError: Several choices were asked for, which this server does not do.
        RequestRefusedError: The server refuses this request.
        ServerUnusableError: The server would refuse every request: wrong address, key or model.
    """
    n, limit_s = body.get("n", 1), patience.call_s(body["max_tokens"])
    content = json.dumps(body).encode()
    reader = ChoiceReader(n, body["max_tokens"], on_text)
    try:
        async with asyncio.timeout(limit_s), client.stream("POST", url, content=content) as response:
            if not response.is_success:
                raise await _refusal(response, n)
            return await _read_choices(response, reader, patience.stall_s)
    except TimeoutError as error:
        raise FaultError(
            f"{url}: no whole answer within {limit_s:.3g} s",
            "See whether the server is stuck or overloaded; lower the concurrency or the longest completion.",
            begun=reader.begun,
        ) from error
    except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
        raise FaultError(
            f"{url}: no connection ({plain(str(error)) or type(error).__name__})",
            "Start the server or check the address, then run the same command again.",
        ) from error
    except httpx2.RequestError as error:
        reason = plain(str(error)) or type(error).__name__
        raise FaultError(f"{url}: the connection broke ({reason})", _LOOK_AT_SERVER, begun=reader.begun) from error
    except BadAnswerError as error:
        cure = f"See whether this is an OpenAI-compatible chat endpoint. {_LOOK_AT_SERVER}"
        raise FaultError(f"{url}: {error}", cure, begun=reader.begun) from error


async def _read_choices(response: httpx2.Response, reader: ChoiceReader, stall_s: float) -> list[Choice]:
    now = asyncio.get_running_loop().time
    try:
        # A queue may be long: until the answer begins only the time for the whole call counts.
        async with asyncio.timeout(None) as silence:
            async for data in response.aiter_raw():
                if not reader.done:
                    reader.feed(data)
                    silence.reschedule(now() + (_AFTER_DONE_S if reader.done else stall_s))
    except TimeoutError as error:
        if not reader.done:
            raise BadAnswerError(f"silence for {stall_s:.3g} s in the middle of an answer") from error
    except httpx2.RequestError:
        if not reader.done:
            raise
    return reader.finish()


async def _refusal(response: httpx2.Response, n: int) -> Exception:
    status, body = response.status_code, await _start_of(response)
    key = response.request.headers.get("Authorization", "").removeprefix("Bearer ").encode()
    words = error_words(body.replace(key, b"***") if key else body)
    message = f"{response.request.url}: HTTP {status} ({words or response.reason_phrase})"
    if n > 1 and status not in _MAY_PASS and _NOT_TOGETHER.search(words):
        return NotTogetherError(message)
    if status in _MAY_PASS or status >= 500:
        cure = _LOOK_AT_SERVER if status >= 500 else "Wait or lower the concurrency, then run the same command again."
        return FaultError(message, cure, retry_after_s(response.headers.get("Retry-After", "")))
    if status in _OF_THIS_REQUEST:
        cure = "Change what the server names: often a length beyond its context, or a setting it does not know."
        return RequestRefusedError(message, cure)
    if status in (401, 403):
        return ServerUnusableError(message, f"Set {API_KEY_VARIABLE} to a key that this server takes.")
    if response.is_redirect:
        there = plain(response.headers.get("Location", "")) or "it names none"
        return ServerUnusableError(message, f"Give the address it points to: {there}.")
    return ServerUnusableError(message, "Check the address and the name of the model.")


async def _start_of(response: httpx2.Response) -> bytearray:
    """As much of an error's body as comes soon; its status is known already."""
    body = bytearray()
    with suppress(TimeoutError, httpx2.RequestError):
        async with asyncio.timeout(_ERROR_BODY_S):
            async for data in response.aiter_raw():
                body += data
                if len(body) >= _LARGEST_ERROR:
                    break
    return body[:_LARGEST_ERROR]
