"""What is run in a sandbox and what comes back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from reasoncore.sandbox.confine import Limits

Ending = Literal["done", "error", "timeout", "memory", "output", "killed"]


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of untrusted work.

    Attributes:
        what: Its kind and source, see :mod:`reasoncore.sandbox.harness`.
        stdin: Standard input.
        limits: What it may use.
    """

    what: dict[str, Any]
    stdin: bytes = b""
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a job ended. Everything but the times is the program's own claim: data, to be compared and not believed.

    Attributes:
        ending: ``"done"``; ``"error"`` for an exception or a bad exit status; ``"timeout"``; ``"memory"``;
            ``"output"`` when it wrote too much; ``"killed"`` for a signal.
        result: What it reported, see :mod:`reasoncore.sandbox.harness`; None when that is missing or garbage.
        stdout: What it wrote, cut at the limit.
        message: How it ended, in a few words, for a person.
        cpu_s: Processor seconds used.
    """

    ending: Ending
    result: dict[str, Any] | None
    stdout: bytes
    message: str
    cpu_s: float
