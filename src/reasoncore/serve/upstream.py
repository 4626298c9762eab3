"""A model behind another server: its own replies go through as they are, byte by byte.

By aiohttp, whose client costs a third of httpx2's time a request; nothing but bytes passes here.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx2
from starlette.responses import Response, StreamingResponse

from reasoncore.errors import UserInputError
from reasoncore.infer.http.endpoint import call_headers
from reasoncore.infer.http.words import plain
from reasoncore.serve.problems import ApiError

_PASSED_ON = ("content-type", "content-encoding", "retry-after")
_LARGEST_AT_ONCE = 2**20
"""Bytes of a reply that is sent on in one piece, where its length is said; others go on as they come."""


class PassThrough:
    """Sends requests on to one server; made by ``open_pass_through``."""

    def __init__(self, client: aiohttp.ClientSession, root: str, first_byte_s: float) -> None:
        self._client, self._root, self._first_byte_s = client, root, first_byte_s

    async def send(self, body: bytes) -> Response:
        """Send a request on, and the reply back as it comes.

        Args:
            body: As it came.

        Raises:
            ApiError: The server cannot be reached, says nothing for too long, or breaks off a short reply.
        """
        try:
            async with asyncio.timeout(self._first_byte_s):  # sending the body included
                reply = await self._client.post(f"{self._root}/chat/completions", data=body, allow_redirects=False)
        except TimeoutError as error:
            raise ApiError(504, f"{self._root}: no answer in time", "upstream_error") from error
        except aiohttp.ClientError as error:
            reason = plain(str(error)) or type(error).__name__
            raise ApiError(502, f"{self._root}: cannot be reached ({reason})", "upstream_error") from error
        headers = {name: reply.headers[name] for name in _PASSED_ON if name in reply.headers}
        if not 200 <= reply.status < 600 or not all(
            value.isascii() and value.isprintable() for value in headers.values()
        ):
            reply.close()
            raise ApiError(502, f"{self._root}: sent a reply that is not HTTP", "upstream_error")
        if reply.content_length is None or reply.content_length >= _LARGEST_AT_ONCE:
            return StreamingResponse(_parts(reply), reply.status, headers)
        async with reply:
            try:
                return Response(await reply.read(), reply.status, headers)
            except (aiohttp.ClientError, TimeoutError) as error:
                raise ApiError(502, f"{self._root}: broke off its reply", "upstream_error") from error


@asynccontextmanager
async def open_pass_through(
    root: str, headers: Mapping[str, str], connect_s: float, first_byte_s: float
) -> AsyncIterator[PassThrough]:
    """Connections to a server, opened as they are needed.

    Args:
        root: The address under which ``/chat/completions`` is.
        headers: Sent with every request.
        connect_s: How long connecting may take.
        first_byte_s: How long the server may say nothing.
    """
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=connect_s, sock_read=first_byte_s)
    client = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, ssl=httpx2.create_ssl_context() if root.startswith("https:") else True),
        headers=call_headers(headers),
        timeout=timeout,
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        proxy=_proxy_of(root),
    )
    async with client:
        yield PassThrough(client, root, first_byte_s)


def _proxy_of(root: str) -> str | None:
    """What the environment names; looked up once, where aiohttp's ``trust_env`` asks threads at every request."""
    url, proxies = urlsplit(root), getproxies()
    proxy = proxies.get(url.scheme) or proxies.get("all")
    if not proxy or proxy_bypass(url.netloc) or proxy_bypass(url.hostname or ""):
        return None
    proxy = proxy if "://" in proxy else f"http://{proxy}"
    if urlsplit(proxy).scheme not in ("http", "https"):
        raise UserInputError(f"proxy {plain(proxy)}: not one for HTTP", "Set HTTP_PROXY or NO_PROXY.")
    return proxy


async def _parts(reply: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    """What is sent on; a stream of events that breaks off ends with an error that clients read."""
    is_events = reply.content_type == "text/event-stream" and "content-encoding" not in reply.headers
    async with reply:
        try:
            async for part in reply.content.iter_any():
                yield part
        except (aiohttp.ClientError, TimeoutError) as error:
            if not is_events:
                raise
            broken = ApiError(502, f"the server broke off its reply ({plain(str(error))})", "upstream_error")
            yield f"\n\ndata: {json.dumps(broken.as_json())}\n\n".encode()
