"""A fabricated run folder with plausible shapes: base, SFT, RL, each evaluated; for the tests of the report."""

from __future__ import annotations

import hashlib
import json
import math
import random
from pathlib import Path
from typing import Any

SUBDOMAINS = ("algebra", "arithmetic", "calendar", "counting", "geometry", "number-theory", "sequences", "units")
SKILL = {"eval-base": 0.06, "eval-sft": 0.41, "eval-rl": 0.72}
K = 8
HOSTILE = "<script>alert('x')</script><img src=x onerror=alert(1)></div></details>\u202e reversed \x1b[31m \ud800"


def build_run(folder: Path, problems: int = 160) -> Path:
    """Write a finished run with three evaluations and return its folder."""
    rng = random.Random(7)
    write_json(folder / "run.json", run_json())
    stages = folder / "stages"
    evaluations = {}
    for place, name in enumerate(("tokenizer", "eval-base", "sft", "eval-sft", "rl-math", "eval-rl")):
        stage = stages / f"{place:02}-{name}"
        if name in SKILL:
            evaluations[name] = build_evaluation(stage, SKILL[name], problems, rng, f"checkpoints/{name[5:]}")
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
    write_json(folder / "results.json", {"stages": evaluations, "comparisons": comparisons(evaluations)})
    return folder


def build_evaluation(folder: Path, skill: float, problems: int, rng: random.Random, model: str) -> dict[str, Any]:
    """Write ``rollouts.jsonl`` and ``results.json`` of one evaluation and return the results."""
    rows: list[dict[str, Any]] = []
    for index in range(problems):
        subdomain, level = SUBDOMAINS[index % len(SUBDOMAINS)], 1 + index // len(SUBDOMAINS) % 5
        chance = min(0.98, max(0.01, skill + 0.12 - 0.06 * level + 0.15 * math.sin(index % len(SUBDOMAINS))))
        rows += [rollout(index, sample, subdomain, level, rng.random() < chance, rng) for sample in range(K)]
    write_rows(folder / "rollouts.jsonl", rows)
    block = score(rows)
    block |= {
        "cutoff_rate": share(rows, lambda row: row["finish"] == "length"),
        "no_answer_rate": share(rows, lambda row: row["answer"] is None),
        "not_judged_rate": 0.0,
        "mean_tokens": sum(row["token_count"] for row in rows) / len(rows),
        "data_sha256": hashlib.sha256(b"problems").hexdigest(),
        "subdomains": {name: score([row for row in rows if row["subdomain"] == name]) for name in SUBDOMAINS},
        "levels": {str(level): score([row for row in rows if row["level"] == level]) for level in range(1, 6)},
    }
    block["macro"] = {"pass@1": block["pass@1"], "pass@k": block["pass@k"]}
    results = {
        "model": model,
        "protocol": "nano: temperature 1.0, top-p 1.0, 160 tokens",
        "benchmarks": {"procedural-math": block},
    }
    write_json(folder / "results.json", results)
    return results


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


def score(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """n, k, Pass@1, Pass@k and Cons@k of some rows, with intervals of a plausible width."""
    by_problem: dict[str, list[bool]] = {}
    for row in rows:
        by_problem.setdefault(row["problem_id"], []).append(row["correct"])
    n = len(by_problem)

    def estimate(mean: float) -> dict[str, Any]:
        half = 1.96 * math.sqrt(max(mean * (1 - mean), 0.004) / n)
        return {"mean": mean, "ci95": [max(0.0, mean - half), min(1.0, mean + half)]}

    first = estimate(sum(sum(found) / len(found) for found in by_problem.values()) / n)
    whole = estimate(sum(any(found) for found in by_problem.values()) / n)
    vote = estimate(sum(sum(found) > K / 2 for found in by_problem.values()) / n)
    return {"n": n, "k": K, "pass@1": first, "pass@k": {"1": first, str(K): whole}, "cons@k": {str(K): vote}}


def comparisons(evaluations: dict[str, Any]) -> list[dict[str, Any]]:
    """Paired differences of each evaluation against those before it."""
    names = list(evaluations)
    pairs = [(names[0], names[1]), (names[1], names[2]), (names[0], names[2])]
    found = []
    for before, after in pairs:
        for metric in ("pass@1", f"pass@{K}"):
            means = [
                evaluations[name]["benchmarks"]["procedural-math"]["pass@k"][metric.split("@")[1]]["mean"]
                for name in (before, after)
            ]
            gain = means[1] - means[0]
            row = {"from": before, "to": after, "benchmark": "procedural-math", "metric": metric, "macro": True}
            found.append(row | {"difference": gain, "ci95": [gain - 0.034, gain + 0.034]})
    return found


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


def manifest(stage: Path, name: str, kind: str, seconds: float, summary: dict[str, Any]) -> None:
    """Mark a stage as done."""
    outputs = {f"stages/{stage.name}/metrics.jsonl": hashlib.sha256(name.encode()).hexdigest()}
    times = {"started": "2026-01-17T09:30:12+00:00", "ended": "2026-01-17T10:30:12+00:00", "seconds": seconds}
    content = {"name": name, "kind": kind, "status": "done", **times, "inputs": {}, "outputs": outputs}
    write_json(stage / "manifest.json", content | {"summary": summary})


def share(rows: list[dict[str, Any]], chosen: Any) -> float:
    """Share of rows for which ``chosen`` is true."""
    return sum(map(chosen, rows)) / len(rows)


def write_json(path: Path, content: Any) -> None:
    """A JSON file, its folder made where needed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1), encoding="utf-8")


def write_rows(path: Path, rows: list[dict[str, Any]]) -> None:
    """A JSONL file in ASCII, so that any string of Python can be in it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
