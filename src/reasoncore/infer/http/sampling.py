"""A run: which calls the requests become, and what becomes of the samples."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import httpx2

from reasoncore.errors import InfrastructureError, RequestRefusedError
from reasoncore.infer.engine import Request, Sampled, SamplingParams
from reasoncore.infer.http.call import NotTogetherError, ask
from reasoncore.infer.http.choices import to_completion
from reasoncore.infer.http.context import say_if_context_is_small
from reasoncore.infer.http.endpoint import Server
from reasoncore.infer.http.retry import Patience, Persistence
from reasoncore.seeding import derive_seed

# Some servers keep a seed in 32 bits, with a sign.
_SEED_MASK = 2**31 - 1
_TEMPLATE_TOKENS = 128


class Run:
    """One pass over requests; at most ``concurrency`` calls are on their way or waiting to be tried again.

    A call has its slot until the consumer is done with its samples: whoever stores them, and is killed, has no more
    than that many to ask for again.
    """

    def __init__(
        self,
        client: httpx2.AsyncClient,
        server: Server,
        sampling: SamplingParams,
        patience: Patience,
        concurrency: int,
        emit: Callable[[Sampled], Awaitable[None]],
    ) -> None:
        self._client = client
        self._server = server
        self._sampling = sampling
        self._patience = patience
        self._emit = emit
        self._slots = asyncio.Semaphore(concurrency)
        self._persistence = Persistence(patience, server.say_trouble)

    async def complete(self, requests: Sequence[Request]) -> None:
        """Emit every sample of every request, once each.

        Raises:
            UserInputError: The server would refuse every request.
        """
        try:
            async with asyncio.TaskGroup() as tasks:
                for index, request in enumerate(requests):
                    tasks.create_task(self._complete(index, request, tasks))
        except BaseExceptionGroup as group:
            raise group.exceptions[0] from None

    async def _complete(self, index: int, request: Request, tasks: asyncio.TaskGroup) -> None:
        for sample in await self._sample(index, request, request.samples):
            tasks.create_task(self._sample(index, request, range(sample, sample + 1)))

    async def _sample(self, index: int, request: Request, samples: range) -> range:
        """Ask for samples in one call; those that the server left out are returned."""
        async with self._slots:
            if len(samples) > 1 and self._server.one_by_one:
                return samples
            body = request_body(self._server, request, samples, self._sampling)
            url = f"{self._server.root}/chat/completions"
            try:
                choices = await self._persistence.call(lambda: ask(self._client, url, body, self._patience), index)
            except NotTogetherError:
                choices = []
            except (InfrastructureError, RequestRefusedError) as error:
                for sample in samples:
                    await self._emit(Sampled(index, sample, error))
                return range(0)
            say_if_context_is_small(self._server, body, choices)
            if len(choices) < len(samples):
                self._server.one_by_one = True
            for sample, choice in zip(samples, choices, strict=False):
                await self._emit(Sampled(index, sample, to_completion(choice, self._sampling.stop)))
            return samples[len(choices) :]


def request_body(server: Server, request: Request, samples: range, sampling: SamplingParams) -> dict[str, Any]:
    """What is sent for some samples of a request.

    A call that begins with sample 0 has the seed of the request whether it asks for all samples or for one: what a
    server gives of several is then what it gives when asked for each, and a sample does not depend on when that was
    learned.
    """
    first = samples[0]
    seed = derive_seed(request.seed, first) if first else derive_seed(request.seed)
    body: dict[str, Any] = {
        "model": server.model,
        "messages": list(request.messages),
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "max_tokens": _longest(server, request, sampling.max_tokens),
        "seed": seed & _SEED_MASK,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if len(samples) > 1:
        body["n"] = len(samples)
        body["stream_options"]["continuous_usage_stats"] = True  # vLLM, SGLang: tokens of each choice, not of all
    if sampling.stop:
        body["stop"] = list(sampling.stop)
    if sampling.top_k:
        body["top_k"] = sampling.top_k
    return body


def _longest(server: Server, request: Request, wanted: int) -> int:
    """As many tokens as are wanted, or as surely fit: vLLM refuses more than its context has left for them.

    A prompt has no more tokens than bytes; of a long one, which has far fewer, half of the context is taken.
    """
    context = server.says.get("max_model_len")
    if type(context) is not int or context <= 2 * _TEMPLATE_TOKENS:
        return wanted
    size = sum(len(message["content"].encode("utf-8", "replace")) for message in request.messages) + _TEMPLATE_TOKENS
    return min(wanted, context - min(size, context // 2))
