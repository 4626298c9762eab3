"""The evaluation stage: measure the checkpoint that the stage before left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from reasoncore.config import EvalStage
from reasoncore.domains import Domain
from reasoncore.evals.claim_checks import ClrPlan
from reasoncore.evals.plan import EvalPlan
from reasoncore.evals.protocols import domain_sampling, find_protocol
from reasoncore.evals.runner import evaluate
from reasoncore.paths import find_near
from reasoncore.run_dir import now
from reasoncore.seeding import derive_seed
from reasoncore.stage import StageContext


def eval_plan(settings: EvalStage, seed: int, domains: Mapping[str, Domain], root: Path) -> EvalPlan:
    """What an evaluation stage's settings ask for."""
    given: dict[str, Any] = {} if settings.max_tokens is None else {"max_tokens": settings.max_tokens}
    sampling, by_domain = replace(find_protocol(settings.protocol), **given), domain_sampling(settings.protocol, given)
    data_dir = None
    if settings.data_dir is not None:
        data_dir = find_near(settings.data_dir, root, Path.is_dir) or root / settings.data_dir
    return EvalPlan(
        settings.benchmarks,
        settings.protocol,
        sampling,
        settings.samples,
        settings.limit,
        data_dir,
        seed,
        domains,
        by_domain,
        None if settings.clr is None else ClrPlan(settings.clr.claims),
    )


def run_eval(context: StageContext) -> None:
    """Measure the starting checkpoint, or go on with it."""
    assert context.start is not None
    started = now()
    context.begin(keep_logs=True)
    engine = context.engine(context.start)
    # One seed for all evaluation stages of a run: paired problems, paired draws.
    plan = eval_plan(context.settings, derive_seed(context.run_seed, "eval"), context.domains, context.root)
    results = evaluate(
        engine,
        context.open_ended,
        context.name,
        context.input_hashes,
        plan,
        context.directory.path,
        context.clock,
    )
    summary = {f"{name} pass@1": block["pass@1"]["mean"] for name, block in results["benchmarks"].items()}
    context.finish(started, summary)
