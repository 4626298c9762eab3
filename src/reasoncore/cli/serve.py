"""``reasoncore serve``."""

from __future__ import annotations

import ipaddress
import os
from functools import partial
from typing import TYPE_CHECKING

from reasoncore.cli.asked_model import AskedModel
from reasoncore.errors import UserInputError

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from reasoncore.serve.app import Served

KEY_VARIABLE = "REASONCORE_SERVE_KEY"


def serve_command(model: AskedModel, name: str | None, host: str, port: int, places: int, context: int | None) -> None:
    """Serve a model until interrupted."""
    model.check("serve")
    key = os.environ.get(KEY_VARIABLE) or None
    if not _is_loopback(host) and key is None:
        raise UserInputError(
            f"--host {host}: others could use the model", f"Set {KEY_VARIABLE} to a key that clients must show."
        )
    try:
        import uvicorn

        from reasoncore.serve.app import CLR_SUFFIX, make_app
    except ImportError as error:
        raise UserInputError(
            f"serve: {error.name} is not installed", "Install what the server needs: pip install 'reasoncore[serve]'"
        ) from error
    from reasoncore.progress import say

    served_name = name or model.served_name or model.short_name
    app = make_app(partial(_serving, model, served_name, context), model.concurrency, places, key)
    config = uvicorn.Config(app, host, port, log_level="warning", timeout_graceful_shutdown=2)
    say(f"http://{host}:{port}/v1 serves {served_name} and {served_name}{CLR_SUFFIX}; Ctrl-C ends it")
    uvicorn.Server(config).run()


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
