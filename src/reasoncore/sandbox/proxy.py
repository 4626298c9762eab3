"""What stands, beside the tests, for an object that lives with the program.

What an object is asked about itself is forwarded: its length, its text, its items one after another. What sets it
against another value is forwarded only where both are the program's own: otherwise the program would be told what is
expected of it, and would be the judge of it. Standard library only.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reasoncore.sandbox.remote import Client

_ALONE: dict[str, Callable[..., Any]] = {
    "__len__": len, "__str__": str, "__repr__": repr, "__bool__": bool, "__hash__": hash, "__int__": int,
    "__float__": float, "__index__": operator.index, "__abs__": abs, "__neg__": operator.neg, "__pos__": operator.pos,
    "__invert__": operator.invert, "__iter__": iter, "__reversed__": reversed, "__round__": round, "__format__": format,
    "__getitem__": operator.getitem, "__setitem__": operator.setitem, "__delitem__": operator.delitem,
    "__enter__": lambda manager: type(manager).__enter__(manager),
}  # fmt: skip
_TOGETHER = {
    "__eq__": operator.eq, "__ne__": operator.ne, "__lt__": operator.lt, "__le__": operator.le, "__gt__": operator.gt,
    "__ge__": operator.ge, "__add__": operator.add, "__sub__": operator.sub, "__mul__": operator.mul,
    "__matmul__": operator.matmul, "__truediv__": operator.truediv, "__floordiv__": operator.floordiv,
    "__mod__": operator.mod, "__pow__": operator.pow, "__and__": operator.and_, "__or__": operator.or_,
    "__xor__": operator.xor, "__lshift__": operator.lshift, "__rshift__": operator.rshift,
}  # fmt: skip
OPERATIONS: dict[str, Callable[..., Any]] = {
    **_ALONE,
    **_TOGETHER,
    "__exit__": lambda manager: type(manager).__exit__(manager, None, None, None),
    "__instancecheck__": lambda kind, instance: isinstance(instance, kind),
}
# Not __array_interface__ and its like: a number that numpy would take for the address of memory.
_SPECIAL_ATTRIBUTES = ("__name__", "__qualname__", "__dict__")


class Proxy:
    """An object of the program, known by a number."""

    __slots__ = ("_client", "_number")

    def __init__(self, client: Client, number: int) -> None:
        object.__setattr__(self, "_client", client)
        object.__setattr__(self, "_number", number)

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        return self._client.call(self._number, arguments, keywords)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name not in _SPECIAL_ATTRIBUTES:
            raise AttributeError(name)
        return self._client.ask(do="get", of=self._number, name=name)

    def __setattr__(self, name: str, value: Any) -> None:
        self._client.set(self._number, name, value)

    def __next__(self) -> Any:
        return self._client.next(self._number)

    def __exit__(self, *error: Any) -> None:
        """The program leaves its block; it is not asked whether what the tests raised there counts."""
        self._client.operate("__exit__", self)

    def __instancecheck__(self, instance: object) -> bool:
        return isinstance(instance, Proxy) and self._client.operate("__instancecheck__", self, instance) is True


def _alone(name: str) -> Callable[..., Any]:
    def method(self: Proxy, *others: Any) -> Any:
        return self._client.operate(name, self, *others)

    return method


def _together(name: str) -> Callable[..., Any]:
    def method(self: Proxy, other: Any) -> Any:
        if not isinstance(other, Proxy):
            raise TypeError(f"{name}: a {type(self).__name__} of the program and what is not the program's")
        return self._client.operate(name, self, other)

    return method


for _name in _ALONE:
    setattr(Proxy, _name, _alone(_name))
for _name in _TOGETHER:
    setattr(Proxy, _name, _together(_name))
