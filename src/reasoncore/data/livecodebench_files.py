"""LiveCodeBench's ``code_generation_lite``: programs on standard input, and functions, each with its contest's date."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from reasoncore.data.files import new_id, nonempty, with_instruction
from reasoncore.data.packed_tests import unpack_tests
from reasoncore.errors import DataError
from reasoncore.records import Problem, WorkedProblem, read_jsonl, required_text
from reasoncore.verify.code import CodeTask, read_code_case

Window = tuple[date, date]

MEMORY_LIMIT_MB = 1024  # as AtCoder gives, where most of the problems are from
_LEVELS = {"easy": 1, "medium": 2, "hard": 3}
_STDIN = "Read the input from standard input and write the answer to standard output."


def read_livecodebench(
    path: Path, domain: str, instruction: str = "", window: Window | None = None
) -> list[WorkedProblem]:
    """Problems with their public and hidden tests, in the order of the file.

    Args:
        path: A file such as ``test6.jsonl``.
        domain: Domain of every problem.
        instruction: Appended to every question.
        window: First and last day of the contests to take; None takes them all.

    Raises:
        DataError: The file cannot be read, has no problem in the window, or a row that cannot be used; says which
            file, line and key.
    """
    worked = []
    seen: set[str] = set()
    for line, row in read_jsonl(path):
        where = f"{path}, line {line}"
        day = _day(row, where)
        if window is not None and not window[0] <= day <= window[1]:
            continue
        problem = Problem(
            id=new_id({"id": required_text(row, "question_id", where)}, seen, "", where),
            domain=domain,
            subdomain=str(row.get("platform") or path.stem),
            prompt=with_instruction(_prompt(row, where), instruction),
            answer="",
            level=_LEVELS.get(str(row.get("difficulty"))),
            reference=_task(row, where),
        )
        worked.append(WorkedProblem(problem, {}, problem.prompt))
    if not worked and window is not None and path.stat().st_size:
        raise DataError(f"{path}: no contest from {window[0]} to {window[1]}", "Choose other dates, or other file.")
    return nonempty(worked, path)


def _day(row: Mapping[str, Any], where: str) -> date:
    given = required_text(row, "contest_date", where)
    try:
        return date.fromisoformat(given[:10])
    except ValueError:
        raise DataError(f"{where}, key 'contest_date': {given!r:.40} is no date", "Use the original file.") from None


def _prompt(row: Mapping[str, Any], where: str) -> str:
    question = required_text(row, "question_content", where).strip()
    starter = required_text(row, "starter_code", where, empty_ok=True).strip()
    return f"{question}\n\n" + (f"Use this starter code:\n```python\n{starter}\n```\n" if starter else f"{_STDIN}\n")


def _task(row: Mapping[str, Any], where: str) -> CodeTask:
    metadata = _json(required_text(row, "metadata", where), f"{where}, key 'metadata'")
    name = metadata.get("func_name") if isinstance(metadata, dict) else None
    in_class = "class Solution" in str(row.get("starter_code"))
    case = {
        "solution": "",
        "entry_point": f"Solution().{name}" if name and in_class else name,
        "tests": list(_tests(row, where)),
        "memory_limit_mb": MEMORY_LIMIT_MB,
    }
    return read_code_case(case, where)[1]


def _tests(row: Mapping[str, Any], where: str) -> Iterator[dict[str, Any]]:
    for key in ("public_test_cases", "private_test_cases"):
        place = f"{where}, key {key!r}"
        for number, test in enumerate(unpack_tests(required_text(row, key, where), place), start=1):
            which = f"{place}, test {number}"
            given, expected = (required_text(test, side, which, empty_ok=True) for side in ("input", "output"))
            if test.get("testtype") == "functional":
                arguments = [_json(line, which) for line in given.split("\n")]
                yield {"type": "functional", "input": arguments, "output": _json(expected, which)}
            else:
                yield {"type": test.get("testtype"), "input": given, "output": expected}


def _json(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise DataError(f"{where}: not valid JSON", "Use the original file.") from None
