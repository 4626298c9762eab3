"""The parent's side of :mod:`reasoncore.verify.math.worker`: starts the process, asks it, limits it, replaces it."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import time
import weakref
from typing import Any

from reasoncore.verify.child import start_module
from reasoncore.verify.pool import WorkerFailedError

LIMIT_S = 2.0
WALL_FACTOR = 3.0
START_LIMIT_S = 120.0
MEMORY_BYTES = 2 << 30
_MAX_REPLY_BYTES = 1 << 16

Outcome = tuple[bool | None, str]

_OUTCOMES: dict[str, Outcome] = {
    "equal": (True, "equivalent (symbolic)"),
    "different": (False, "not equivalent (symbolic)"),
    "unparsable": (False, "answer cannot be read as mathematics"),
    "memory": (False, "grading exceeded the memory limit"),
}


class MathWorker:
    """A grading process that is started when it is first needed, and again after a time-out.

    Args:
        limit_s: CPU seconds one comparison may take. The kernel counts them and ends the process, inside a long C
            call too; the time a loaded machine lets it wait is not counted.
        memory_bytes: Address space it may use.
    """

    def __init__(self, limit_s: float, memory_bytes: int) -> None:
        self._limit_s = limit_s
        self._memory_bytes = memory_bytes
        self._process: _Process | None = None

    @property
    def pid(self) -> int | None:
        """Of the process at work now, if any."""
        return self._process.pid if self._process is not None else None

    def end(self) -> None:
        """Kill the process, if there is one."""
        process, self._process = self._process, None
        if process is not None:
            process.end()

    def compare(self, answer: str, gold: str) -> Outcome:
        """Verdict and reason for one answer.

        A time-out while the answer is at work is the answer's fault and incorrect; one while the gold alone is read
        is the gold's. Nearly all the wall-clock time the case may take, ``WALL_FACTOR`` times the limit, having
        passed without the CPU time means a starved machine, and is nobody's.

        Raises:
            WorkerFailedError: The process died or answered garbage, or the machine is starved.
        """
        if self._process is None:
            self._process = _Process(self._limit_s, self._memory_bytes)
        gold_read = False
        try:
            process = self._process
            process.ask(answer, gold, time.monotonic() + WALL_FACTOR * self._limit_s)
            if process.field("gold", ("read", "unreadable")) == "unreadable":
                return None, "not judged: gold cannot be read as mathematics"
            gold_read = True
            outcome = process.field("outcome", (*_OUTCOMES, "fault"))
            if outcome == "fault":
                return None, f"not judged: grading failed ({process.field('name', None)})"
            return _OUTCOMES[outcome]
        except _OutOfTimeError:
            self.end()
            if gold_read:
                return False, f"grading exceeded {self._limit_s:g} s"
            return None, f"not judged: gold took longer than {self._limit_s:g} s to read"
        except WorkerFailedError:
            self.end()
            raise


class _OutOfTimeError(Exception):
    """The kernel ended the process because its CPU time was spent."""


class _Process:
    """One child process and the conversation with it.

    Raises:
        WorkerFailedError: It could not be started.
    """

    def __init__(self, limit_s: float, memory_bytes: int) -> None:
        self._case = 0
        self._unread = b""
        self._reply: dict[str, Any] = {}
        try:
            self._child = start_module("reasoncore.verify.math.worker", limit_s, memory_bytes)
        except OSError as error:
            raise WorkerFailedError(f"the grading process could not be started ({error})") from error
        self.pid = self._child.pid
        self.end = weakref.finalize(self, _end_process, self._child, os.getpid())
        self._deadline = time.monotonic() + START_LIMIT_S
        try:
            greeting = self._read()
        except WorkerFailedError:
            self.end()
            raise
        if greeting != {"ready": True}:
            self.end()
            raise WorkerFailedError(f"the grading process could not be started ({greeting.get('error')})")

    def ask(self, answer: str, gold: str, deadline: float) -> None:
        """Send one case; replies are read until ``deadline``."""
        self._case += 1
        self._reply = {}
        self._deadline = deadline
        request = json.dumps({"id": self._case, "gold": gold, "answer": answer}) + "\n"
        assert self._child.stdin is not None
        try:
            self._child.stdin.write(request.encode())  # far below the pipe's buffer: never blocks
        except OSError as error:
            raise WorkerFailedError("the grading process died") from error

    def field(self, name: str, allowed: tuple[str, ...] | None) -> str:
        """The value of ``name`` in the reply at hand, or in the next one where that is not in it."""
        if name not in self._reply:
            self._reply = self._read()
        value = self._reply.pop(name, None)
        if self._reply.get("id") != self._case or not isinstance(value, str):
            raise WorkerFailedError("the grading process answered out of protocol")
        if allowed is not None and value not in allowed:
            raise WorkerFailedError("the grading process answered out of protocol")
        return value

    def _read(self) -> dict[str, Any]:
        assert self._child.stdout is not None
        descriptor = self._child.stdout.fileno()
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        while b"\n" not in self._unread:
            if not poll.poll(max(0.0, self._deadline - time.monotonic()) * 1000):
                raise WorkerFailedError("the grading process got too little of the CPU")
            chunk = os.read(descriptor, _MAX_REPLY_BYTES)
            self._unread += chunk
            if not chunk:
                if self._child.wait() == -signal.SIGPROF:
                    raise _OutOfTimeError
                raise WorkerFailedError("the grading process died")
            if len(self._unread) > _MAX_REPLY_BYTES:
                raise WorkerFailedError("the grading process answered out of protocol")
        line, _, self._unread = self._unread.partition(b"\n")
        try:
            reply = json.loads(line)
        except ValueError:
            reply = None
        if not isinstance(reply, dict):
            raise WorkerFailedError("the grading process answered out of protocol")
        return reply


def _end_process(process: subprocess.Popen[bytes], owner: int) -> None:
    if os.getpid() != owner:
        return
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
