"""Asking a model problems that are no benchmark, and keeping what it said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from reasoncore.domains import Judge, cut_off
from reasoncore.domains.rollout import roll_out
from reasoncore.evals.score import ProblemSamples
from reasoncore.infer.engine import Engine, SamplingParams
from reasoncore.progress import track
from reasoncore.records import Group, Problem, to_json_line
from reasoncore.timing import Clock


@dataclass(frozen=True, slots=True)
class Asker:
    """A model, who judges it, and how it is asked.

    Attributes:
        samples: Completions a problem.
        log: A file to which every completion and its verdict are added.
    """

    engine: Engine
    judge: Judge
    samples: int
    sampling: SamplingParams
    seed: int
    log: Path

    def ask(self, title: str, problems: Sequence[Problem]) -> list[ProblemSamples]:
        """The samples of each problem, in order; one that was not judged is left out of its problem.

        Raises:
            ReasoncoreError: A completion could not be had.
        """
        with track(title, len(problems) * self.samples) as task:
            had = roll_out(
                self.engine, self.judge, problems, self.samples, self.sampling, self.seed, Clock(), task.advance
            )
        groups = [_without_cut_offs(group) for group in had]
        with self.log.open("a", encoding="utf-8") as stream:
            stream.writelines(to_json_line(row) for group in groups for row in _rows(title, group))
        return [_samples(group) for group in groups]


def _rows(title: str, group: Group) -> list[dict[str, object]]:
    return [
        {
            "asked_as": title,
            "problem_id": group.problem.id,
            "sample": sample,
            "prompt": group.problem.prompt,
            "text": completion.text,
            "finish": completion.finish,
            "answer": verdict.answer,
            "gold": group.problem.answer,
            "correct": verdict.correct,
            "reason": verdict.reason,
        }
        for sample, (completion, verdict) in enumerate(zip(group.completions, group.verdicts, strict=True))
    ]


def _without_cut_offs(group: Group) -> Group:
    """As in every evaluation, a completion that was cut off gave no answer."""
    verdicts = [
        cut_off(group.problem) if completion.finish == "length" else verdict
        for completion, verdict in zip(group.completions, group.verdicts, strict=True)
    ]
    return replace(group, verdicts=tuple(verdicts))


def _samples(group: Group) -> ProblemSamples:
    judged = [
        (completion, verdict)
        for completion, verdict in zip(group.completions, group.verdicts, strict=True)
        if verdict.correct is not None
    ]
    return ProblemSamples(
        group.problem.id,
        group.problem.subdomain,
        group.problem.level,
        len(group.completions),
        tuple(verdict.answer for _, verdict in judged),
        tuple(bool(verdict.correct) for _, verdict in judged),
        tuple(completion.token_count for completion, _ in judged),
    )
