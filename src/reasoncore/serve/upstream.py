"""A model behind another server: its own replies go through as they are, byte by byte."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import httpx2
from fastapi.responses import Response, StreamingResponse

from reasoncore.infer.http.words import plain
from reasoncore.serve.problems import ApiError

_PASSED_ON = ("content-type", "retry-after")
_LARGEST_AT_ONCE = 2**20
"""Bytes of a reply that is sent on in one piece, where its length is said; others go on as they come."""


async def pass_through(client: httpx2.AsyncClient, root: str, body: bytes, first_byte_s: float) -> Response:
    """Send a request on, and the reply back as it comes.

    Args:
        body: As it came.
        first_byte_s: How long the upstream may take to begin.

    Raises:
        ApiError: The upstream cannot be reached, or says nothing for so long.
    """
    stack = AsyncExitStack()
    try:
        call = client.stream("POST", f"{root}/chat/completions", content=body, timeout=_timeout(first_byte_s))
        reply = await stack.enter_async_context(call)
    except httpx2.TimeoutException as error:
        raise ApiError(504, f"{root}: no answer within {first_byte_s:g} s", "upstream_error") from error
    except httpx2.RequestError as error:
        reason = plain(str(error)) or type(error).__name__
        raise ApiError(502, f"{root}: cannot be reached ({reason})", "upstream_error") from error
    headers = {name: reply.headers[name] for name in _PASSED_ON if name in reply.headers}
    if int(reply.headers.get("content-length", _LARGEST_AT_ONCE)) >= _LARGEST_AT_ONCE:
        return StreamingResponse(_parts(reply, stack), reply.status_code, headers)
    async with stack:
        try:
            return Response(await reply.aread(), reply.status_code, headers)
        except httpx2.RequestError as error:
            raise ApiError(502, f"{root}: broke off its reply", "upstream_error") from error


async def _parts(reply: httpx2.Response, stack: AsyncExitStack) -> AsyncIterator[bytes]:
    async with stack:
        async for part in reply.aiter_raw():
            yield part


def _timeout(first_byte_s: float) -> httpx2.Timeout:
    return httpx2.Timeout(first_byte_s, connect=10.0)
