"""Our end of the sandbox: start a zygote, give it jobs, read what is left behind."""

from __future__ import annotations

import itertools
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import weakref
from collections import deque
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import reasoncore
from reasoncore.errors import InfrastructureError
from reasoncore.sandbox import view, wire
from reasoncore.sandbox.outcome import Ending, Job, Outcome

START_LIMIT_S = 60.0
_GRACE_S = 30.0
_MAX_MESSAGE = 1 << 16
_MESSAGE_CHARS = 300
# Hooks at a fork (random's seeds itself anew) would cost every program half a millisecond; a child here is no fork that
# goes on with its parent's work.
_START = """
import os, sys
os.register_at_fork = lambda **hooks: None
sys.path.insert(0, {source!r})
from reasoncore.sandbox.zygote import main
main()
"""
_FIRST_USER, _USERS = 60_000, 5_000
_numbers = itertools.count()  # a user for each sandbox: the limit of threads is counted by user


class SandboxUnavailableError(InfrastructureError):
    """This machine offers no isolation that holds, or the sandbox could not be started."""


class SandboxFailedError(Exception):
    """The sandbox itself died or talked nonsense: our own trouble, never the program's."""


class Sandbox(Protocol):
    """Anything that can run untrusted programs; bubblewrap or a remote service can take this one's place."""

    def run(self, job: Job) -> Outcome:
        """Run one job to its end.

        Raises:
            SandboxFailedError: The sandbox failed; nothing is known of the job.
        """
        ...

    def run_session(self, program: Job, tests: Job) -> tuple[Outcome, Outcome]:
        """Run a ``serve`` job and the ``test`` job that calls it, apart from each other, connected by a channel.

        Raises:
            SandboxFailedError: The sandbox failed.
        """
        ...

    def end(self) -> None:
        """Kill everything it runs and give back what it holds."""
        ...


class ForkSandbox:
    """A zygote and its children on this machine, see :mod:`reasoncore.sandbox.zygote`.

    Args:
        isolate: False runs programs with resource limits only: for programs you wrote yourself.

    Raises:
        SandboxUnavailableError: No Landlock or seccomp here, or the zygote did not start.
    """

    def __init__(self, isolate: bool = True) -> None:
        view.check_platform(isolate)
        self._folder = tempfile.mkdtemp(prefix="reasoncore-sandbox-")
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        config = {
            "control": theirs.fileno(),
            "folder": self._folder,
            "readable": view.readable_paths(),
            "packages": view.packages(),
            "user": _FIRST_USER + (os.getpid() * 61 + next(_numbers)) % _USERS,
            "isolate": isolate,
        }
        source = str(Path(reasoncore.__file__).parents[1])
        start = _START.format(source=source)
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", start, json.dumps(config)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
            env={"PATH": os.defpath, "LANG": "C.UTF-8", "PYTHONHASHSEED": "0", "OPENBLAS_NUM_THREADS": "1"},
            cwd="/",
            start_new_session=True,
        )
        theirs.close()
        self.end = weakref.finalize(self, _end, self._process, self._control, self._folder, os.getpid())
        self.enforced: dict[str, Any] = {"error": f"no answer for {START_LIMIT_S:g} s"}
        self._waiting: deque[tuple[int, socket.socket]] = deque()
        self._ended: dict[int, dict[str, Any]] = {}
        try:
            self._receive(time.monotonic() + START_LIMIT_S)
        except SandboxFailedError as error:
            self.enforced = {"error": str(error)}
        if "ready" not in self.enforced:
            self.end()
            raise SandboxUnavailableError(
                f"the sandbox could not be started ({self.enforced.get('error')})",
                "Run `reasoncore doctor` to see what this machine offers.",
            )

    def run(self, job: Job) -> Outcome:
        """See :meth:`Sandbox.run`."""
        with _Files(job) as files:
            running = self._start(job, files.descriptors())
            self._wait([running], ends=running)
            running.confirm()
            return _outcome(job, files, running)

    def run_session(self, program: Job, tests: Job) -> tuple[Outcome, Outcome]:
        """See :meth:`Sandbox.run_session`."""
        left, right = socket.socketpair()
        with left, right, _Files(program) as program_files, _Files(tests) as test_files:
            serving = self._start(program, [*program_files.descriptors(), left.fileno()])
            testing = self._start(tests, [*test_files.descriptors(), right.fileno()])
            left.close()
            right.close()
            self._wait([serving, testing], ends=testing)
            testing.confirm()
            if serving.report is None:  # it still waits for calls, or was never asked
                self._kill(serving)
                self._wait([serving], ends=serving)
            return _outcome(program, program_files, serving), _outcome(tests, test_files, testing)

    def _start(self, job: Job, descriptors: list[int]) -> _Running:
        deadline = time.monotonic() + START_LIMIT_S
        while not self._waiting:
            if not self._receive(deadline):
                raise SandboxFailedError(f"the sandbox process was silent for {START_LIMIT_S:g} s")
        number, instructions = self._waiting.popleft()
        running = _Running(number, instructions, time.monotonic() + job.limits.wall_s)
        try:
            socket.send_fds(instructions, [json.dumps(asdict(job.limits)).encode()], descriptors)
        except OSError as error:
            raise SandboxFailedError("a waiting process died") from error
        return running

    def _wait(self, running: list[_Running], ends: _Running) -> None:
        """Until ``ends`` has ended; whichever is still running at its deadline is killed."""
        while ends.report is None:
            alive = [child for child in running if child.report is None]
            first = min(alive, key=lambda child: child.deadline)
            if self._receive(first.deadline):
                for child in alive:
                    child.report = self._ended.pop(child.number, None)
                continue
            if first.timed_out:
                raise SandboxFailedError(f"a process could not be killed in {_GRACE_S:g} s")
            first.timed_out = True
            first.deadline += _GRACE_S
            self._kill(first)

    def _kill(self, child: _Running) -> None:
        try:
            self._control.send(json.dumps({"kill": child.number}).encode())
        except OSError as error:
            raise SandboxFailedError("the sandbox process died") from error

    def _receive(self, deadline: float) -> bool:
        """Take one message from the zygote; False when there was none before the deadline."""
        poll = select.poll()
        poll.register(self._control, select.POLLIN)
        if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
            return False
        try:
            payload, descriptors, _, _ = socket.recv_fds(self._control, _MAX_MESSAGE, 1)
            message = dict(json.loads(payload))
        except (OSError, ValueError) as error:
            raise SandboxFailedError("the sandbox process died") from error
        if "waiting" in message:
            self._waiting.append((message["waiting"], socket.socket(fileno=descriptors[0])))
        elif "ended" in message:
            self._ended[message["ended"]] = message
        else:
            self.enforced = message
        return True


