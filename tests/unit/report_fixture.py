"""Fabricated run folders with plausible shapes, for the tests of the report.

:func:`build_run` is a short run on maths alone, as older run folders are: base, SFT, RL, each evaluated.
:func:`build_pipeline` has every kind of stage, four domains, and expectations.
"""

from __future__ import annotations

import hashlib
import json
import math
import random
from pathlib import Path
from typing import Any

from reasoncore.config import Expectation
from reasoncore.evals.comparison import collect_results
from reasoncore.evals.score import score_benchmark

SUBDOMAINS = ("algebra", "arithmetic", "calendar", "counting", "geometry", "number-theory", "sequences", "units")
SKILL = {"eval-base": 0.06, "eval-sft": 0.41, "eval-rl": 0.72}
K = 8
DOMAINS = {
    "math": ("algebra", "geometry", "calculus", "statistics"),
    "code": ("lists", "strings", "numbers"),
    "stem": ("mechanics", "electricity", "chemistry"),
    "instruct": ("format", "content", "length", "mixed"),
}
# What the pipeline's evaluations measure: Pass@1 by domain, and the length of answers in maths.
SCORES = {
    "fuse-broad": ((0.26, 0.24, 0.31, 0.22), 55),
    "fuse-hard": ((0.29, 0.27, 0.33, 0.2), 68),
    "rl-math": ((0.61, 0.3, 0.4, 0.19), 80),
    "rl-short": ((0.6, 0.3, 0.39, 0.19), 52),
    "rl-code": ((0.6, 0.49, 0.41, 0.17), 52),
    "rl-stem": ((0.58, 0.47, 0.63, 0.16), 52),
    "distill": ((0.61, 0.5, 0.62, 0.18), 50),
    "rl-instruct": ((0.56, 0.49, 0.61, 0.52), 50),
}
CLAIMS = {
    "math-rl": ("Math RL raises Pass@1 in maths", "pass@1", ["math"], "fuse-hard", "rl-math", 15.0),
    "short-tokens": ("Long2Short shortens right answers", "correct_tokens", ["math"], "rl-math", "rl-short", -15.0),
    "short-pass": ("Long2Short keeps Pass@1 in maths", "pass@1", ["math"], "rl-math", "rl-short", -1.0),
    "code-rl": ("Code RL raises Pass@1 in code", "pass@1", ["code"], "rl-short", "rl-code", 8.0),
    "stem-rl": ("STEM RL raises Pass@1 in STEM", "pass@1", ["stem"], "rl-code", "rl-stem", 8.0),
    "hard-spectrum": ("The hard stage widens Pass@8", "pass@k", ["math", "code"], "fuse-broad", "fuse-hard", 2.0),
    "distill-mean": ("Self-distillation keeps the mean", "pass@1", ["math", "code", "stem"], "rl-stem", "distill", 0.0),
    "instruct-rl": ("Instruct RL raises strict accuracy", "pass@1", ["instruct"], "distill", "rl-instruct", 10.0),
    "instruct-math": ("Instruct RL keeps maths", "pass@1", ["math"], "distill", "rl-instruct", -2.0),
}
HOSTILE = "<script>alert('x')</script><img src=x onerror=alert(1)></div></details>\u202e reversed \x1b[31m \ud800"


