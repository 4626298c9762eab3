"""Exceptions between processes: described as plain data where they are raised, made again where tests expect them.

Standard library only.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import Any

from reasoncore.sandbox import wire

SOLUTION_FILE = "<solution>"
_MESSAGE_CHARS = 300
_NAME_CHARS = 100
_MAX_MESSAGE_CHARS = 10_000  # towards tests
# What steers loops, coroutines and groups is no error that a test waits for.
_STEERING = (StopIteration, StopAsyncIteration, BaseExceptionGroup)


class RemoteError(Exception):
    """Base of what a program raised that is no ``Exception`` of Python's own."""


def describe(error: BaseException, phase: str) -> dict[str, Any]:
    """An exception as plain data, with the line of the program it came from."""
    line = getattr(error, "lineno", None) if isinstance(error, SyntaxError) else None
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == SOLUTION_FILE:
            line = trace.tb_lineno
        trace = trace.tb_next
    message = _text(error)[:_MESSAGE_CHARS]
    return {"error": type(error).__name__[:_NAME_CHARS], "message": message, "line": line, "phase": phase}


def describe_fully(error: BaseException, phase: str, number: Callable[[Any], int]) -> dict[str, Any]:
    """Also what tests may look at: the classes it is an instance of, its ``args`` and its attributes.

    Args:
        error: What was raised.
        phase: While what was done.
        number: Keeps a class of the program and gives its number.
    """
    return {
        **describe(error, phase),
        **lineage(type(error), number),
        "text": _text(error)[:_MAX_MESSAGE_CHARS],
        "args": _plain(list(error.args)),
        "attributes": {name: node for name, value in vars(error).items() if (node := _plain(value)) is not None},
    }


def lineage(kind: type[BaseException], number: Callable[[Any], int]) -> dict[str, Any]:
    """The numbered classes of a class of exceptions, the most special first, and the built-in one behind them."""
    order = kind.__mro__
    base = next(position for position, k in enumerate(order) if getattr(builtins, k.__name__, None) is k)
    return {"base": order[base].__name__, "classes": [[number(k), k.__name__[:_NAME_CHARS]] for k in order[:base]]}


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except BaseException:
        return ""


def _plain(value: Any) -> Any:
    try:
        return wire.encode(value)
    except BaseException:
        return None


class Raised:
    """The tests' end: exceptions made from what the program's end says of them."""

    def __init__(self) -> None:
        self._classes: dict[int, type[Exception]] = {}

    def kind(self, base: Any, classes: Any) -> type[Exception]:
        """The exception class with these numbered classes of the program before its built-in base; the same each time.

        Args:
            base: Name of a built-in class.
            classes: ``[number, name]`` of each, the most special first.
        """
        found = getattr(builtins, base, None) if isinstance(base, str) else None
        if not (isinstance(found, type) and issubclass(found, Exception)) or issubclass(found, _STEERING):
            found = RemoteError
        for number, name in reversed(classes):
            if number not in self._classes:
                self._classes[number] = type(identifier(name), (found,), {})
            found = self._classes[number]
        return found

    def error(self, description: dict[str, Any]) -> Exception:
        """The exception, as close to the one raised as plain data can be."""
        kind = self.kind(description.get("base"), description.get("classes") or [])
        text, given = description.get("text"), wire.decode(description.get("args"))
        arguments = given if isinstance(given, list) else [text]
        if kind is RemoteError:
            return RemoteError(f"{description.get('error')}: {text}")
        error = _made(kind, arguments, text) or _made(_saying(kind, text), arguments, text)
        if error is None:
            error = kind.__new__(_saying(kind, text))
            error.args = tuple(arguments)
        for name, node in (description.get("attributes") or {}).items():
            if name.isidentifier() and not name.startswith("_"):
                vars(error)[name] = wire.decode(node)
        return error


def _made(kind: type[Exception], arguments: list[Any], text: Any) -> Exception | None:
    """An exception made from these arguments, if it says this then."""
    try:
        error = kind(*arguments)
        return error if str(error) == text else None
    except Exception:
        return None


def _saying(kind: type[Exception], text: Any) -> type[Exception]:
    return type(kind.__name__, (kind,), {"__str__": lambda self: str(text)})


def identifier(name: Any) -> str:
    """A name a program gave, where it is one that a class can have."""
    return name[:_NAME_CHARS] if isinstance(name, str) and name.isidentifier() else "object"
