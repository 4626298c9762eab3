"""Files of questions and of open prompts of one's own, as JSONL."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from reasoncore.errors import DataError
from reasoncore.records import Problem, WorkedProblem, has_half_character, read_jsonl, required_text
from reasoncore.verify.choice import choice_task
from reasoncore.verify.choice.options import format_options
from reasoncore.verify.rubric import RubricTask

Item = TypeVar("Item")
_QUESTION_FIELDS = ("question", "problem", "prompt")
_SOLUTION_FIELDS = ("response", "solution")


def read_questions(
    path: Path,
    domain: str = "math",
    instruction: str = "",
    *,
    subdomain: str | None = None,
    limit: int | None = None,
) -> list[WorkedProblem]:
    """Problems from a JSONL file: a question under ``question``, ``problem`` or ``prompt``, and an ``answer``.

    Of an answer with ``####`` in it (GSM8K) only what follows counts, and what stands before is a worked solution, its
    last line a boxed answer. Other rows may have one under ``response`` or ``solution``, and the name of its
    ``strategy``. With ``options``, a list of texts, the answer is a letter or an option's text. Further optional
    fields: ``id`` or ``unique_id``, ``subdomain`` or ``subject``, ``level`` (a whole number).

    Args:
        path: The file.
        domain: Domain of every problem.
        instruction: Appended to every question.
        subdomain: Subdomain of rows that name none; default: the file's stem.
        limit: Read at most this many.

    Raises:
        DataError: The file is not there, empty, or has a row that cannot be used; says which file, line and key.
    """
    rows = ((f"{path}, line {line}", row) for line, row in read_jsonl(path))
    return read_question_rows(rows, path, domain, instruction, subdomain=subdomain, limit=limit)


def read_question_rows(
    rows: Iterable[tuple[str, Mapping[str, Any]]],
    path: Path,
    domain: str,
    instruction: str,
    *,
    subdomain: str | None = None,
    limit: int | None = None,
) -> list[WorkedProblem]:
    """As :func:`read_questions`, of rows that were read already, each with where it stands."""
    worked: list[WorkedProblem] = []
    seen: set[str] = set()
    for where, row in rows:
        rationale, marker, answer = required_text(row, "answer", where).rpartition("####")
        if not answer.strip():
            raise DataError(f"{where}, key 'answer': no answer after '####'", "Mend or delete that line.")
        question, answer, reference = question_of(row, where), answer.strip(), None
        if row.get("options") is not None:
            reference = choice_task(answer, row["options"], where)
            question, answer = f"{question}\n{format_options(reference.options)}\n", reference.gold
        level = row.get("level")
        problem = Problem(
            id=new_id(row, seen, f"{path.stem}-{len(worked)}", where),
            domain=domain,
            subdomain=_first_text(row, ("subdomain", "subject"), subdomain or path.stem),
            prompt=with_instruction(question, instruction),
            answer=answer,
            level=level if type(level) is int and abs(level) < 2**31 else None,
            reference=reference,
        )
        given = f"{rationale.strip()}\n\\boxed{{{answer}}}" if marker else None
        solutions = solutions_of(row, where, given)
        texts = (problem.id, problem.subdomain, problem.prompt, problem.answer, *solutions, *solutions.values())
        if any(map(has_half_character, texts)):
            raise DataError(f"{where}: half a character (a lone surrogate) in it", "Mend or delete that line.")
        worked.append(WorkedProblem(problem, solutions, problem.prompt))
        if len(worked) == limit:
            break
    return nonempty(worked, path)


def read_parquet(path: Path) -> list[dict[str, Any]]:
    """The rows of a Parquet file.

    Raises:
        DataError: It cannot be read, or is none.
    """
    import pyarrow.parquet

    with _reading_parquet(path):
        return pyarrow.parquet.read_table(path).to_pylist()


def count_parquet_rows(path: Path) -> int:
    """How many rows a Parquet file has, by its metadata.

    Raises:
        DataError: As :func:`read_parquet`.
    """
    import pyarrow.parquet

    with _reading_parquet(path):
        return int(pyarrow.parquet.read_metadata(path).num_rows)


@contextmanager
def _reading_parquet(path: Path) -> Iterator[None]:
    import pyarrow

    try:
        yield
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})", "Check the path.") from error
    except pyarrow.ArrowException as error:
        raise DataError(f"{path}: not a Parquet file ({error})", "Fetch the file again.") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: a text in it is not UTF-8 ({error})", "Write the file again.") from error


def read_open_prompts(path: Path, domain: str, instruction: str = "") -> list[WorkedProblem]:
    """Open-ended prompts, one a line under ``question``, ``problem`` or ``prompt``; a ``response`` may be there.

    Raises:
        DataError: As :func:`read_questions`.
    """
    worked: list[WorkedProblem] = []
    seen: set[str] = set()
    for line, row in read_jsonl(path):
        where = f"{path}, line {line}"
        prompt = with_instruction(question_of(row, where), instruction)
        problem_id = new_id(row, seen, f"{path.stem}-{len(worked)}", where)
        subdomain = _first_text(row, ("subdomain",), path.stem)
        problem = Problem(problem_id, domain, subdomain, prompt, "", reference=RubricTask(prompt))
        worked.append(WorkedProblem(problem, solutions_of(row, where), prompt))
    return nonempty(worked, path)


def question_of(row: Mapping[str, Any], where: str) -> str:
    """The question of a row, under any of its names."""
    key = next((field for field in _QUESTION_FIELDS if field in row), None)
    if key is None:
        raise DataError(f"{where}: no question", f"Every line needs one of: {', '.join(_QUESTION_FIELDS)}.")
    return required_text(row, key, where)


def solutions_of(row: Mapping[str, Any], where: str, given: str | None = None) -> dict[str, str]:
    """The worked solution of a row by its strategy: its own, or else the one ``given``; empty without either."""
    key = next((field for field in _SOLUTION_FIELDS if field in row), None)
    solution = given if key is None else required_text(row, key, where)
    return {} if solution is None else {str(row.get("strategy", "given")): solution}


def new_id(row: Mapping[str, Any], seen: set[str], default: str, where: str) -> str:
    """The row's id, or the default, which is added to those seen; a :class:`DataError` when it was there before."""
    problem_id = _first_text(row, ("id", "unique_id"), default)
    if problem_id in seen:
        raise DataError(f"{where}, key 'id': {problem_id} is there twice", "Give every problem an id of its own.")
    seen.add(problem_id)
    return problem_id


def _first_text(row: Mapping[str, Any], keys: Sequence[str], default: str) -> str:
    """What stands under the first of the keys that has more than blanks."""
    texts = (str(row.get(key) or "").strip() for key in keys)
    return next((text for text in texts if text), default)


def with_instruction(question: str, instruction: str) -> str:
    """A question followed by the sentence that says how to answer, unless it ends so already."""
    if question.endswith(instruction):
        return question
    return f"{question}{instruction}" if question.endswith("\n") else f"{question} {instruction}"


def without_instruction(prompt: str, instruction: str) -> str:
    """The question of a prompt that :func:`with_instruction` made."""
    return prompt.removesuffix(instruction).rstrip() if instruction else prompt


def nonempty(items: Iterable[Item], path: Path) -> list[Item]:
    """The same items; a :class:`DataError` when there are none."""
    listed = list(items)
    if not listed:
        raise DataError(f"{path}: holds no problems", "Check that it is the right file and was fetched whole.")
    return listed
