"""The zygote: a clean process, started before any problem is known, that forks one confined child for each program.

    our process  --  launcher  --  zygote  --  children
                     (pid 1 of the zygote's pid namespace is the zygote: with it, all children end)

Two children wait at any time, confined already, so that a job starts at once; a new one is forked when one has ended.
Each has a socket of its own, handed to our process: what it is to run goes there and never through the zygote.

    zygote -> us   {"ready": true, ...what is enforced...} or {"error": "...", "errno": 11}
    zygote -> us   {"waiting": 7} + the child's socket
    us -> child    {"memory_bytes": ...the limits...} + descriptors: stdin, stdout, job, result[, channel]
    child -> us    one byte, when all limits hold and just before the program's first line
    us -> zygote   {"started": 7}, {"kill": 7}
    zygote -> us   {"ended": 7, "status": wait status, "cpu_s": 0.1}

Scratch folders are in memory, with a limit of its own, where a mount namespace was granted. Elsewhere the zygote looks
at those of running programs fifty times a second, and at the number of threads, and kills who has too much.

Standard library only.
"""

from __future__ import annotations

import fcntl
import gc
import json
import os
import select
import signal
import socket
import sysconfig
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NoReturn

from reasoncore.sandbox import confine, harness, landlock, namespaces, scratch, seccomp

WAITING = 2  # a session takes two
STDIN, STDOUT, STDERR, JOB, RESULT, CHANNEL = range(6)
_MAX_MESSAGE = 1 << 16
_WATCH_MS = 20


@dataclass(frozen=True)
class Config:
    """How a zygote is set up: its command-line argument, as JSON.

    Attributes:
        control: Descriptor of the socket to our process.
        folder: An empty folder of its own: the root of what it sees, or, without a mount namespace, of scratch folders.
        readable: What programs may read, beside scratch.
        packages: Name and folder of installed packages that programs may import.
        isolate: False runs programs with resource limits only.
    """

    control: int
    folder: str
    readable: tuple[str, ...]
    packages: dict[str, str]
    isolate: bool


@dataclass(frozen=True)
class _Place:
    """Where one child at a time lives: its scratch folder and the ruleset that lets it see that one only."""

    folder: str
    ruleset: int | None


@dataclass(frozen=True)
class _Child:
    number: int
    pid: int
    place: _Place


@dataclass
class _Zygote:
    """Forks, watches and reaps.

    Attributes:
        control: Socket to our process.
        vacant: Places without a child.
        dirty: Places being emptied.
        threads: Limit of the programs' user.
        watched: Whether nothing but the zygote limits what is in a scratch folder.
        children: By a descriptor of each.
        running: Numbers of the children that have a program.
        forked: How many so far.
    """

    control: socket.socket
    vacant: list[_Place]
    threads: int
    watched: bool
    dirty: list[tuple[_Place, Iterator[None]]] = field(default_factory=list)
    children: dict[int, _Child] = field(default_factory=dict)
    running: set[int] = field(default_factory=set)
    forked: int = 0

    def serve(self) -> None:
        """Until our process closes the socket."""
        while True:
            self._fill()
            poll = select.poll()
            for descriptor in (self.control.fileno(), *self.children):
                poll.register(descriptor, select.POLLIN)
            soon = self.vacant or (self.watched and self.running)
            for descriptor, _ in poll.poll(0 if self.dirty else _WATCH_MS if soon else None):
                if descriptor in self.children:
                    self._reap(descriptor)
                elif message := self.control.recv(_MAX_MESSAGE):
                    self._obey(**json.loads(message))
                else:
                    _kill(self.children.values())
                    return
            if self.watched and self.running:
                running = (child for child in self.children.values() if child.number in self.running)
                _kill(child for child in running if _has_too_much(child))
            self._clean()

    def _obey(self, started: int | None = None, kill: int | None = None) -> None:
        self.running |= {child.number for child in self.children.values() if child.number == started}
        _kill(child for child in self.children.values() if child.number == kill)

    def _fill(self) -> None:
        """Fork a child for every vacant place; what does not succeed now is tried again soon."""
        while self.vacant:
            try:
                ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            except OSError:
                return
            with ours, theirs:
                try:
                    pid = os.fork()
                except OSError:  # other programs of this user hold all the threads it may have, until they are killed
                    return
                place = self.vacant.pop()
                if pid == 0:
                    try:
                        ours.close()
                        _be_program(place, theirs, self.threads)
                    finally:
                        os._exit(1)
                self.forked += 1
                self.children[os.pidfd_open(pid)] = _Child(self.forked, pid, place)
                socket.send_fds(self.control, [json.dumps({"waiting": self.forked}).encode()], [ours.fileno()])

    def _reap(self, descriptor: int) -> None:
        child = self.children.pop(descriptor)
        self.running.discard(child.number)
        os.close(descriptor)
        _, status, usage = os.wait4(child.pid, 0)
        cpu_s = usage.ru_utime + usage.ru_stime
        self.control.send(json.dumps({"ended": child.number, "status": status, "cpu_s": cpu_s}).encode())
        self.dirty.append((child.place, scratch.empty(child.place.folder)))

    def _clean(self) -> None:
        """For a moment: who runs meanwhile must be watched."""
        until = time.monotonic() + _WATCH_MS / 1000
        while self.dirty:
            place, emptying = self.dirty[-1]
            for _ in emptying:
                if time.monotonic() > until:
                    return
            self.dirty.pop()
            self.vacant.append(place)


