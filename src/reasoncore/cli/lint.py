"""``reasoncore lint``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from reasoncore.cli.output import print_result


def lint_command(benchmarks: Sequence[str], data: Path | None, rollouts: Path | None, as_json: bool) -> None:
    """Look for what is wrong with benchmarks; print the findings."""
    from reasoncore.evals.benchmarks import load_benchmark
    from reasoncore.evals.lint import Finding, finding_lines, lint_file, lint_problems, lint_rollouts
    from reasoncore.records import read_jsonl

    found: list[Finding] = []
    for name in benchmarks:
        found += lint_file(Path(name)) if Path(name).is_file() else lint_problems(name, load_benchmark(name, data))
    if rollouts is not None:
        rows = [row for _, row in read_jsonl(rollouts / "rollouts.jsonl")]
        for name in dict.fromkeys(row["benchmark"] for row in rows):
            found += lint_rollouts(name, [row for row in rows if row["benchmark"] == name])
    print_result([finding.as_json() for finding in found], "\n".join(finding_lines(found)), as_json)