def build_run(folder: Path, problems: int = 160) -> Path:
    """Write a finished run with three evaluations and return its folder."""
    rng = random.Random(7)
    write_json(folder / "run.json", run_json())
    stages = folder / "stages"
    for place, name in enumerate(("tokenizer", "eval-base", "sft", "eval-sft", "rl-math", "eval-rl")):
        stage = stages / f"{place:02}-{name}"
        if name in SKILL:
            build_evaluation(stage, SKILL[name], problems, rng, f"checkpoints/{name[5:]}")
            manifest(stage, name, "eval", 61.2 + 9 * place, {"problems": problems, "samples": problems * K})
        elif name == "sft":
            write_rows(stage / "metrics.jsonl", sft_metrics(rng))
            summary = {"samples": 3994, "dropped_too_long": 6, "tokens": 1_204_331, "steps": 240}
            manifest(stage, name, "sft", 412.7, summary)
        elif name == "rl-math":
            write_rows(stage / "metrics.jsonl", rl_metrics(rng))
            summary = {"prompts": 1000, "kept": 612, "dropped_all_right": 208, "dropped_all_wrong": 180, "steps": 150}
            manifest(stage, name, "rl", 1874.2, summary | {"rollouts": 9600})
        else:
            manifest(stage, name, "tokenizer", 1.4, {"vocabulary": 512})
    write_json(folder / "results.json", collect_results(folder, {}))
    return folder


def build_pipeline(
    folder: Path, problems: int = 12, until: str = "eval-rl-instruct", curves: tuple[str, ...] = ("rl-short",)
) -> Path:
    """Write a run of the whole method, up to and with the stage ``until``, and return its folder.

    ``curves`` are the stages with metrics: to draw them all takes a while.
    """
    rng = random.Random(11)
    expect = {name: expectation(*claim) for name, claim in CLAIMS.items()}
    stages = pipeline_stages()
    recipe = {"name": "nano", "base": "nano-base", "seed": 1, "stages": {n: s["settings"] for n, s in stages.items()}}
    content = run_json() | {"recipe": recipe | {"expect": {n: e.model_dump(mode="json") for n, e in expect.items()}}}
    write_json(folder / "run.json", content)
    for number, (name, stage) in enumerate(stages.items(), start=1):
        path, kind = folder / "stages" / f"{number:02}-{name}", stage["settings"]["kind"]
        if kind == "eval":
            measure(path, name.removeprefix("eval-"), problems)
        elif kind == "fuse":
            write_json(path / "fusion.json", fusion_json(won=name == "fuse-broad"))
        elif name in curves:
            write_rows(path / "metrics.jsonl", rl_metrics(rng, 60) if kind == "rl" else sft_metrics(rng, 120))
        if kind == "distill":
            fates = {"kept": 610, "trimmed": 18, "outside_band": 262, "too_short": 7}
            write_json(path / "selection.json", {f"{d}, bucket {n}": fates for d in ("code", "math") for n in range(3)})
        manifest(path, name, kind, stage["seconds"], stage["summary"], stage["spent"])
        if name == until:
            break
    write_json(folder / "results.json", collect_results(folder, expect))
    return folder


def pipeline_stages() -> dict[str, dict[str, Any]]:
    """Every stage in order: settings of the recipe, summary, seconds and what they were spent on."""
    sft = {"traces": 57_500, "samples": 57_100, "dropped_too_long": 400, "epochs": 1, "steps": 447}
    fused = {"candidates": 7, "fused": 3, "macro_fused": 0.62, "winner": "fused"}
    rl = {"prompts": 1600, "kept": 1020, "steps": 60, "long2short": 0.0}
    learning, probing = (
        {"updating": (690, 4_100_000)},
        {"sampling": (240, 730_000), "judging": (55, 0), "fusing": (3, 0)},
    )
    rolling = {"sampling": (250, 780_000), "judging": (60, 0), "updating": (120, 400_000)}
    judged = {"sampling": (20, 64_000), "judging": (160, 0), "updating": (90, 60_000), "probing": (12, 0)}
    distilling = {"sampling": (180, 600_000), "judging": (30, 0), "scoring": (25, 300_000), "updating": (140, 900_000)}
    trained = {
        "sft-broad": ("sft", sft, learning),
        "fuse-broad": ("fuse", fused, probing),
        "sft-hard": (
            "sft",
            sft | {"traces": 7000, "samples": 2113, "dropped_too_long": 9, "epochs": 2},
            learning | probing,
        ),
        "fuse-hard": ("fuse", fused, probing),
        "rl-math": ("rl", rl, rolling),
        "rl-short": ("rl", rl | {"long2short": 0.2}, rolling),
        "rl-code": ("rl", rl, judged),
        "rl-stem": ("rl", rl, rolling),
        "distill": ("distill", {"verified": 7240, "selected": 4880, "epochs": 1, "steps": 77}, distilling),
        "rl-instruct": ("rl", rl, rolling),
    }
    stages: dict[str, dict[str, Any]] = {}
    for name, (kind, summary, spent) in trained.items():
        stages[name] = {"settings": {"kind": kind, "start": None}, "summary": summary, "spent": spent}
        if name in SCORES:
            settings = {"kind": "eval", "benchmarks": [f"procedural-{domain}" for domain in DOMAINS]}
            asked = {"sampling": (70, 210_000), "judging": (26, 0)}
            stages[f"eval-{name}"] = {"settings": settings, "summary": {}, "spent": asked}
    for stage in stages.values():
        seconds = {activity: {"seconds": s, "tokens": tokens} for activity, (s, tokens) in stage["spent"].items()}
        stage |= {"spent": seconds, "seconds": 1.04 * sum(part["seconds"] for part in seconds.values())}
    return stages


