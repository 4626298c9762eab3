"""Rollouts and their verdicts: prompts through the engine, completions through the judge."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from reasoncore.domains.judge import Judge, cut_off
from reasoncore.infer.engine import Engine, Request, SamplingParams
from reasoncore.records import Completion, Group, Problem
from reasoncore.seeding import derive_seed
from reasoncore.timing import Clock


def roll_out(
    engine: Engine,
    judge: Judge,
    problems: Sequence[Problem],
    samples: int,
    sampling: SamplingParams,
    seed: int,
    clock: Clock,
    on_finished: Callable[[int], None] = lambda count: None,
) -> list[Group]:
    """Sample and judge ``samples`` completions of every problem. A draw depends on (seed, problem, sample) only.

    ``clock`` is told the time and the tokens of sampling, and the time of judging.
    """
    requests = [
        Request(({"role": "user", "content": problem.prompt},), samples, derive_seed(seed, problem.id))
        for problem in problems
    ]
    with clock.time("sampling") as sampled:
        completions = engine.generate(requests, sampling, on_finished)
        sampled.tokens = sum(completion.token_count or 0 for row in completions for completion in row)
    with clock.time("judging"):
        return _judged(judge, problems, completions)


def _judged(judge: Judge, problems: Sequence[Problem], completions: Sequence[Sequence[Completion]]) -> list[Group]:
    """What was cut off at the token limit gave no answer, whatever stands in it, as in an evaluation."""
    pairs = [(problem, had) for problem, row in zip(problems, completions, strict=True) for had in row]
    ended = [(problem, had.text) for problem, had in pairs if had.finish != "length"]
    judged = iter(judge.judge([problem for problem, _ in ended], [text for _, text in ended]))
    verdicts = iter([cut_off(problem) if had.finish == "length" else next(judged) for problem, had in pairs])
    return [
        Group(problem, tuple(row), tuple(next(verdicts) for _ in row))
        for problem, row in zip(problems, completions, strict=True)
    ]
