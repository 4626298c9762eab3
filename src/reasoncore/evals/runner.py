"""Measure an engine on benchmarks: rollouts, verdicts, ``rollouts.jsonl`` and ``results.json``.

Every completion is written down as it finishes, every verdict as it is given. The same evaluation again goes on: it
samples what is missing, judges what could not be judged or is judged by something else now, and adds samples where more
are asked for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

import reasoncore
from reasoncore.domains import Judge, cut_off, grader_of
from reasoncore.errors import DataError, InfrastructureError, ReasoncoreError
from reasoncore.evals.benchmarks import benchmark_sha256
from reasoncore.evals.claim_checks import CheckLog, ClrPlan, candidates, clr_block, run_checks
from reasoncore.evals.evaluation_record import EvaluationRecord
from reasoncore.evals.plan import EvalPlan, Task
from reasoncore.evals.problem_file import write_problems
from reasoncore.evals.rollout_log import NOT_JUDGED_YET, RolloutLog, Row
from reasoncore.evals.score import score_benchmark
from reasoncore.infer.engine import Engine, Request, Sampled
from reasoncore.progress import track
from reasoncore.records import Completion, Problem, Verdict
from reasoncore.run_dir import write_json_atomic
from reasoncore.seeding import derive_seed
from reasoncore.test_time.classes import Same
from reasoncore.timing import Clock
from reasoncore.verify.math import MathVerifier

_JUDGED_AT_ONCE = 256


def evaluate(
    engine: Engine,
    open_ended: Callable[[], Engine],
    model_name: str,
    model: Mapping[str, Any],
    plan: EvalPlan,
    out: Path,
    clock: Clock,
) -> dict[str, Any]:
    """Run a plan, or go on with it: writes ``rollouts.jsonl``, ``problems.jsonl`` and ``results.json`` into ``out``.

    Args:
        open_ended: Makes the engine that scores open-ended answers.
        model_name: What the results call it.
        model: What tells it from any other model, such as the hashes of its files.

    Raises:
        UserInputError: ``out`` holds another evaluation.
        InfrastructureError: Completions could not be had; all others are measured, and the results are written.
    """
    tasks = plan.tasks
    record = EvaluationRecord.begin(out, plan.identity(model))
    log = RolloutLog(out / "rollouts.jsonl")
    for name, task in tasks.items():
        _check_prompts(log, name, task.problems)
    changed = write_problems(out, {name: task.problems for name, task in tasks.items()})
    log.forget_verdicts(changed)
    failures: list[ReasoncoreError] = []
    with Judge(plan.domains, open_ended) as judge:
        for name, task in tasks.items():
            title = f"{model_name} on {name}"
            failures += _sample(engine, log, task, plan, title, clock, record)
            _judge(judge, log, name, task.problems, title, clock)
    clr: dict[str, Any] = {}
    if plan.clr is not None:
        with MathVerifier() as verifier:
            for name, task in tasks.items():
                if task.problems is not task.own:
                    block, missing = _check_claims(engine, out, log, task, plan, plan.clr, verifier.equivalent, clock)
                    clr[name] = block
                    failures += missing
    places = [(name, problem.id) for name, task in tasks.items() for problem in task.problems]
    log.tidy({place: number for number, place in enumerate(places)})
    # In the order of the file, so that whoever judges it again adds up in the same order.
    blocks = {name: _block(log.of(name), task, plan) for name, task in tasks.items()}
    for name, block in clr.items():
        blocks[name]["clr"] = block
    results = {
        "model": model_name,
        "protocol": plan.protocol_label,
        "sampling": asdict(plan.sampling),
        "seed": plan.seed,
        "reasoncore": reasoncore.__version__,
        "engines": record.engines,
        "benchmarks": blocks,
    }
    write_json_atomic(out / "results.json", results)
    if failures:
        raise InfrastructureError(
            f"{len(failures)} completions could not be had; the first: {failures[0].message}",
            f"{failures[0].cure} The same command asks for these again; the results so far are in {out}.",
        )
    return results


def _block(rows: Sequence[Row], task: Task, plan: EvalPlan) -> dict[str, Any]:
    """A benchmark's scores, and what can move them."""
    data_sha256 = benchmark_sha256(task.benchmark, plan.data_dir, task.own)
    return score_benchmark(rows, data_sha256) | {
        "note": task.benchmark.note,
        "sampling": asdict(plan.sampling_of(task.benchmark.domain)),
        "prompts_sha256": _prompts_sha256(task.problems),
        "graders": sorted({grader_of(problem) for problem in task.problems}),
    }


def _check_claims(
    engine: Engine, out: Path, log: RolloutLog, task: Task, plan: EvalPlan, clr: ClrPlan, same: Same, clock: Clock
) -> tuple[dict[str, Any], list[ReasoncoreError]]:
    """CLR's block of a benchmark, and why checks are missing."""
    name = task.benchmark.name
    ids = {problem.id for problem in task.own}
    rows = [row for row in log.of(name) if row["problem_id"] in ids]
    found, checks = candidates(task.own, rows, clr, same), CheckLog(out / "checks.jsonl")
    with clock.time("checking"):
        failures = run_checks(engine, checks, name, found, clr, plan.sampling_of(task.benchmark.domain), plan.seed)
    return clr_block(found, checks.of(name), clr), failures


