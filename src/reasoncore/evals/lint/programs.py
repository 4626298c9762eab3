"""Programming problems: no tests, tests that contradict each other, and references that fail their own.

Everything but :func:`lint_references` reads source as data. That one hands reference programs to a judge, such as
``CodeVerifier().judge_many``, which runs them in a sandbox.
"""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any

from reasoncore.evals.lint.finding import Finding
from reasoncore.evals.lint.items import LintItem
from reasoncore.records import Verdict
from reasoncore.sandbox.names import defines_check_only
from reasoncore.verify.code import CodeTask
from reasoncore.verify.code.extract import extract_code

Judge = Callable[[Sequence[str], Sequence[CodeTask]], Sequence[Verdict]]
"""``judge(solutions, tasks)``: a verdict for each."""

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_FAILED = ("Error:", "Execution timed out", "Traceback (most recent call last)")
_CURE = "Compare the original source; mend or delete that row."


def check_programs(benchmark: str, items: Sequence[LintItem]) -> Iterator[Finding]:
    """Findings about tests, entry points and whether references are programs at all."""
    for item in items:
        if item.kind != "program" or item.task is None:
            continue
        if not item.task.tests:
            yield Finding("error", benchmark, item.id, "no tests", "nothing can be judged", _CURE)
            continue
        yield from _entry_point(benchmark, item, item.task)
        yield from _outputs(benchmark, item, item.task)


def _entry_point(benchmark: str, item: LintItem, task: CodeTask) -> Iterator[Finding]:
    needed = any(test.kind == "functional" or _check_only(test.code) for test in task.tests)
    if task.entry_point is None:
        if needed:
            yield Finding("error", benchmark, item.id, "no entry point", "its tests call one", _CURE)
        defined_by_tests = _called(task) if item.solution else set()
    else:
        defined_by_tests = {re.split(r"[(.]", task.entry_point)[0]}
        name = re.split(r"[(.]", task.entry_point)[-1]
        shown = f"{item.prompt}\n{item.visible}\n{item.solution if not item.prompt else ''}"
        if needed and name not in shown:
            evidence = f"{task.entry_point!r:.60} stands nowhere in the prompt"
            cure = "Show the name, or the first test."
            yield Finding("warning", benchmark, item.id, "an entry point that nobody is told", evidence, cure)
    source = extract_code(item.solution, task.entry_point) if item.solution.strip() else None
    if source is None:
        return
    defined = _defined(source)
    if defined is None:
        yield Finding("warning", benchmark, item.id, "a reference that is no Python", f"{source[:60]!r}", _CURE)
    elif defined_by_tests and not defined_by_tests & defined:
        evidence = f"tests call {', '.join(sorted(defined_by_tests))[:60]}, which the reference does not define"
        yield Finding("error", benchmark, item.id, "a reference without the entry point", evidence, _CURE)


def _outputs(benchmark: str, item: LintItem, task: CodeTask) -> Iterator[Finding]:
    expected: dict[str, Any] = {}
    failed, reported = [], set()
    for number, (key, output) in enumerate(_cases(task), start=1):
        if isinstance(output, str) and output.startswith(_FAILED):
            failed.append((number, output))
        elif key not in reported and not _alike(expected.setdefault(key, output), output):
            reported.add(key)
            evidence = f"{key[:80]} gives {expected[key]!r:.40} and {output!r:.40}"
            yield Finding("error", benchmark, item.id, "tests that contradict each other", evidence, _CURE)
    if failed:
        number, output = failed[0]
        evidence = f"{len(failed)} of its tests, the first test {number}: {output!r:.60}"
        cure = "Leave these tests out: they record that a program failed, not what is right."
        yield Finding("warning", benchmark, item.id, "an expected output that is a failure", evidence, cure)


def _cases(task: CodeTask) -> Iterator[tuple[str, Any]]:
    """``(input, expected output)`` of every test that says both and takes one answer only."""
    for test in task.tests:
        if test.kind == "assert":
            yield from _asserted(test.code)
        elif test.checker is None:
            yield json.dumps(test.input, sort_keys=True, default=repr), test.output


