"""OJBench: its problems are asked here and judged by its own program, which is under the AGPL and runs elsewhere.

:func:`write_answers` samples, in the form that ``ojbench.judge_jsonl`` reads; :func:`read_verdicts` makes of what that
writes the rows that :func:`reasoncore.evals.score.score_benchmark` takes. docs/benchmarks.md shows the whole way.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from reasoncore.errors import DataError
from reasoncore.infer.engine import Engine, Request, SamplingParams
from reasoncore.records import Completion, read_jsonl, read_whole_rows, required_text, to_json_line
from reasoncore.seeding import derive_seed

_KEYS = ("id", "dataset", "language", "prompt")
_NOT_JUDGED = ("Skip", "IE")  # the judge leaves the problem out, or has itself failed


def write_answers(
    engine: Engine,
    prompts: Path,
    sampling: SamplingParams,
    samples: int,
    out: Path,
    language: str = "python",
    seed: int = 0,
) -> None:
    """Sample every problem in one language; called again it goes on with what is not in ``out`` yet.

    Args:
        engine: Samples.
        prompts: ``prompts/full.jsonl`` of OJBench's test data.
        sampling: As everywhere.
        samples: Answers a problem.
        out: JSONL: the keys of the prompts, ``content`` for the judge, and what :func:`read_verdicts` needs.
        language: ``"python"`` or ``"cpp"``.
        seed: Of the draws.

    Raises:
        DataError: The prompts cannot be read, lack a key, or have no problem in the language.
        ReasoncoreError: A completion could not be had; those before it are written.
    """
    done = {(_problem_id(row), row["sample"]) for row in read_whole_rows(out)}
    rows = [_checked(row, f"{prompts}, line {line}") for line, row in read_jsonl(prompts)]
    chosen = [row for row in rows if row["language"] == language]
    if not chosen:
        raise DataError(f"{prompts}: no problem in {language!r}", 'Use prompts/full.jsonl; "python" or "cpp".')
    asked = [(row, n) for row in chosen for n in range(samples) if (_problem_id(row), n) not in done]
    requests = [
        Request(({"role": "user", "content": row["prompt"]},), 1, derive_seed(seed, _problem_id(row)), n)
        for row, n in asked
    ]
    with out.open("a", encoding="utf-8") as stream, closing(engine.stream(requests, sampling)) as finished:
        for sampled in finished:
            if not isinstance(sampled.outcome, Completion):
                raise sampled.outcome
            had, (row, _) = sampled.outcome, asked[sampled.request]
            answer = {"content": had.text, "sample": sampled.sample, "token_count": had.token_count}
            stream.write(to_json_line({**row, **answer, "finish": had.finish}))
            stream.flush()


def read_verdicts(judged: Path) -> list[dict[str, Any]]:
    """Rows to score, from what the judge wrote; what it could not judge is not judged here either.

    Raises:
        DataError: The file cannot be read, or a row lacks a key.
    """
    rows = []
    for line, row in read_jsonl(judged):
        where = f"{judged}, line {line}"
        verdict = required_text(_checked(row, where), "verdict", where)
        for key in ("sample", "token_count", "finish", "content", "is_passed"):
            if key not in row:
                raise DataError(f"{where}: no key {key!r}", "Judge the file that write_answers wrote.")
        rows.append(
            {
                "problem_id": _problem_id(row),
                "subdomain": row["dataset"],
                "sample": row["sample"],
                "token_count": row["token_count"],
                "finish": row["finish"],
                "answer": row["content"] or None,
                "correct": None if verdict in _NOT_JUDGED else bool(row["is_passed"]),
                "reason": verdict,
            }
        )
    return rows


def _checked(row: dict[str, Any], where: str) -> dict[str, Any]:
    for key in _KEYS:
        required_text(row, key, where)
    return row


def _problem_id(row: Mapping[str, Any]) -> str:
    return f"{row['dataset']}-{row['id']}-{row['language']}"
