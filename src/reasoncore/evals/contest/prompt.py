"""How a contest's problem is asked: its statement, its examples, and where input comes from."""

from __future__ import annotations

from typing import Any

from reasoncore.verify.code import CodeTask

_STDIN = "Read the input from standard input and write the output to standard output."


def contest_prompt(statement: str, examples: CodeTask) -> str:
    """The whole question. The examples shown are those that are tested."""
    parts = [statement]
    for number, example in enumerate(examples.tests, start=1):
        if examples.entry_point is None:
            shown = f"Input:\n{_fenced(example.input)}\nOutput:\n{_fenced(example.output)}"
        else:
            call = f"{examples.entry_point}({_arguments(example.input)})"
            shown = _fenced(f"{call} == {example.output!r}")
        parts.append(f"Example {number}\n\n{shown}")
    parts.append(_STDIN if examples.entry_point is None else f"Define `{examples.entry_point}`, called as above.")
    return "\n\n".join(parts) + "\n"


def _arguments(given: list[Any] | dict[str, Any]) -> str:
    if isinstance(given, dict):
        return ", ".join(f"{name}={value!r}" for name, value in given.items())
    return ", ".join(map(repr, given))


def _fenced(text: str) -> str:
    return f"```\n{text.rstrip()}\n```"