def expectation(claim: str, metric: str, domains: list[str], before: str, after: str, bound: float) -> Expectation:
    """A row of the recipe's ``expect``."""
    names = tuple(f"procedural-{domain}" for domain in domains)
    side = {"at_most" if metric == "correct_tokens" else "at_least": bound}
    fields = {
        "claim": claim,
        "metric": metric,
        "benchmarks": names,
        "before": f"eval-{before}",
        "after": f"eval-{after}",
    }
    return Expectation.model_validate(fields | side)


def measure(folder: Path, stage: str, problems: int) -> None:
    """Write one evaluation of the pipeline."""
    skills, tokens = SCORES[stage]
    rows_of: dict[str, list[dict[str, Any]]] = {}
    for (domain, subdomains), skill in zip(DOMAINS.items(), skills, strict=True):
        rows = rows_of[f"procedural-{domain}"] = []
        for index in range(problems):
            # A problem is as hard for every stage, and chance is the same, as in a real run: the samples pair.
            luck = random.Random(f"{domain}{index}")
            chance = min(0.99, max(0.01, skill + luck.uniform(-0.25, 0.25)))
            for sample in range(K):
                subdomain, right = subdomains[index % len(subdomains)], luck.random() < chance
                row = rollout(index, sample, subdomain, 1 + index % 3, right, luck)
                rows.append(row | {"benchmark": f"procedural-{domain}", "token_count": tokens + luck.randrange(20)})
    write_evaluation(folder, f"eval-{stage}", "vt3b, max_tokens=192", rows_of)


def fusion_json(won: bool) -> dict[str, Any]:
    """``fusion.json`` of a fuse stage whose average beats everything, or not even the last checkpoint."""
    names = [f"{domain}/{subdomain}" for domain, subdomains in DOMAINS.items() for subdomain in subdomains]
    checkpoints = [*(f"step-{step:08d}" for step in range(60, 420, 60)), "last"]
    draw = random.Random(3)
    scores = {c: {n: round(0.4 + 0.03 * i + draw.uniform(0, 0.1), 3) for n in names} for i, c in enumerate(checkpoints)}
    specialists = {name: max(checkpoints, key=lambda checkpoint: scores[checkpoint][name]) for name in names}
    gain = 0.03 if won else -0.004
    return {
        "metric": "pass@8",
        "chosen_by": "pass@8",
        "candidates": scores,
        "specialists": specialists,
        "weights": dict.fromkeys(specialists.values(), 0.2),
        "compared": {
            "macro": {"last": 0.611, checkpoints[4]: 0.604, "fused": 0.611 + gain},
            "subdomains": {},
            "winner": "fused" if won else "last",
            "best_specialist": "last" if not won else checkpoints[4],
            "fused_minus_best_specialist": {"mean": gain, "ci95": [gain - 0.02, gain + 0.02]},
            "last": "last",
            "fused_minus_last": {"mean": gain, "ci95": [gain - 0.02, gain + 0.02]},
        },
    }


