"""What is served: a checkpoint in this process, or a model behind another server."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.responses import Response

from reasoncore.config import HardwareSettings
from reasoncore.infer.http.endpoint import Server, api_root, check_model, key_headers, open_client
from reasoncore.infer.http.live import AsyncHttpEngine
from reasoncore.infer.http.retry import Patience
from reasoncore.serve.app import Served
from reasoncore.serve.upstream import open_pass_through
from reasoncore.verify.math import MathVerifier
from reasoncore.verify.math.answer import extract_answer

LONGEST_BEHIND = 131_072
"""Tokens of a completion of another server's model where the request does not say; [3B] caps at the model's maximum."""

LONGEST_SILENCE_S = 3600.0
"""What a reply that is not streamed may take, and how long one that is may pause."""


@asynccontextmanager
async def serve_checkpoint(
    folder: Path, name: str, hardware: HardwareSettings, context: int | None
) -> AsyncIterator[Served]:
    """A checkpoint's model.

    Raises:
        CheckpointError: The folder cannot be used.
    """
    import torch

    from reasoncore.infer.local_live import AsyncLocalEngine

    torch.set_num_threads(hardware.threads)
    with MathVerifier() as verifier, AsyncLocalEngine.of_checkpoint(folder, hardware, context) as engine:
        yield Served(
            name, lambda: engine, None, extract_answer, verifier.equivalent, engine.context, lambda: engine.trouble
        )


@asynccontextmanager
async def serve_endpoint(
    base_url: str, model: str, name: str, concurrency: int, patience: Patience | None = None
) -> AsyncIterator[Served]:
    """A model behind another server; its key is in the environment.

    Raises:
        UserInputError: The address or the key cannot be used, or the server does not have the model.
    """
    server, patience = Server(api_root(base_url), model), patience or Patience()
    headers, first_byte_s = key_headers(None), min(patience.call_s(LONGEST_BEHIND), LONGEST_SILENCE_S)
    async with (
        open_client(server, headers, patience.connect_s, concurrency) as client,
        open_pass_through(server.root, headers, patience.connect_s, first_byte_s) as through,
    ):
        await check_model(client, server, patience.connect_s)
        engine = AsyncHttpEngine(client, server, patience)

        async def pass_on(body: bytes) -> Response:
            own = body if name == model else json.dumps({**json.loads(body), "model": model}).encode()
            return await through.send(own)

        with MathVerifier(workers=max(1, (os.cpu_count() or 1) // 2)) as verifier:
            yield Served(name, engine.for_new_work, pass_on, extract_answer, verifier.equivalent, LONGEST_BEHIND)
