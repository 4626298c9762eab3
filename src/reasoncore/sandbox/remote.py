"""A session between trusted tests and the program they test, each in a process of its own.

The tests hold proxies. A call travels as plain data over the channel, the answer comes back as plain data; objects that
are no plain data stay with the program and are known by a number. So the program never sees what is expected of it,
and an object of its own making (one whose ``__eq__`` says True, say) never takes part in a comparison with a value that
is not the program's.

Each message is four bytes of length and then JSON. Standard library only.
"""

from __future__ import annotations

import builtins
import os
import struct
import threading
from collections import deque
from typing import Any

from reasoncore.sandbox import wire
from reasoncore.sandbox.calling import EntryPointError, find_entry_point
from reasoncore.sandbox.names import free_names, is_module, tests_own
from reasoncore.sandbox.proxy import OPERATIONS, Proxy
from reasoncore.sandbox.raising import Raised, describe_fully, identifier, lineage

_LENGTH = struct.Struct("<I")
_MUTABLE = (list, dict, set, deque)


class ProgramEndedError(BaseException):  # not what a test that expects an exception waits for
    """The program's process is gone, or says something that is not the protocol."""


def serve(channel: int, namespace: dict[str, Any]) -> None:
    """The program's end: answer requests until the tests close the channel."""
    program = _Program(namespace)
    while (message := _receive(channel)) is not None:
        try:
            reply = wire.dumps(program.answer(wire.loads(message, None)))
            if len(reply) > wire.MAX_REPLY_BYTES:
                raise wire.NotPlainError(f"a value of {len(reply)} bytes, more than {wire.MAX_REPLY_BYTES}")
        except BaseException as error:
            reply = wire.dumps({"raised": program.describe(error)})
        _send(channel, reply)


class _Program:
    """The program's names, and the objects that the tests know by number."""

    def __init__(self, namespace: dict[str, Any]) -> None:
        self._namespace = namespace
        self._objects: list[Any] = []
        self._numbers: dict[int, int] = {}  # by identity, so that tests can see what is the same object

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """The reply to one request."""
        name = request.get("name", "")
        match request["do"]:
            case "name":
                return self._named(self._namespace[name])
            case "entry point":
                return self._value(find_entry_point(self._namespace, name))
            case "get":
                return self._value(getattr(self._objects[request["of"]], name))
            case "set":
                setattr(self._objects[request["of"]], name, self._decode(request["value"]))
                return {"value": None}
            case "operate":
                return self._value(OPERATIONS[name](*self._decode(request["operands"])))
            case "next":
                try:
                    return self._value(next(self._objects[request["of"]]))
                except StopIteration:
                    return {"value": None, "ended": True}
        return self._call(request)

    def describe(self, error: BaseException) -> dict[str, Any]:
        """What was raised, for the tests."""
        return describe_fully(error, "entry point" if isinstance(error, EntryPointError) else "run", self._keep)

    def _call(self, request: dict[str, Any]) -> dict[str, Any]:
        arguments, keywords = self._decode(request["arguments"]), request["keywords"]
        named = {key: self._decode(value) for key, value in keywords.items()}
        try:
            reply = self._value(self._objects[request["of"]](*arguments, **named))
        except Exception as error:
            reply = {"raised": self.describe(error)}
        after = [self._encode(v) if isinstance(v, _MUTABLE) else None for v in (*arguments, *named.values())]
        return reply if after == [*request["arguments"], *keywords.values()] else {**reply, "after": after}

    def _named(self, value: Any) -> dict[str, Any]:
        """A class of exceptions is told as one, so that tests can catch it."""
        reply = self._value(value)
        if isinstance(value, type) and issubclass(value, BaseException) and "h" in (reply["value"] or {}):
            return {**reply, "exception": lineage(value, self._keep)}
        return reply

    def _value(self, value: Any) -> dict[str, Any]:
        return {"value": self._encode(value)}

    def _encode(self, value: Any) -> Any:
        return wire.encode(value, self._keep)

    def _decode(self, node: Any) -> Any:
        return wire.decode(node, lambda content: self._objects[content[0]])

    def _keep(self, value: Any) -> int:
        number = self._numbers.setdefault(id(value), len(self._objects))
        if number == len(self._objects):
            self._objects.append(value)
        return number


