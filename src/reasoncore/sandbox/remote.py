"""A session between trusted tests and the program they test, each in a process of its own.

The tests hold proxies. A call travels as plain data over the channel, the answer comes back as plain data; objects that
are no plain data stay with the program and are known by a number. So the program never sees what is expected of it,
and an object of its own making (one whose ``__eq__`` says True, say) never takes part in a comparison.

Each message is four bytes of length and then JSON. Standard library only.
"""

from __future__ import annotations

import builtins
import importlib
import os
import struct
import symtable
import sys
from collections.abc import Callable
from typing import Any

from reasoncore.sandbox import harness, wire

_LENGTH = struct.Struct("<I")
_MUTABLE = (list, dict, set)


class ProgramEndedError(BaseException):  # not what a test that expects an exception waits for
    """The program's process is gone, or says something that is not the protocol."""


class RemoteError(Exception):
    """The program raised an exception that is not one of Python's own."""


def serve(channel: int, namespace: dict[str, Any]) -> None:
    """The program's end: answer requests until the tests close the channel."""
    objects: list[Any] = []

    def keep(value: Any) -> int:
        objects.append(value)
        return len(objects) - 1

    def resolve(content: list[Any]) -> Any:
        return objects[content[0]]

    def answer(request: dict[str, Any]) -> dict[str, Any]:
        name = request.get("name", "")
        match request["do"]:
            case "name":
                return {"value": wire.encode(namespace[name], keep)}
            case "entry point":
                return {"value": wire.encode(harness.find_entry_point(namespace, name), keep)}
            case "get":
                return {"value": wire.encode(getattr(objects[request["of"]], name), keep)}
            case "set":
                setattr(objects[request["of"]], name, wire.decode(request["value"], resolve))
                return {"value": None}
            case "items":
                return {"value": wire.encode(list(objects[request["of"]]), keep)}
        arguments = wire.decode(request["arguments"], resolve)
        keywords = {key: wire.decode(value, resolve) for key, value in request["keywords"].items()}
        value = wire.encode(objects[request["of"]](*arguments, **keywords), keep)
        after = [wire.encode(item, keep) if isinstance(item, _MUTABLE) else None for item in arguments]
        return {"value": value, "arguments": after if after != request["arguments"] else None}

    while (message := _receive(channel)) is not None:
        try:
            reply = wire.dumps(answer(wire.loads(message)))
        except BaseException as error:
            reply = wire.dumps({"raised": harness.describe(error, "run")})
        _send(channel, reply)


