"""``reasoncore eval``."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from reasoncore.cli.output import print_result
from reasoncore.config import HardwareSettings
from reasoncore.errors import InfrastructureError, UserInputError

if TYPE_CHECKING:
    from reasoncore.infer.engine import Engine

ALL_LOCAL = "all-local"


def eval_command(
    model: Path | None,
    endpoint: str | None,
    model_name: str | None,
    concurrency: int,
    benchmarks: str,
    data: Path | None,
    samples: int | None,
    limit: int | None,
    protocol: str,
    sampling_overrides: dict[str, Any],
    seed: int,
    device: str,
    threads: int,
    fetch: bool,
    out: Path | None,
    as_json: bool,
) -> None:
    """Measure a checkpoint, or a model behind an endpoint; write results and report, print a table."""
    from reasoncore.domains import DOMAINS
    from reasoncore.evals.protocols import find_protocol
    from reasoncore.evals.runner import EvalPlan

    if device not in ("auto", "cpu", "cuda", "mps"):
        raise UserInputError(f"--device {device}: unknown device", "Use auto, cpu, cuda or mps.")
    if (model is None) == (endpoint is None) or (endpoint is None) != (model_name is None):
        raise UserInputError(
            "eval: one model to measure is needed",
            "Give --model FOLDER, or --endpoint URL with --model-name NAME.",
        )
    names = benchmark_names(benchmarks, data)
    if fetch:
        from reasoncore.evals.benchmarks.fetch import fetch_missing

        for path in fetch_missing(names, data, DOMAINS):
            typer.echo(f"fetched {path}", err=True)
    given = {name: value for name, value in sampling_overrides.items() if value is not None}
    sampling = replace(find_protocol(protocol), **given)
    plan = EvalPlan(names, protocol, sampling, samples, limit, data, seed, DOMAINS)
    _ = plan.tasks  # what is missing is said before the model is loaded

    import torch

    from reasoncore.domains.open_ended import PROCEDURAL_JUDGE, open_ended_judge
    from reasoncore.evals.report import write_report
    from reasoncore.evals.runner import evaluate
    from reasoncore.timing import Clock

    torch.set_num_threads(threads)
    hardware = HardwareSettings(device=device, threads=threads)
    open_ended = partial(open_ended_judge, PROCEDURAL_JUDGE, Path(), hardware)
    engine: Engine
    if model is not None:
        from reasoncore.infer.local import LocalEngine

        engine = LocalEngine.of_checkpoint(model, hardware)
        name, short, identity = str(model), "-".join(model.resolve().parts[-2:]), checkpoint_hashes(model)
    else:
        from reasoncore.infer.http import HttpEngine

        assert endpoint is not None
        assert model_name is not None
        engine = HttpEngine(endpoint, model_name, concurrency=concurrency)
        name, short = f"{model_name} at {endpoint}", re.sub(r"[^\w.-]+", "-", model_name)
        identity = {"endpoint": endpoint, "model_name": model_name}
    digest = hashlib.sha256(json.dumps(plan.identity(identity), sort_keys=True).encode()).hexdigest()[:8]
    target = out or Path("runs") / f"eval-{short}-{digest}"
    try:
        results = evaluate(engine, open_ended, name, identity, plan, target, Clock())
    except InfrastructureError:
        write_report(target)  # of all that could be had
        raise
    report = write_report(target)
    print_result(results, results_table(results) + f"\n\nresults: {target / 'results.json'}\nreport: {report}", as_json)


def list_command(data: Path | None, as_json: bool) -> None:
    """Print the table of benchmarks."""
    from reasoncore.domains import DOMAINS
    from reasoncore.evals.benchmarks.listing import benchmark_rows, benchmark_table

    rows = benchmark_rows(data, DOMAINS)
    print_result(rows, benchmark_table(rows), as_json)


def benchmark_names(given: str, data: Path | None) -> tuple[str, ...]:
    """The names in a list with commas, each once; ``all-local`` stands for those whose file is in the data folder.

    Raises:
        UserInputError: There is no name, or no data folder for ``all-local``.
    """
    from reasoncore.evals.benchmarks import local_benchmarks

    names: list[str] = []
    for word in filter(None, map(str.strip, given.split(","))):
        names += local_benchmarks(data) if word == ALL_LOCAL else [word]
    if not names:
        raise UserInputError("--benchmarks: no name given", "Example: --benchmarks gsm8k,math500. --list shows all.")
    return tuple(dict.fromkeys(names))


def checkpoint_hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of the files that decide what a checkpoint answers."""
    from reasoncore.run_dir import sha256_file

    decisive = [path for path in folder.iterdir() if path.suffix in (".safetensors", ".json", ".jinja")]
    return {path.name: sha256_file(path) for path in sorted(decisive)}


def results_table(results: dict[str, Any]) -> str:
    """Benchmarks as rows of text, percentages with their 95 % intervals."""
    lines = [
        f"{'benchmark':<18}{'n':>6}{'k':>4}  {'Pass@1 %':<22}{'Pass@k %':<22}"
        f"{'Cons@k %':>9}{'cut off %':>11}{'no answer %':>13}{'not judged %':>14}"
    ]
    for name, block in results["benchmarks"].items():
        k = str(block["k"])
        lines.append(
            f"{name:<18}{block['n']:>6}{k:>4}  {_interval(block['pass@1']):<22}{_interval(block['pass@k'][k]):<22}"
            f"{_percent(block['cons@k'][k]['mean']):>9}{_percent(block['cutoff_rate']):>11}"
            f"{_percent(block['no_answer_rate']):>13}{_percent(block['not_judged_rate']):>14}"
        )
    return "\n".join(lines)


def _interval(estimate: dict[str, Any]) -> str:
    low, high = estimate["ci95"] or (None, None)
    return f"{_percent(estimate['mean'])} [{_percent(low)}, {_percent(high)}]"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f}"
