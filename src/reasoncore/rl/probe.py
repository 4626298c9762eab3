"""Learning curves: Pass@1 and Pass@K on a small held-out probing set, measured while a stage trains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from reasoncore.config import ProbeSettings, RLStage
from reasoncore.data.problems import load_problems
from reasoncore.domains.judge import Judge
from reasoncore.domains.rollout import roll_out
from reasoncore.evals.metrics import pass_at_k
from reasoncore.infer.engine import Engine, SamplingParams
from reasoncore.records import Problem
from reasoncore.seeding import derive_seed
from reasoncore.stage import StageContext
from reasoncore.timing import Clock


@dataclass(frozen=True)
class Probe:
    """A probing set and what measures it; ``settings`` None measures nothing."""

    settings: ProbeSettings | None
    problems: Sequence[Problem]
    engine: Engine
    judge: Judge
    sampling: SamplingParams
    seed: int
    clock: Clock

    @classmethod
    def prepare(cls, stage: RLStage, context: StageContext, engine: Engine, judge: Judge) -> Probe:
        """Load the probing set of an RL stage."""
        seed = derive_seed(context.run_seed, "probe")
        problems = load_problems(stage.probe.data, context.domains, "probe", seed, context.root) if stage.probe else []
        sampling = SamplingParams(temperature=stage.temperature, max_tokens=stage.max_tokens)
        return cls(stage.probe, problems, engine, judge, sampling, seed, context.clock)

    def measure(self, steps_done: int) -> dict[str, Any]:
        """Fields for ``metrics.jsonl`` when a measurement is due after so many steps, else none."""
        if self.settings is None or steps_done % self.settings.every:
            return {}
        k = self.settings.samples
        probed = Clock()
        seed = derive_seed(self.seed, steps_done)
        groups = roll_out(self.engine, self.judge, self.problems, k, self.sampling, seed, probed)
        self.clock.add_whole("probing", probed)
        judged = [group.judged for group in groups if len(group.judged) == k]
        row: dict[str, Any] = {"probe/problems": len(judged)}
        for size in sorted({1, k}):
            values = [pass_at_k(k, sum(verdicts), size) for verdicts in judged]
            row[f"probe/pass@{size}"] = float(np.mean(values)) if values else None
        return row