class Client:
    """The tests' end."""

    def __init__(self, channel: int) -> None:
        self._channel = channel
        self._raised: BaseException | None = None

    def names(self, source: str, entry_point: str | None) -> dict[str, Any]:
        """Proxies for the global names that test code uses and neither defines itself nor finds built in.

        A built-in name is the program's only when it is the entry point: tests that say ``sorted`` mean Python's.
        """
        found = {}
        for name in sorted(_free_names(symtable.symtable(source, "<test>", "exec"))):
            if hasattr(builtins, name) and name != entry_point:
                continue
            if name in sys.stdlib_module_names and name != entry_point:
                found[name] = importlib.import_module(name)
                continue
            try:
                found[name] = self.entry_point(name) if name == entry_point else self.ask(do="name", name=name)
            except (KeyError, RemoteError):
                continue  # using it is a NameError then, as it would be beside the program
        return found

    def entry_point(self, entry_point: str) -> Any:
        """Proxy of the function under test."""
        return self.ask(do="entry point", name=entry_point)

    def ask(self, **request: Any) -> Any:
        """One request and its answer as a value; raises what the program raised."""
        return self._value(self._exchange(request)["value"])

    def call(self, of: int, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """Call an object of the program; lists, dictionaries and sets it changed in place are changed here too."""
        encoded = [_encode(item) for item in arguments]
        reply = self._exchange(
            {"do": "call", "of": of, "arguments": encoded, "keywords": {k: _encode(v) for k, v in keywords.items()}}
        )
        for item, before, after in zip(arguments, encoded, reply.get("arguments") or [], strict=False):
            if isinstance(item, _MUTABLE) and after is not None and after != before:
                _overwrite(item, self._value(after))
        return self._value(reply["value"])

    def was_raised_there(self, error: BaseException) -> bool:
        """Whether this exception came from the program rather than from the tests."""
        return error is self._raised or isinstance(error, ProgramEndedError)

    def _value(self, node: Any) -> Any:
        return wire.decode(node, lambda content: _Proxy(self, int(content[0]), str(content[1])))

    def _exchange(self, request: dict[str, Any]) -> dict[str, Any]:
        try:
            _send(self._channel, wire.dumps(request))
            message = _receive(self._channel)
        except OSError:
            message = None
        if message is None:
            raise ProgramEndedError("the program ended")
        reply = wire.loads(message)
        if not isinstance(reply, dict) or not ("value" in reply or "raised" in reply):
            raise ProgramEndedError("the program answered out of protocol")
        if "raised" in reply:
            self._raised = _exception(reply["raised"])
            raise self._raised
        return reply


class _Proxy:
    """Stands for an object that lives with the program. It compares equal to nothing and has no truth value."""

    __slots__ = ("_client", "_kind", "_number")

    def __init__(self, client: Client, number: int, kind: str) -> None:
        object.__setattr__(self, "_client", client)
        object.__setattr__(self, "_number", number)
        object.__setattr__(self, "_kind", kind)

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        return self._client.call(self._number, arguments, keywords)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self._client.ask(do="get", of=self._number, name=name)

    def __setattr__(self, name: str, value: Any) -> None:
        self._client.ask(do="set", of=self._number, name=name, value=_encode(value))

    def __iter__(self) -> Any:
        return iter(self._client.ask(do="items", of=self._number))

    def __eq__(self, other: object) -> bool:
        raise TypeError(f"a {self._kind} of the program cannot be compared")

    __ne__ = __eq__
    __hash__ = None  # type: ignore[assignment]

    def __bool__(self) -> bool:
        raise TypeError(f"a {self._kind} of the program has no truth value here")


def _free_names(module: symtable.SymbolTable) -> set[str]:
    used: set[str] = set()
    tables = [module]
    while tables:
        table = tables.pop()
        top = table is module
        used.update(s.get_name() for s in table.get_symbols() if s.is_referenced() and (top or s.is_global()))
        tables.extend(table.get_children())
    return used - {s.get_name() for s in module.get_symbols() if s.is_assigned() or s.is_imported()}


def _encode(value: Any) -> Any:
    if isinstance(value, _Proxy):
        return {"h": [value._number, value._kind]}
    return wire.encode(value, _refuse) if not isinstance(value, list | tuple | dict) else _encode_container(value)


def _encode_container(value: Any) -> Any:
    if isinstance(value, list):
        return [_encode(item) for item in value]
    if isinstance(value, tuple):
        return {"t": [_encode(item) for item in value]}
    return {"d": [[_encode(key), _encode(item)] for key, item in value.items()]}


def _refuse(value: Any) -> int:
    raise wire.NotPlainError(f"a {type(value).__name__} cannot be handed to the program")


def _overwrite(target: Any, value: Any) -> None:
    if isinstance(target, list):
        target[:] = value
    else:
        target.clear()
        target.update(value)


def _exception(description: Any) -> Exception:
    name, message = str(description.get("error")), str(description.get("message"))
    kind: Callable[[str], Exception] | None = getattr(builtins, name, None)
    if isinstance(kind, type) and issubclass(kind, Exception) and kind not in (StopIteration, StopAsyncIteration):
        return kind(message)
    return RemoteError(f"{name}: {message}")


def _send(channel: int, payload: bytes) -> None:
    data = memoryview(_LENGTH.pack(len(payload)) + payload)
    while data:
        data = data[os.write(channel, data) :]


def _receive(channel: int) -> bytes | None:
    """The next message, None at the end of the channel or when it is longer than a value may be."""
    header = _read(channel, _LENGTH.size)
    if header is None:
        return None
    (length,) = _LENGTH.unpack(header)
    return _read(channel, length) if length <= wire.MAX_BYTES else None


def _read(channel: int, length: int) -> bytes | None:
    parts = []
    while length:
        part = os.read(channel, min(length, 1 << 16))
        if not part:
            return None
        parts.append(part)
        length -= len(part)
    return b"".join(parts)
