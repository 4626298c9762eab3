"""Judging mathematical answers: exact arithmetic here, symbolic comparison in a worker process that can be killed.

A verdict is reached by the first of these that applies: no answer; both sides exact numbers; both numbers with a
base; equal after normalising the spelling; math-verify in :mod:`reasoncore.verify.math_worker`.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import reasoncore
from reasoncore.records import Verdict
from reasoncore.verify.math_answer import (
    MAX_ANSWER_CHARS,
    based_number,
    exact_number,
    extract_answer,
    normalise_answer,
)

LIMIT_S = 2.0
START_LIMIT_S = 120.0
MEMORY_BYTES = 2 << 30
_MAX_REPLY_BYTES = 1 << 16
_MAX_REMEMBERED = 10_000

Outcome = tuple[bool | None, str]


class _WorkerFailedError(Exception):
    """The worker died, could not start, or answered something that is not the protocol."""


class _TimedOutError(Exception):
    def __init__(self, gold_read: bool) -> None:
        super().__init__("time limit exceeded")
        self.gold_read = gold_read


class MathVerifier:
    """Judges final answers of mathematical problems. Safe to share between threads; a fork starts its own worker.

    The worker process is started by the first case that needs it and ends with ``close()``, with the verifier, or
    with this process.

    Args:
        limit_s: Wall-clock seconds one symbolic comparison may take before the worker is killed.
        memory_bytes: Address space the worker may use.
    """

    def __init__(self, limit_s: float = LIMIT_S, memory_bytes: int = MEMORY_BYTES) -> None:
        self._limit_s = limit_s
        self._memory_bytes = memory_bytes
        self._worker: _Worker | None = None
        self._lock = threading.Lock()
        self._remembered: dict[tuple[str, str], Outcome] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the worker. The verifier stays usable: the next case that needs a worker starts one."""
        with self._lock:
            self._drop_worker()

    def judge(self, response: str, gold: str, *, bare_answers: bool = False) -> Verdict:
        r"""Judge one response against a trusted answer.

        Args:
            response: Text of the completion; hostile input, of any length.
            gold: The trusted answer, such as ``"18"`` or ``"\\frac{1}{2}"``; a ``\boxed{...}`` around it is removed.
            bare_answers: Take a response in which no final answer is marked as being the answer itself.

        Returns:
            ``correct`` is None, and the reason starts with "not judged", where the gold answer cannot be read or the
            worker failed twice; a comparison that takes too long counts as incorrect. ``reward`` is 1.0 or 0.0.
        """
        answer = extract_answer(response)
        if answer is None and bare_answers and len(response) <= 2 * MAX_ANSWER_CHARS:
            answer = response.strip()[: MAX_ANSWER_CHARS + 1] or None
            if answer is not None and len(answer) > MAX_ANSWER_CHARS:
                answer = None
        correct, reason = self._compare(answer, gold)
        return Verdict(correct, 1.0 if correct else 0.0, answer, reason)

    def judge_many(
        self, responses: Sequence[str], golds: Sequence[str], *, bare_answers: bool = False
    ) -> list[Verdict]:
        """Judge ``responses[i]`` against ``golds[i]``; verdicts in the same order. See :meth:`judge`."""
        pairs = zip(responses, golds, strict=True)
        return [self.judge(response, gold, bare_answers=bare_answers) for response, gold in pairs]

    def _compare(self, answer: str | None, gold: str) -> Outcome:
        if "\\boxed" in gold:
            gold = extract_answer(gold) or gold
        gold = gold.strip()
        if not gold or len(gold) > MAX_ANSWER_CHARS:
            return None, f"not judged: gold is {'longer than 500 characters' if gold else 'empty'}"
        if answer is None:
            return False, "no answer"
        number, gold_number = exact_number(answer), exact_number(gold)
        if number is not None and gold_number is not None:
            return (True, "equal numbers") if number == gold_number else (False, "different numbers")
        based, gold_based = based_number(answer), based_number(gold)
        if based is not None and gold_based is not None:
            # math-verify reads 52_8 and 52_9 alike.
            return (True, "equal numbers") if based == gold_based else (False, "different numbers")
        if normalise_answer(answer) == normalise_answer(gold):
            return True, "same expression"
        return self._compare_symbolically(answer, gold)

    def _compare_symbolically(self, answer: str, gold: str) -> Outcome:
        with self._lock:
            outcome = self._remembered.get((answer, gold))
            if outcome is None:
                outcome = self._ask_worker(answer, gold)
                if outcome[0] is not None:
                    if len(self._remembered) >= _MAX_REMEMBERED:
                        self._remembered.clear()
                    self._remembered[answer, gold] = outcome
            return outcome

    def _ask_worker(self, answer: str, gold: str) -> Outcome:
        failure = ""
        for _ in range(2):
            try:
                if self._worker is None or not self._worker.is_ours():
                    self._worker = _Worker(self._limit_s, self._memory_bytes)
                return _OUTCOMES[self._worker.ask(answer, gold)]
            except _TimedOutError as error:
                self._drop_worker()
                if error.gold_read:
                    return False, f"grading exceeded {self._limit_s:g} s"
                return None, f"not judged: gold took longer than {self._limit_s:g} s to read"
            except _WorkerFailedError as error:
                self._drop_worker()
                failure = str(error)
        return None, f"not judged: {failure}"

    def _drop_worker(self) -> None:
        if self._worker is not None:
            self._worker.end()
            self._worker = None


