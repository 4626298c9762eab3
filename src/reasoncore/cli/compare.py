"""``reasoncore compare``."""

from __future__ import annotations

from pathlib import Path

from reasoncore.cli.output import print_result
from reasoncore.errors import UserInputError


def compare_command(a: Path, b: Path, as_json: bool) -> None:
    """Compare two evaluations problem by problem; print what changed, and what could have been seen."""
    from reasoncore.evals.comparison import read_samples
    from reasoncore.evals.paired import compare_samples, comparison_lines

    before, after = read_samples(a), read_samples(b)
    shared = [name for name in before if name in after]
    if not shared:
        raise UserInputError(
            f"{a} and {b}: no benchmark in both ({', '.join(before)}; {', '.join(after)})",
            "Evaluate both models on the same benchmarks.",
        )
    found = [compare_samples(name, before[name], after[name]) for name in shared]
    lines = [f"{b} minus {a}, by problem:", *(line for one in found for line in comparison_lines(one))]
    print_result([one.as_json() for one in found], "\n".join(lines), as_json)
