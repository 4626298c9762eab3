"""From a program and its cases to a draft: prompt, three solutions, hidden tests."""

from __future__ import annotations

from collections.abc import Sequence

from reasoncore.procedural.code.cases import Cases, Function
from reasoncore.procedural.code.operations import literal
from reasoncore.procedural.code.render import call, function, numbered
from reasoncore.procedural.core import Draft
from reasoncore.verify.code import CodeTask, CodeTest

TIME_LIMIT_S = 2.0


def code_draft(
    parameters: str,
    says: str,
    plan: Sequence[str],
    expression: str,
    body: Sequence[str],
    traces: Sequence[str],
    run: Function,
    cases: Cases,
) -> Draft:
    """The draft of a function ``f``.

    Args:
        parameters: Names of its parameters, such as ``"xs, n"``.
        says: What it does, in one sentence without its full stop.
        plan: The same in short lines.
        expression: All of it in one expression.
        body: All of it in statements.
        traces: What happens to each example.
        run: The function.
        cases: Examples and hidden tests.
    """
    shown = ", ".join(f"{call(args)} == {literal(run(args))}" for args in cases.examples)
    direct, stepwise = function(parameters, [f"return {expression}"]), function(parameters, body)
    steps = f"{numbered(plan)}\n{stepwise}"
    checks = "\n".join(f"Check: {trace}" for trace in traces)
    tests = tuple(CodeTest("functional", list(args), run(args)) for args in cases.tests)
    return Draft(
        prompts=(
            f"Write a Python function f({parameters}): {says}. Example: {shown}.",
            f"Define f({parameters}) in Python: {says}. For example, {shown}.",
            f"Write f({parameters}) in Python: {says}. Example: {shown}.",
        ),
        answer="",
        solutions={"direct": direct, "steps": steps, "check": f"{steps}\n{checks}"},
        reference=CodeTask(tests, entry_point="f", time_limit_s=TIME_LIMIT_S),
    )
