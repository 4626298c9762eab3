"""Prompts with verifiable instructions, as IFEval has them."""

from __future__ import annotations

from pathlib import Path

from reasoncore.data.files import new_id, nonempty, solutions_of, with_instruction
from reasoncore.records import Problem, WorkedProblem, read_jsonl, required_text
from reasoncore.verify.constraints import read_instruction_task


def read_ifeval(path: Path, domain: str, instruction: str = "") -> list[WorkedProblem]:
    """Rows of ``prompt``, ``instruction_id_list`` and ``kwargs``; ``key`` or ``id`` and ``response`` where known.

    Raises:
        DataError: As :func:`reasoncore.verify.constraints.read_instruction_task`.
    """
    worked: list[WorkedProblem] = []
    seen: set[str] = set()
    for line, row in read_jsonl(path):
        where = f"{path}, line {line}"
        task = read_instruction_task(row, where)
        problem = Problem(
            id=new_id(row, seen, str(row.get("key") or f"{path.stem}-{len(worked)}"), where),
            domain=domain,
            subdomain=task.instructions[0][0].partition(":")[0] if len(task.instructions) == 1 else "mixed",
            prompt=with_instruction(required_text(row, "prompt", where), instruction),
            answer="",
            reference=task,
        )
        worked.append(WorkedProblem(problem, solutions_of(row, where), problem.prompt))
    return nonempty(worked, path)
