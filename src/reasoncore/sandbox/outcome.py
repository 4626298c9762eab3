"""What is run in a sandbox and what comes back."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from reasoncore.sandbox import wire
from reasoncore.sandbox.confine import Limits

_MESSAGE_CHARS = 300

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


class JobFiles:
    """The four files of one job, in memory: what it reads and what it leaves."""

    def __init__(self, job: Job) -> None:
        self._files = {name: os.memfd_create(name) for name in ("job", "stdin", "stdout", "result")}
        for name, content in (("job", json.dumps(job.what).encode()), ("stdin", job.stdin)):
            with open(self._files[name], "wb", closefd=False) as stream:
                stream.write(content)
            os.lseek(self._files[name], 0, os.SEEK_SET)

    def __enter__(self) -> JobFiles:
        return self

    def __exit__(self, *_: object) -> None:
        for descriptor in self._files.values():
            os.close(descriptor)

    def descriptors(self) -> list[int]:
        """In the order the zygote expects."""
        return [self._files[name] for name in ("stdin", "stdout", "job", "result")]

    def read(self, name: str, limit: int) -> bytes:
        return os.pread(self._files[name], limit, 0)


def read_outcome(job: Job, files: JobFiles, report: Mapping[str, Any], timed_out: bool) -> Outcome:
    """How a job ended, from what it left and from what the zygote reports of its process.

    Args:
        job: What was run.
        files: What it left behind.
        report: Its wait ``status`` and its processor seconds ``cpu_s``.
        timed_out: Whether we killed it when its time was up.
    """
    limit = job.limits.output_bytes
    stdout = files.read("stdout", limit)
    payload = files.read("result", limit)
    try:
        result = wire.loads(payload) if payload else None
    except wire.NotPlainError:
        result = None
    if not isinstance(result, dict):
        result = None
    overflowed = len(stdout) >= limit or len(payload) >= limit
    ending, message = _ending(job.limits, report, timed_out, result, overflowed)
    return Outcome(ending, result, stdout, message, report["cpu_s"])


def _ending(
    limits: Limits, report: Mapping[str, Any], timed_out: bool, result: dict[str, Any] | None, overflowed: bool
) -> tuple[Ending, str]:
    if timed_out:
        return "timeout", f"ran longer than {limits.wall_s:g} s"
    code = os.waitstatus_to_exitcode(report["status"])
    if code == -signal.SIGXCPU or report["cpu_s"] > limits.cpu_s:
        return "timeout", f"used more than {limits.cpu_s:g} s of processor time"
    if overflowed:
        return "output", f"wrote more than {limits.output_bytes} bytes"
    error = (result or {}).get("error")
    if error == "MemoryError":
        return "memory", f"needed more than {limits.memory_bytes >> 20} MiB"
    if code < 0:
        return "killed", f"ended by signal {-code} ({signal.strsignal(-code)})"
    if error:
        line = (result or {}).get("line")
        where = f", line {line}" if type(line) is int and 0 < line < 10**7 else ""
        return "error", f"{_printable(error)}: {_printable((result or {}).get('message'))}{where}"
    if code:
        return "error", f"exit status {code}"
    return "done", "done"


def _printable(claim: Any) -> str:
    """A program's own words, fit for a line of a report."""
    text = claim[:_MESSAGE_CHARS] if isinstance(claim, str) else "?"
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
