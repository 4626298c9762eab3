"""``reasoncore lint``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from reasoncore.cli.output import print_result


def lint_command(benchmarks: Sequence[str], data: Path | None, rollouts: Path | None, as_json: bool) -> None:
    """Look for what is wrong with benchmarks; print the findings."""
    from reasoncore.evals.benchmarks import load_benchmark
    from reasoncore.evals.comparison import read_rollouts
    from reasoncore.evals.lint import Finding, finding_lines, lint_file, lint_problems, lint_rollouts

    found: list[Finding] = []
    for name in benchmarks:
        found += lint_file(Path(name)) if Path(name).is_file() else lint_problems(name, load_benchmark(name, data))
    if rollouts is not None:
        for name, rows in read_rollouts(rollouts).items():
            found += lint_rollouts(name, rows)
    print_result([finding.as_json() for finding in found], "\n".join(finding_lines(found)), as_json)
