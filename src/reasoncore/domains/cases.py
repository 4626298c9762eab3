"""A problem with what judges it, as a row of JSON, in the fields that ``reasoncore verify`` reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from reasoncore.domains.table import DOMAINS
from reasoncore.errors import DataError
from reasoncore.records import Problem, required_text
from reasoncore.verify.choice import ChoiceTask
from reasoncore.verify.choice.verifier import choice_task
from reasoncore.verify.code import CodeTask, CodeTest, read_code_case
from reasoncore.verify.constraints import InstructionTask, read_instruction_task
from reasoncore.verify.rubric import RubricTask

_GRADERS: dict[type, str] = {
    str: "math",
    ChoiceTask: "choice",
    CodeTask: "code",
    InstructionTask: "instructions",
    RubricTask: "rubric",
}


def grader_of(problem: Problem) -> str:
    """Name of the verifier that judges a problem, as ``reasoncore verify`` has it; an own domain's is its own."""
    kind = str if problem.reference is None else type(problem.reference)
    return _GRADERS.get(kind, problem.domain) if problem.domain in DOMAINS else problem.domain


def problem_row(problem: Problem) -> dict[str, Any]:
    """The row of a problem. Of an own domain's reference that is not one of ours, only the answer is kept."""
    row: dict[str, Any] = {
        "id": problem.id,
        "domain": problem.domain,
        "subdomain": problem.subdomain,
        "level": problem.level,
        "prompt": problem.prompt,
        "gold": problem.answer,
        "grader": grader_of(problem),
    }
    match problem.reference:
        case ChoiceTask() as task:
            row["options"] = list(task.options) or None
        case CodeTask() as task:
            row |= {
                "entry_point": task.entry_point,
                "setup": task.setup,
                "names": list(task.names),
                "time_limit_s": task.time_limit_s,
                "memory_limit_mb": task.memory_limit_mb,
                "tests": [_test_row(test) for test in task.tests],
            }
        case InstructionTask() as task:
            row["asked"] = task.prompt
            row["instruction_id_list"] = [name for name, _ in task.instructions]
            row["kwargs"] = [dict(arguments) for _, arguments in task.instructions]
        case RubricTask() as task:
            row["asked"] = task.prompt
    return row


def read_problem_row(row: Mapping[str, Any], where: str) -> Problem:
    """The problem of a row that :func:`problem_row` made.

    Raises:
        DataError: A field is missing or does not fit; names ``where`` and the key.
    """
    grader, gold = required_text(row, "grader", where), required_text(row, "gold", where, empty_ok=True)
    reference: Any = None
    match grader:
        case "choice":
            reference = choice_task(gold, row.get("options"), where)
        case "code":
            _, reference = read_code_case({"solution": "", **row}, where)
        case "instructions":
            reference = read_instruction_task({**row, "prompt": row.get("asked")}, where)
        case "rubric":
            reference = RubricTask(required_text(row, "asked", where))
    level = row.get("level")
    if level is not None and not isinstance(level, int):
        raise DataError(f"{where}, key 'level': not a whole number", "Use the file as it was written.")
    return Problem(
        id=required_text(row, "id", where),
        domain=required_text(row, "domain", where),
        subdomain=required_text(row, "subdomain", where),
        prompt=required_text(row, "prompt", where),
        answer=gold,
        level=level,
        reference=reference,
    )


def _test_row(test: CodeTest) -> dict[str, Any]:
    fields = {key: value for key, value in asdict(test).items() if value != getattr(CodeTest(test.kind), key)}
    return {**fields, "type": test.kind}
