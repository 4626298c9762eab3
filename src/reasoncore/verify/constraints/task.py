"""What a response has to follow, and how it is read from a row of a data file."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reasoncore.errors import DataError
from reasoncore.records import required_text
from reasoncore.verify.constraints.language import require_langdetect
from reasoncore.verify.constraints.table import CONSTRAINTS

Instruction = tuple[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class InstructionTask:
    """The reference of a prompt with verifiable instructions.

    Attributes:
        instructions: ``(id, arguments)`` of each; the id is a key of ``CONSTRAINTS``, the arguments are the keyword
            arguments of its check, already typed.
        prompt: The prompt that carries the instructions.
    """

    instructions: tuple[Instruction, ...]
    prompt: str


def read_instruction_task(row: Mapping[str, Any], where: str) -> InstructionTask:
    """Read ``{"prompt": .., "instruction_id_list": [id, ..], "kwargs": [{..}, ..]}``, one kwargs object an id.

    Arguments that are null count as absent: tables store the union of all arguments in every row.

    Args:
        row: The row; other keys are ignored.
        where: File and line, for messages.

    Raises:
        DataError: A key is missing or of the wrong kind, or an id or argument is unknown, missing or mistyped.
        UserInputError: An instruction needs langdetect, which is not installed.
    """
    prompt = required_text(row, "prompt", where)
    ids, kwargs = row.get("instruction_id_list"), row.get("kwargs")
    if not isinstance(ids, list | tuple) or not ids:
        raise DataError(
            f"{where}, key 'instruction_id_list': must be a list of at least one id", "Mend or delete that line."
        )
    if not isinstance(kwargs, list | tuple) or len(kwargs) != len(ids):
        raise DataError(
            f"{where}, key 'kwargs': must be a list of {len(ids)} objects, one for each instruction id",
            "Mend or delete that line.",
        )
    instructions = tuple(_read_instruction(name, given, where) for name, given in zip(ids, kwargs, strict=True))
    if any(CONSTRAINTS[name].needs_langdetect for name, _ in instructions):
        require_langdetect()
    return InstructionTask(instructions, prompt)


def read_instruction_case(row: Mapping[str, Any], where: str) -> tuple[str, InstructionTask]:
    """Response and task of one row to judge: what :func:`read_instruction_task` reads, and a text ``response``.

    Raises:
        DataError, UserInputError: As there; or ``response`` is missing or not text. It may be empty.
    """
    response = required_text(row, "response", where, empty_ok=True)
    return response, read_instruction_task(row, where)


def _read_instruction(name: object, given: object, where: str) -> Instruction:
    if not isinstance(name, str) or name not in CONSTRAINTS:
        near = difflib.get_close_matches(str(name)[:100], CONSTRAINTS, n=1)
        raise DataError(
            f"{where}, key 'instruction_id_list': unknown instruction id {name!r:.100}",
            f"Did you mean {near[0]!r}?" if near else f"Known ids: {', '.join(sorted(CONSTRAINTS))}.",
        )
    if not isinstance(given, Mapping):
        raise DataError(f"{where}, key 'kwargs': what stands for {name} is not an object", "Mend or delete that line.")
    readers = CONSTRAINTS[name].arguments
    present = {key: value for key, value in given.items() if value is not None}
    cure = f"{name} takes {', '.join(readers) or 'no arguments'}; mend or delete that line."
    for key in present:
        if key not in readers:
            raise DataError(f"{where}, key 'kwargs', {name}: unknown argument {key!r:.100}", cure)
    arguments = {}
    for key, read in readers.items():
        if key not in present:
            raise DataError(f"{where}, key 'kwargs', {name}: argument {key!r} is missing", cure)
        try:
            arguments[key] = read(present[key])
        except ValueError as error:
            raise DataError(f"{where}, key 'kwargs', {name}: argument {key!r} {error}", cure) from error
    return name, arguments
