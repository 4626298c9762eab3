"""``reasoncore eval``."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import typer

import reasoncore
from reasoncore.cli.asked_model import AskedModel
from reasoncore.cli.output import print_result
from reasoncore.errors import InfrastructureError, UserInputError

ALL_LOCAL = "all-local"


def eval_command(
    model: AskedModel,
    benchmarks: str,
    data: Path | None,
    samples: int | None,
    limit: int | None,
    protocol: str,
    sampling_overrides: dict[str, Any],
    seed: int,
    fetch: bool,
    clr_claims: int | None,
    out: Path | None,
    bundle: Path | None,
    as_json: bool,
) -> None:
    """Measure a checkpoint, or a model behind an endpoint; write results and report, print a table."""
    from reasoncore.domains import DOMAINS
    from reasoncore.evals.claim_checks import ClrPlan
    from reasoncore.evals.plan import EvalPlan
    from reasoncore.evals.protocols import domain_sampling, find_protocol

    model.check("eval")
    names = benchmark_names(benchmarks, data)
    if fetch:
        from reasoncore.evals.benchmarks.fetch import fetch_missing

        for path in fetch_missing(names, data, DOMAINS):
            typer.echo(f"fetched {path}", err=True)
    given = {name: value for name, value in sampling_overrides.items() if value is not None}
    sampling, by_domain = replace(find_protocol(protocol), **given), domain_sampling(protocol, given)
    clr = None if clr_claims is None else ClrPlan(clr_claims)
    plan = EvalPlan(names, protocol, sampling, samples, limit, data, seed, DOMAINS, by_domain, clr)
    _ = plan.tasks  # what is missing is said before the model is loaded

    from reasoncore.config import PROCEDURAL_JUDGE
    from reasoncore.domains.open_ended import open_ended_judge
    from reasoncore.evals.report import write_report
    from reasoncore.evals.runner import evaluate
    from reasoncore.timing import Clock

    open_ended = partial(open_ended_judge, PROCEDURAL_JUDGE, Path(), model.hardware)
    engine, identity = model.engine(), model.identity()
    digest = hashlib.sha256(json.dumps(plan.identity(identity), sort_keys=True).encode()).hexdigest()[:8]
    target = out or Path("runs") / f"eval-{model.short_name}-{digest}"
    try:
        results = evaluate(engine, open_ended, model.name, identity, plan, target, Clock())
    except InfrastructureError:
        write_report(target)  # of all that could be had
        raise
    written = {"results": target / "results.json", "report": write_report(target)}
    if bundle is not None:
        from reasoncore.evals.bundle import write_bundle

        written["bundle"] = write_bundle(target, bundle, reasoncore.__version__)
    places = "\n".join(f"{what}: {path}" for what, path in written.items())
    print_result(results, f"{results_table(results)}\n\n{places}", as_json)


def list_command(data: Path | None, as_json: bool) -> None:
    """Print the table of benchmarks."""
    from reasoncore.domains import DOMAINS
    from reasoncore.evals.benchmarks.listing import benchmark_rows, benchmark_table
    from reasoncore.evals.benchmarks.load import data_folder

    if data is not None:
        data_folder(data, "--list looks there for the benchmarks' files")
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
    for name, block in results["benchmarks"].items():
        if "clr" in block:
            lines += ["", *clr_lines(name, block["clr"])]
    return "\n".join(lines)


def clr_lines(name: str, block: dict[str, Any]) -> list[str]:
    """CLR's block as rows of text."""
    likely = block["best_log_prob@k"]
    likeliest = f"{'likeliest of k %':<22}" if likely else ""
    lines = [f"{name}: {'k':>3}  {'CLR@k %':<22}{'Cons@k %':<22}{likeliest}CLR minus Cons, points"]
    for k in block["clr@k"]:
        gain = block["clr_minus_cons@k"][k]
        low, high = gain["ci95"]
        ends = "" if low is None else f" ({100 * low:+.1f} to {100 * high:+.1f})"
        lines.append(
            f"{'':<{len(name) + 1}} {k:>3}  {_interval(block['clr@k'][k]):<22}{_interval(block['cons@k'][k]):<22}"
            f"{_interval(likely[k]) if likely else '':<{len(likeliest)}}{100 * gain['mean']:+.1f}{ends}"
        )
    lines.append(
        f"  {block['checks']} checks, {_percent(block['spared'])} % spared; verdicts unreadable "
        f"{_percent(block['unparsable_rate'])} %, claims missing {_percent(block['padded_rate'])} %; "
        f"tokens: {block['tokens']} and {block['check_tokens']} for checks"
    )
    return lines


def _interval(estimate: dict[str, Any]) -> str:
    low, high = estimate["ci95"] or (None, None)
    return f"{_percent(estimate['mean'])} [{_percent(low)}, {_percent(high)}]"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f}"
