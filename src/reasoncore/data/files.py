"""Problem files and trace files of one's own, as JSONL."""

from __future__ import annotations

from pathlib import Path

from reasoncore.errors import DataError
from reasoncore.records import Problem, Trace, read_jsonl, required_text

_QUESTION_FIELDS = ("question", "problem", "prompt")


def load_problem_file(
    path: Path,
    *,
    domain: str = "math",
    subdomain: str | None = None,
    instruction: str = "",
    limit: int | None = None,
) -> list[Problem]:
    """Problems from a JSONL file: a question under ``question``, ``problem`` or ``prompt``, and an ``answer``.

    Of an answer with ``####`` in it (GSM8K) only what follows counts. Optional fields: ``id`` or ``unique_id``,
    ``subdomain`` or ``subject``, ``level`` (a whole number).

    Args:
        path: The file.
        domain: Domain of every problem.
        subdomain: Subdomain of rows that name none; default: the file's stem.
        instruction: Appended to every question after a space.
        limit: Read at most this many.

    Raises:
        DataError: As :func:`load_benchmark`.
    """
    problems: list[Problem] = []
    seen: set[str] = set()
    for line, row in read_jsonl(path):
        where = f"{path}, line {line}"
        key = next((field for field in _QUESTION_FIELDS if field in row), None)
        if key is None:
            raise DataError(f"{where}: no question", f"Every line needs one of: {', '.join(_QUESTION_FIELDS)}.")
        answer = required_text(row, "answer", where).rpartition("####")[2].strip()
        if not answer:
            raise DataError(f"{where}, key 'answer': no answer after '####'", "Mend or delete that line.")
        level = row.get("level")
        problem_id = str(row.get("id") or row.get("unique_id") or f"{path.stem}-{len(problems)}")
        if problem_id in seen:
            raise DataError(f"{where}, key 'id': {problem_id} is there twice", "Give every problem an id of its own.")
        seen.add(problem_id)
        problems.append(
            Problem(
                id=problem_id,
                domain=domain,
                subdomain=str(row.get("subdomain") or row.get("subject") or subdomain or path.stem),
                prompt=with_instruction(required_text(row, key, where), instruction),
                answer=answer,
                level=level if isinstance(level, int) else None,
            )
        )
        if len(problems) == limit:
            break
    return nonempty(problems, path)


def load_trace_file(path: Path, *, instruction: str = "") -> list[Trace]:
    """Worked solutions from a JSONL file: a problem file's fields and a ``response`` (or ``solution``).

    A GSM8K row has neither; its ``answer`` is the rationale, and its last line ``#### N`` becomes a boxed answer.

    Raises:
        DataError: As :func:`load_problem_file`, or a row without a worked solution.
    """
    traces = []
    rows = [(line, row) for line, row in read_jsonl(path)]
    for (line, row), problem in zip(rows, load_problem_file(path, instruction=instruction), strict=True):
        where = f"{path}, line {line}"
        key = next((field for field in ("response", "solution") if field in row), None)
        if key is not None:
            response = required_text(row, key, where)
        else:
            rationale, marker, _ = required_text(row, "answer", where).rpartition("####")
            if not marker:
                raise DataError(f"{where}: no worked solution", 'Every line needs "response", or a GSM8K "answer".')
            response = f"{rationale.strip()}\n\\boxed{{{problem.answer}}}"
        traces.append(Trace(problem, response, str(row.get("strategy", "given"))))
    return traces


def with_instruction(question: str, instruction: str) -> str:
    """A question followed by the sentence that says how to answer, unless it ends so already."""
    return question if question.endswith(instruction) else f"{question} {instruction}"


def nonempty(problems: list[Problem], path: Path) -> list[Problem]:
    """The same problems; a :class:`DataError` when there are none."""
    if not problems:
        raise DataError(f"{path}: holds no problems", "Check that it is the right file and was fetched whole.")
    return problems
