"""``reasoncore budget``."""

from __future__ import annotations

from collections.abc import Sequence

from reasoncore.cli.output import print_result
from reasoncore.errors import UserInputError
from reasoncore.evals.budget import Workload, beta_difficulty, budget_lines, plan_budget


def budget_command(benchmarks: Sequence[str], hours: float, tokens_per_second: float, as_json: bool) -> None:
    """Plan how many problems and samples to measure; print the plan."""
    plan = plan_budget([_workload(text) for text in benchmarks], hours, tokens_per_second)
    print_result(plan.as_json(), "\n".join(budget_lines(plan)), as_json)


def _workload(text: str) -> Workload:
    name, _, numbers = text.partition("=")
    parts = numbers.split(":")
    try:
        items, tokens, score = int(parts[0]), float(parts[1]), float(parts[2])
    except (ValueError, IndexError):
        raise UserInputError(
            f"benchmark {text!r}: not NAME=PROBLEMS:TOKENS:SCORE", "Write it such as aime25=30:12000:0.9."
        ) from None
    return Workload(name, items, tokens, beta_difficulty(score))
