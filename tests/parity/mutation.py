"""One small fault in a reference program, in code that its tests run: what hidden tests must notice.

``python mutation.py`` is the plain-Python twin of the verifier: it reads {"source", "calls", "asserts", "setup",
"entry_point", "time_limit_s"} lines, runs each reference program with its tests in the ordinary way, and prints
{"passed", "lines"} for each: whether all tests passed, and the lines of the program that ran. It executes what it is
given: for reference programs only.
"""

from __future__ import annotations

import ast
import contextlib
import io
import json
import random
import signal
import sys
import types
from collections.abc import Collection
from types import FrameType
from typing import Any

_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.GtE,
    ast.GtE: ast.Lt,
    ast.Gt: ast.LtE,
    ast.LtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.FloorDiv: ast.Mult,
    ast.Div: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
}
TRACING_S = 2  # tracing is slow; what ran until then is enough


def mutate(source: str, lines: Collection[int], seed: int) -> str | None:
    """The program with one comparison or operator changed, or a number where it has neither, drawn with ``seed``.

    Args:
        source: The program.
        lines: Only code on these lines is changed.
        seed: Decides the place.

    Returns:
        The faulty program, None where nothing can be changed.
    """
    tree = ast.parse(source)
    places = [node for node in ast.walk(tree) if getattr(node, "lineno", 0) in lines and _can_change(node)]
    places = [node for node in places if not isinstance(node, ast.Constant)] or places
    if not places:
        return None
    place = random.Random(seed).choice(places)
    if isinstance(place, ast.Compare):
        place.ops[0] = _COMPARISONS[type(place.ops[0])]()
    elif isinstance(place, ast.BinOp | ast.AugAssign):
        place.op = _OPERATORS[type(place.op)]()
    else:
        assert isinstance(place, ast.Constant)
        place.value += 1
    return ast.unparse(tree)


def _can_change(node: ast.AST) -> bool:
    if isinstance(node, ast.Compare):
        return type(node.ops[0]) in _COMPARISONS
    if isinstance(node, ast.BinOp | ast.AugAssign):
        return type(node.op) in _OPERATORS
    return isinstance(node, ast.Constant) and type(node.value) in (int, float)


def run_plainly(case: dict[str, Any]) -> dict[str, Any]:
    """Run one reference program with its tests in this process: whether all passed, and which of its lines ran."""
    ran: set[int] = set()

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        if frame.f_code.co_filename != "<reference>":
            return None
        ran.add(frame.f_lineno)
        return trace

    def stop(number: int, frame: FrameType | None) -> None:
        raise TimeoutError

    def run(tests: slice) -> None:
        for call in case["calls"][tests]:
            assert eval(case["entry_point"], namespace)(**call["input"]) == call["output"]
        for source in case["asserts"][tests]:
            exec(source, namespace)

    module = sys.modules["reference"] = types.ModuleType("reference")
    namespace = vars(module)
    signal.signal(signal.SIGALRM, stop)
    passed = False
    with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(Exception, SystemExit):
        signal.alarm(case["time_limit_s"])
        exec(case["setup"], namespace)
        exec(compile(case["source"], "<reference>", "exec"), namespace)
        run(slice(None))
        passed = True
    with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(Exception, SystemExit):
        signal.alarm(TRACING_S)
        sys.settrace(trace)
        run(slice(3))
    sys.settrace(None)
    signal.alarm(0)
    return {"passed": passed, "lines": sorted(ran)}


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(run_plainly(json.loads(line))), flush=True)
