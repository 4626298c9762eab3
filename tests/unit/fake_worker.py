"""A worker of the pool's tests: a plain object."""

from __future__ import annotations

import threading


class Fake:
    """A worker that remembers whether it was ended."""

    started: list[Fake]

    def __init__(self) -> None:
        self.ended = 0
        self.stop = threading.Event()
        Fake.started.append(self)

    def end(self) -> None:
        self.ended += 1
        self.stop.set()
