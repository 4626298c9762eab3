"""The engines that are asked one by one: the same completions as in a batch, cancelling, and every failure told."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Sequence
from typing import Any

import pytest
from fake_endpoint import FakeEndpoint, in_turn, refuse, well
from test_engine import CONTEXT, PROMPTS, decoder, engine, requests, tokenizer

from reasoncore.config import HardwareSettings
from reasoncore.errors import InfrastructureError, UserInputError
from reasoncore.infer.async_engine import AsyncEngine
from reasoncore.infer.engine import SamplingParams
from reasoncore.infer.http import Patience
from reasoncore.infer.http.live import connect
from reasoncore.infer.local_live import AsyncLocalEngine
from reasoncore.records import Completion, Message

SAMPLING = SamplingParams(temperature=1.0, top_p=0.95, max_tokens=40)
LONG = SamplingParams(temperature=1.0, max_tokens=CONTEXT)


def live(rows: int = 8, **options: Any) -> AsyncLocalEngine:
    return AsyncLocalEngine(decoder(), tokenizer(), HardwareSettings(device="cpu", decode_rows=rows), **options)


def said(text: str) -> list[Message]:
    return [{"role": "user", "content": text}]


async def several(made: AsyncEngine, sampling: SamplingParams, n: int = 3) -> list[Completion]:
    """What :func:`test_engine.requests` asks for, one by one and all at once."""
    asked = [
        made.complete(request.messages, sampling, request.seed, sample) for request in requests() for sample in range(n)
    ]
    return list(await asyncio.gather(*asked))


def in_time(work: Coroutine[Any, Any, Any], limit_s: float = 60.0) -> Any:
    return asyncio.run(asyncio.wait_for(work, limit_s))


@pytest.mark.parametrize("rows", [1, 4, 64])
def test_completions_are_those_of_a_batch(rows: int) -> None:
    expected = [completion for row in engine().generate(requests(), SAMPLING) for completion in row]
    with live(rows) as made:
        found = in_time(several(made, SAMPLING))
    assert [one.token_ids for one in found] == [one.token_ids for one in expected]
    assert [(one.text, one.finish) for one in found] == [(one.text, one.finish) for one in expected]


def test_each_is_sampled_by_its_own_settings() -> None:
    greedy, stopping = SamplingParams(temperature=0.0, max_tokens=20), SamplingParams(max_tokens=40, stop=("e",))
    alone = [
        [one for row in engine().generate(requests(), each) for one in row] for each in (SAMPLING, greedy, stopping)
    ]

    async def mixed(made: AsyncEngine) -> list[list[Completion]]:
        return list(await asyncio.gather(*(several(made, each) for each in (SAMPLING, greedy, stopping))))

    with live(16) as made:
        found = in_time(mixed(made))
    assert [[one.token_ids for one in each] for each in found] == [[one.token_ids for one in each] for each in alone]
    assert [[one.text for one in each] for each in found] == [[one.text for one in each] for each in alone]


def test_the_text_is_told_as_it_comes() -> None:
    pieces: list[str] = []

    async def listen(made: AsyncEngine) -> Completion:
        return await made.complete(said(PROMPTS[1]), LONG, 3, on_text=pieces.append)

    with live() as made:
        completion = in_time(listen(made))
    assert len(pieces) > 2
    assert "".join(pieces) == completion.text


def test_cancelling_frees_the_rows_and_harms_nobody() -> None:
    async def work(made: AsyncLocalEngine) -> Completion:
        abandoned = [asyncio.create_task(made.complete(said("x"), LONG, seed)) for seed in range(20)]
        kept = asyncio.create_task(made.complete(said(PROMPTS[0]), SAMPLING, 1))
        await asyncio.sleep(0.02)
        for task in abandoned:
            task.cancel()
        await asyncio.gather(*abandoned, return_exceptions=True)
        completion = await kept
        while made.sampling_now:
            await asyncio.sleep(0.01)
        return completion

    (expected,) = engine().generate(requests(PROMPTS[:1], n=1), SAMPLING)
    with live(4) as made:
        assert in_time(work(made)).token_ids == expected[0].token_ids


def test_a_conversation_beyond_the_context_is_refused() -> None:
    with live(context=32) as made:
        with pytest.raises(UserInputError, match="the context holds 32"):
            in_time(made.complete(said("word " * 40), SAMPLING, 1))
        completion = in_time(made.complete(said("x"), LONG, 1))
        assert len(completion.prompt_token_ids) + len(completion.token_ids) <= 32


def test_a_failure_of_the_engine_reaches_everybody(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("out of memory")

    with live() as made:
        monkeypatch.setattr(made._decoding, "advance", fail)
        for _ in range(2):
            with pytest.raises(InfrastructureError, match="out of memory"):
                in_time(several(made, SAMPLING))


def test_the_thread_ends_with_the_engine_and_tells_who_waits() -> None:
    async def wait_for_the_end(made: AsyncLocalEngine) -> None:
        waiting = asyncio.create_task(made.complete(said("x"), LONG, 1))
        await asyncio.sleep(0)
        await asyncio.to_thread(made.__exit__, None, None, None)
        with pytest.raises(InfrastructureError, match="was closed"):
            await waiting
        with pytest.raises(InfrastructureError, match="was closed"):
            await made.complete(said("x"), LONG, 1)

    in_time(wait_for_the_end(live()))
    assert "decoding" not in {thread.name for thread in threading.enumerate()}


def test_what_comes_just_before_the_end_is_told_too(monkeypatch: pytest.MonkeyPatch) -> None:
    made, busy, go_on = live(), threading.Event(), threading.Event()
    advance = made._decoding.advance

    def advance_when_told() -> None:
        busy.set()
        go_on.wait(30)
        advance()

    monkeypatch.setattr(made._decoding, "advance", advance_when_told)

    async def wait_for_the_end() -> list[Any]:
        first = asyncio.create_task(made.complete(said("x"), LONG, 1))
        await asyncio.to_thread(busy.wait, 30)
        second = asyncio.create_task(made.complete(said("y"), LONG, 1))
        await asyncio.sleep(0)
        made._inbox.put(None)  # behind the second, as closing does
        go_on.set()
        return await asyncio.gather(first, second, return_exceptions=True)

    ends = in_time(wait_for_the_end())
    assert [type(end) for end in ends] == [InfrastructureError] * 2


# Behind a server.

QUICK = Patience(attempts=3, backoff_s=0.01, max_backoff_s=0.02)


def served(endpoint: FakeEndpoint, seeds: Sequence[int], pieces: list[str] | None = None) -> list[Completion]:
    async def work() -> list[Completion]:
        async with connect(endpoint.url, "m", patience=QUICK) as made:
            on_text = None if pieces is None else pieces.append
            asked = [made.complete(said("hi"), SAMPLING, seed, on_text=on_text) for seed in seeds]
            return list(await asyncio.gather(*asked))

    found: list[Completion] = in_time(work())
    return found


def test_a_server_is_asked_one_by_one_and_faults_are_tried_again() -> None:
    with FakeEndpoint(in_turn(refuse(503), well)) as endpoint:
        pieces: list[str] = []
        (completion,) = served(endpoint, [5], pieces)
    assert completion.text == "".join(pieces)
    assert [body.get("n", 1) for body in endpoint.bodies] == [1, 1]


def test_a_server_that_is_away_is_said() -> None:
    with FakeEndpoint(refuse(503)) as endpoint, pytest.raises(InfrastructureError, match="after 3 attempts"):
        served(endpoint, [1, 2])
    with FakeEndpoint(refuse(400)) as endpoint, pytest.raises(UserInputError, match="HTTP 400"):
        served(endpoint, [1])
