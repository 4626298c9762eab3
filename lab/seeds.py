"""Several runs of one recipe side by side: what each stage was expected to do, and whether it did, every seed shown.

    python lab/seeds.py runs/nano runs/seed2 runs/seed3

Prints Markdown. A difference is of held-out problems, paired, with its 95 % interval; "no" stands behind one that
misses its bound. Scores are Pass@1 / Pass@8 in %, macro over subdomains where there are any.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN")
    runs = parser.parse_args().runs
    results = [json.loads((run / "results.json").read_text(encoding="utf-8")) for run in runs]
    seeds = [json.loads((run / "run.json").read_text(encoding="utf-8"))["seed"] for run in runs]
    print("\n".join([*expectations(results, seeds), "", *fusions(runs, seeds), "", *scores(results, seeds)]))


def expectations(results: Sequence[Mapping[str, Any]], seeds: Sequence[int]) -> Iterator[str]:
    """A line for each expectation."""
    yield f"| expected | bound | {' | '.join(f'seed {seed}' for seed in seeds)} |"
    yield "|---" * (2 + len(seeds)) + "|"
    for name, first in results[0]["expectations"].items():
        bound = f"≥ {first['at_least']:+g}" if first["at_least"] is not None else f"≤ {first['at_most']:+g}"
        unit = "% tokens" if first["metric"] == "correct_tokens" else "points"
        cells = [_difference(result["expectations"].get(name)) for result in results]
        yield f"| {first['claim']} | {bound} {unit} | {' | '.join(cells)} |"


def fusions(runs: Sequence[Path], seeds: Sequence[int]) -> Iterator[str]:
    """A line for each fuse stage and seed: macro scores on probes that chose nothing, and fused minus the others."""
    yield "| stage | seed | fused | best single | last | fused - best | fused - last |"
    yield "|---" * 7 + "|"
    for stage in sorted(path.parent.name for path in runs[0].glob("stages/*/fusion.json")):
        for seed, run in zip(seeds, runs, strict=True):
            found = json.loads((run / "stages" / stage / "fusion.json").read_text(encoding="utf-8"))["compared"]
            names = ("fused", found["best_specialist"], found["last"])
            cells = [f"{100 * found['macro'][name]:.1f}" for name in names]
            for key in ("fused_minus_best_specialist", "fused_minus_last"):
                cells.append(_in_points(found[key]))
            yield f"| {stage.partition('-')[2]} | {seed} | {' | '.join(cells)} |"


def scores(results: Sequence[Mapping[str, Any]], seeds: Sequence[int]) -> Iterator[str]:
    """A line for each evaluation and seed."""
    stages = results[0]["stages"]
    benchmarks = list(next(iter(stages.values()))["benchmarks"])
    yield f"| after | seed | {' | '.join(name.removeprefix('procedural-') for name in benchmarks)} |"
    yield "|---" * (2 + len(benchmarks)) + "|"
    for stage in stages:
        for seed, result in zip(seeds, results, strict=True):
            blocks = result["stages"].get(stage, {"benchmarks": {}})["benchmarks"]
            cells = [_score(blocks.get(name)) for name in benchmarks]
            yield f"| {stage.removeprefix('eval-')} | {seed} | {' | '.join(cells)} |"


def _difference(found: Mapping[str, Any] | None) -> str:
    if found is None or found["value"] is None:
        return "-"
    low, high = found["ci95"]
    ends = "" if low is None else f" ({low:+.1f} to {high:+.1f})"
    return f"{found['value']:+.1f}{ends}{'' if found['holds'] else ' **no**'}"


def _in_points(difference: Mapping[str, Any] | None) -> str:
    if difference is None:
        return "-"
    low, high = (100 * end for end in difference["ci95"])
    return f"{100 * difference['mean']:+.1f} ({low:+.1f} to {high:+.1f})"


def _score(block: Mapping[str, Any] | None) -> str:
    if block is None:
        return "-"
    shown = block.get("macro") or block
    k = str(block["k"])
    return " / ".join(f"{100 * mean:.1f}" for mean in (shown["pass@1"]["mean"], shown["pass@k"][k]["mean"]))


if __name__ == "__main__":
    main()