def _has_too_much(child: _Child) -> bool:
    return confine.threads_of(child.pid) > confine.THREADS or scratch.overfull(child.place.folder)


def _be_program(place: _Place, instructions: socket.socket, threads: int) -> NoReturn:
    """In the child: confine it, wait for a job, set the job's limits, run it."""
    os.setpgid(0, 0)
    os.chdir(place.folder)
    os.environ["HOME"] = os.environ["TMPDIR"] = place.folder
    confine.die_with_parent()
    confine.limit_threads(threads)
    if place.ruleset is not None:
        landlock.restrict(place.ruleset)
        seccomp.install(seccomp.filter_program(os.getpid()))
    source = fcntl.fcntl(instructions, fcntl.F_DUPFD, confine.OPEN_FILES // 2)
    os.closerange(STDERR + 1, source)
    os.closerange(source + 1, 1 << 16)
    harness.warm_up()
    with socket.socket(fileno=source) as instructions:
        message, descriptors, _, _ = socket.recv_fds(instructions, _MAX_MESSAGE, CHANNEL + 1)
        high = [fcntl.fcntl(descriptor, fcntl.F_DUPFD, CHANNEL + 1) for descriptor in descriptors]
        for descriptor, number in zip(high, (STDIN, STDOUT, JOB, RESULT, CHANNEL), strict=False):
            os.dup2(descriptor, number)
        confine.set_limits(confine.Limits(**json.loads(message)))
        instructions.send(b"1")
    os.closerange(STDERR + len(descriptors) - 1, 1 << 16)
    harness.main(JOB, RESULT, CHANNEL)


def report(control: socket.socket, error: OSError) -> None:
    """Tell our process why nothing will come."""
    control.send(json.dumps({"error": str(error), "errno": error.errno}).encode())


def be_zygote(config: Config, control: socket.socket, user: int | None, kinds: list[str]) -> None:
    """In the zygote: prepare, and serve until our process is gone."""
    # As low as can be: what a child closes before it runs a program must include it, however many files we had open.
    low = socket.socket(fileno=fcntl.fcntl(control, fcntl.F_DUPFD_CLOEXEC, STDERR + 1))
    control.close()
    try:
        zygote, enforced = _prepare(config, low, user, kinds)
    except OSError as error:
        report(low, error)
        return
    seccomp.filter_program(0)  # builds the template, for all children
    gc.collect()
    gc.freeze()
    low.send(json.dumps({"ready": True, **enforced}).encode())
    zygote.serve()


def _prepare(
    config: Config, control: socket.socket, user: int | None, kinds: list[str]
) -> tuple[_Zygote, dict[str, Any]]:
    """Everything that is done once: what programs will import, the file system, the user, the common limits.

    Returns:
        The zygote, and what is enforced.
    """
    harness.prepare(config.packages)
    threads = confine.threads_of_many()
    folder = config.folder
    if "mount" in kinds:
        namespaces.minimal_root(folder, config.readable)
        folder = "/scratch"
        os.mkdir(folder, 0o755)
    folders = [f"{folder}/{number}" for number in range(WAITING)]
    watched = "mount" not in kinds
    for path in folders:
        os.mkdir(path, 0o700)
        if not watched:  # one for each: while one is emptied, the next program has all of the other
            namespaces.mount_memory(path, scratch.MAX_BYTES, scratch.MAX_ENTRIES)
    if not config.isolate:
        confine.die_with_parent()
        confine.set_common_limits()
        return _Zygote(control, [_Place(path, None) for path in folders], threads, watched), {"isolated": False}
    needed = [sysconfig.get_path("stdlib"), os.path.dirname(folder)]
    if user is not None and not confine.readable_as(user, needed):
        user = None
    if user is not None:
        for path in (folder, *folders):
            os.chown(path, user, user)
    confine.drop_privileges(user)
    confine.die_with_parent()
    confine.set_common_limits()
    places = [_Place(path, landlock.make_ruleset(config.readable, [path, os.devnull])) for path in folders]
    changed = user is not None
    if changed or "user" in kinds:
        threads = confine.THREADS
    enforced = {"landlock_abi": landlock.abi_version(), "namespaces": kinds, "user": os.getuid(), "own_user": changed}
    return _Zygote(control, places, threads, watched), {"isolated": True, **enforced}


def _kill(children: Iterable[_Child]) -> None:
    for child in children:
        for kill in (os.kill, os.killpg):  # the child may not have made its group yet
            try:
                kill(child.pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
