"""The engine over a chat endpoint."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Sequence
from typing import Any

from reasoncore.infer.engine import Engine, Request, Sampled, SamplingParams
from reasoncore.infer.http.background import emitted
from reasoncore.infer.http.endpoint import Server, api_root, check_model, key_headers, open_client
from reasoncore.infer.http.retry import Patience
from reasoncore.infer.http.sampling import Run


class HttpEngine(Engine):
    """Completes prompts through ``POST /chat/completions`` of vLLM, SGLang, llama.cpp, Ollama, transformers and others.

    Completions have text and an end, but no token ids and no log-probabilities: such servers do not say them.

    Args:
        base_url: Address of the server, with or without ``/v1``.
        model: Name under which it serves the model.
        api_key: Default: the environment's ``REASONCORE_API_KEY``, if it is set.
        concurrency: Most calls at a time.
        patience: How long to wait and to go on trying.

    Raises:
        UserInputError: The address or the key cannot be used.
    """

    def __init__(
        self,
        base_url: str,
        model: str,
        *,
        api_key: str | None = None,
        concurrency: int = 8,
        patience: Patience | None = None,
    ) -> None:
        assert concurrency >= 1, concurrency
        self._server = Server(api_root(base_url), model)
        self._headers = key_headers(api_key)
        self._concurrency = concurrency
        self._patience = patience or Patience()

    def stream(self, requests: Sequence[Request], sampling: SamplingParams) -> Generator[Sampled, None, None]:
        """See :class:`reasoncore.infer.engine.Engine`. A failure is an outcome, and the others go on.

        Closing the iterator, or an interrupt, abandons what is on its way.

        Raises:
            UserInputError: The server would refuse every request: wrong address, key or model.
        """

        async def work(emit: Callable[[Sampled], Awaitable[None]]) -> None:
            connect_s = self._patience.connect_s
            async with open_client(self._server, self._headers, connect_s, self._concurrency) as client:
                if not self._server.model_checked:
                    await check_model(client, self._server, connect_s)
                run = Run(client, self._server, sampling, self._patience, self._concurrency, emit)
                await run.complete(requests)

        yield from emitted(work)

    def describe(self) -> dict[str, Any]:
        """See :class:`reasoncore.infer.engine.Engine`; the chat template is the server's own, and not shown."""
        return {
            "engine": "endpoint",
            "version": self._server.software,
            "model_says": self._server.says,
            "quantisation": self._server.says.get("quantization"),
            "chat_template_sha256": None,
        }
