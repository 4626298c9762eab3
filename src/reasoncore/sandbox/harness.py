"""What runs inside a confined child: the program itself, one call of one of its functions, or one end of a session.

The job is JSON on a descriptor, by its ``kind``:

    program   {"source"}                                    a whole program, standard input to standard output
    call      {"source", "entry_point", "arguments"}        one call; its value goes to the result descriptor
    calls     {"source", "entry_point", "calls"}            calls one after another, a list of arguments for each
    serve     {"source", "entry_point"}                     answers calls from a ``test`` on the channel
    test      {"source", "setup", "entry_point", "names"}   trusted test code; what it tests lives at the other end
    check     {"source", "arguments"}                       a trusted ``check`` of a value, without the program

The result is one JSON object: {"value": ...}, {"values": [...]}, {"passed": true} or {"error": type, "message", "line",
"phase"}. Nothing in this process knows an expected output, except in a ``test`` or ``check``, which never see the
program's code.

Standard library only.
"""

from __future__ import annotations

import atexit
import builtins
import contextlib
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
from reasoncore.sandbox.calling import EntryPointError, call, find_entry_point
from reasoncore.sandbox.names import defines_check_only, supplied_by_program
from reasoncore.sandbox.raising import SOLUTION_FILE, describe
from reasoncore.sandbox.remote import Client, ProgramEndedError, serve

# Ready, since there may be no room to say it with.
_OUT_OF_MEMORY = wire.dumps({"error": "MemoryError"})
_CLASS_SOLUTION = re.compile(r"^class Solution\b", re.MULTILINE)
_MODULES = """
import random, functools, collections, string, math, datetime, itertools, heapq, bisect, operator, re, json, sys, os
import copy, decimal, fractions, statistics, typing, dataclasses, enum, io, queue, time, threading, textwrap, abc
"""
_NAMES = """
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

_prelude: dict[str, Any] = {}


def prepare(packages: Mapping[str, str]) -> None:
    """In the zygote, once: load what programs use most, so that every child has it already.

    Args:
        packages: Name and folder of the installed packages that programs may import.
    """
    exec(_NAMES, _prelude)
    exec(_MODULES, _prelude)  # last: ``bisect`` is the module, as in ``bisect.bisect_left``
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
    code = 1
    try:
        try:
            result = _KINDS[job["kind"]](job, channel)
            code = 1 if result.get("error") else 0
            payload = wire.dumps(result)
        except MemoryError:
            payload = _OUT_OF_MEMORY
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
    namespace["__file__"] = SOLUTION_FILE
    exec(code, namespace)
    return namespace


def _is_class_style(source: str, entry_point: str) -> bool:
    """LeetCode's style, where the usual imports and node classes are given, not written."""
    return entry_point[:1].isupper() or _CLASS_SOLUTION.search(source) is not None


def _main_module() -> dict[str, Any]:
    """Namespace of a new main module."""
    module = types.ModuleType("__main__")
    vars(module).update(__builtins__=builtins, __file__=SOLUTION_FILE)
    sys.modules["__main__"] = module
    return vars(module)


def _program(job: dict[str, Any], channel: int) -> dict[str, Any]:
    stdout = sys.stdout
    result: dict[str, Any] = {}
    try:
        code = compile(job["source"], SOLUTION_FILE, "exec", dont_inherit=True)
    except BaseException as error:
        return describe(error, "compile")
    try:
        exec(code, _main_module())
    except SystemExit as stop:
        if stop.code not in (None, 0):
            result = describe(stop, "run")
    except BaseException as error:
        result = describe(error, "run")
    try:
        threading._shutdown()  # type: ignore[attr-defined]  # as the interpreter does: threads first, then atexit
        atexit._run_exitfuncs()
        for stream in (sys.stdout, stdout):
            if stream is not None:
                with contextlib.suppress(ValueError):  # closed, or its buffer is another's now
                    stream.flush()
    except BaseException as error:
        result = result or describe(error, "run")
    return result


def _call(job: dict[str, Any], channel: int) -> dict[str, Any]:
    result = _calls({**job, "calls": [job["arguments"]]}, channel)
    return result if "error" in result else result["values"][0]


def _calls(job: dict[str, Any], channel: int) -> dict[str, Any]:
    entry_point, source = job["entry_point"], job["source"]
    values: list[dict[str, Any]] = []
    phase = "compile"
    try:
        compile(source, SOLUTION_FILE, "exec", dont_inherit=True)
        phase = "load"
        namespace = load(source, "solution", prelude=_is_class_style(source, entry_point))
        for arguments in job["calls"]:
            phase = "entry point"
            function = find_entry_point(namespace, entry_point)
            phase = "run"
            values.append(call(function, wire.decode(arguments), namespace))
        return {"values": values}
    except BaseException as error:
        return {**describe(error, phase), "answered": len(values)}


def _check(job: dict[str, Any], channel: int) -> dict[str, Any]:
    try:
        check = load(job["source"], "checker", prelude=False)["check"]
        return {"value": bool(check(*wire.decode(job["arguments"])))}
    except BaseException as error:
        return describe(error, "check")


def _serve(job: dict[str, Any], channel: int) -> dict[str, Any]:
    phase = "compile"
    try:
        compile(job["source"], SOLUTION_FILE, "exec", dont_inherit=True)
        phase = "load"
        prelude = _is_class_style(job["source"], job["entry_point"] or "")
        namespace = load(job["source"], "solution", prelude=prelude)
    except BaseException as error:
        return describe(error, phase)
    serve(channel, namespace)
    return {"value": None}


def _test(job: dict[str, Any], channel: int) -> dict[str, Any]:
    client = Client(channel)
    entry_point = job["entry_point"]
    try:
        source = job["setup"] + "\n" + job["source"]
        namespace = _main_module()  # so that what is guarded by __name__ runs, and unittest.main() finds its tests
        if entry_point is None:
            namespace.update(client.names(source, None))
        else:
            candidate = client.entry_point(entry_point)
            namespace.update(client.names(source, supplied_by_program(entry_point, job["names"]) - {entry_point}))
            namespace[entry_point] = candidate
        try:
            exec(compile(source, "<test>", "exec", dont_inherit=True), namespace)
        except SystemExit as stop:  # the tests' own: a program's comes as another exception
            if stop.code:
                raise
        if defines_check_only(job["source"]):
            if entry_point is None:
                raise EntryPointError("check(candidate) needs an entry point")
            namespace["check"](candidate)
        if client.ended is not None:  # whatever the tests caught
            raise ProgramEndedError(client.ended)
        return {"passed": True}
    except BaseException as error:
        by_program = client.was_raised_there(error)
        phase = "entry point" if by_program and isinstance(error, EntryPointError) else "test"
        return {**describe(error, phase), "by_program": by_program}


_KINDS: dict[str, Callable[[dict[str, Any], int], dict[str, Any]]] = {
    "program": _program,
    "call": _call,
    "calls": _calls,
    "serve": _serve,
    "test": _test,
    "check": _check,
}
