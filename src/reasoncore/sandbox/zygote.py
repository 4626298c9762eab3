"""The zygote: a clean process, started before any problem is known, that forks one confined child for each program.

    our process  --  launcher  --  zygote  --  children
                     (pid 1 of the zygote's pid namespace is the zygote: with it, all children end)

Two children wait at any time, confined already, so that a job starts at once; a new one is forked when one has ended.
Each has a socket of its own, handed to our process: what it is to run goes there and never through the zygote.

    zygote -> us   {"ready": true, ...what is enforced...} or {"error": "..."}
    zygote -> us   {"waiting": 7} + the child's socket
    us -> child    {"memory_bytes": ...the limits...} + descriptors: stdin, stdout, job, result[, channel]
    child -> us    one byte, when all limits hold and just before the program's first line
    us -> zygote   {"kill": 7}
    zygote -> us   {"ended": 7, "status": wait status, "cpu_s": 0.1}

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
import sys
import sysconfig
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NoReturn

from reasoncore.sandbox import confine, harness, landlock, namespaces, seccomp

WAITING = 2  # a session takes two
STDIN, STDOUT, STDERR, JOB, RESULT, CHANNEL = range(6)
_MAX_MESSAGE = 1 << 16
_ROOT_BYTES = 64 << 20


@dataclass(frozen=True)
class Config:
    """How a zygote is set up: its command-line argument, as JSON.

    Attributes:
        control: Descriptor of the socket to our process.
        folder: An empty folder of its own: the root of what it sees, or, without a mount namespace, of scratch folders.
        readable: What programs may read, beside scratch.
        packages: Name and folder of installed packages that programs may import.
        user: Unprivileged user to become where we are root.
        isolate: False runs programs with resource limits only.
    """

    control: int
    folder: str
    readable: tuple[str, ...]
    packages: dict[str, str]
    user: int
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
    control: socket.socket
    places: list[_Place]
    limit_threads: bool
    children: dict[int, _Child] = field(default_factory=dict)
    forked: int = 0

    def serve(self) -> None:
        """Until our process closes the socket."""
        for place in self.places:
            self._fork(place)
        while True:
            poll = select.poll()
            for descriptor in (self.control.fileno(), *self.children):
                poll.register(descriptor, select.POLLIN)
            for descriptor, _ in poll.poll():
                if descriptor in self.children:
                    self._reap(descriptor)
                elif message := self.control.recv(_MAX_MESSAGE):
                    number = json.loads(message)["kill"]
                    _kill(child for child in self.children.values() if child.number == number)
                else:
                    _kill(self.children.values())
                    return

    def _fork(self, place: _Place) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.forked += 1
        pid = os.fork()
        if pid == 0:
            try:
                ours.close()
                _be_program(place, theirs, self.limit_threads)
            finally:
                os._exit(1)
        theirs.close()
        self.children[os.pidfd_open(pid)] = _Child(self.forked, pid, place)
        socket.send_fds(self.control, [json.dumps({"waiting": self.forked}).encode()], [ours.fileno()])
        ours.close()

    def _reap(self, descriptor: int) -> None:
        child = self.children.pop(descriptor)
        os.close(descriptor)
        _, status, usage = os.wait4(child.pid, 0)
        cpu_s = usage.ru_utime + usage.ru_stime
        _empty(child.place.folder)
        self.control.send(json.dumps({"ended": child.number, "status": status, "cpu_s": cpu_s}).encode())
        self._fork(child.place)


def _be_program(place: _Place, instructions: socket.socket, limit_threads: bool) -> NoReturn:
    """In the child: confine it, wait for a job, set the job's limits, run it."""
    os.setpgid(0, 0)
    os.chdir(place.folder)
    os.environ["HOME"] = os.environ["TMPDIR"] = place.folder
    confine.die_with_parent()
    if limit_threads:
        confine.limit_threads()
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


