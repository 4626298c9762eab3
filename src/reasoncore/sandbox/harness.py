"""What runs inside a confined child: the program itself, one call of one of its functions, or one end of a session.

The job is JSON on a descriptor, by its ``kind``:

    program   {"source"}                                    a whole program, standard input to standard output
    call      {"source", "entry_point", "arguments"}        one call; its value goes to the result descriptor
    serve     {"source", "entry_point"}                     answers calls from a ``test`` on the channel
    test      {"source", "setup", "entry_point"}            trusted test code; what it tests lives at the other end

The result is one JSON object: {"value": ...}, {"error": type, "message", "line", "phase"} or {"passed": true}. Nothing
in this process knows an expected output, except in a ``test``, which never sees the program's code.

Standard library only.
"""

from __future__ import annotations

import ast
import atexit
import builtins
import importlib.machinery
import importlib.util
import json
import os
import re
import sys
import threading
import types
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from reasoncore.sandbox import wire

SOLUTION_FILE = "<solution>"
_ENTRY_POINT = re.compile(r"([A-Za-z_]\w*)(\(\))?(?:\.([A-Za-z_]\w*))?")
_MESSAGE_CHARS = 300

_prelude: dict[str, Any] = {}
_session: dict[str, Any] = {}


class EntryPointError(Exception):
    """The program does not define what it was to define."""


def prepare(packages: Mapping[str, str]) -> None:
    """In the zygote, once: load what programs use most, so that every child has it already.

    Args:
        packages: Name and folder of the installed packages that programs may import.
    """
    source = """
import random, functools, collections, string, math, datetime, itertools, heapq, bisect, operator, re, json, sys, os
import copy, decimal, fractions, statistics, typing, dataclasses, enum, io, queue, time, threading, textwrap, abc
from typing import *
from functools import *
from collections import *
from itertools import *
from heapq import *
from bisect import *
from string import *
from operator import *
from math import *
inf = float('inf')
"""
    from reasoncore.sandbox import remote  # now, since a child cannot read this package

    _session.update(serve=remote.serve, Client=remote.Client)
    exec(source, _prelude)
    _prelude["random"].seed(0)
    builtins.exit = builtins.quit = sys.exit  # type: ignore[assignment]  # site's, which is not loaded
    for name in vars(builtins):
        _prelude.pop(name, None)  # math's pow and the like: LeetCode's names do not hide the built-in ones
    _prelude.update(ListNode=wire.ListNode, TreeNode=wire.TreeNode)
    sys.path[:] = [path for path in sys.path if path.startswith((sys.base_prefix, sys.base_exec_prefix))]
    sys.meta_path.append(_PackageFinder(packages))
    if "sortedcontainers" in packages:
        exec("from sortedcontainers import *", _prelude)


class _PackageFinder:
    """Finds the given packages, and nothing else of the folder they are installed in."""

    def __init__(self, packages: Mapping[str, str]) -> None:
        self._packages = packages

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        folder = self._packages.get(name)
        if folder is None:
            return None
        return importlib.util.spec_from_file_location(
            name, f"{folder}/__init__.py", submodule_search_locations=[folder]
        )


def warm_up() -> None:
    """In a waiting child: go the way of a small program once, so that its memory is the child's own when one comes."""
    source = json.loads('{"kind": "program", "source": "print(end=str())"}')["source"]
    exec(compile(source, SOLUTION_FILE, "exec", dont_inherit=True), {})
    sys.stdout.flush()
    wire.loads(wire.dumps({"value": wire.encode([1, "a"])}))


def main(job_descriptor: int, result_descriptor: int, channel: int) -> NoReturn:
    """Run the job and end the process."""
    job = json.loads(os.read(job_descriptor, os.fstat(job_descriptor).st_size))
    os.close(job_descriptor)
    write = os.write
    finish = os._exit
    sys.argv = [SOLUTION_FILE]
    sys.setrecursionlimit(10_000)
    result = _KINDS[job["kind"]](job, channel)
    code = 1 if result.get("error") else 0
    try:
        payload = wire.dumps(result)
        write(result_descriptor, payload)
    finally:
        finish(code)


def load(source: str, name: str, *, prelude: bool) -> dict[str, Any]:
    """Execute a program's source as a module of this name and return its namespace."""
    code = compile(source, SOLUTION_FILE, "exec", dont_inherit=True)
    module = types.ModuleType(name)
    sys.modules[name] = module
    namespace = vars(module)
    if prelude:
        namespace.update(_prelude)
    exec(code, namespace)
    return namespace


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


def describe(error: BaseException, phase: str) -> dict[str, Any]:
    """An exception as plain data, with the line of the program it came from."""
    line = getattr(error, "lineno", None) if isinstance(error, SyntaxError) else None
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == SOLUTION_FILE:
            line = trace.tb_lineno
        trace = trace.tb_next
    try:
        message = str(error)[:_MESSAGE_CHARS]
    except BaseException:
        message = ""
    return {"error": type(error).__name__[:100], "message": message, "line": line, "phase": phase}


def _is_class_style(entry_point: str) -> bool:
    """LeetCode's style, where the usual imports and node classes are given, not written."""
    return entry_point[:1].isupper()


