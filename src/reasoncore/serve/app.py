"""The server: OpenAI's chat completions and models, health, and metrics.

The plain model has its own name, CLR over it ``NAME+clr``. A client that goes away takes its work with it: closing the
pieces of a reply cancels every call that was made for it.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import SplitResult, urlsplit

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from reasoncore.errors import ReasoncoreError
from reasoncore.infer.async_engine import AsyncEngine
from reasoncore.serve.asked import ChatRequest
from reasoncore.serve.bodies import Reply
from reasoncore.serve.limits import Admission, LimitedEngine
from reasoncore.serve.metrics import Metrics
from reasoncore.serve.pieces import Ended, Piece, clr_pieces, plain_pieces
from reasoncore.serve.problems import ApiError
from reasoncore.test_time.classes import Same
from reasoncore.test_time.trajectory import ReadAnswer

T = TypeVar("T")
CLR_SUFFIX = "+clr"
LARGEST_BODY = 16 * 2**20
_EVENT_STREAM = "text/event-stream"
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_HERE = Path(__file__).parent
_PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; connect-src 'self'",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True, slots=True)
class Served:
    """A model and how it is served.

    Attributes:
        name: Of the plain model.
        engine: Made anew for each request, so that none pays for the failures of another.
        pass_on: Answers a request for the plain model by itself, given its body; None lets the engine do it.
        read_answer, same: How answers are found and compared.
        longest: Tokens of a completion where a request does not say.
        trouble: Why nothing can be answered any more; None while all is well.
    """

    name: str
    engine: Callable[[], AsyncEngine]
    pass_on: Callable[[bytes], Awaitable[Response]] | None
    read_answer: ReadAnswer
    same: Same
    longest: int
    trouble: Callable[[], str | None] = lambda: None


def make_app(
    served: Served,
    slots: int,
    places: int,
    api_key: str | None = None,
    instruction: str | None = None,
) -> Starlette:
    """The application.

    Args:
        served: What is served.
        slots: Most calls of the engine at a time.
        places: Most requests that are being answered; a further one is told to come again.
        api_key: What clients have to show; None asks for nothing.
        instruction: What CLR puts behind a question where a request does not say; None: to box the answer.
    """
    server = _Server(served, slots, places, instruction)

    def check_client(request: Request) -> None:
        """The key, or else that no web page of somebody else's makes the browser ask."""
        headers = request.headers
        given = headers.get("authorization", "").removeprefix("Bearer ")
        if api_key is not None and not secrets.compare_digest(given.encode(), api_key.encode()):
            raise ApiError(401, "the API key is missing or wrong", code="invalid_api_key")
        host, origin = headers.get("host", ""), headers.get("origin")
        if origin is not None and _split(origin).netloc != host:
            raise ApiError(403, f"a page of {origin} may not use this server")
        if api_key is None and _split(f"//{host}").hostname not in _LOOPBACK:
            raise ApiError(403, f"a server without a key does not answer to the name {host!r}; use 127.0.0.1")

    async def page(request: Request) -> Response:
        return FileResponse(_HERE / "page.html", headers=_PAGE_HEADERS)

    async def script(request: Request) -> Response:
        return FileResponse(_HERE / "page.js", media_type="text/javascript", headers=_PAGE_HEADERS)

    async def health(request: Request) -> Response:
        trouble = served.trouble()
        return JSONResponse({"status": "ok"}) if trouble is None else JSONResponse({"status": trouble}, 503)

    async def metrics(request: Request) -> Response:
        check_client(request)
        return server.metrics.response()

    async def models(request: Request) -> Response:
        check_client(request)
        listed = [{"id": name, "object": "model", "created": 0, "owned_by": "reasoncore"} for name in server.names]
        return JSONResponse({"object": "list", "data": listed})

    async def chat_completions(request: Request) -> Response:
        check_client(request)
        return await server.answer(request)

    return Starlette(
        routes=[
            Route("/v1/chat/completions", chat_completions, methods=["POST"]),
            Route("/v1/models", models),
            Route("/", page),
            Route("/page.js", script),
            Route("/health", health),
            Route("/metrics", metrics),
        ],
        exception_handlers={ApiError: _refused, ReasoncoreError: _failed, HTTPException: _not_there},
    )


def _split(address: str) -> SplitResult:
    try:
        return urlsplit(address)
    except ValueError as error:
        raise ApiError(403, f"{address!r} is not the name of a host") from error


async def _refused(request: Request, error: Any) -> Response:
    return error.response()


async def _failed(request: Request, error: Any) -> Response:
    return ApiError.of(error).response()


