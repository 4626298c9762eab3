"""Names that test code leaves free, and whose they are: the program's, or the tests' own.

A helper that the program could supply would be a helper that always says yes, so a program supplies its entry point and
what a row lists beside it; modules and LeetCode's node classes are the tests' own. Standard library only.
"""

from __future__ import annotations

import ast
import builtins
import importlib
import re
import symtable
import sys
from collections.abc import Collection
from typing import Any

from reasoncore.sandbox import wire

_MODULES = {"np": "numpy"}  # by their usual names
_CLASSES = {"ListNode": wire.ListNode, "TreeNode": wire.TreeNode}


def free_names(source: str) -> set[str]:
    """Global names that test code uses and does not define; built-in ones are among them.

    Raises:
        SyntaxError: It is no Python.
    """
    module = symtable.symtable(source, "<test>", "exec")
    used: set[str] = set()
    defined: set[str] = set()
    tables = [module]
    while tables:
        table = tables.pop()
        for symbol in table.get_symbols():
            of_module = table is module or symbol.is_global()
            if of_module and symbol.is_referenced():
                used.add(symbol.get_name())
            if of_module and (symbol.is_assigned() or symbol.is_imported()):
                defined.add(symbol.get_name())
        tables.extend(table.get_children())
    return used - defined


def supplied_by_program(entry_point: str, listed: Collection[str]) -> set[str]:
    """Names that tests take from a program: the entry point (or the class it is in) and those listed."""
    return {re.split(r"[(.]", entry_point)[0], *listed}


def unknown_names(source: str, entry_point: str, listed: Collection[str]) -> list[str]:
    """Names free in test code that nobody supplies, in order. With a star import nobody can tell: none, then."""
    if any(isinstance(node, ast.ImportFrom) and node.names[0].name == "*" for node in ast.walk(ast.parse(source))):
        return []
    known = supplied_by_program(entry_point, listed)
    return sorted(n for n in free_names(source) - known if not (hasattr(builtins, n) or is_module(n) or n in _CLASSES))


def defines_check_only(source: str) -> bool:
    """Whether test code defines ``check`` and leaves calling it to whoever runs it."""
    body = ast.parse(source).body
    defined = any(isinstance(statement, ast.FunctionDef) and statement.name == "check" for statement in body)
    outside = [statement for statement in body if not isinstance(statement, ast.FunctionDef)]
    names = (node.id for statement in outside for node in ast.walk(statement) if isinstance(node, ast.Name))
    return defined and "check" not in names


def is_module(name: str) -> bool:
    """Whether a free name means a module that the tests' own side imports."""
    return name in sys.stdlib_module_names or name in _MODULES


def tests_own(name: str) -> Any:
    """What a free name means that no program supplies.

    Raises:
        ImportError: Nothing: using it is a NameError then.
    """
    if name in _CLASSES:
        return _CLASSES[name]
    if not is_module(name):
        raise ImportError(name)
    return importlib.import_module(_MODULES.get(name, name))
