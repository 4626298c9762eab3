"""Giving up rights: what the zygote gives up once, and what each program gives up before its first line runs.

Standard library only: this runs in the zygote.
"""

from __future__ import annotations

import errno
import math
import os
import resource
import socket
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from reasoncore.sandbox import syscalls
from reasoncore.sandbox.seccomp import PR_SET_NO_NEW_PRIVS

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_CHILD_SUBREAPER = 1, 4, 36
_CAPABILITY_VERSION_3 = 0x20080522
_MAIN_STACK_BYTES = 128 << 20
OPEN_FILES = 64
THREADS = 64
_THREADS_OF_MANY = 16_384
_FIRST_USER, _USERS = 60_000, 5_000


@dataclass(frozen=True, slots=True)
class Limits:
    """What one program may use.

    Attributes:
        cpu_s: Seconds of processor time, of all its threads together.
        wall_s: Seconds from start to end.
        memory_bytes: Address space.
        output_bytes: Longest file it may write; its standard output and its result are files.
    """

    cpu_s: float = 6.0
    wall_s: float = 13.0
    memory_bytes: int = 512 << 20
    output_bytes: int = 1 << 20


def die_with_parent() -> None:
    """Have the kernel kill this process when its parent is gone."""
    syscalls.libc("prctl", _PR_SET_PDEATHSIG, 9, 0, 0, 0)


def adopt_orphans() -> None:
    """Have the kernel make this process the parent of its descendants that lose theirs."""
    syscalls.libc("prctl", _PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def claim_user() -> tuple[int, socket.socket]:
    """An unprivileged user that no other sandbox has, since threads are counted by user.

    Returns:
        The user, and a socket whose abstract name holds the claim until it is closed.

    Raises:
        OSError: None is free.
    """
    claim = socket.socket(socket.AF_UNIX)
    for number in range(_USERS):
        user = _FIRST_USER + (os.getpid() + number) % _USERS
        try:
            claim.bind(f"\0reasoncore-user-{user}")
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            continue
        return user, claim
    raise OSError(errno.EAGAIN, "every user for a sandbox is taken")


def drop_privileges(user: int | None) -> None:
    """Give up every privilege for good: become another user (and its group) where one is given; all capabilities.

    Raises:
        OSError: The kernel refused.
    """
    if user is not None:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    header = struct.pack("<Ii", _CAPABILITY_VERSION_3, 0)
    syscalls.libc("capset", header, bytes(24))
    syscalls.libc("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def readable_as(user: int, paths: Sequence[str]) -> bool:
    """Whether this user, to be had only by root, could read these: a Python in root's home may be out of its reach."""
    try:
        os.setegid(user)
        os.seteuid(user)
    except OSError:
        return False
    try:
        return all(os.access(path, os.R_OK, effective_ids=True) for path in paths)
    finally:
        os.seteuid(0)
        os.setegid(0)


def limit_threads(threads: int) -> None:
    """In a program's process: the kernel compares the whole user's count with the limit of whoever starts one more, so
    that a zygote without this limit can always fork."""
    hard = resource.getrlimit(resource.RLIMIT_NPROC)[1]
    threads = threads if hard == resource.RLIM_INFINITY else min(threads, hard)
    resource.setrlimit(resource.RLIMIT_NPROC, (threads, threads))


def threads_of_many() -> int:
    """The limit where the user is not the program's alone, and needs ``/proc``.

    The user's count is anybody's guess (other containers may have the user too) but no more than all threads there are.
    A bomb that came near the limit would fail honest programs beside it, so that the limit is far above what one can
    start before the zygote notices.
    """
    with open("/proc/loadavg") as stream:
        return int(stream.read().split()[3].partition("/")[2]) + _THREADS_OF_MANY


def threads_of(pid: int) -> int:
    """Threads of a process; 0 where this is not to be seen."""
    try:
        return os.stat(f"/proc/{pid}/task").st_nlink - 2
    except OSError:
        return 0


def set_common_limits() -> None:
    """In the zygote: the limits that are the same for every program, which inherits them."""
    values = {
        resource.RLIMIT_NOFILE: OPEN_FILES,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_MEMLOCK: 0,
        resource.RLIMIT_MSGQUEUE: 0,
        resource.RLIMIT_SIGPENDING: 64,
    }
    for kind, value in values.items():
        resource.setrlimit(kind, (value, value))
    syscalls.libc("prctl", _PR_SET_DUMPABLE, 0, 0, 0, 0)  # no core dump, and nobody of the same user may trace it


def set_limits(limits: Limits) -> None:
    """In the program's process: its own limits, for good."""
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limits.output_bytes, limits.output_bytes))
    cpu_s = math.ceil(limits.cpu_s)
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s + 1))
    hard = resource.getrlimit(resource.RLIMIT_STACK)[1]
    stack = min(_MAIN_STACK_BYTES, limits.memory_bytes // 2)
    resource.setrlimit(resource.RLIMIT_STACK, (stack if hard == resource.RLIM_INFINITY else min(stack, hard), hard))
