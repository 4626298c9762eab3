"""The generated benchmarks: problems of each domain that has a generator, from the test split, in files nowhere."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from reasoncore.domains import Domain
from reasoncore.evals.benchmarks.row import Benchmark
from reasoncore.procedural import sample_problems
from reasoncore.records import Problem

PROCEDURAL_COUNT = 400
PROCEDURAL_SEED = 10
PROCEDURAL_PREFIX = "procedural-"
# Open-ended prompts have a reward and no right answer; they are a benchmark of their own.
_OPEN_SUBDOMAINS = {"instruct": ("open",), "chat": ("smalltalk", "facts", "help")}
HARD_COUNT, OPEN_COUNT = 320, 120  # the test split has not many more of some


def generated(domain: Domain) -> list[Benchmark]:
    """Generated problems of a domain: levels 1 to 3, level 4, and the open-ended ones where there are any."""
    opened = [name for name in domain.subdomains if name in _OPEN_SUBDOMAINS.get(domain.name, ())]
    closed = [name for name in domain.subdomains if name not in opened]
    name = f"{PROCEDURAL_PREFIX}{domain.name}"

    def row(suffix: str, subdomains: Sequence[str], levels: tuple[int, ...], note: str, count: int) -> Benchmark:
        def load(benchmark: Benchmark, path: Path | None, limit: int | None) -> list[Problem]:
            return list(_problems(domain, levels, limit or count, PROCEDURAL_SEED, tuple(subdomains)))

        text = f"generated, test split, {note}"
        return Benchmark(f"{name}{suffix}", None, load, domain.name, 8, count, "", text, verified=True)

    rows = [row("-open", opened, (1, 2, 3), "open-ended", OPEN_COUNT)] if opened else []
    if closed:
        rows.append(row("", closed, (1, 2, 3), "levels 1 to 3", PROCEDURAL_COUNT))
        rows.append(row("-hard", closed, (4,), "level 4", HARD_COUNT))
    return rows


def _problems(domain: Domain, levels: tuple[int, ...], count: int, seed: int, chosen: tuple[str, ...]) -> list[Problem]:
    """Made once a process: every evaluation of a recipe asks for the same."""
    key = (id(domain.subdomains), domain.name, levels, count, seed, chosen)
    if key not in _made:
        worked = sample_problems(domain.name, domain.subdomains, levels, "test", count, seed, chosen)
        _made[key] = (domain.subdomains, [item.problem for item in worked])
    return _made[key][1]


_made: dict[tuple[object, ...], tuple[object, list[Problem]]] = {}
"""With the generators beside the problems, so that no others get the same identity."""
