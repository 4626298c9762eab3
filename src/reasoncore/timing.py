"""Where a stage's time goes: seconds and tokens of each activity, kept across interruptions."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any


@dataclass
class Spent:
    """What one activity took. ``tokens`` is 0 where an activity has none."""

    seconds: float = 0.0
    tokens: int = 0


class Clock:
    """Adds up seconds and tokens by activity (sampling, judging, updating, scoring), and the time in all."""

    def __init__(self) -> None:
        self._started = time.perf_counter()
        self._before = 0.0
        self.spent: dict[str, Spent] = {}

    @property
    def seconds(self) -> float:
        """Time since the start, that of earlier sessions included."""
        return self._before + time.perf_counter() - self._started

    @contextmanager
    def time(self, activity: str) -> Iterator[Spent]:
        """Time what happens inside; set ``tokens`` of what is given."""
        this = Spent()
        started = time.perf_counter()
        try:
            yield this
        finally:
            this.seconds = time.perf_counter() - started
            self._book(activity, this)

    def add(self, other: Clock) -> None:
        """Take over what another clock has seen."""
        for activity, spent in other.spent.items():
            self._book(activity, spent)

    def add_whole(self, activity: str, other: Clock) -> None:
        """Take over all the time of another clock as that of one activity."""
        self._book(activity, Spent(other.seconds))

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Go on from what :meth:`as_json` gave before an interruption."""
        self._before = float(saved["seconds"])
        self.spent = {name: Spent(**part) for name, part in saved["spent"].items()}

    def as_json(self) -> dict[str, Any]:
        """``{"seconds": .., "spent": {activity: {"seconds": .., "tokens": ..}}}``."""
        spent = {name: {"seconds": round(p.seconds, 3), "tokens": p.tokens} for name, p in self.spent.items()}
        return {"seconds": round(self.seconds, 3), "spent": spent}

    def _book(self, activity: str, spent: Spent) -> None:
        total = self.spent.setdefault(activity, Spent())
        total.seconds += spent.seconds
        total.tokens += spent.tokens
