"""The system-call filter of a sandboxed program: an allow-list; everything else fails with EPERM.

Not allowed, among others: fork and exec, sockets other than an unnamed pair, ptrace and reading other processes,
signals to others, mount, unshare, io_uring, bpf, keyctl, shared memory, memfd. Calls of another architecture's
numbering end the program. Classic BPF, see the kernel's Documentation/userspace-api/seccomp_filter.rst.

Standard library only: this runs in the zygote.
"""

from __future__ import annotations

import ctypes
import errno
import struct
from collections.abc import Iterable
from functools import cache

from reasoncore.sandbox import syscalls

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP = 38, 22
_SECCOMP_MODE_FILTER = 2

_KILL, _ALLOW, _ERRNO = 0x80000000, 0x7FFF0000, 0x00050000
_REFUSE = _ERRNO | errno.EPERM
_OWN_PID = 0x5EC0FFEE  # stands for the process's own id in the template
_AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_X32_BIT = 0x40000000

# struct seccomp_data: nr at 0, arch at 4, arguments of 64 bits from 16; the low half first on these machines.
_NUMBER, _ARCH = 0, 4
_LOAD, _RETURN, _JUMP, _JUMP_EQUAL, _JUMP_AT_LEAST, _AND = 0x20, 0x06, 0x05, 0x15, 0x35, 0x54

# What a thread shares: memory, folders, descriptors, signal handlers, process. One with descriptors of its own would
# multiply the limit of open files; the namespaces are none of a program's business.
_CLONE_THREAD = 0x00000100 | 0x00000200 | 0x00000400 | 0x00000800 | 0x00010000
_CLONE_NAMESPACES = 0x7E020000
_AF_UNIX = 1
_PR_SET_NAME, _PR_GET_NAME, _PR_SET_VMA = 15, 16, 0x53564D41
_TERMINAL_QUERIES = (0x5401, 0x5413, 0x5421, 0x541B, 0x5450, 0x5451)  # TCGETS TIOCGWINSZ FIONBIO FIONREAD FIO(N)CLEX
# Locks of ranges, of which one file takes any number; signals to whoever owns a descriptor, leases, directory
# notification.
_FCNTL_REFUSED = (6, 7, 37, 38, 8, 10, 15, 1024, 1026)


def _low(argument: int) -> int:
    return 16 + 8 * argument


class _Program:
    """Instructions under construction. Jumps count from the next instruction."""

    def __init__(self) -> None:
        self.code: list[bytes] = []

    def add(self, code: int, value: int, if_true: int = 0, if_false: int = 0) -> None:
        self.code.append(struct.pack("<HBBI", code, if_true, if_false, value & 0xFFFFFFFF))

    def end(self, action: int) -> None:
        self.add(_RETURN, action)

    def only_when_equal(self, argument: int, allowed: Iterable[int]) -> None:
        """Allow the call when the argument's low half is one of these, else refuse; ends the program's path."""
        self.add(_LOAD, _low(argument))
        for value in allowed:
            self.add(_JUMP_EQUAL, value, 0, 1)
            self.end(_ALLOW)
        self.end(_REFUSE)

    def only_when_zero(self, argument: int) -> None:
        """Allow the call when all 64 bits of the argument are zero, else refuse."""
        self.add(_LOAD, _low(argument))
        self.add(_JUMP_EQUAL, 0, 0, 3)
        self.add(_LOAD, _low(argument) + 4)
        self.add(_JUMP_EQUAL, 0, 0, 1)
        self.end(_ALLOW)
        self.end(_REFUSE)


def _argument_rules() -> dict[str, _Program]:
    rules: dict[str, _Program] = {name: _Program() for name in ("clone", "clone3", "sendto", "fcntl")}
    rules["clone"].add(_LOAD, _low(0))
    rules["clone"].add(_AND, _CLONE_THREAD | _CLONE_NAMESPACES)
    rules["clone"].add(_JUMP_EQUAL, _CLONE_THREAD, 0, 1)
    rules["clone"].end(_ALLOW)
    rules["clone"].end(_REFUSE)
    rules["clone3"].end(_ERRNO | errno.ENOSYS)  # its flags are in memory, out of the filter's sight; libc falls back
    rules["sendto"].only_when_zero(4)  # to the other end only, never to an address
    rules["fcntl"].add(_LOAD, _low(1))
    for command in _FCNTL_REFUSED:
        rules["fcntl"].add(_JUMP_EQUAL, command, 0, 1)
        rules["fcntl"].end(_REFUSE)
    rules["fcntl"].end(_ALLOW)
    for name, argument, allowed in (
        ("kill", 0, (_OWN_PID,)),
        ("tgkill", 0, (_OWN_PID,)),
        ("prctl", 0, (_PR_SET_NAME, _PR_GET_NAME, _PR_SET_VMA)),
        ("prlimit64", 0, (0, _OWN_PID)),
        ("ioctl", 1, _TERMINAL_QUERIES),
        ("socketpair", 0, (_AF_UNIX,)),
    ):
        rules[name] = _Program()
        rules[name].only_when_equal(argument, allowed)
    return rules


def _segments() -> list[tuple[int, list[bytes]]]:
    """``(first number, what to do from there on)`` over all call numbers, in order."""
    always, never = [_Program(), _Program()]
    always.end(_ALLOW)
    never.end(_REFUSE)
    rules = _argument_rules()
    bodies = {
        number: rules[name].code if name in rules else always.code
        for name in syscalls.ALLOWED
        if (number := syscalls.number(name)) is not None
    }
    segments: list[tuple[int, list[bytes]]] = []
    for number in range(max(bodies) + 2):
        body = bodies.get(number, never.code)
        if not segments or segments[-1][1] != body:
            segments.append((number, body))
    return segments


def _search(segments: list[tuple[int, list[bytes]]]) -> list[bytes]:
    """Binary search for the segment of a call: installing a filter runs it once for every number there is."""
    if len(segments) == 1:
        return segments[0][1]
    middle = len(segments) // 2
    below, above = _search(segments[:middle]), _search(segments[middle:])
    branch = _Program()
    branch.add(_JUMP_AT_LEAST, segments[middle][0], 0, 1)
    branch.add(_JUMP, len(below))
    return [*branch.code, *below, *above]


@cache
def _template() -> bytes:
    program = _Program()
    program.add(_LOAD, _ARCH)
    program.add(_JUMP_EQUAL, _AUDIT_ARCH[syscalls.machine], 1, 0)
    program.end(_KILL)
    program.add(_LOAD, _NUMBER)
    if syscalls.machine == "x86_64":
        program.add(_JUMP_AT_LEAST, _X32_BIT, 0, 1)
        program.end(_KILL)
    program.code.extend(_search(_segments()))
    return b"".join(program.code)


def filter_program(own_pid: int) -> bytes:
    """The filter as BPF, for a process with this id (in its own pid namespace)."""
    own = struct.pack("<I", own_pid)
    return _template().replace(struct.pack("<I", _OWN_PID), own)


class _FilterHeader(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def install(program: bytes) -> None:
    """Put this process, for good, under the filter; needs ``no_new_privs``.

    Raises:
        OSError: The kernel refused.
    """
    header = _FilterHeader(len(program) // 8, program)
    syscalls.libc("prctl", PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.addressof(header), 0, 0)