class Client:
    """The tests' end. Threads of the tests may share it.

    Attributes:
        ended: Why the program answers no more; None while it does. Whatever the tests make of it, they did not pass.
    """

    def __init__(self, channel: int) -> None:
        self.ended: str | None = None
        self._channel = channel
        self._lock = threading.Lock()
        self._exceptions = Raised()
        self._raised: BaseException | None = None
        self._proxies: dict[int, Proxy] = {}
        self._kinds: dict[str, type[Proxy]] = {}

    def names(self, source: str, supplied: set[str] | None) -> dict[str, Any]:
        """What test code finds under its free names, see :mod:`reasoncore.sandbox.names`.

        Args:
            source: The test code.
            supplied: Names that the program supplies, built-in ones too; None: every one that is neither built in nor
                a module, which is weaker.
        """
        found = {}
        for name in sorted(free_names(source) | (supplied or set())):
            built_in, ours = hasattr(builtins, name), is_module(name)
            asked = not (built_in or ours) if supplied is None else name in supplied
            try:
                if asked:
                    found[name] = self._named(name)
                elif not built_in:
                    found[name] = tests_own(name)
            except Exception:
                continue  # using it is a NameError then, as it would be beside the program
        return found

    def entry_point(self, entry_point: str) -> Any:
        """Proxy of the function under test.

        Raises:
            EntryPointError: The program does not define it.
        """
        return self.ask(do="entry point", name=entry_point)

    def ask(self, **request: Any) -> Any:
        """One request and its answer as a value; raises what the program raised."""
        return self._value(self._exchange(request))

    def operate(self, name: str, *operands: Any) -> Any:
        """An operation on objects, of which the first is the program's."""
        return self.ask(do="operate", name=name, operands=[_encode(operand) for operand in operands])

    def set(self, of: int, name: str, value: Any) -> None:
        """Set an attribute."""
        self.ask(do="set", of=of, name=name, value=_encode(value))

    def next(self, of: int) -> Any:
        """The next item of an iterator."""
        reply = self._exchange({"do": "next", "of": of})
        if reply.get("ended"):
            raise StopIteration
        return self._value(reply)

    def call(self, of: int, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """Call an object of the program; lists, dictionaries and sets it changed in place are changed here too."""
        given = [_encode(item) for item in arguments]
        named = {key: _encode(item) for key, item in keywords.items()}
        reply = self._exchange({"do": "call", "of": of, "arguments": given, "keywords": named})
        before = [*given, *named.values()]
        for item, was, now in zip((*arguments, *keywords.values()), before, reply.get("after") or [], strict=False):
            if isinstance(item, _MUTABLE) and now is not None and now != was:
                _overwrite(item, self._decode(now))
        return self._value(reply)

    def was_raised_there(self, error: BaseException) -> bool:
        """Whether this exception came from the program rather than from the tests."""
        return error is self._raised or isinstance(error, ProgramEndedError)

    def _named(self, name: str) -> Any:
        reply = self._exchange({"do": "name", "name": name})
        kind = reply.get("exception")
        return self._exceptions.kind(kind["base"], kind["classes"]) if kind else self._value(reply)

    def _value(self, reply: dict[str, Any]) -> Any:
        if "raised" not in reply:
            return self._decode(reply["value"])
        description = reply["raised"]
        if description.get("phase") == "entry point":
            self._raised = EntryPointError(description["message"])
        else:
            self._raised = self._exceptions.error(description)
        raise self._raised

    def _decode(self, node: Any) -> Any:
        return wire.decode(node, lambda content: self._proxy(*content))

    def _proxy(self, number: int, kind: str) -> Proxy:
        name = identifier(kind)
        if name not in self._kinds:
            self._kinds[name] = type(name, (Proxy,), {"__slots__": ()})
        return self._proxies.setdefault(number, self._kinds[name](self, number))

    def _exchange(self, request: dict[str, Any]) -> dict[str, Any]:
        payload = wire.dumps(request)
        with self._lock:
            if self.ended is None:
                self.ended = "a call was left before it was answered"  # unless it is, below
                self.ended, reply = self._answer(payload)
            if self.ended is not None:
                raise ProgramEndedError(self.ended)
        return reply

    def _answer(self, payload: bytes) -> tuple[str | None, dict[str, Any]]:
        """What is wrong with the answer, and the answer."""
        try:
            _send(self._channel, payload)
            message = _receive(self._channel, wire.MAX_REPLY_BYTES)
            reply = wire.loads(message, None) if message is not None else None
        except OSError:
            reply = None
        except wire.NotPlainError as error:
            return f"the program answered out of protocol: {error}", {}
        if reply is None:
            return "the program ended", {}
        if not (isinstance(reply, dict) and ("value" in reply or isinstance(reply.get("raised"), dict))):
            return "the program answered out of protocol", {}
        return None, reply


def _encode(value: Any) -> Any:
    if isinstance(value, Proxy):
        return {"h": [value._number]}
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
    target.clear()
    if isinstance(target, list | deque):
        target.extend(value)
    else:
        target.update(value)


def _send(channel: int, payload: bytes) -> None:
    data = memoryview(_LENGTH.pack(len(payload)) + payload)
    while data:
        data = data[os.write(channel, data) :]


def _receive(channel: int, max_bytes: int | None = None) -> bytes | None:
    """The next message, None at the end of the channel.

    Raises:
        NotPlainError: It is longer than that.
    """
    header = _read(channel, _LENGTH.size)
    if header is None:
        return None
    (length,) = _LENGTH.unpack(header)
    if max_bytes is not None and length > max_bytes:
        raise wire.NotPlainError(f"{length} bytes, more than {max_bytes}")
    return _read(channel, length)


def _read(channel: int, length: int) -> bytes | None:
    parts = []
    while length:
        part = os.read(channel, min(length, 1 << 16))
        if not part:
            return None
        parts.append(part)
        length -= len(part)
    return b"".join(parts)
