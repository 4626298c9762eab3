"""``reasoncore serve``."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import os
import socket
from importlib.util import find_spec
from typing import TYPE_CHECKING

from reasoncore.cli.asked_model import AskedModel
from reasoncore.errors import UserInputError

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from reasoncore.serve.app import Served

KEY_VARIABLE = "REASONCORE_SERVE_KEY"


def serve_command(
    model: AskedModel,
    name: str | None,
    host: str,
    port: int,
    places: int,
    context: int | None,
    instruction: str | None,
) -> None:
    """Serve a model until interrupted."""
    model.check("serve")
    key = os.environ.get(KEY_VARIABLE) or None
    if not _is_loopback(host) and key is None:
        raise UserInputError(
            f"--host {host}: others could use the model", f"Set {KEY_VARIABLE} to a key that clients must show."
        )
    missing = [name for name in ("starlette", "prometheus_client", "uvicorn", "aiohttp") if find_spec(name) is None]
    if missing:
        raise UserInputError(
            f"serve: {missing[0]} is not installed",
            "Install it in reasoncore's own folder: pip install --editable '.[serve]'",
        )
    served_name = name or model.served_name or model.short_name
    listening = _listen(host, port)
    import uvicorn

    loop_factory = uvicorn.Config("").get_loop_factory()  # uvloop's, where there is one
    with contextlib.suppress(KeyboardInterrupt), asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(_serve(model, served_name, context, places, key, instruction, listening))


async def _serve(
    model: AskedModel,
    name: str,
    context: int | None,
    places: int,
    key: str | None,
    instruction: str | None,
    listening: socket.socket,
) -> None:
    import uvicorn

    from reasoncore.progress import say
    from reasoncore.serve.app import CLR_SUFFIX, make_app

    async with _serving(model, name, context) as served:
        app = make_app(served, model.concurrency, places, key, instruction)
        config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=2, proxy_headers=False)
        host, port = listening.getsockname()[:2]
        say(f"http://{host}:{port} shows a page; its /v1 serves {name} and {name}{CLR_SUFFIX}; Ctrl-C ends it")
        await uvicorn.Server(config).serve([listening])


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket. The protocol is named because asyncio switches Nagle's delay off only where it is."""
    listening = socket.socket(
        socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP
    )
    try:
        if os.name == "posix":  # elsewhere it would let two servers have one port
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if listening.family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listening.bind((host, port))
        listening.listen()
        return listening
    except OSError as error:
        listening.close()
        raise UserInputError(
            f"--host {host} --port {port}: cannot listen there ({error.strerror or error})", "Choose another --port."
        ) from error


def _serving(model: AskedModel, name: str, context: int | None) -> AbstractAsyncContextManager[Served]:
    from reasoncore.serve.models import serve_checkpoint, serve_endpoint

    if model.checkpoint is not None:
        return serve_checkpoint(model.checkpoint, name, model.hardware, context)
    assert model.endpoint is not None
    assert model.served_name is not None
    return serve_endpoint(model.endpoint, model.served_name, name, model.concurrency)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
