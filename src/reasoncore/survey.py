"""Many problems sampled and judged once, a row kept of each: a kill loses only the problems that were under way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from reasoncore.domains.judge import Judge
from reasoncore.domains.rollout import roll_out
from reasoncore.errors import StageFailedError
from reasoncore.infer.engine import Engine, SamplingParams
from reasoncore.progress import track
from reasoncore.records import Group, Problem, read_whole_rows, to_json_line
from reasoncore.seeding import derive_seed
from reasoncore.stage import StageContext

PROBLEMS_AT_ONCE = 256


def survey(
    context: StageContext,
    purpose: str,
    make_engine: Callable[[], Engine],
    judge: Judge,
    problems: Sequence[Problem],
    samples: int,
    sampling: SamplingParams,
    row_of: Callable[[Group], dict[str, Any]],
) -> list[dict[str, Any]]:
    """Sample and judge every problem; what ``row_of`` keeps of each, in their order.

    Rows are in ``PURPOSE.jsonl`` of the stage's folder, each under its problem's ``key``, and are not made again.

    Args:
        make_engine: Called only where something is left to sample.
        samples: Completions of each problem.

    Raises:
        StageFailedError: The rows that are there are not of these problems, or a problem's rollouts cannot be judged.
    """
    record = context.directory.path / f"{purpose}.jsonl"
    rows = read_whole_rows(record)
    if [row["key"] for row in rows] != [problem.key for problem in problems[: len(rows)]]:
        raise StageFailedError(
            f"stage {context.name}: the problems are not those that {record.name} was made from",
            "Put the data file back as it was, or use a new run folder.",
        )
    if len(rows) == len(problems):
        return rows
    engine, seed = make_engine(), derive_seed(context.seed, purpose)
    with track(f"{context.name}: {purpose} (samples)", len(problems) * samples, len(rows) * samples) as task:
        for start in range(len(rows), len(problems), PROBLEMS_AT_ONCE):
            part = problems[start : start + PROBLEMS_AT_ONCE]
            groups = roll_out(engine, judge, part, samples, sampling, seed, context.clock, task.advance)
            unjudged = sum(not group.judged for group in groups)
            if unjudged:
                raise StageFailedError(
                    f"stage {context.name}: of {unjudged} of {len(part)} problems no rollout could be judged",
                    "See why the verifier fails, and run the same command again: the problems before these are kept.",
                )
            new = [{"key": group.problem.key, **row_of(group)} for group in groups]
            with record.open("a", encoding="utf-8") as stream:
                stream.writelines(map(to_json_line, new))
            context.save_time()
            rows += new
    return rows
