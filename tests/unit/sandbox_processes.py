"""What the sandbox tests share: the processes of a sandbox, watched from outside."""

from __future__ import annotations

import os
import time
from pathlib import Path

from reasoncore.sandbox import ForkSandbox


def children(pid: int) -> list[int]:
    return [
        int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()
    ]


def family(sandbox: ForkSandbox) -> list[int]:
    """The launcher, its zygote and the zygote's two waiting children, once they are there."""
    return family_of(sandbox._process.pid)


def family_of(launcher: int) -> list[int]:
    deadline = time.monotonic() + 5.0
    while time.monotonic() < deadline:
        (zygote,) = children(launcher)
        if len(children(zygote)) == 2:
            return [launcher, zygote, *children(zygote)]
    raise AssertionError("no two children")


def gone(pids: list[int], limit_s: float = 2.0) -> bool:
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        if not any(running(pid) for pid in pids):
            return True
        time.sleep(0.01)
    return False


def running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def resident_mb(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
