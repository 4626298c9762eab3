"""What a program is tested on: tests, entry point and limits, and their form in a JSONL row."""

from __future__ import annotations

import re
import symtable
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from reasoncore.errors import DataError
from reasoncore.records import required_text
from reasoncore.sandbox import wire
from reasoncore.sandbox.names import defines_check_only, unknown_names

TIME_LIMIT_S = 6.0
MEMORY_LIMIT_MB = 512
TOLERANCE = 1e-6
_MAX_TIME_LIMIT_S = 600.0
_MIN_MEMORY_LIMIT_MB = 64  # the interpreter itself needs about half of it

Kind = Literal["stdin", "functional", "assert"]
Comparison = Literal["tokens", "exact"]
_ENTRY_POINT = re.compile(r"[A-Za-z_]\w*(\(\))?(\.[A-Za-z_]\w*)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class CodeTest:
    """One hidden test.

    Attributes:
        kind: ``"stdin"``: a whole program, text in and text out. ``"functional"``: one call of the entry point.
            ``"assert"``: trusted test code that calls the program.
        input: Text for ``stdin``; a list of arguments or an object of keyword arguments for ``functional``.
        output: What is expected: text, or a JSON value.
        code: Source of an ``assert`` test. A function ``check`` that it defines and does not call is called with the
            entry point.
        comparison: Of text: ``"tokens"`` split at white space, decimals within ``tolerance``; or ``"exact"`` but for
            trailing white space.
        tolerance: Of decimals, relative and absolute.
        checker: Source of a trusted ``check(input, expected, output) -> bool`` where several answers are right. It
            decides instead of the comparison and runs apart from the program. It must accept ``output``: a checker
            that fails on that too is broken, and the test is not judged.
    """

    kind: Kind
    input: Any = None
    output: Any = None
    code: str = ""
    comparison: Comparison = "tokens"
    tolerance: float = TOLERANCE
    checker: str | None = None


@dataclass(frozen=True, slots=True)
class CodeTask:
    """What a program is judged by.

    Attributes:
        tests: At least one.
        entry_point: ``"f"``, ``"Solution().f"`` or a class's name; None where no test needs it.
        setup: Trusted code that runs before every ``assert`` test, beside the test and not beside the program.
        time_limit_s: Processor seconds a test.
        memory_limit_mb: Address space in MiB.
        names: What ``assert`` tests take from the program beside its entry point, such as a class of the problem. What
            else they use is their own. Without an entry point every name they leave free is the program's, which is
            weaker: a helper that the tests forgot may be one that always says yes.
    """

    tests: tuple[CodeTest, ...]
    entry_point: str | None = None
    setup: str = ""
    time_limit_s: float = TIME_LIMIT_S
    memory_limit_mb: int = MEMORY_LIMIT_MB
    names: tuple[str, ...] = ()


def read_code_case(row: Mapping[str, Any], where: str) -> tuple[str, CodeTask]:
    """The solution (or a whole response with it) and what to judge it by, from one row.

    Raises:
        DataError: A field is missing or does not fit; names ``where`` and the key.
    """
    solution = required_text(row, "solution", where, empty_ok=True)
    entry_point = row.get("entry_point")
    if entry_point is not None and not (isinstance(entry_point, str) and _ENTRY_POINT.fullmatch(entry_point)):
        raise DataError(
            f"{where}, key 'entry_point': {str(entry_point)!r:.60} is not a function",
            'Give "f", "Solution().f", a class, or null.',
        )
    tests = row.get("tests")
    if not isinstance(tests, list) or not tests:
        raise DataError(f"{where}, key 'tests': not a list of at least one test", "Give every row its tests.")
    setup = required_text(row, "setup", where, empty_ok=True) if row.get("setup") else ""
    _check_source(setup, f"{where}, key 'setup'")
    names = row.get("names") or []
    if not isinstance(names, list) or not all(isinstance(name, str) and name.isidentifier() for name in names):
        raise DataError(
            f"{where}, key 'names': {str(names)!r:.60} is no list of names", 'Write ["Point"], or leave it.'
        )
    read = tuple(
        _read_test(test, entry_point, setup, f"{where}, key 'tests', test {number}")
        for number, test in enumerate(tests, start=1)
    )
    task = CodeTask(
        names=tuple(names),
        tests=read,
        entry_point=entry_point,
        setup=setup,
        time_limit_s=_number(row, "time_limit_s", TIME_LIMIT_S, 0.01, _MAX_TIME_LIMIT_S, where),
        memory_limit_mb=int(_number(row, "memory_limit_mb", MEMORY_LIMIT_MB, _MIN_MEMORY_LIMIT_MB, 1 << 20, where)),
    )
    check_names(task, where)
    return solution, task


def check_names(task: CodeTask, where: str) -> None:
    """Make sure that somebody supplies every name the ``assert`` tests of a task with an entry point use.

    Raises:
        DataError: Nobody does.
    """
    for number, test in enumerate(task.tests, start=1):
        if test.kind != "assert" or task.entry_point is None:
            continue
        for name in unknown_names(f"{task.setup}\n{test.code}", task.entry_point, task.names)[:1]:
            raise DataError(
                f"{where}, key 'tests', test {number}, key 'code': nobody defines {name!r:.60}",
                f'Import it in the test or setup, or, if the program defines it, add "names": ["{name}"] to the row.',
            )


def _read_test(test: Any, entry_point: str | None, setup: str, where: str) -> CodeTest:
    if not isinstance(test, Mapping):
        raise DataError(f"{where}: not an object", 'A test looks like {"type": "stdin", "input": "1", "output": "2"}.')
    kind = test.get("type")
    if kind not in get_args(Kind):
        raise DataError(f"{where}, key 'type': {str(kind)!r:.40} is unknown", "Choose stdin, functional or assert.")
    comparison = test.get("comparison", "tokens")
    if comparison not in get_args(Comparison):
        raise DataError(f"{where}, key 'comparison': {comparison!r:.40} is unknown", "Choose tokens or exact.")
    tolerance = _number(test, "tolerance", TOLERANCE, 0.0, 1.0, where)
    checker = required_text(test, "checker", where) if test.get("checker") is not None else None
    if checker is not None:
        _check_source(checker, f"{where}, key 'checker'")
        if "check" not in {s.get_name() for s in symtable.symtable(checker, "", "exec").get_symbols() if _defines(s)}:
            raise DataError(
                f"{where}, key 'checker': defines no check", "Write def check(input, expected, output): ..."
            )
    if kind == "assert":
        code = required_text(test, "code", where)
        _check_source(code, f"{where}, key 'code'", before=setup)
        if entry_point is None and defines_check_only(code):
            raise DataError(f"{where}: check(candidate) needs an entry point", "Give the row an entry_point.")
        return CodeTest("assert", code=code)
    if "input" not in test or "output" not in test:
        raise DataError(f"{where}: no key {'output' if 'input' in test else 'input'!r}", "Give both input and output.")
    if kind == "stdin":
        text_in = required_text(test, "input", where, empty_ok=True)
        text_out = required_text(test, "output", where, empty_ok=True)
        try:
            text_in.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            raise DataError(f"{where}, key 'input': half a character (a lone surrogate)", "Mend it.") from None
        return CodeTest("stdin", text_in, text_out, "", comparison, tolerance, checker)
    if not isinstance(test["input"], list | dict):
        raise DataError(
            f"{where}, key 'input': neither a list of arguments nor an object", "One argument 5 is written [5]."
        )
    for key in ("input", "output"):
        try:
            size = len(wire.dumps(wire.encode(test[key])))
        except wire.NotPlainError as error:
            raise DataError(f"{where}, key {key!r}: {error}", "Mend or delete that row.") from None
        if key == "output" and size > wire.MAX_BYTES:
            raise DataError(f"{where}, key 'output': larger than the 1 MiB a program may return", "Delete that test.")
    if entry_point is None:
        raise DataError(f"{where}: a functional test, and no entry point", "Give the row an entry_point.")
    return CodeTest("functional", test["input"], test["output"], "", comparison, tolerance, checker)


def _defines(symbol: symtable.Symbol) -> bool:
    return symbol.is_assigned() or symbol.is_imported()


def _check_source(source: str, where: str, before: str = "") -> None:
    """Make sure that source, with what stands before it, is Python; nothing is run."""
    before = before and before + "\n"
    try:
        compile(before + source, "<test>", "exec", dont_inherit=True)
    except SyntaxError as error:
        line = (error.lineno or 1) - before.count("\n")
        raise DataError(f"{where}: not Python (line {line}: {error.msg})", "Mend or delete that row.") from None
    except (ValueError, MemoryError, RecursionError) as error:
        raise DataError(f"{where}: not Python ({error})", "Mend or delete that row.") from None


def _number(row: Mapping[str, Any], key: str, default: float, low: float, high: float, where: str) -> float:
    value = row.get(key)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise DataError(f"{where}, key {key!r}: {str(value)!r:.40} is no number from {low:g} to {high:g}", "Mend it.")
    return float(value)
