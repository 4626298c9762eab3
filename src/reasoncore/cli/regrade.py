"""``reasoncore regrade``."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reasoncore.cli.output import print_result
from reasoncore.errors import DataError, UserInputError

if TYPE_CHECKING:
    from reasoncore.domains import Judge
    from reasoncore.evals.graders import Grader
    from reasoncore.evals.regrade import Regrading
    from reasoncore.infer.engine import Engine
    from reasoncore.records import Problem


def regrade_command(out: Path, names: Sequence[str], as_json: bool) -> None:
    """Judge an evaluation's rollouts again, by each grader; write what changed, print scores.

    ``out`` is the evaluation's folder, which gets a ``regrade.json``, or a bundle, which gets one beside it.
    """
    from reasoncore.evals.bundle import unpack_bundle

    if not out.exists():
        raise UserInputError(f"{out}: not there", "Name the folder of an evaluation, or a bundle of one.")
    if out.is_dir():
        _regrade_folder(out, out / "regrade.json", names, as_json)
        return
    with tempfile.TemporaryDirectory() as folder:
        _regrade_folder(unpack_bundle(out, Path(folder)), out.with_suffix(".regrade.json"), names, as_json)


def _regrade_folder(out: Path, target: Path, names: Sequence[str], as_json: bool) -> None:
    from reasoncore.domains import DOMAINS, Judge
    from reasoncore.evals.comparison import read_rollouts
    from reasoncore.evals.graders import GRADERS, OWN, find_graders
    from reasoncore.evals.graders.math_verify import is_installed
    from reasoncore.evals.graders.table import MATH_VERIFY
    from reasoncore.evals.problem_file import read_problems
    from reasoncore.evals.regrade import differing_keys, regrading_lines
    from reasoncore.evals.results_file import has_results, read_results
    from reasoncore.progress import say
    from reasoncore.run_dir import write_json_atomic

    graders = find_graders(names or list(GRADERS))
    if not is_installed() and any(grader.name == MATH_VERIFY for grader in graders):
        say("math-verify is not installed, so that grader is left out; pip install math-verify adds it")
        graders = [grader for grader in graders if grader.name != MATH_VERIFY]
    rows_of, known = read_rollouts(out), read_problems(out)
    recorded = read_results(out)["benchmarks"] if has_results(out) else {}
    if not rows_of:
        raise DataError(f"{out / 'rollouts.jsonl'}: holds no rollouts", "Name the folder of an evaluation.")
    if not known:
        raise DataError(
            f"{out / 'problems.jsonl'}: not there, or empty",
            "Evaluate again with the same --out: it writes that file, and samples nothing that is there.",
        )
    found: dict[str, Any] = {}
    lines: list[str] = []
    with Judge(DOMAINS, _open_ended) as judge:
        for benchmark, rows in rows_of.items():
            record = recorded.get(benchmark, {})
            graded = _regrade(benchmark, rows, record, graders, judge, known.get(benchmark, {}))
            own = next((one for one in graded if one.grader == OWN), None)
            differs = differing_keys(record, own.block) if own is not None and record else None
            found[benchmark] = {
                "reproduces": None if differs is None else not differs,
                "differs": differs,
                "graders": {one.grader: one.as_json() for one in graded},
            }
            lines += [benchmark, *(f"  {line}" for one in graded for line in regrading_lines(one))]
            if not graded:
                lines.append(f"  none of {', '.join(grader.name for grader in graders)} can judge it")
            if differs is not None:
                lines.append(f"  results.json: {'reproduced' if not differs else 'other ' + ', '.join(differs)}")
    write_json_atomic(target, {"benchmarks": found})
    print_result({"benchmarks": found}, "\n".join([*lines, "", f"written: {target}"]), as_json)


def _regrade(
    benchmark: str,
    rows: Sequence[dict[str, Any]],
    record: Mapping[str, Any],
    graders: Sequence[Grader],
    judge: Judge,
    known: Mapping[str, Problem],
) -> list[Regrading]:
    """What each grader that can judge some of the rows makes of them."""
    from reasoncore.evals.graders.apply import grade_rows, problems_of_rows, rows_for
    from reasoncore.evals.regrade import regrade

    problems = problems_of_rows(benchmark, rows, known)
    found = []
    for grader in graders:
        chosen = rows_for(grader, problems, rows)
        if chosen:
            verdicts = grade_rows(grader, judge, problems, chosen)
            found.append(regrade(benchmark, grader.name, chosen, verdicts, str(record.get("data_sha256", ""))))
    return found


def _open_ended() -> Engine:
    from reasoncore.config import PROCEDURAL_JUDGE, HardwareSettings
    from reasoncore.domains.open_ended import open_ended_judge

    return open_ended_judge(PROCEDURAL_JUDGE, Path(), HardwareSettings())