def build_evaluation(folder: Path, skill: float, problems: int, rng: random.Random, model: str) -> None:
    """Write ``rollouts.jsonl`` and ``results.json`` of one evaluation in maths."""
    rows: list[dict[str, Any]] = []
    for index in range(problems):
        subdomain, level = SUBDOMAINS[index % len(SUBDOMAINS)], 1 + index // len(SUBDOMAINS) % 5
        chance = min(0.98, max(0.01, skill + 0.12 - 0.06 * level + 0.15 * math.sin(index % len(SUBDOMAINS))))
        rows += [rollout(index, sample, subdomain, level, rng.random() < chance, rng) for sample in range(K)]
    write_evaluation(folder, model, "nano: temperature 1.0, top-p 1.0, 160 tokens", {"procedural-math": rows})


def write_evaluation(folder: Path, model: str, protocol: str, rows_of: dict[str, list[dict[str, Any]]]) -> None:
    """The two files of an evaluation, from its rollouts by benchmark."""
    blocks = {name: score_benchmark(rows, hashlib.sha256(name.encode()).hexdigest()) for name, rows in rows_of.items()}
    write_rows(folder / "rollouts.jsonl", [row for rows in rows_of.values() for row in rows])
    write_json(folder / "results.json", {"model": model, "protocol": protocol, "benchmarks": blocks})


def rollout(index: int, sample: int, subdomain: str, level: int, correct: bool, rng: random.Random) -> dict[str, Any]:
    """One row of ``rollouts.jsonl``."""
    a, b = 3 + index % 17, 12 + index % 29
    gold = str(a * b)
    answer: str | None = gold if correct else rng.choice([str(a * b + 10), str(a + b), None])
    steps = f"{a} * {b}\n= {a} * {b - b % 10} + {a} * {b % 10}\n= {a * (b - b % 10)} + {a * (b % 10)}"
    direct = f"Multiplying directly, the price of one times how many there are gives {a} * {b}."
    text = (steps if sample % 2 else direct) + (f"\nThe answer is \\boxed{{{answer}}}." if answer else " And then" * 40)
    return {
        "benchmark": "procedural-math",
        "problem_id": f"{subdomain}-{index:04}",
        "subdomain": subdomain,
        "level": level,
        "sample": sample,
        "seed": 1000 + sample,
        "prompt_sha256": hashlib.sha256(str(index).encode()).hexdigest(),
        "prompt": f"A crate holds {a} rows of {b} apples. How many apples are in the crate?",
        "text": text,
        "token_count": len(text) // 3 if answer else 160,
        "finish": "stop" if answer else "length",
        "answer": answer,
        "gold": gold,
        "correct": correct,
        "reason": "equal" if correct else "differs" if answer else "no final answer",
    }


def sft_metrics(rng: random.Random, steps: int = 240) -> list[dict[str, float]]:
    """Rows of a supervised stage."""
    return [
        {
            "step": step,
            "loss": 0.35 + 3.2 * math.exp(-step / 35) + rng.gauss(0, 0.05),
            "learning_rate": 5e-4 * min(step / 12, 1) * (0.5 + 0.5 * math.cos(math.pi * step / steps)),
            "grad_norm": 0.5 + 2 * math.exp(-step / 30) + abs(rng.gauss(0, 0.1)),
            "num_tokens": 5000 * step,
            "step_time": 1.7,
            "tokens_per_second": 2900 + rng.gauss(0, 120),
        }
        for step in range(1, steps + 1)
    ]