async def _not_there(request: Request, error: Any) -> Response:
    path = request.url.path
    if error.status_code == 404:
        return ApiError(404, f"{path}: there is nothing here; see /v1/models").response()
    response = ApiError(error.status_code, f"{path}: {error.detail}").response()
    response.headers.update(error.headers or {})
    return response


class _Server:
    def __init__(self, served: Served, slots: int, places: int, instruction: str | None) -> None:
        self._served, self._slot_count, self._instruction = served, slots, instruction
        self._slots = asyncio.Semaphore(slots)
        self._admission = Admission(places)
        self.metrics = Metrics(lambda: self._admission.inside)
        self.names = (served.name, served.name + CLR_SUFFIX)

    async def answer(self, request: Request) -> Response:
        """Reply to a request for a chat completion; what another server answers is that server's to check."""
        body = await _body_of(request)
        parsed = _parsed(body)
        pass_on = self._served.pass_on if _model_of(parsed) == self._served.name else None
        asked = self._checked(parsed) if pass_on is None else None
        model = self._served.name if asked is None else asked.model
        place = ExitStack()
        place.enter_context(self._admission.admitted())
        place.enter_context(self.metrics.answering(model))
        try:
            if asked is not None:
                return await self._reply(request, asked, place)
            assert pass_on is not None
            reply = await _unless_gone(request, pass_on(body))
            if reply.status_code >= 400:
                self.metrics.failed(model, reply.status_code)
            return _Ending(reply, place)
        except BaseException as error:
            self.metrics.failed(model, error.status if isinstance(error, ApiError) else 500)
            place.close()
            raise

    def _checked(self, parsed: Any) -> ChatRequest:
        asked = ChatRequest.of(parsed)
        if asked.model not in self.names:
            raise ApiError(
                404, f"there is no model {asked.model!r}; there are {', '.join(self.names)}", param="model",
                code="model_not_found",
            )  # fmt: skip
        return asked

    async def _reply(self, request: Request, asked: ChatRequest, place: ExitStack) -> Response:
        """``place`` is given back when the reply has ended."""
        is_clr = asked.model.endswith(CLR_SUFFIX) and asked.model != self._served.name
        sampling = asked.sampling(self._served.longest)
        engine = LimitedEngine(self._served.engine(), self._slots)
        read_answer, same = self._served.read_answer, self._served.same
        if is_clr:
            pieces = clr_pieces(engine, asked, sampling, self._slot_count, read_answer, same, self._instruction)
        else:
            pieces = plain_pieces(engine, asked, sampling)
        reply = Reply(asked.model)
        if not asked.stream:
            async with aclosing(pieces):  # type: ignore[type-var]
                whole = await _unless_gone(request, reply.whole(self._counted(asked.model, pieces)))
            place.close()
            return JSONResponse(whole)
        first = await _unless_gone(request, anext(pieces))  # what fails at once is an error, not a stream
        include_usage = asked.stream_options is not None and asked.stream_options.include_usage
        events = reply.events(self._counted(asked.model, _rejoined(first, pieces)), include_usage)
        return _Ending(StreamingResponse(events, media_type=_EVENT_STREAM), place)

    async def _counted(self, model: str, pieces: AsyncIterator[Piece | Ended]) -> AsyncIterator[Piece | Ended]:
        async for item in pieces:
            if isinstance(item, Ended):
                self.metrics.used(model, item.usage.prompt, item.usage.completion)
            yield item


async def _body_of(request: Request) -> bytes:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_BODY:
            raise ApiError(413, f"the body has more than {LARGEST_BODY:,} bytes")
    return bytes(body)


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ApiError(400, f"the body is not JSON ({error})") from error


def _model_of(parsed: Any) -> Any:
    return parsed.get("model") if isinstance(parsed, dict) else None


async def _rejoined(first: Piece | Ended, pieces: AsyncIterator[Piece | Ended]) -> AsyncIterator[Piece | Ended]:
    async with aclosing(pieces):  # type: ignore[type-var]
        yield first
        async for item in pieces:
            yield item


class _Ending(Response):
    """A response that gives its place back when it was sent, could not be sent, or is not wanted any more."""

    def __init__(self, response: Response, place: ExitStack) -> None:
        self._response, self._place = response, place

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._response(scope, receive, send)
        finally:
            if isinstance(self._response, StreamingResponse):
                body: Any = self._response.body_iterator
                await body.aclose()
            self._place.close()


async def _unless_gone(request: Request, work: Awaitable[T]) -> T:
    """The result of the work, which is cancelled when the client goes away."""
    task = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_disconnected(request))
    try:
        await asyncio.wait((task, gone), return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise ApiError(499, "the client has gone")
        return task.result()
    finally:
        for each in (task, gone):
            each.cancel()
        await asyncio.gather(task, gone, return_exceptions=True)


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
