"""The most memory that this process and each of the processes under it took, looked at while they run (Linux)."""

from __future__ import annotations

import os
import re
import threading
from pathlib import Path
from typing import Self

EVERY_S = 0.05


class PeakMemory:
    """``with PeakMemory() as peak: ...``, then ``peak.own`` and ``peak.largest_child`` in MiB."""

    def __init__(self) -> None:
        self.own = self.largest_child = 0.0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(EVERY_S):
            sizes = _sizes()
            self.own = max(self.own, sizes.pop(os.getpid(), 0.0))
            self.largest_child = max([self.largest_child, *sizes.values()])


def _sizes() -> dict[int, float]:
    """Resident MiB of this process and all that descend from it."""
    parents: dict[int, int] = {}
    sizes: dict[int, float] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            status = (folder / "status").read_text()
        except OSError:  # it has ended
            continue
        facts = dict(re.findall(r"^(PPid|VmRSS):\s+(\d+)", status, re.MULTILINE))
        parents[int(folder.name)] = int(facts["PPid"])
        sizes[int(folder.name)] = int(facts.get("VmRSS", 0)) / 1024
    return {pid: size for pid, size in sizes.items() if _descends(pid, parents)}


def _descends(pid: int, parents: dict[int, int]) -> bool:
    while pid and pid != os.getpid():
        pid = parents.get(pid, 0)
    return pid != 0