def _asserted(code: str) -> Iterator[tuple[str, Any]]:
    """The cases of ``assert f(literals) == literal`` with a plain name for ``f``: calls that remember nothing."""
    for statement in _statements(_parsed(code), into_functions=True):
        match statement:
            case ast.Assert(test=ast.Compare(ast.Call(ast.Name(name), arguments, keywords), [ast.Eq()], [expected])):
                try:
                    given = [ast.literal_eval(argument) for argument in arguments]
                    named = {str(keyword.arg): ast.literal_eval(keyword.value) for keyword in keywords}
                    output = ast.literal_eval(expected)
                except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
                    continue
                shown = [*map(repr, given), *(f"{key}={named[key]!r}" for key in sorted(named))]
                yield f"{name}({', '.join(shown)})", output


def _alike(one: Any, other: Any) -> bool:
    return one.split() == other.split() if isinstance(one, str) and isinstance(other, str) else bool(one == other)


@lru_cache(maxsize=16)
def _parsed(source: str) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the source's own, such as "\\w" in no raw string
            return ast.parse(source)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None


def _statements(node: ast.AST | None, *, into_functions: bool) -> Iterator[ast.stmt]:
    """The statements below a node, those in functions and classes where asked for."""
    waiting = [node] if node is not None else []
    while waiting:
        parent = waiting.pop()
        for field in ("body", "orelse", "finalbody", "handlers"):
            for child in getattr(parent, field, None) or []:
                if isinstance(child, ast.stmt):
                    yield child
                if into_functions or not isinstance(child, _SCOPES):
                    waiting.append(child)


def _check_only(code: str) -> bool:
    return "check" in code and _parsed(code) is not None and defines_check_only(code)


def _called(task: CodeTask) -> set[str]:
    """Names that assert tests without an entry point call, whichever of them the program is to define."""
    trees = [_parsed(test.code) for test in task.tests if test.kind == "assert"]
    nodes = [node for tree in trees if tree is not None for node in ast.walk(tree)]
    return {node.func.id for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}


def _defined(source: str) -> set[str] | None:
    """Names that a program defines at its top level; None where it is no Python."""
    tree = _parsed(source)
    if tree is None:
        return None
    names = set()
    for statement in _statements(tree, into_functions=False):
        if isinstance(statement, _SCOPES):
            names.add(statement.name)
        elif isinstance(statement, ast.Assign | ast.ImportFrom | ast.Import):
            names |= {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
            names |= {node.asname or node.name for node in ast.walk(statement) if isinstance(node, ast.alias)}
    return names


def lint_references(benchmark: str, cases: Sequence[tuple[str, str, CodeTask]], judge: Judge) -> list[Finding]:
    """Reference programs that fail their own tests.

    Args:
        benchmark: Its name.
        cases: ``(problem id, reference program, task)``; those without a program or without tests are passed over.
        judge: Runs them where they can do no harm.
    """
    given = [(problem_id, source, task) for problem_id, source, task in cases if source.strip() and task.tests]
    verdicts = judge([source for _, source, _ in given], [task for _, _, task in given])
    found = []
    for (problem_id, _, _), verdict in zip(given, verdicts, strict=True):
        if verdict.correct is False and "TLE" in verdict.details.get("tests", ()):
            what, cure = "a reference that runs out of time", "Run it again on an idle machine, or raise the limit."
            found.append(Finding("warning", benchmark, problem_id, what, verdict.reason, cure))
        elif verdict.correct is False:
            what = "a reference that fails its own tests"
            found.append(Finding("error", benchmark, problem_id, what, verdict.reason, _CURE))
        elif verdict.correct is None:
            what, cure = "a reference that could not be judged", "Run it again."
            found.append(Finding("warning", benchmark, problem_id, what, verdict.reason, cure))
    return found
