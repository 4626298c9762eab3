"""Progress with an ETA on stderr: a live bar on a terminal, a line every few seconds elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress

SECONDS_TO_FIRST_LINE = 2.0
SECONDS_BETWEEN_LINES = 10.0


@dataclass
class Task:
    """One piece of work under way."""

    description: str
    total: int
    done: int = 0
    note: str = ""
    started: float = field(default_factory=time.monotonic)
    first: int = 0

    def advance(self, count: int = 1, note: str | None = None) -> None:
        """``count`` more are done; ``note`` is shown behind, such as the current loss."""
        self.done += count
        if note is not None:
            self.note = note
        self.show()

    def show(self) -> None:
        """Nothing to show it on."""

    def eta_seconds(self) -> float | None:
        """Remaining time at the pace so far; None before there is a pace."""
        made = self.done - self.first
        return (time.monotonic() - self.started) / made * (self.total - self.done) if made else None


@dataclass
class _LineTask(Task):
    due: float = field(default_factory=lambda: time.monotonic() + SECONDS_TO_FIRST_LINE)

    def show(self) -> None:
        now = time.monotonic()
        if now < self.due and self.done < self.total:
            return
        self.due = now + SECONDS_BETWEEN_LINES
        eta = self.eta_seconds()
        left = f", {_clock(eta)} left" if eta and self.done < self.total else f", took {_clock(now - self.started)}"
        note = f"  {self.note}" if self.note else ""
        print(f"{self.description}: {self.done}/{self.total}{left}{note}", file=sys.stderr, flush=True)


@dataclass
class _BarTask(Task):
    bar: RichProgress | None = None
    bar_id: int = 0

    def show(self) -> None:
        assert self.bar is not None
        self.bar.update(self.bar_id, completed=self.done, note=self.note)  # type: ignore[arg-type]


@contextmanager
def track(description: str, total: int, done: int = 0) -> Iterator[Task]:
    """Show the progress of ``total`` items, ``done`` of which were finished in an earlier run."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _LineTask(description, total, done, first=done)
        return
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}", style="dim", markup=False),
    )
    with RichProgress(*columns, console=console) as bar:
        bar_id = bar.add_task(description, total=total, completed=done, note="")
        yield _BarTask(description, total, done, first=done, bar=bar, bar_id=bar_id)


def say(message: str) -> None:
    """One line for the person watching."""
    print(message, file=sys.stderr, flush=True)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"
