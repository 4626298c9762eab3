"""Giving up rights: what the zygote gives up once, and what each program gives up before its first line runs.

Standard library only: this runs in the zygote.
"""

from __future__ import annotations

import math
import os
import resource
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from reasoncore.sandbox import syscalls
from reasoncore.sandbox.seccomp import PR_SET_NO_NEW_PRIVS

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE = 1, 4
_CAPABILITY_VERSION_3 = 0x20080522
_MAIN_STACK_BYTES = 128 << 20
OPEN_FILES = 64
THREADS = 64  # counted for the user: holds only where a program has a user or a user namespace of its own


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


def limit_threads() -> None:
    """In a program's process: the kernel compares the whole user's count with the limit of whoever starts one more, so
    that a zygote without this limit can always fork."""
    resource.setrlimit(resource.RLIMIT_NPROC, (THREADS, THREADS))


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
