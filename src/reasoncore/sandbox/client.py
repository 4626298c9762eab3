"""Our end of the sandbox: start a zygote, give it jobs, read what is left behind."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import select
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
from reasoncore.sandbox import scratch, view
from reasoncore.sandbox.outcome import Job, JobFiles, Outcome, read_outcome

START_LIMIT_S = 60.0
_GRACE_S = 30.0
_END_LIMIT_S = 5.0
_SHORT = (errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE, errno.ENOSPC)  # of which there may be more soon
_MAX_MESSAGE = 1 << 16
# Hooks at a fork (random's seeds itself anew) would cost every program half a millisecond; a child here is no fork that
# goes on with its parent's work.
_START = """
import os, sys
os.register_at_fork = lambda **hooks: None
sys.path.insert(0, {source!r})
from reasoncore.sandbox.launcher import main
main()
"""


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
        OSError: The machine is short of processes, memory, descriptors or space just now.
    """

    def __init__(self, isolate: bool = True) -> None:
        view.check_platform(isolate)
        with contextlib.ExitStack() as undo:
            self._folder = tempfile.mkdtemp(prefix="reasoncore-sandbox-")
            undo.callback(os.rmdir, self._folder)
            self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            undo.callback(self._control.close)
            with theirs:
                self._process = _start_launcher(theirs, self._folder, isolate)
            undo.pop_all()
        self.end = weakref.finalize(self, _end, self._process, self._control, self._folder, os.getpid())
        self.enforced: dict[str, Any] = {"error": f"no answer for {START_LIMIT_S:g} s"}
        self._waiting: deque[tuple[int, socket.socket]] = deque()
        self._ended: dict[int, dict[str, Any]] = {}
        try:
            self._receive(time.monotonic() + START_LIMIT_S)
        except SandboxFailedError as error:
            self.enforced = {"error": str(error)}
        if "ready" in self.enforced:
            return
        self.end()
        message = f"the sandbox could not be started ({self.enforced.get('error')})"
        if self.enforced.get("errno") in _SHORT:
            raise OSError(self.enforced["errno"], message)
        raise SandboxUnavailableError(message, "Run `reasoncore doctor` to see what this machine offers.")

    def run(self, job: Job) -> Outcome:
        """See :meth:`Sandbox.run`."""
        with JobFiles(job) as files:
            running = self._start(job, files.descriptors())
            self._wait([running], ends=running)
            running.confirm()
            return running.outcome(job, files)

    def run_session(self, program: Job, tests: Job) -> tuple[Outcome, Outcome]:
        """See :meth:`Sandbox.run_session`."""
        left, right = socket.socketpair()
        with left, right, JobFiles(program) as program_files, JobFiles(tests) as test_files:
            serving = self._start(program, [*program_files.descriptors(), left.fileno()])
            testing = self._start(tests, [*test_files.descriptors(), right.fileno()])
            left.close()
            right.close()
            self._wait([serving, testing], ends=testing)
            testing.confirm()
            serving.confirm()
            if serving.report is None:  # it still waits for calls, or was never asked
                self._tell(kill=serving.number)
                self._wait([serving], ends=serving)
            return serving.outcome(program, program_files), testing.outcome(tests, test_files)

    def _start(self, job: Job, descriptors: list[int]) -> _Running:
        deadline = time.monotonic() + START_LIMIT_S
        while not self._waiting:
            if not self._receive(deadline):
                raise SandboxFailedError(f"the sandbox process was silent for {START_LIMIT_S:g} s")
        number, instructions = self._waiting.popleft()
        running = _Running(number, instructions, time.monotonic() + job.limits.wall_s)
        try:
            self._tell(started=number)
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
            self._tell(kill=first.number)

    def _tell(self, **order: int) -> None:
        try:
            self._control.send(json.dumps(order).encode())
        except OSError as error:
            raise SandboxFailedError("the sandbox process died") from error

    def _receive(self, deadline: float) -> bool:
        """Take one message from the zygote; False when there was none before the deadline."""
        poll = select.poll()
        try:
            poll.register(self._control, select.POLLIN)
            if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
                return False
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
        """Make sure that the program had its chance: the child says so before the program's first line."""
        self.instructions.settimeout(_GRACE_S)
        try:
            begun = self.instructions.recv(1) == b"1"
        except OSError:  # it ended with its instructions unread, or there is no sign of life
            begun = False
        if not begun:
            raise SandboxFailedError("a confined process could not be started")

    def outcome(self, job: Job, files: JobFiles) -> Outcome:
        """How it ended."""
        assert self.report is not None
        return read_outcome(job, files, self.report, self.timed_out)


def _start_launcher(control: socket.socket, folder: str, isolate: bool) -> subprocess.Popen[bytes]:
    config = {
        "control": control.fileno(),
        "folder": folder,
        "readable": view.readable_paths(),
        "packages": view.packages(),
        "isolate": isolate,
    }
    start = _START.format(source=str(Path(reasoncore.__file__).parents[1]))
    return subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", start, json.dumps(config)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=[control.fileno()],
        env={"PATH": os.defpath, "LANG": "C.UTF-8", "PYTHONHASHSEED": "0", "OPENBLAS_NUM_THREADS": "1"},
        cwd="/",
        start_new_session=True,
    )


def _end(process: subprocess.Popen[bytes], control: socket.socket, folder: str, owner: int) -> None:
    if os.getpid() != owner:
        return
    with contextlib.suppress(OSError):
        control.shutdown(socket.SHUT_RDWR)  # a process forked from ours may hold it open too
    control.close()
    try:
        process.wait(_END_LIMIT_S)  # it removes the folder
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    _remove(folder)


def _remove(folder: str) -> None:
    """What the launcher left because it was killed; its programs may still be dying."""
    parent, name = os.path.split(folder)
    deadline = time.monotonic() + _END_LIMIT_S
    while os.path.lexists(folder) and time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            above = os.open(parent, os.O_PATH)
            try:
                scratch.remove(name, above)
            finally:
                os.close(above)
            return
        time.sleep(0.02)
