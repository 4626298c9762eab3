"""Running a contest's programs: every run in a sandboxed child of its own, and what it gives as plain JSON data."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from reasoncore.errors import DataError
from reasoncore.sandbox import Job, Limits, Sandbox, wire
from reasoncore.verify.code.compare import same_text, same_value
from reasoncore.verify.code.task import MEMORY_LIMIT_MB, TOLERANCE

_SHOWN_CHARS = 200
_WALL_FACTOR, _WALL_S = 5.0, 10.0
_LISTS = ("t", "q", "L", "T")


@dataclass(frozen=True, slots=True)
class Program:
    """A program of the contest's author.

    Attributes:
        label: What errors call it.
        source: Its source.
        entry_point: The function that is called; None for a program from standard input to standard output.
        limit_s: Processor seconds a run.
    """

    label: str
    source: str
    entry_point: str | None
    limit_s: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What a program gave for one input, and the processor seconds it took."""

    output: Any
    cpu_s: float


def run_program(sandbox: Sandbox, program: Program, given: Any, where: str) -> Answer:
    """Run a program once.

    Args:
        sandbox: Where it runs.
        program: What runs.
        given: Text for standard input; a list of arguments or an object of keyword arguments for a function.
        where: Which input it is, for errors.

    Raises:
        DataError: It fails, exceeds a limit, or gives what is no JSON data; names the program and the input.
        SandboxFailedError: The sandbox failed; nothing is known of the program.
    """
    wall_s = _WALL_FACTOR * program.limit_s + _WALL_S  # a busy machine is no fault of the program
    limits = Limits(cpu_s=program.limit_s, wall_s=wall_s, memory_bytes=MEMORY_LIMIT_MB << 20)
    if program.entry_point is None:
        stdin = given.encode("utf-8", "surrogateescape")
        outcome = sandbox.run(Job({"kind": "program", "source": program.source}, stdin, limits))
    else:
        arguments = wire.encode(given)
        what = {"kind": "call", "source": program.source, "entry_point": program.entry_point, "arguments": arguments}
        outcome = sandbox.run(Job(what, limits=limits))
    if outcome.ending != "done":
        raise DataError(f"{program.label}, {where}: {outcome.message}", "Mend the program, or make the input smaller.")
    try:
        if program.entry_point is None:
            return Answer(outcome.stdout.decode(), outcome.cpu_s)
        if "value" not in (outcome.result or {}):
            raise ValueError("ended without a result")
        value = _plain((outcome.result or {})["value"])
        json_text(value).encode()
    except ValueError as error:
        raise DataError(
            f"{program.label}, {where}: gives no JSON data ({error})", "Return numbers, text, lists and objects."
        ) from error
    return Answer(value, outcome.cpu_s)


def agree(program: Program, output: Any, expected: Any) -> bool:
    """Whether a program's output is the expected one to the judge of rollouts."""
    if program.entry_point is None:
        return same_text(output, expected, exact=False, tolerance=TOLERANCE)
    return same_value(wire.encode(output), expected, TOLERANCE)


def json_text(value: Any) -> str:
    """A value in JSON's one spelling of it.

    Raises:
        ValueError: NaN, an infinity, or a number with thousands of digits.
    """
    return json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True)


def shown(value: Any) -> str:
    """A value for an error message, cut short."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}..."


def _plain(node: Any) -> Any:
    """The JSON value that encoded data stands for; hostile keys other than text are refused, not hashed."""
    if isinstance(node, list):
        return [_plain(item) for item in node]
    if not isinstance(node, dict):
        return node
    tag, content = wire.single_tag(node)
    if tag == "i" and isinstance(content, str):
        return int(content, 16)
    if tag in _LISTS and isinstance(content, list):
        return [_plain(item) for item in content]
    if tag == "d" and isinstance(content, list):
        pairs = [pair for pair in content if isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], str)]
        if len(pairs) == len(content):
            return {key: _plain(value) for key, value in pairs}
        raise ValueError("an object with a key that is no text")
    raise ValueError("a value of a type that JSON does not have")
