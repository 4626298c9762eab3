"""A contest as a folder: a sub-folder for each problem, with its statement, examples and programs.

Nothing is run here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reasoncore.errors import DataError
from reasoncore.verify.code import CodeTask, read_code_case

STATEMENT, EXAMPLES, GENERATOR = "statement.md", "examples.json", "generate.py"
REFERENCE, BRUTE_FORCE = "reference.py", "brute.py"
_FORM = 'Write {"entry_point": "f", "examples": [{"input": [1, 2], "output": 3}]}, or without it, and text for stdin.'


@dataclass(frozen=True, slots=True)
class ContestProblem:
    """A problem of a contest as its author wrote it.

    Attributes:
        contest: Name of the contest's folder.
        id: ``CONTEST/PROBLEM``, by the names of the folders.
        statement: What is asked, without the examples.
        examples: The examples as tests, with the entry point where there is one; other problems read standard input.
        generator: Source that defines ``generate(seed, size)``.
        reference: Source of a solution that meets the limits; None where there is none.
        brute_force: Source of a solution that is plainly right and may be slow; None likewise.
        sha256: Hash of every file it was read from, by name.
    """

    contest: str
    id: str
    statement: str
    examples: CodeTask
    generator: str
    reference: str | None
    brute_force: str | None
    sha256: Mapping[str, str]


def read_contest(folder: Path) -> list[ContestProblem]:
    """The problems of a contest, by name. Folders with a name that begins with ``.`` or ``__`` are passed over.

    Raises:
        DataError: No such folder, no problems in it, or a problem that lacks a file or has one of another form.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder", "Give the folder of a contest.")
    problems = [path for path in sorted(folder.iterdir()) if path.is_dir() and not path.name.startswith((".", "__"))]
    if not problems:
        raise DataError(f"{folder}: holds no problems", "Make a sub-folder for each problem.")
    contest = folder.resolve().name
    return [_read_problem(contest, path) for path in problems]


def _read_problem(contest: str, folder: Path) -> ContestProblem:
    for name in (STATEMENT, EXAMPLES, GENERATOR):
        if not (folder / name).is_file():
            raise DataError(f"{folder / name}: not there", f"Every problem needs {STATEMENT}, {EXAMPLES}, {GENERATOR}.")
    for name in (REFERENCE, BRUTE_FORCE):
        if (folder / name).is_dir():
            raise DataError(f"{folder / name}: a folder", "Write the program as a file.")
    if not any((folder / name).is_file() for name in (REFERENCE, BRUTE_FORCE)):
        raise DataError(
            f"{folder}: neither {REFERENCE} nor {BRUTE_FORCE} is there", "Add one; with both, each checks the other."
        )
    names = (STATEMENT, EXAMPLES, GENERATOR, REFERENCE, BRUTE_FORCE)
    content = {name: (folder / name).read_bytes() for name in names if (folder / name).is_file()}
    text = {name: _text(folder / name, data) for name, data in content.items()}
    return ContestProblem(
        contest=contest,
        id=f"{contest}/{folder.name}",
        statement=text[STATEMENT].strip(),
        examples=_read_examples(folder / EXAMPLES, text[EXAMPLES]),
        generator=text[GENERATOR],
        reference=text.get(REFERENCE),
        brute_force=text.get(BRUTE_FORCE),
        sha256={name: hashlib.sha256(data).hexdigest() for name, data in content.items()},
    )


def _text(path: Path, content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")  # some editors begin a file with a mark
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8 text", "Convert the file to UTF-8.") from error
    if not text.strip():
        raise DataError(f"{path}: empty", "Write it, or delete it where it is not needed.")
    return text.replace("\r\n", "\n")


def _read_examples(path: Path, text: str) -> CodeTask:
    try:
        given = json.loads(text)
        json.dumps(given, allow_nan=False)
    except json.JSONDecodeError as error:
        raise DataError(f"{path}, line {error.lineno}: not valid JSON ({error.msg})", _FORM) from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: not valid JSON ({error})", _FORM) from error
    examples = given.get("examples") if isinstance(given, dict) else None
    if not isinstance(examples, list) or not all(isinstance(example, dict) for example in examples):
        raise DataError(f"{path}, key 'examples': not a list of objects", _FORM)
    kind = "stdin" if given.get("entry_point") is None else "functional"
    tests: list[dict[str, Any]] = [{**example, "type": kind} for example in examples]
    return read_code_case({"solution": "", "entry_point": given.get("entry_point"), "tests": tests}, str(path))[1]