@dataclass
class _Running:
    """A child at work."""

    number: int
    instructions: socket.socket
    deadline: float
    timed_out: bool = False
    report: dict[str, Any] | None = None

    def confirm(self) -> None:
        """Make sure that the program had its chance: the child said so before the program's first line."""
        try:
            begun = self.instructions.recv(1) == b"1"
        except ConnectionResetError:  # it ended with its instructions unread
            begun = False
        if not begun:
            raise SandboxFailedError("a confined process could not be started")


class _Files:
    """The four files of one job, in memory: what it reads and what it leaves."""

    def __init__(self, job: Job) -> None:
        self._files = {name: os.memfd_create(name) for name in ("job", "stdin", "stdout", "result")}
        for name, content in (("job", json.dumps(job.what).encode()), ("stdin", job.stdin)):
            with open(self._files[name], "wb", closefd=False) as stream:
                stream.write(content)
            os.lseek(self._files[name], 0, os.SEEK_SET)

    def __enter__(self) -> _Files:
        return self

    def __exit__(self, *_: object) -> None:
        for descriptor in self._files.values():
            os.close(descriptor)

    def descriptors(self) -> list[int]:
        """In the order the zygote expects."""
        return [self._files[name] for name in ("stdin", "stdout", "job", "result")]

    def read(self, name: str, limit: int) -> bytes:
        return os.pread(self._files[name], limit, 0)


def _outcome(job: Job, files: _Files, running: _Running) -> Outcome:
    assert running.report is not None
    limit = job.limits.output_bytes
    stdout = files.read("stdout", limit)
    payload = files.read("result", limit)
    try:
        result = wire.loads(payload) if payload else None
    except wire.NotPlainError:
        result = None
    if not isinstance(result, dict):
        result = None
    ending, message = _ending(job, running, result, len(stdout) >= limit or len(payload) >= limit)
    return Outcome(ending, result, stdout, message, running.report["cpu_s"])


def _ending(job: Job, running: _Running, result: dict[str, Any] | None, overflowed: bool) -> tuple[Ending, str]:
    assert running.report is not None
    report = running.report
    code = os.waitstatus_to_exitcode(report["status"])
    if running.timed_out:
        return "timeout", f"ran longer than {job.limits.wall_s:g} s"
    if code == -signal.SIGXCPU or report["cpu_s"] > job.limits.cpu_s:
        return "timeout", f"used more than {job.limits.cpu_s:g} s of processor time"
    if overflowed:
        return "output", f"wrote more than {job.limits.output_bytes} bytes"
    error = (result or {}).get("error")
    if error == "MemoryError":
        return "memory", f"needed more than {job.limits.memory_bytes >> 20} MiB"
    if code < 0:
        return "killed", f"ended by signal {-code} ({signal.strsignal(-code)})"
    if error:
        line = (result or {}).get("line")
        where = f", line {line}" if isinstance(line, int) and 0 < line < 10**7 else ""
        return "error", f"{_printable(error)}: {_printable((result or {}).get('message'))}{where}"
    if code:
        return "error", f"exit status {code}"
    return "done", "done"


def _printable(claim: Any) -> str:
    """A program's own words, fit for a line of a report."""
    text = claim[:_MESSAGE_CHARS] if isinstance(claim, str) else "?"
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def _end(process: subprocess.Popen[bytes], control: socket.socket, folder: str, owner: int) -> None:
    if os.getpid() != owner:
        return
    control.close()
    process.kill()
    process.wait()
    shutil.rmtree(folder, ignore_errors=True)
