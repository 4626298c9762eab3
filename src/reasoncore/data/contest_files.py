"""Contest mathematics as others publish it: VibeThinker's and MathArena's files, and IMO-AnswerBench."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reasoncore.data.files import new_id, nonempty, read_parquet, with_instruction
from reasoncore.data.table_files import read_table
from reasoncore.errors import DataError
from reasoncore.records import Problem, WorkedProblem, required_text

_ANSWERBENCH_COLUMNS = ("Problem ID", "Problem", "Short Answer", "Category")
_SWALLOWED_ANSWER = re.compile(r'(.*),"?(\$[^$]+\$)"?', re.DOTALL)


def read_chats(path: Path, domain: str, instruction: str = "") -> list[WorkedProblem]:
    """Parquet rows of ``prompt`` (a chat) and ``reward_model.ground_truth``, as VibeThinker's evaluation files have.

    Raises:
        DataError: The file cannot be read, is empty, or has a row that cannot be used; says which file, row and key.
    """
    worked = []
    for number, row in enumerate(read_parquet(path)):
        where = f"{path}, row {number + 1}"
        chat, reward_model = row.get("prompt"), row.get("reward_model")
        if not isinstance(chat, list) or not chat or not isinstance(chat[-1], dict):
            raise DataError(f"{where}, key 'prompt': not a list of messages", "Use the original file.")
        if not isinstance(reward_model, dict):
            raise DataError(f"{where}: no key 'reward_model'", "Use the original file.")
        question = required_text(chat[-1], "content", f"{where}, key 'prompt'")
        answer = required_text(reward_model, "ground_truth", f"{where}, key 'reward_model'")
        worked.append(_worked(f"{path.stem}-{number}", domain, path.stem, question, answer, instruction))
    return nonempty(worked, path)


def read_matharena(path: Path, domain: str, instruction: str = "") -> list[WorkedProblem]:
    """Rows of ``problem_idx``, ``problem`` and ``answer``, as MathArena has them, in Parquet or JSONL.

    The first ``problem_type``, where there is one, is the subdomain.

    Raises:
        DataError: As :func:`read_chats`.
    """
    worked = []
    seen: set[str] = set()
    for where, row in read_table(path):
        number = required_text(row, "problem_idx", where)
        problem_id = new_id({"id": f"{path.stem}-{number}"}, seen, "", where)
        kinds = row.get("problem_type") or path.stem
        subdomain = str(kinds[0] if isinstance(kinds, list) else kinds)
        question, answer = required_text(row, "problem", where), required_text(row, "answer", where)
        worked.append(_worked(problem_id, domain, subdomain, question, answer, instruction))
    return nonempty(worked, path)


def read_answerbench(path: Path, domain: str, instruction: str = "") -> list[WorkedProblem]:
    """IMO-AnswerBench, both versions: a CSV file with the columns ``Problem ID``, ``Problem``, ``Short Answer`` ...

    One row of the second version lacks a quotation mark: its answer stands at the end of its problem, and every later
    field one column too early. It is read as it was meant.

    Raises:
        DataError: As :func:`read_chats`.
    """
    worked = []
    seen: set[str] = set()
    for where, given in read_table(path, _ANSWERBENCH_COLUMNS):
        row = _in_place(given, where)
        problem_id = new_id({"id": required_text(row, "Problem ID", where)}, seen, "", where)
        subdomain = required_text(row, "Category", where)
        question, answer = required_text(row, "Problem", where), required_text(row, "Short Answer", where)
        worked.append(_worked(problem_id, domain, subdomain, question.strip(), answer, instruction))
    return nonempty(worked, path)


def _in_place(row: Mapping[str, Any], where: str) -> Mapping[str, Any]:
    """A row as it is, or, where its last field is missing, with the answer taken out of the problem."""
    fields = list(row.values())
    if fields[-1] is not None:
        return row
    parts = _SWALLOWED_ANSWER.fullmatch(required_text(row, "Problem", where).strip())
    if parts is None or None in fields[:-1] or list(row)[:3] != list(_ANSWERBENCH_COLUMNS[:3]):
        raise DataError(f"{where}: fewer fields than columns", "Fetch the file again, or delete that row.")
    return dict(zip(row, (fields[0], parts[1], parts[2], *fields[2:-1]), strict=True))


def _worked(
    problem_id: str, domain: str, subdomain: str, question: str, answer: str, instruction: str
) -> WorkedProblem:
    problem = Problem(problem_id, domain, subdomain, with_instruction(question, instruction), answer.strip())
    return WorkedProblem(problem, {}, problem.prompt)