_OUTCOMES: dict[str, Outcome] = {
    "equal": (True, "equivalent (math-verify)"),
    "different": (False, "not equivalent (math-verify)"),
    "memory": (False, "grading exceeded the memory limit"),
    "unreadable": (None, "not judged: gold cannot be read as mathematics"),
}


class _Worker:
    """One child process and the conversation with it.

    Raises:
        _WorkerFailedError: It could not be started.
    """

    def __init__(self, limit_s: float, memory_bytes: int) -> None:
        self._limit_s = limit_s
        self._case = 0
        self._unread = b""
        command = [sys.executable, "-P", "-m", "reasoncore.verify.math_worker", str(limit_s), str(memory_bytes)]
        source = str(Path(reasoncore.__file__).parents[1])
        paths = [source, *filter(None, [os.environ.get("PYTHONPATH")])]
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
                start_new_session=True,  # so that Ctrl-C in the terminal reaches only this process
            )
        except OSError as error:
            raise _WorkerFailedError(f"the grading process could not be started ({error})") from error
        self._owner = os.getpid()
        self.end = weakref.finalize(self, _end_process, self._process, self._owner)
        try:
            greeting = self._read(time.monotonic() + START_LIMIT_S)
        except TimeoutError:
            greeting = {"error": f"it was not ready after {START_LIMIT_S:g} s"}
        except _WorkerFailedError:
            self.end()
            raise
        if greeting != {"ready": True}:
            self.end()
            raise _WorkerFailedError(f"the grading process could not be started ({greeting.get('error')})")

    def is_ours(self) -> bool:
        """False in a process forked after the worker was started: the worker then belongs to the parent."""
        return self._owner == os.getpid()

    def ask(self, answer: str, gold: str) -> str:
        """``"equal"``, ``"different"``, ``"memory"``, or ``"unreadable"`` when the gold is not mathematics.

        Raises:
            _TimedOutError: The limit passed; the worker is still busy and must be ended.
            _WorkerFailedError: It died or answered garbage; it must be ended.
        """
        self._case += 1
        deadline = time.monotonic() + self._limit_s
        request = json.dumps({"id": self._case, "gold": gold, "answer": answer}) + "\n"
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(request.encode())  # far below the pipe's buffer: never blocks
        except OSError as error:
            raise _WorkerFailedError("the grading process died") from error
        gold_read = False
        try:
            if self._field("gold", ("read", "unreadable"), deadline) == "unreadable":
                return "unreadable"
            gold_read = True
            return self._field("outcome", ("equal", "different", "memory"), deadline)
        except TimeoutError as error:
            raise _TimedOutError(gold_read) from error

    def _field(self, name: str, allowed: tuple[str, ...], deadline: float) -> str:
        reply = self._read(deadline)
        value = reply.get(name)
        if reply.get("id") != self._case or value not in allowed:
            raise _WorkerFailedError("the grading process answered out of protocol")
        return str(value)

    def _read(self, deadline: float) -> dict[str, Any]:
        assert self._process.stdout is not None
        descriptor = self._process.stdout.fileno()
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        while b"\n" not in self._unread:
            if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
                raise TimeoutError
            chunk = os.read(descriptor, _MAX_REPLY_BYTES)
            self._unread += chunk
            if not chunk:
                raise _WorkerFailedError("the grading process died")
            if len(self._unread) > _MAX_REPLY_BYTES:
                raise _WorkerFailedError("the grading process answered out of protocol")
        line, _, self._unread = self._unread.partition(b"\n")
        try:
            reply = json.loads(line)
        except ValueError:
            reply = None
        if not isinstance(reply, dict):
            raise _WorkerFailedError("the grading process answered out of protocol")
        return reply


def _end_process(process: subprocess.Popen[bytes], owner: int) -> None:
    if os.getpid() != owner:
        return
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
