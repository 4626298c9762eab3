"""Rollouts and their verdicts: prompts through the engine, completions through the domain's verifier."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from reasoncore.domains.table import Verifier
from reasoncore.infer.engine import Engine, Request, SamplingParams
from reasoncore.records import Completion, Group, Problem
from reasoncore.seeding import derive_seed


def roll_out(
    engine: Engine,
    verifier: Verifier,
    problems: Sequence[Problem],
    samples: int,
    sampling: SamplingParams,
    seed: int,
    on_finished: Callable[[int], None] = lambda count: None,
) -> list[Group]:
    """Sample and judge ``samples`` completions of every problem. A draw depends on (seed, problem, sample) only."""
    requests = [
        Request(({"role": "user", "content": problem.prompt},), samples, derive_seed(seed, problem.id))
        for problem in problems
    ]
    completions = engine.generate(requests, sampling, on_finished)
    return judge(verifier, problems, completions)


def judge(verifier: Verifier, problems: Sequence[Problem], completions: Sequence[Sequence[Completion]]) -> list[Group]:
    """Verdicts for completions that are there already."""
    texts = [completion.text for row in completions for completion in row]
    references = [
        problem.answer if problem.reference is None else problem.reference
        for problem, row in zip(problems, completions, strict=True)
        for _ in row
    ]
    verdicts = iter(verifier.judge_many(texts, references))
    return [
        Group(problem, tuple(row), tuple(next(verdicts) for _ in row))
        for problem, row in zip(problems, completions, strict=True)
    ]