def rl_metrics(rng: random.Random, steps: int = 150) -> list[dict[str, float]]:
    """Rows of a reinforcement learning stage, with a probe every 15 steps."""
    rows = []
    for step in range(1, steps + 1):
        done = step / steps
        row = {
            "step": step,
            "loss": rng.gauss(0, 0.02),
            "reward": 0.4 + 0.33 * done**0.6 + rng.gauss(0, 0.05),
            "reward_std": 0.4 - 0.1 * done,
            "frac_reward_zero_std": min(1.0, 0.1 + 0.35 * done + abs(rng.gauss(0, 0.05))),
            "entropy": 0.42 - 0.2 * done + rng.gauss(0, 0.015),
            "completions/mean_length": 70 - 18 * done + rng.gauss(0, 3),
            "completions/mean_right_length": 62 - 16 * done,
            "completions/clipped_ratio": max(0.0, 0.09 - 0.08 * done + rng.gauss(0, 0.01)),
            "grad_norm": 0.4 + abs(rng.gauss(0, 0.08)),
            "learning_rate": 2e-5,
            "sampling/importance_sampling_ratio/mean": 1 + rng.gauss(0, 2e-4),
            "sampling/sampling_logp_difference/mean": 2e-6 * math.exp(rng.gauss(0, 0.2)),
            "sampling/sampling_logp_difference/max": 4e-5 * math.exp(rng.gauss(0, 0.5)),
            "step_time": 12.3 + rng.gauss(0, 0.4),
            "num_tokens": 4200.0 * step,
        }
        if step % 15 == 0 or step == 1:
            row |= {"probe/pass@1": 0.4 + 0.3 * done**0.7, "probe/pass@8": 0.71 + 0.15 * done}
        rows.append(row)
    return rows


def run_json() -> dict[str, Any]:
    """A resolved recipe with provenance."""
    recipe = {
        "name": "nano",
        "seed": 17,
        "model": {"layers": 4, "width": 128, "vocabulary": 512, "context": 256},
        "stages": {
            "sft": {"kind": "sft", "epochs": 2, "learning_rate": 5e-4, "betas": [0.9, 0.95]},
            "rl-math": {"kind": "rl", "steps": 150, "group_size": 8, "sampling": {"temperature": 1.0, "top_p": 1.0}},
        },
        "data": {"generators": list(SUBDOMAINS), "size": 4000},
    }
    return {
        "name": "nano",
        "seed": 17,
        "recipe": recipe,
        "recipe_sha256": hashlib.sha256(json.dumps(recipe).encode()).hexdigest(),
        "versions": {"reasoncore": "0.1.0", "torch": "2.13.0", "transformers": "5.0.1", "python": "3.11.9"},
        "machine": {"platform": "Linux-6.1-x86_64", "cpu": "AMD EPYC", "cores": 2, "memory_gib": 7.7}
        | {"device": "cpu", "threads": 2},
        "started": "2026-01-17T09:30:12+00:00",
        "command": ["reasoncore", "run", "nano", "--run-dir", "runs/my nano", "--set", "seed=17"],
    }


def manifest(
    stage: Path, name: str, kind: str, seconds: float, summary: dict[str, Any], spent: dict[str, Any] | None = None
) -> None:
    """Mark a stage as done; older runs did not say what the time was spent on."""
    outputs = {f"stages/{stage.name}/metrics.jsonl": hashlib.sha256(name.encode()).hexdigest()}
    times = {"started": "2026-01-17T09:30:12+00:00", "ended": "2026-01-17T10:30:12+00:00", "seconds": seconds}
    content = {"name": name, "kind": kind, "status": "done", **times, "inputs": {}, "outputs": outputs}
    write_json(stage / "manifest.json", content | {"summary": summary} | ({"spent": spent} if spent else {}))


def write_json(path: Path, content: Any) -> None:
    """A JSON file, its folder made where needed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1), encoding="utf-8")


def write_rows(path: Path, rows: list[dict[str, Any]]) -> None:
    """A JSONL file in ASCII, so that any string of Python can be in it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