def main() -> None:
    """The launcher: decide about namespaces, start the zygote, end with it."""
    config = Config(**json.loads(sys.argv[1]))
    os.closerange(STDERR + 1, config.control)
    os.closerange(config.control + 1, 1 << 16)
    kinds: list[str] = []
    if config.isolate and namespaces.granted(config.readable, config.folder):
        kinds = namespaces.enter()
    zygote = os.fork()
    if zygote == 0:
        try:
            _be_zygote(config, kinds)
        finally:
            os._exit(1)
    os.close(config.control)
    os._exit(os.waitstatus_to_exitcode(os.waitpid(zygote, 0)[1]) and 1)


def _be_zygote(config: Config, kinds: list[str]) -> None:
    # As low as can be: what a child closes before it runs a program must include it, however many files we had open.
    control = socket.socket(fileno=fcntl.fcntl(config.control, fcntl.F_DUPFD_CLOEXEC, STDERR + 1))
    os.close(config.control)
    try:
        places, limit_threads, enforced = _prepare(config, kinds)
    except OSError as error:
        control.send(json.dumps({"error": str(error)}).encode())
        return
    seccomp.filter_program(0)  # builds the template, for all children
    gc.collect()
    gc.freeze()
    control.send(json.dumps({"ready": True, **enforced}).encode())
    _Zygote(control, places, limit_threads).serve()


def _prepare(config: Config, kinds: list[str]) -> tuple[list[_Place], bool, dict[str, Any]]:
    """Everything that is done once: what programs will import, the file system, the user, the common limits.

    Returns:
        Where children will live; whether their threads can be counted, since nobody else has their user; what is
        enforced.
    """
    harness.prepare(config.packages)
    folder = config.folder
    if "mount" in kinds:
        namespaces.minimal_root(folder, config.readable, _ROOT_BYTES)
        folder = "/scratch"
        os.mkdir(folder, 0o755)
    folders = [f"{folder}/{number}" for number in range(WAITING)]
    for path in folders:
        os.mkdir(path, 0o700)
    if not config.isolate:
        confine.set_common_limits()
        return [_Place(path, None) for path in folders], False, {"isolated": False}
    needed = [sysconfig.get_path("stdlib"), os.path.dirname(folder)]
    changed = os.geteuid() == 0 and confine.readable_as(config.user, needed)
    if changed:
        for path in (folder, *folders):
            os.chown(path, config.user, config.user)
    confine.drop_privileges(config.user if changed else None)
    confine.die_with_parent()
    confine.set_common_limits()
    places = [_Place(path, landlock.make_ruleset(config.readable, [path, os.devnull])) for path in folders]
    enforced = {"landlock_abi": landlock.abi_version(), "namespaces": kinds, "user": os.getuid(), "own_user": changed}
    return places, changed or "user" in kinds, {"isolated": True, **enforced}


def _kill(children: Iterable[_Child]) -> None:
    for child in children:
        for kill in (os.kill, os.killpg):  # the child may not have made its group yet
            try:
                kill(child.pid, signal.SIGKILL)
            except ProcessLookupError:
                continue


def _empty(folder: str) -> None:
    """Remove everything below, however deep: one step down or up at a time, no recursion and no long paths."""
    os.chdir(folder)
    left = [_unlink_files()]  # the folders still there, of each folder on the way down
    while left:
        if left[-1]:
            name = left[-1][-1]
            os.chmod(name, 0o700)
            os.chdir(name)
            left.append(_unlink_files())
            continue
        left.pop()
        if left:
            os.chdir("..")
            os.rmdir(left[-1].pop())
    os.chdir("/")


def _unlink_files() -> list[str]:
    """Remove what is no folder from the working folder; the names of the folders."""
    folders = []
    for entry in list(os.scandir(".")):
        if entry.is_dir(follow_symlinks=False):
            folders.append(entry.name)
        else:
            os.unlink(entry.name)
    return folders


if __name__ == "__main__":
    main()
