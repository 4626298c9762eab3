"""Multiple choice in files, its options shuffled: where the right one stands in the file says nothing to a model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reasoncore.data.files import new_id, nonempty, question_of, with_instruction
from reasoncore.data.table_files import read_table
from reasoncore.records import Problem, WorkedProblem, required_text
from reasoncore.verify.choice import choice_task
from reasoncore.verify.choice.options import format_options, shuffle_options

SHUFFLE_SEED = 0  # with a question's own options it decides their order
_CORRECT = "Correct Answer"
_INCORRECT = ("Incorrect Answer 1", "Incorrect Answer 2", "Incorrect Answer 3")


def read_choices(path: Path, domain: str, instruction: str = "") -> list[WorkedProblem]:
    """GPQA's CSV file, or JSONL rows of a question, ``options`` and ``answer`` (a letter, or an option's text).

    Raises:
        DataError: The file cannot be read, is empty, or has a row that cannot be used; says which file, row and key.
    """
    worked: list[WorkedProblem] = []
    seen: set[str] = set()
    for where, given in read_table(path, ("Question", _CORRECT, *_INCORRECT)):
        row = _gpqa_row(given, where) if path.suffix == ".csv" else given
        question = question_of(row, where)
        task = choice_task(required_text(row, "answer", where), row.get("options") or (), where)
        task = shuffle_options(task, SHUFFLE_SEED).task
        problem = Problem(
            id=new_id(row, seen, f"{path.stem}-{len(worked)}", where),
            domain=domain,
            subdomain=str(row.get("subdomain") or row.get("subject") or path.stem),
            prompt=with_instruction(f"{question.strip()}\n{format_options(task.options)}\n", instruction),
            answer=task.gold,
            reference=task,
        )
        worked.append(WorkedProblem(problem, {}, problem.prompt))
    return nonempty(worked, path)


def _gpqa_row(row: Mapping[str, Any], where: str) -> dict[str, Any]:
    """A row of GPQA in the form of the others, the correct answer first."""
    options = [required_text(row, key, where) for key in (_CORRECT, *_INCORRECT)]
    kind = row.get("High-level domain")
    return {"id": row.get("Record ID"), "question": row["Question"], "options": options, "answer": "A", "subject": kind}
