"""``reasoncore verify``."""

from __future__ import annotations

import difflib
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from reasoncore.cli.output import print_result
from reasoncore.errors import DataError, UserInputError
from reasoncore.progress import say, track
from reasoncore.records import Verdict, read_jsonl, to_json_line
from reasoncore.verify.table import VERIFIERS, VerifierKind


def verify_command(kind_name: str, cases: Path, output: Path | None, unsafe: bool, as_json: bool) -> None:
    """Judge every line of a file; write a verdict for each, in order."""
    kind = _find(kind_name)
    if not cases.is_file():
        raise DataError(f"{cases}: {'not a file' if cases.exists() else 'not there'}", "Give a file of JSON lines.")
    if output is not None:
        _check_output(output, cases)
    total = sum(1 for _ in _read(kind, cases))  # every line is checked before the first is judged
    if total == 0:
        raise DataError(f"{cases}: holds no cases", "Give a file with a JSON object on each line.")
    if unsafe and kind.name != "code":
        raise UserInputError(f"--unsafe-no-sandbox: verify {kind.name} runs no programs", "Leave it out.")
    if output is None:
        counts = _judge(kind, cases, total, sys.stdout, isolate=not unsafe)
        say(_summary(counts))
        return
    with _writing(output) as stream:
        counts = _judge(kind, cases, total, stream, isolate=not unsafe)
    result = {"cases": total, **counts, "verdicts": str(output)}
    print_result(result, f"{_summary(counts)}\nverdicts: {output}", as_json)


def _check_output(output: Path, cases: Path) -> None:
    if output.is_dir():
        raise UserInputError(f"-o {output}: a folder", "Name a file in it.")
    if not output.parent.is_dir():
        raise UserInputError(f"-o {output}: no folder {output.parent}", "Make the folder, or name another.")
    if any(path.exists() and path.samefile(cases) for path in (output, _partial(output))):
        raise UserInputError(f"-o {output}: would overwrite the cases {cases}", "Name another file.")


def _partial(output: Path) -> Path:
    target = output.resolve()
    return target.with_name(target.name + ".partial")


@contextmanager
def _writing(output: Path) -> Iterator[TextIO]:
    """A file gets its name when it is whole, and a link stays a link; a device or a pipe is written to as it is."""
    if output.is_relative_to("/dev") or (output.exists() and not output.is_file()):
        with output.open("w", encoding="utf-8") as stream:
            yield stream
        return
    partial = _partial(output)
    with partial.open("w", encoding="utf-8") as stream:
        yield stream
    partial.replace(output.resolve())


def _find(name: str) -> VerifierKind:
    if name in VERIFIERS:
        return VERIFIERS[name]
    near = difflib.get_close_matches(name, VERIFIERS, n=1, cutoff=0.0)[0]
    raise UserInputError(f"verify {name!r}: unknown kind; nearest: {near!r}", f"Choose from: {', '.join(VERIFIERS)}.")


def _read(kind: VerifierKind, path: Path) -> Iterator[tuple[dict[str, Any], tuple[str, Any]]]:
    for line, row in read_jsonl(path):
        yield row, kind.read_case(row, f"{path}, line {line}")


def _judge(kind: VerifierKind, path: Path, total: int, stream: TextIO, *, isolate: bool) -> dict[str, int]:
    counts: Counter[bool | None] = Counter()
    judge = kind.make(isolate)
    try:
        rows = (row for row, _ in _read(kind, path))
        verdicts = judge.stream(case for _, case in _read(kind, path))
        with track(f"verify {kind.name}", total) as progress:
            for row, verdict in zip(rows, verdicts, strict=True):
                stream.write(to_json_line(_verdict_row(kind, row, verdict)))
                counts[verdict.correct] += 1
                progress.advance()
    finally:
        judge.close()
    return {"correct": counts[True], "incorrect": counts[False], "not_judged": counts[None]}


def _verdict_row(kind: VerifierKind, row: dict[str, Any], verdict: Verdict) -> dict[str, Any]:
    written: dict[str, Any] = {"id": row["id"]} if "id" in row else {}
    written |= {"correct": verdict.correct, "reason": verdict.reason}
    if kind.shows_answer:
        written["answer"] = verdict.answer
    return written | dict(verdict.details)


def _summary(counts: dict[str, int]) -> str:
    judged = counts["correct"] + counts["incorrect"]
    share = f" ({100 * counts['correct'] / judged:.1f} %)" if judged else ""
    return f"correct: {counts['correct']} of {judged} judged{share}, not judged: {counts['not_judged']}"
