"""The two files of a built set of contests: the problems as JSONL, and a manifest of what they were made from."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import reasoncore
from reasoncore.errors import DataError, InfrastructureError, UserInputError
from reasoncore.evals.benchmarks.own import SUFFIX
from reasoncore.evals.contest.build import BuiltProblem, build_problem
from reasoncore.evals.contest.folder import ContestProblem, read_contest
from reasoncore.evals.contest.score import NOT_THE_JUDGES
from reasoncore.progress import track
from reasoncore.records import to_json_line
from reasoncore.run_dir import write_json_atomic, write_text_atomic
from reasoncore.sandbox import ForkSandbox, Sandbox
from reasoncore.sandbox.client import SandboxFailedError
from reasoncore.verify.pool import WorkerFailedError, WorkerPool


def build_contests(
    folders: Sequence[Path], out: Path, tests: int, make_sandbox: Callable[[], Sandbox] = ForkSandbox
) -> list[BuiltProblem]:
    """Build contests into one file, and its manifest beside it. The same folders give the same bytes.

    Args:
        folders: A folder for each contest.
        out: The file.
        tests: Tests to generate for each problem.
        make_sandbox: Starts a sandbox; the authors' programs run in these alone.

    Raises:
        DataError: A contest lacks something, or a problem's programs fail or disagree.
        UserInputError: ``out`` cannot be written.
        InfrastructureError: The sandbox failed twice.
        SandboxUnavailableError: This machine cannot isolate programs.
    """
    if out.is_dir() or out.suffix != SUFFIX or not out.parent.is_dir():
        folder = "a folder" if out.is_dir() else f"no folder {out.parent}"
        wrong = folder if out.suffix == SUFFIX else f"not a {SUFFIX} file"
        raise UserInputError(f"--out {out}: {wrong}", f"Name a {SUFFIX} file, in a folder that is there.")
    problems = [problem for folder in folders for problem in read_contest(folder)]
    twice = {problem.id for problem in problems if [other.id for other in problems].count(problem.id) > 1}
    if twice:
        raise DataError(f"{min(twice)}: there twice", "Give every contest a folder name of its own.")
    built = _build_all(problems, tests, make_sandbox)
    text = "".join(to_json_line(item.row) for item in built)
    write_text_atomic(out, text)
    write_json_atomic(manifest_path(out), _manifest(problems, built, text))
    return built


def manifest_path(out: Path) -> Path:
    """``FILE.manifest.json`` for ``FILE.jsonl``."""
    return out.with_name(f"{out.stem}.manifest.json")


def _build_all(
    problems: Sequence[ContestProblem], tests: int, make_sandbox: Callable[[], Sandbox]
) -> list[BuiltProblem]:
    built = []
    with closing(WorkerPool(make_sandbox)) as pool, track("contest build", len(problems)) as task:
        jobs = [partial(_build, problem=problem, tests=tests) for problem in problems]
        try:
            for item in pool.stream(map(pool.submit, jobs)):
                built.append(item)
                task.advance()
        except WorkerFailedError as error:
            raise InfrastructureError(f"the sandbox failed ({error})", "Give the same command again.") from error
    return built


def _build(sandbox: Sandbox, problem: ContestProblem, tests: int) -> BuiltProblem:
    try:
        return build_problem(sandbox, problem, tests)
    except SandboxFailedError as error:
        raise WorkerFailedError(str(error)) from error


def _manifest(problems: Sequence[ContestProblem], built: Sequence[BuiltProblem], text: str) -> dict[str, Any]:
    return {
        "label": NOT_THE_JUDGES,
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
        "reasoncore": reasoncore.__version__,
        "problems": [
            {
                "id": problem.id,
                "contest": problem.contest,
                "files": dict(problem.sha256),
                "examples": len(problem.examples.tests),
                "seeds": item.seeds,
                "cross_checked": item.cross_checked,
                "time_limit_s": item.row["time_limit_s"],
            }
            for problem, item in zip(problems, built, strict=True)
        ],
    }


def build_lines(built: Sequence[BuiltProblem]) -> list[str]:
    """What was made, a line a problem."""
    return [_line(item.as_json()) for item in built]


def _line(made: dict[str, Any]) -> str:
    checked = f"{made['cross_checked']} cross-checked" if made["cross_checked"] else "NONE CROSS-CHECKED: one program"
    return (
        f"{made['id']}: {made['tests']} tests, {made['generated']} generated, {checked}; "
        f"limit {made['time_limit_s']:g} s, slowest {made['slowest_s']:.2f} s"
    )
