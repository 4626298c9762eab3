"""What comes of a request, piece by piece: of the plain model, and of CLR over it."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass
from typing import Any

from reasoncore.infer.async_engine import AsyncEngine
from reasoncore.infer.engine import SamplingParams
from reasoncore.records import Completion
from reasoncore.serve.asked import ChatRequest
from reasoncore.serve.problems import ApiError
from reasoncore.test_time.claims import read_claims
from reasoncore.test_time.classes import Same
from reasoncore.test_time.clr import answer_by_clr
from reasoncore.test_time.marked_question import marked_question
from reasoncore.test_time.outcome import ClrOutcome
from reasoncore.test_time.trajectory import ReadAnswer, Trajectory


@dataclass(frozen=True, slots=True)
class Piece:
    """Some more of a choice.

    Attributes:
        index: Of the choice.
        content, reasoning: What is new.
        finish: Why the choice ended; None while it goes on.
        trajectory: The trajectory of CLR that ended or was checked.
    """

    index: int = 0
    content: str = ""
    reasoning: str = ""
    finish: str | None = None
    trajectory: Trajectory | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of all calls that were made."""

    prompt: int
    completion: int


@dataclass(frozen=True, slots=True)
class Ended:
    """The end: what it took, and CLR's outcome."""

    usage: Usage
    outcome: ClrOutcome | None = None


async def plain_pieces(
    engine: AsyncEngine, asked: ChatRequest, sampling: SamplingParams
) -> AsyncIterator[Piece | Ended]:
    """The model's own completions. Closing the iterator abandons them.

    Raises:
        ReasoncoreError: A completion could not be had.
    """
    seed = seed_of(asked)
    events: asyncio.Queue[Piece | None] = asyncio.Queue()

    async def complete(index: int) -> Completion:
        told = 0

        def tell(text: str) -> None:
            nonlocal told
            told += len(text)
            events.put_nowait(Piece(index, text))

        on_text = tell if asked.stream and not sampling.stop else None
        had = await engine.complete(asked.conversation, sampling, seed, index, on_text)
        events.put_nowait(Piece(index, had.text[told:], finish=had.finish))
        return had

    async def complete_all() -> list[Completion]:
        async with asyncio.TaskGroup() as tasks:
            made = [tasks.create_task(complete(index)) for index in range(asked.n or 1)]
        return [task.result() for task in made]

    result: list[list[Completion]] = []
    async for piece in _while_working(complete_all(), events, result):
        yield piece
    completions = result[0]
    prompt = completions[0].prompt_token_count or 0
    yield Ended(Usage(prompt, sum(had.token_count or 0 for had in completions)))


async def clr_pieces(
    engine: AsyncEngine,
    asked: ChatRequest,
    sampling: SamplingParams,
    slots: int,
    read_answer: ReadAnswer,
    same: Same,
    instruction: str | None,
) -> AsyncIterator[Piece | Ended]:
    """Trajectories as they come, then the answer. Closing the iterator abandons all calls.

    Args:
        instruction: See :func:`reasoncore.test_time.marked_question.marked_question`; the request's own goes before it.

    Raises:
        ApiError: Several choices were asked for, or the last message is not the user's.
        ReasoncoreError: No trajectory could be had.
    """
    *history, question = asked.conversation
    if question["role"] != "user":
        raise ApiError(400, "messages: the last one is not the user's", param="messages")
    if (asked.n or 1) > 1:
        raise ApiError(400, "n: CLR gives one answer; clr.k says how many trajectories it takes", param="n")
    counted = _CountedEngine(engine)
    own = asked.clr.instruction
    events: asyncio.Queue[Piece | None] = asyncio.Queue()
    ended = 0

    def tell(trajectory: Trajectory) -> None:
        nonlocal ended
        ended += trajectory.verdicts is None
        events.put_nowait(Piece(reasoning=_progress(trajectory, ended, asked.clr.k), trajectory=trajectory))

    work = answer_by_clr(
        counted,
        marked_question(question["content"], instruction if own is None else own),
        asked.clr.settings(),
        sampling,
        seed_of(asked),
        read_answer,
        same,
        slots,
        tell,
        history=history,
    )
    result: list[ClrOutcome] = []
    async for piece in _while_working(work, events, result):
        yield piece
    (outcome,) = result
    yield Piece(content=best_solution(outcome), finish="stop")
    yield Ended(Usage(counted.prompt, counted.completion), outcome)


def best_solution(outcome: ClrOutcome) -> str:
    """The solution of the first trajectory with the chosen answer whose claims held best, without its claims."""
    if outcome.answer is None:
        return "No trajectory gave an answer."
    chosen = next(one for one in outcome.classes if one.answer == outcome.answer)
    members = [trajectory for trajectory in outcome.trajectories if trajectory.number in chosen.members]
    best = max(members, key=lambda one: sum(verdict is not False for verdict in one.verdicts or ()))
    return read_claims(best.text, 0).solution.strip()


def seed_of(asked: ChatRequest) -> int:
    """The request's seed, or a new one."""
    return secrets.randbits(31) if asked.seed is None else asked.seed


def _progress(trajectory: Trajectory, ended: int, k: int) -> str:
    name = f"trajectory {trajectory.number + 1}"
    if trajectory.verdicts is None:
        return f"{name} of {k}: {trajectory.answer or 'no answer'}\n"
    refuted = sum(verdict is False for verdict in trajectory.verdicts)
    return f"{name} checked: {refuted} of {len(trajectory.claims)} claims refuted\n"


async def _while_working(
    work: Coroutine[Any, Any, Any], events: asyncio.Queue[Piece | None], result: list[Any]
) -> AsyncIterator[Piece]:
    """Yield what is put into the queue until the work has ended; its result goes into the list."""
    task = asyncio.ensure_future(work)
    task.add_done_callback(lambda _: events.put_nowait(None))
    try:
        while (piece := await events.get()) is not None:
            yield piece
        try:
            result.append(task.result())
        except BaseExceptionGroup as group:
            raise group.exceptions[0] from None
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class _CountedEngine(AsyncEngine):
    """Adds up the tokens of all calls that were answered."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self.prompt = self.completion = 0

    async def complete(self, *arguments: Any, **options: Any) -> Completion:
        """See :class:`reasoncore.infer.async_engine.AsyncEngine`."""
        had = await self._engine.complete(*arguments, **options)
        self.prompt += had.prompt_token_count or 0
        self.completion += had.token_count or 0
        return had