def _check_prompts(log: RolloutLog, benchmark: str, problems: Sequence[Problem]) -> None:
    hashes = {problem.id: problem.prompt_sha256 for problem in problems}
    for row in log.of(benchmark):
        if hashes.get(row["problem_id"], row["prompt_sha256"]) != row["prompt_sha256"]:
            raise DataError(
                f"{benchmark}, problem {row['problem_id']}: not asked as in the rollouts that are there",
                "Put the data file back as it was, or choose another --out.",
            )


def _sample(
    engine: Engine, log: RolloutLog, task: Task, plan: EvalPlan, title: str, clock: Clock, record: EvaluationRecord
) -> list[ReasoncoreError]:
    """Complete what is missing, and write each completion down; what went wrong with those that could not be had."""
    name, problems = task.benchmark.name, task.problems
    samples = plan.samples or task.benchmark.default_samples
    asked, requests = [], []
    for problem in problems:
        seed = derive_seed(plan.seed, problem.id)
        for first, n in _missing(log, name, problem.id, samples):
            asked.append(problem)
            requests.append(Request(({"role": "user", "content": problem.prompt},), n, seed, first))
    failures: list[ReasoncoreError] = []
    if not requests:
        return failures
    total, left = len(problems) * samples, sum(request.n for request in requests)
    with (
        clock.time("sampling") as spent,
        track(f"{title} (samples)", total, total - left) as progress,
        closing(engine.stream(requests, plan.sampling_of(task.benchmark.domain))) as finished,
    ):
        for number, sampled in enumerate(finished):
            if number == 0:
                record.note(engine)  # now that it has answered: a server says what it is
            request = requests[sampled.request]
            log.append([_row(name, asked[sampled.request], request.seed, sampled)])
            if isinstance(sampled.outcome, Completion):
                spent.tokens += sampled.outcome.token_count or 0
            else:
                failures.append(sampled.outcome)
            progress.advance()
    return failures


def _missing(log: RolloutLog, benchmark: str, problem_id: str, samples: int) -> list[tuple[int, int]]:
    """Runs of samples that are still to be had, as (first, count)."""
    runs: list[tuple[int, int]] = []
    for sample in range(samples):
        row = log.rows.get((benchmark, problem_id, sample))
        if row is not None and row["finish"] is not None:
            continue
        if runs and sum(runs[-1]) == sample:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        else:
            runs.append((sample, 1))
    return runs


def _judge(
    judge: Judge, log: RolloutLog, benchmark: str, problems: Sequence[Problem], title: str, clock: Clock
) -> None:
    """Judge the completions that have no verdict yet. One that was cut off gave no answer, whatever stands in it."""
    problem_of = {problem.id: problem for problem in problems}
    rows = [
        row
        for row in log.of(benchmark)
        if row["correct"] is None and row["finish"] is not None and row["problem_id"] in problem_of
    ]
    log.append(
        {**row, **_verdict_fields(cut_off(problem_of[row["problem_id"]]))} for row in rows if row["finish"] == "length"
    )
    rows = [row for row in rows if row["finish"] != "length"]
    with clock.time("judging"), track(f"{title} (verdicts)", len(rows)) as task:
        for start in range(0, len(rows), _JUDGED_AT_ONCE):
            part = rows[start : start + _JUDGED_AT_ONCE]
            verdicts = judge.judge([problem_of[row["problem_id"]] for row in part], [row["text"] for row in part])
            log.append(
                {**row, "gold": problem_of[row["problem_id"]].answer, **_verdict_fields(verdict)}
                for row, verdict in zip(part, verdicts, strict=True)
            )
            task.advance(len(part))


def _row(benchmark: str, problem: Problem, seed: int, sampled: Sampled) -> Row:
    """A row of ``rollouts.jsonl``; re-grading needs only these. ``finish`` is null where there is no completion."""
    found: Row
    match sampled.outcome:
        case Completion() as had:
            found = {
                "text": had.text,
                "token_count": had.token_count,
                "mean_log_prob": had.mean_log_prob,
                "finish": had.finish,
                "reason": NOT_JUDGED_YET,
            }
        case error:
            reason = f"no completion: {error.message}"
            found = {"text": "", "token_count": None, "mean_log_prob": None, "finish": None, "reason": reason}
    return {
        "benchmark": benchmark,
        "problem_id": problem.id,
        "subdomain": problem.subdomain,
        "level": problem.level,
        "sample": sampled.sample,
        "seed": seed,
        "prompt_sha256": problem.prompt_sha256,
        "prompt": problem.prompt,
        "text": found["text"],
        "token_count": found["token_count"],
        "mean_log_prob": found["mean_log_prob"],
        "finish": found["finish"],
        "answer": None,
        "gold": problem.answer,
        "correct": None,
        "reason": found["reason"],
    }


def _verdict_fields(verdict: Verdict) -> Row:
    fields = {"answer": verdict.answer, "correct": verdict.correct, "reason": verdict.reason}
    return {**fields, "details": dict(verdict.details)} if verdict.details else fields


def _prompts_sha256(problems: Sequence[Problem]) -> str:
    """SHA-256 over the prompts' hashes: the questions and how they are asked."""
    return hashlib.sha256("".join(problem.prompt_sha256 for problem in problems).encode()).hexdigest()
