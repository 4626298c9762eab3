"""The fuse stage: probe an SFT stage's checkpoints, choose specialists, fuse them, probe the result against them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from reasoncore.config import FuseStage
from reasoncore.data.problems import load_problems
from reasoncore.domains import Judge
from reasoncore.domains.rollout import roll_out
from reasoncore.errors import StageFailedError
from reasoncore.evals.statistics import macro_paired_difference
from reasoncore.infer.engine import SamplingParams
from reasoncore.model.fusion import fuse
from reasoncore.progress import say, track
from reasoncore.records import Problem
from reasoncore.run_dir import copy_folder_atomic, now, write_json_atomic, write_text_atomic
from reasoncore.seeding import derive_seed
from reasoncore.sft.specialists import (
    choose_specialists,
    fusion_weights,
    mean_by_subdomain,
    mean_over_subdomains,
    pass_at_by_problem,
    split_probes,
    subdomain_of,
)
from reasoncore.stage import StageContext

FUSED = "fused"


def run_fuse(context: StageContext) -> None:
    """Write the fused checkpoint and ``fusion.json``: every score, who was chosen, and who won on fresh problems."""
    settings: FuseStage = context.settings
    started = now()
    context.begin()
    candidates = context.candidates
    seed = derive_seed(context.seed, "problems")
    problems = load_problems(settings.probe, context.domains, "probe", seed, context.root)
    choosing, comparing = split_probes(context.name, problems)
    last = list(candidates)[-1]
    with context.judge() as judge:
        k = 1 if settings.chosen_by == "pass@1" else settings.k
        if settings.chosen_by == "last":
            scores, specialists, best = {}, {"all": last}, last
        else:
            probed = _probe_all(context, judge, "choose", candidates, choosing)
            scores = {name: mean_by_subdomain(by_k[str(k)]) for name, by_k in probed.items()}
            specialists = choose_specialists(scores)
            best = max(specialists.values(), key=lambda name: mean_over_subdomains(scores[name]))
        weights = fusion_weights(specialists)
        _write_fused(context, candidates, weights, {"specialists": specialists, "probe_scores": scores})
        rivals = {name: candidates[name] for name in (*weights, last)}
        compared = _probe_all(context, judge, "compare", {**rivals, FUSED: context.directory.checkpoint}, comparing)
    verdict = compare_with_fused({name: by_k[str(settings.k)] for name, by_k in compared.items()}, best, last)
    write_json_atomic(
        context.directory.path / "fusion.json",
        {
            "metric": f"pass@{settings.k}",
            "chosen_by": settings.chosen_by,
            "candidates": scores,
            "specialists": specialists,
            "weights": weights,
            "compared": verdict,
        },
    )
    say(f"{context.name}: {_sentence(verdict, settings.k)}")
    context.finish(started, {"candidates": len(candidates), "fused": len(weights), **_summary(verdict)})


def compare_with_fused(values: Mapping[str, Mapping[str, Mapping[str, float]]], best: str, last: str) -> dict[str, Any]:
    """Macro Pass@K of each model, and the fused one against the best single specialist and the last checkpoint.

    Args:
        values: By model, subdomain and problem; the fused model is called ``"fused"``.
        best: Which of the models is the best single specialist, by problems that are not among these.
        last: Which of the models is the last checkpoint.
    """
    means = {name: mean_over_subdomains(mean_by_subdomain(by_subdomain)) for name, by_subdomain in values.items()}
    return {
        "macro": means,
        "subdomains": {name: mean_by_subdomain(by_subdomain) for name, by_subdomain in values.items()},
        "winner": max(means, key=means.__getitem__),
        "best_specialist": best,
        "fused_minus_best_specialist": _difference(values[FUSED], values[best]),
        "last": last,
        "fused_minus_last": _difference(values[FUSED], values[last]),
    }


def _difference(a: Mapping[str, Mapping[str, float]], b: Mapping[str, Mapping[str, float]]) -> dict[str, Any]:
    both = {key: name for name, part in a.items() for key in part if key in b.get(name, {})}
    return macro_paired_difference(
        {key: [a[name][key]] for key, name in both.items()}, {key: [b[name][key]] for key, name in both.items()}, both
    ).as_json()


def _probe_all(
    context: StageContext, judge: Judge, purpose: str, models: Mapping[str, Path], problems: Sequence[Problem]
) -> dict[str, dict[str, dict[str, dict[str, float]]]]:
    """Pass@1 and Pass@K by model, k, subdomain and problem; kept in ``probes-PURPOSE.json`` after each model."""
    settings: FuseStage = context.settings
    record = context.directory.path / f"probes-{purpose}.json"
    done: dict[str, Any] = json.loads(record.read_text(encoding="utf-8")) if record.exists() else {}
    sampling = SamplingParams(temperature=settings.temperature, max_tokens=settings.max_tokens)
    seed = derive_seed(context.seed, purpose)
    each = len(problems) * settings.samples
    with track(f"{context.name}: probes to {purpose} (samples)", len(models) * each, len(done) * each) as task:
        for name, folder in models.items():
            if name in done:
                continue
            engine = context.engine(folder)
            groups = roll_out(engine, judge, problems, settings.samples, sampling, seed, context.clock, task.advance)
            done[name] = {str(k): pass_at_by_problem(groups, k) for k in sorted({1, settings.k})}
            unjudged = {subdomain_of(p) for p in problems} - done[name][str(settings.k)].keys()
            if unjudged:
                raise StageFailedError(
                    f"stage {context.name}: too little of {', '.join(sorted(unjudged))} could be judged",
                    "See why its verifier fails, and run the same command again.",
                )
            write_json_atomic(record, done)
            context.save_time()
    return done


def _write_fused(
    context: StageContext, candidates: Mapping[str, Path], weights: Mapping[str, float], facts: Mapping[str, Any]
) -> None:
    checkpoint = context.directory.checkpoint
    if not checkpoint.is_dir():
        with context.clock.time("fusing"):
            if len(weights) == 1:
                (only,) = weights
                copy_folder_atomic(candidates[only], checkpoint)
            else:
                fuse([candidates[name] for name in weights], list(weights.values()), checkpoint, facts)
        context.save_time()
    shares = "".join(f"- {name}: {weight:.4f}\n" for name, weight in weights.items())
    write_text_atomic(checkpoint / "README.md", f"{context.model_card()}\nWeights of the average:\n\n{shares}")


def _summary(verdict: Mapping[str, Any]) -> dict[str, Any]:
    macro = verdict["macro"]
    return {
        "macro_fused": macro[FUSED],
        "macro_best_specialist": macro[verdict["best_specialist"]],
        "macro_last": macro[verdict["last"]],
        "winner": verdict["winner"],
    }


def _sentence(verdict: Mapping[str, Any], k: int) -> str:
    macro, best, last = verdict["macro"], verdict["best_specialist"], verdict["last"]
    return (
        f"on fresh probes macro Pass@{k} is {100 * macro[FUSED]:.1f} fused, {100 * macro[best]:.1f} for the best "
        f"single specialist ({best}) and {100 * macro[last]:.1f} for the last checkpoint: {verdict['winner']} won"
    )
