"""Measure an engine on benchmarks: rollouts, verdicts, ``rollouts.jsonl`` and ``results.json``."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import reasoncore
from reasoncore.domains import Domain, Judge
from reasoncore.domains.rollout import roll_out_in_parts
from reasoncore.evals.benchmarks import benchmark_sha256, find_benchmark, load_benchmark
from reasoncore.evals.protocols import find_protocol
from reasoncore.evals.score import score_benchmark
from reasoncore.infer.engine import Engine, SamplingParams
from reasoncore.progress import track
from reasoncore.records import Group, Problem, to_json_line
from reasoncore.run_dir import write_json_atomic
from reasoncore.seeding import derive_seed
from reasoncore.timing import Clock


@dataclass(frozen=True)
class EvalPlan:
    """What to measure and how.

    Attributes:
        samples: Completions a problem; None takes each benchmark's own number.
        limit: Problems of each benchmark; None takes all.
        domains: The table of domains.
    """

    benchmarks: tuple[str, ...]
    protocol: str
    sampling: SamplingParams
    samples: int | None
    limit: int | None
    data_dir: Path | None
    seed: int
    domains: Mapping[str, Domain]

    @property
    def protocol_label(self) -> str:
        """The protocol's name and every setting that is not the protocol's."""
        own, used = asdict(find_protocol(self.protocol)), asdict(self.sampling)
        changed = [f"{name}={value}" for name, value in used.items() if value != own[name]]
        return ", ".join([self.protocol, *changed])


def load_all(plan: EvalPlan) -> dict[str, list[Problem]]:
    """The problems of every benchmark of a plan, so that a missing file is said before any work."""
    return {name: load_benchmark(name, plan.data_dir, plan.limit, plan.domains) for name in plan.benchmarks}


def evaluate(
    engine: Engine, open_ended: Callable[[], Engine], model_name: str, plan: EvalPlan, out: Path, clock: Clock
) -> dict[str, Any]:
    """Run a plan. Writes ``out/rollouts.jsonl`` and ``out/results.json`` and returns the results.

    ``open_ended`` makes the engine that scores open-ended answers.
    """
    problems_of = load_all(plan)
    out.mkdir(parents=True, exist_ok=True)
    blocks: dict[str, Any] = {}
    unfinished = out / ".rollouts.jsonl.tmp"
    with unfinished.open("w", encoding="utf-8") as log, Judge(plan.domains, open_ended) as judge:
        for name, problems in problems_of.items():
            benchmark = find_benchmark(name, plan.domains)
            samples = plan.samples or benchmark.default_samples
            rows: list[dict[str, Any]] = []
            with track(f"{model_name} on {name} (samples)", len(problems) * samples) as task:
                for groups in roll_out_in_parts(
                    engine, judge, problems, samples, plan.sampling, plan.seed, clock, task.advance
                ):
                    new = list(rollout_rows(name, groups, plan.seed))
                    log.writelines(to_json_line(row) for row in new)
                    rows += new
            blocks[name] = score_benchmark(rows, benchmark_sha256(benchmark, plan.data_dir, problems))
    results = {
        "model": model_name,
        "protocol": plan.protocol_label,
        "sampling": asdict(plan.sampling),
        "seed": plan.seed,
        "reasoncore": reasoncore.__version__,
        "benchmarks": blocks,
    }
    unfinished.replace(out / "rollouts.jsonl")
    write_json_atomic(out / "results.json", results)
    return results


def rollout_rows(benchmark: str, groups: Sequence[Group], seed: int) -> Iterator[dict[str, Any]]:
    """Rows of ``rollouts.jsonl``; re-grading needs only these."""
    for group in groups:
        problem = group.problem
        prompt_sha256 = hashlib.sha256(problem.prompt.encode()).hexdigest()
        for sample, (completion, verdict) in enumerate(zip(group.completions, group.verdicts, strict=True)):
            yield {
                "benchmark": benchmark,
                "problem_id": problem.id,
                "subdomain": problem.subdomain,
                "level": problem.level,
                "sample": sample,
                "seed": derive_seed(seed, problem.id),
                "prompt_sha256": prompt_sha256,
                "prompt": problem.prompt,
                "text": completion.text,
                "token_count": len(completion.token_ids),
                "finish": completion.finish,
                "answer": verdict.answer,
                "gold": problem.answer,
                "correct": verdict.correct,
                "reason": verdict.reason,
            }
