"""The asynchronous engine on a checkpoint in this process: one thread decodes, and whoever asks joins the batch."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, Self

from reasoncore.config import HardwareSettings
from reasoncore.errors import InfrastructureError, UserInputError
from reasoncore.infer.async_engine import AsyncEngine, OnText
from reasoncore.infer.decoding import Draw, Prompt
from reasoncore.infer.engine import SamplingParams
from reasoncore.infer.local import inference_mode, open_decoding
from reasoncore.model.checkpoint import load_checkpoint
from reasoncore.model.network import Decoder
from reasoncore.model.tokenizer import ChatTokenizer
from reasoncore.records import Completion, Message

_TEXT_EVERY = 4  # tokens


@dataclass(eq=False, slots=True)
class _Job:
    """One completion that somebody waits for."""

    prompt: Prompt
    draw: Draw
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Completion]
    on_text: OnText | None
    told: int = 0  # tokens whose text was told
    pending: list[int] = field(default_factory=list)


class AsyncLocalEngine(AsyncEngine):
    """Samples from a decoder; a context manager, which ends its thread.

    Args:
        model, tokenizer: What is sampled from.
        hardware: Rows, cache and threads.
        context: Most tokens of a prompt with its completion; None is the model's own.
    """

    def __init__(
        self, model: Decoder, tokenizer: ChatTokenizer, hardware: HardwareSettings, context: int | None = None
    ) -> None:
        self.tokenizer = tokenizer
        self.context = min(context or model.config.max_position_embeddings, model.config.max_position_embeddings)
        self._model = model
        with inference_mode(model):
            self._decoding = open_decoding(model, tokenizer, hardware, hardware.decode_rows, self.context, self.context)
        self._inbox: SimpleQueue[_Job | int | None] = SimpleQueue()
        self._jobs: dict[int, _Job] = {}
        self._numbers = count()
        self._ended: str | None = None  # why nothing is taken in any more
        self._tokenizing = threading.Lock()
        self._gate = threading.Lock()  # nothing is put into the inbox of a thread that has ended
        self._thread = threading.Thread(target=self._run, name="decoding", daemon=True)
        self._thread.start()

    @classmethod
    def of_checkpoint(cls, folder: Path, hardware: HardwareSettings, context: int | None = None) -> Self:
        """An engine on a checkpoint's weights, on the device that the hardware section asks for."""
        model, tokenizer = load_checkpoint(folder)
        return cls(model.to(hardware.resolved_device()), tokenizer, hardware, context)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._inbox.put(None)
        self._thread.join()

    @property
    def rows(self) -> int:
        """Most completions side by side."""
        return self._decoding.rows

    @property
    def sampling_now(self) -> int:
        """Completions that are being sampled or wait for it."""
        return len(self._jobs)

    @property
    def trouble(self) -> str | None:
        """Why nothing is answered any more; None while all is well."""
        return self._ended

    async def complete(
        self,
        messages: Sequence[Message],
        sampling: SamplingParams,
        seed: int,
        sample: int = 0,
        on_text: OnText | None = None,
    ) -> Completion:
        """See :class:`reasoncore.infer.async_engine.AsyncEngine`.

        Raises:
            UserInputError: The conversation fills the context.
        """
        prompt = await asyncio.to_thread(self._prompt_ids, messages)  # a long one takes seconds
        if len(prompt) >= self.context:
            raise UserInputError(
                f"the conversation has {len(prompt)} tokens, and the context holds {self.context}", "Shorten it."
            )
        loop, key = asyncio.get_running_loop(), next(self._numbers)
        future: asyncio.Future[Completion] = loop.create_future()
        with self._gate:
            if self._ended is not None:
                raise _failure(self._ended)
            self._inbox.put(_Job(prompt, Draw(key, seed, sample, sampling), loop, future, on_text))
        try:
            return await future
        except asyncio.CancelledError:
            self._inbox.put(key)
            raise

    def _prompt_ids(self, messages: Sequence[Message]) -> Prompt:
        with self._tokenizing:
            (prompt,) = self.tokenizer.prompt_ids([messages])
        return prompt

    def _run(self) -> None:
        try:
            with inference_mode(self._model):
                while self._take_in():
                    if self._decoding.unfinished:  # unless all was cancelled
                        self._decoding.advance()
                    self._tell()
            self._end("the engine was closed")
        except Exception as error:  # whoever waits must hear of it, whatever it is
            self._end(f"the engine has failed ({error})")

    def _end(self, why: str) -> None:
        """Take in nothing more, and tell everybody who waits."""
        with self._gate:
            self._ended = why
            while not self._inbox.empty():
                item = self._inbox.get()
                if isinstance(item, _Job):
                    self._jobs[item.draw.key] = item
        for job in self._jobs.values():
            _settle(job, _failure(why))
        self._jobs.clear()

    def _take_in(self) -> bool:
        """Take in what was asked and cancelled; wait for it where nothing else is to be done. False at the end."""
        new: list[_Job] = []
        while True:
            try:
                item = self._inbox.get(block=not (new or self._decoding.unfinished))
            except Empty:
                break
            match item:
                case None:
                    self._jobs.update({job.draw.key: job for job in new})  # to be told of the end
                    return False
                case _Job() as job:
                    new.append(job)
                case key:
                    new = [job for job in new if job.draw.key != key]
                    self._drop(key)
        of_prompt: dict[Prompt, list[_Job]] = {}
        for job in new:
            of_prompt.setdefault(job.prompt, []).append(job)
            self._jobs[job.draw.key] = job
        for prompt, jobs in of_prompt.items():
            self._decoding.add(prompt, [job.draw for job in jobs])
        return True

    def _drop(self, key: Any) -> None:
        if self._jobs.pop(key, None) is not None:
            self._decoding.cancel(key)

    def _tell(self) -> None:
        """Say what finished, and what text there is for those who listen."""
        for draw, completion in self._decoding.take_finished():
            job = self._jobs.pop(draw.key)
            self._tell_text(job, list(completion.token_ids[job.told :]), is_whole=True)
            _settle(job, completion)
        for key, job in self._jobs.items():
            if job.on_text is not None:
                new = self._decoding.tokens_of(key, job.told)
                if len(new) >= _TEXT_EVERY:
                    self._tell_text(job, new, is_whole=False)

    def _tell_text(self, job: _Job, new: list[int], is_whole: bool) -> None:
        job.told += len(new)
        job.pending += new
        if job.on_text is None or not job.pending:
            return
        (text,) = self.tokenizer.decode([job.pending])
        if is_whole or not text.endswith("\ufffd"):  # half a character waits for its other half
            job.pending.clear()
            if text:
                _call(job, job.on_text, text)


def _failure(why: str) -> InfrastructureError:
    return InfrastructureError(why, "Start it again.")


def _settle(job: _Job, outcome: Completion | Exception) -> None:
    def settle() -> None:
        if not job.future.done():
            if isinstance(outcome, Exception):
                job.future.set_exception(outcome)
            else:
                job.future.set_result(outcome)

    _call(job, settle)


def _call(job: _Job, function: Any, *arguments: Any) -> None:
    """Call in the loop of whoever waits; it may have ended."""
    if not job.loop.is_closed():
        job.loop.call_soon_threadsafe(function, *arguments)
