"""Finding and calling the function under test, by LeetCode's conventions: node classes, designs, changes in place.

Standard library only: this runs beside the program.
"""

from __future__ import annotations

import functools
import re
import types
from collections.abc import Callable, Mapping
from typing import Any

from reasoncore.sandbox import wire

_ENTRY_POINT = re.compile(r"([A-Za-z_]\w*)(\(\))?(?:\.([A-Za-z_]\w*))?")
_NODE = re.compile(r"\b(ListNode|TreeNode)\b")
_LIST_OF = re.compile(r"(?:(?:typing\.)?Optional\[)?(?:typing\.|collections\.abc\.)?(?:list|List|Sequence)\[")
_MAX_WRAPPERS = 20
_MAKERS: Mapping[str, Callable[..., Any]] = {"ListNode": wire.make_list, "TreeNode": wire.make_tree}
_EMPTY: Mapping[str, Any] = {"ListNode": {"L": []}, "TreeNode": {"T": []}}


class EntryPointError(Exception):
    """The program does not define what it was to define."""


def find_entry_point(namespace: dict[str, Any], entry_point: str) -> Any:
    """The function behind ``f``, ``Solution().f`` or a class's name.

    Raises:
        EntryPointError: The program does not define it.
    """
    match = _ENTRY_POINT.fullmatch(entry_point)
    assert match is not None, entry_point
    name, instance, attribute = match.groups()
    if name not in namespace:
        solution = namespace.get("Solution")
        if solution is None or attribute or instance or not hasattr(solution, name):
            raise EntryPointError(f"{name} is not defined")
        return getattr(solution(), name)
    value = namespace[name]
    if instance:
        value = value()
    if attribute:
        if not hasattr(value, attribute):
            raise EntryPointError(f"{name} has no {attribute}")
        value = getattr(value, attribute)
    return value


def call(function: Any, arguments: list[Any] | dict[str, Any], namespace: Mapping[str, Any]) -> dict[str, Any]:
    """Call a function, or a class by LeetCode's lists of methods and arguments.

    Args:
        function: What was found for the entry point.
        arguments: Positional ones or keywords.
        namespace: The program's own node classes are used where it defines them.

    Returns:
        Its ``value``, encoded; also ``argument``, the first one as it is afterwards, where a function is annotated to
        return None: its answer is what it changed.
    """
    if isinstance(function, type) and is_design_call(arguments):
        assert isinstance(arguments, list)
        return {"value": _design(function, arguments[0], arguments[1], namespace)}
    named = arguments if isinstance(arguments, dict) else dict(enumerate(arguments))
    given = _with_nodes(function, named, namespace)
    value = function(**given) if isinstance(arguments, dict) else function(*given.values())
    result = {"value": _encode_returned(function, value)}
    if value is None and given and _annotations(function).get("return", "") in (None, "None"):
        result["argument"] = wire.encode(next(iter(given.values())))
    return result


def is_design_call(arguments: Any) -> bool:
    """Whether arguments are LeetCode's for a class: ``[["LRUCache", "get", ...], [[2], [1], ...]]``."""
    return (
        isinstance(arguments, list)
        and len(arguments) == 2
        and all(isinstance(part, list) for part in arguments)
        and len(arguments[0]) == len(arguments[1]) > 0
        and all(isinstance(name, str) for name in arguments[0])
        and all(isinstance(given, list) for given in arguments[1])
    )


def _design(cls: type, names: list[str], arguments: list[list[Any]], namespace: Mapping[str, Any]) -> list[Any]:
    constructor = types.MethodType(cls.__init__, cls)  # type: ignore[misc]  # for its annotations
    instance = cls(*_with_nodes(constructor, dict(enumerate(arguments[0])), namespace).values())
    calls = zip(names[1:], arguments[1:], strict=True)
    return [None, *(call(getattr(instance, name), given, namespace)["value"] for name, given in calls)]


def _unwrapped(function: Any) -> tuple[Any, bool]:
    """The plain function behind decorators that keep it, and whether its first parameter is bound already."""
    bound = False
    for _ in range(_MAX_WRAPPERS):
        bound = bound or isinstance(function, types.MethodType)
        behind = getattr(function, "__wrapped__", None) or getattr(function, "__func__", None)
        if behind is None:
            break
        function = behind
    return function, bound


def _annotations(function: Any) -> dict[str, Any]:
    found = getattr(_unwrapped(function)[0], "__annotations__", None)
    return found if isinstance(found, dict) else {}


def _node_type(annotation: Any) -> tuple[str | None, bool]:
    """Which node class an annotation speaks of, if any, and whether of a list of them. It may be a string."""
    text = annotation if isinstance(annotation, str) else str(annotation)
    node = _NODE.search(text)
    return (node[1] if node else None), _LIST_OF.match(text) is not None


def _with_nodes(function: Any, arguments: dict[Any, Any], namespace: Mapping[str, Any]) -> dict[Any, Any]:
    """Arguments with lists turned into ListNode or TreeNode where the function's annotations say so."""
    plain, bound = _unwrapped(function)
    code = getattr(plain, "__code__", None)
    if code is None:
        return arguments
    names = code.co_varnames[bound : code.co_argcount]
    annotations = _annotations(function)
    converted = dict(arguments)
    for key, value in arguments.items():
        name = names[key] if isinstance(key, int) and key < len(names) else key
        node, listed = _node_type(annotations.get(name, ""))
        if node is None or not isinstance(value, list):
            continue
        make = _maker(node, namespace)
        converted[key] = [make(item) if isinstance(item, list) else item for item in value] if listed else make(value)
    return converted


def _maker(node: str, namespace: Mapping[str, Any]) -> Callable[[list[Any]], Any]:
    own = namespace.get(node)
    make = _MAKERS[node]
    return functools.partial(make, node=own) if isinstance(own, type) else make


def _encode_returned(function: Any, value: Any) -> Any:
    """An empty linked list or tree is None in the program, and sent as what the annotation says it is."""
    node, listed = _node_type(_annotations(function).get("return", ""))
    if node is None:
        return wire.encode(value)
    if listed and isinstance(value, list):
        return [_EMPTY[node] if item is None else wire.encode(item, depth=1) for item in value]
    return _EMPTY[node] if value is None else wire.encode(value)