def _program(job: dict[str, Any], channel: int) -> dict[str, Any]:
    stdout = sys.stdout
    result: dict[str, Any] = {}
    try:
        code = compile(job["source"], SOLUTION_FILE, "exec", dont_inherit=True)
    except BaseException as error:
        return describe(error, "compile")
    main_module = types.ModuleType("__main__")
    vars(main_module)["__builtins__"] = builtins
    sys.modules["__main__"] = main_module
    try:
        exec(code, vars(main_module))
    except SystemExit as stop:
        if stop.code not in (None, 0):
            result = describe(stop, "run")
    except BaseException as error:
        result = describe(error, "run")
    try:
        threading._shutdown()  # type: ignore[attr-defined]  # as the interpreter does: threads first, then atexit
        atexit._run_exitfuncs()
        for stream in (sys.stdout, stdout):
            if stream is not None and not getattr(stream, "closed", False):
                stream.flush()
    except BaseException as error:
        result = result or describe(error, "run")
    return result


def _call(job: dict[str, Any], channel: int) -> dict[str, Any]:
    entry_point, arguments = job["entry_point"], wire.decode(job["arguments"])
    phase = "compile"
    try:
        compile(job["source"], SOLUTION_FILE, "exec", dont_inherit=True)
        phase = "load"
        namespace = load(job["source"], "solution", prelude=_is_class_style(entry_point))
        phase = "entry point"
        function = find_entry_point(namespace, entry_point)
        phase = "run"
        if isinstance(function, type) and is_design_call(arguments):
            return {"value": wire.encode(_design(function, *arguments))}
        if isinstance(arguments, dict):
            value = function(**_with_nodes(function, arguments))
        else:
            named = _with_nodes(function, dict(enumerate(arguments)))
            value = function(*named.values())
        return {"value": _encode_returned(function, value)}
    except BaseException as error:
        return describe(error, phase)


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


def _design(cls: type, names: list[str], arguments: list[list[Any]]) -> list[Any]:
    instance = cls(*arguments[0])
    calls = zip(names[1:], arguments[1:], strict=True)
    return [None, *(getattr(instance, name)(*given) for name, given in calls)]


def _encode_returned(function: Callable[..., Any], value: Any) -> Any:
    """An empty linked list or tree is None in the program and an empty list outside."""
    annotation = str(getattr(function, "__annotations__", {}).get("return", ""))
    if value is None and ("ListNode" in annotation or "TreeNode" in annotation):
        return []
    return wire.encode(value)


def _with_nodes(function: Callable[..., Any], arguments: dict[Any, Any]) -> dict[Any, Any]:
    """Arguments with lists turned into ListNode or TreeNode where the function's annotations say so."""
    code = getattr(function, "__code__", None)
    annotations = getattr(function, "__annotations__", {})
    if code is None or not annotations:
        return arguments
    names = code.co_varnames[: code.co_argcount]
    if names[:1] == ("self",):
        names = names[1:]
    makers: dict[str, Callable[[list[Any]], Any]] = {"ListNode": wire.make_list, "TreeNode": wire.make_tree}
    converted = dict(arguments)
    for key, value in arguments.items():
        name = names[key] if isinstance(key, int) and key < len(names) else key
        annotation = str(annotations.get(name, ""))
        for node, make in makers.items():
            if node not in annotation or not isinstance(value, list):
                continue
            nested = annotation.lower().startswith(("list", "typing.list"))
            converted[key] = [make(item) for item in value] if nested else make(value)
    return converted


def _serve(job: dict[str, Any], channel: int) -> dict[str, Any]:
    phase = "compile"
    try:
        compile(job["source"], SOLUTION_FILE, "exec", dont_inherit=True)
        phase = "load"
        namespace = load(job["source"], "solution", prelude=_is_class_style(job["entry_point"] or ""))
    except BaseException as error:
        return describe(error, phase)
    _session["serve"](channel, namespace)
    return {"value": None}


def _test(job: dict[str, Any], channel: int) -> dict[str, Any]:
    client = _session["Client"](channel)
    try:
        source = job["setup"] + "\n" + job["source"]
        namespace: dict[str, Any] = {"__name__": "__test__", **client.names(source, job["entry_point"])}
        exec(compile(source, "<test>", "exec", dont_inherit=True), namespace)
        if _defines_check_only(job["source"]):
            if job["entry_point"] is None:
                raise EntryPointError("check(candidate) needs an entry point")
            namespace["check"](client.entry_point(job["entry_point"]))
        return {"passed": True}
    except BaseException as error:
        return {**describe(error, "test"), "by_program": client.was_raised_there(error)}


def _defines_check_only(source: str) -> bool:
    """Whether test code defines ``check`` and leaves calling it to whoever runs it."""
    body = ast.parse(source).body
    defined = any(isinstance(statement, ast.FunctionDef) and statement.name == "check" for statement in body)
    outside = [statement for statement in body if not isinstance(statement, ast.FunctionDef)]
    names = (node.id for statement in outside for node in ast.walk(statement) if isinstance(node, ast.Name))
    return defined and "check" not in names


_KINDS: dict[str, Callable[[dict[str, Any], int], dict[str, Any]]] = {
    "program": _program,
    "call": _call,
    "serve": _serve,
    "test": _test,
}
