"""What the sandbox of this machine enforces, by trying it: each probe is a small program that attempts one thing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from reasoncore.sandbox.client import ForkSandbox
from reasoncore.sandbox.confine import Limits
from reasoncore.sandbox.outcome import Job

_CALL = "import ctypes; libc = ctypes.CDLL(None, use_errno=True)\n"
_RAW = "if libc.syscall({0}) < 0: raise OSError(ctypes.get_errno(), 'refused')"

# What is attempted: the body of a function. The attempt is stopped when it raises or is killed.
_PROBES: dict[str, str] = {
    "read the user's files": "import os; open('/etc/passwd').read()",
    "list the root folder's processes": "import os; os.listdir('/proc')",
    "write outside its scratch folder": "open('/tmp/reasoncore-probe', 'w')",
    "open a network connection": "import socket; socket.socket(socket.AF_INET)",
    "open a unix socket": "import socket; socket.socket(socket.AF_UNIX)",
    "start another process": "import os; os.fork()",
    "execute a program": "import os; os.execv('/bin/true', ['true'])",
    "signal its parent": "import os; os.kill(os.getppid() or 1, 0)",
    "trace a process": _CALL + "if libc.ptrace(16, 1, 0, 0) < 0: raise OSError(ctypes.get_errno(), 'refused')",
    "make a namespace": _CALL + "if libc.unshare(0x10000000) < 0: raise OSError(ctypes.get_errno(), 'refused')",
    "mount a file system": _CALL + "if libc.mount(b'x', b'/', b'tmpfs', 0, 0) < 0: raise OSError(1, 'refused')",
    "make an io_uring": _CALL + _RAW.format("425, 8, 0"),
    "use 2 GiB of memory": "bytearray(2 << 30)",
    "write a file of 64 MiB": "open('big', 'wb').write(bytes(64 << 20))",
    "compute for ever": "while True: pass",
    "sleep for ever": "import time; time.sleep(3600)",
}
_LIMITS = Limits(cpu_s=1.0, wall_s=2.0)


@dataclass(frozen=True, slots=True)
class Probe:
    """One attempt.

    Attributes:
        attempt: What was tried, in words.
        stopped: Whether it was prevented.
        how: By what: the exception or the limit.
    """

    attempt: str
    stopped: bool
    how: str


def examine() -> tuple[dict[str, Any], list[Probe]]:
    """Start a sandbox, and try in it what a hostile program would.

    Returns:
        What the sandbox says it enforces (Landlock's version, namespaces, user), and the attempts.

    Raises:
        SandboxUnavailableError: There is no sandbox here.
    """
    sandbox = ForkSandbox()
    try:
        return sandbox.enforced, [_attempt(sandbox, attempt, body) for attempt, body in _PROBES.items()]
    finally:
        sandbox.end()


def _attempt(sandbox: ForkSandbox, attempt: str, body: str) -> Probe:
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    source = f"def attempt():\n{lines}\n    return True\n"
    what = {"kind": "call", "source": source, "entry_point": "attempt", "arguments": []}
    outcome = sandbox.run(Job(what, limits=_LIMITS))
    how = re.sub(r"\[Errno \d+\] |: '.*|, line \d+$", "", outcome.message)
    return Probe(attempt, outcome.ending != "done", "not stopped" if outcome.ending == "done" else how)
