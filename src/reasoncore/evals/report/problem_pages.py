"""Every rollout of an evaluation, on pages beside the report: problem by problem, filtered by verdict without a script.

A rollout file may be too big to hold: the first pass notes where each row begins, the second reads a page's rows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment

from reasoncore.evals.report.rollouts import Rollout, parse_rollout
from reasoncore.evals.report.scores import text
from reasoncore.run_dir import write_text_atomic

FOLDER = "rollouts"
ROLLOUTS_A_PAGE = 1_000
HEAD_CHARACTERS, TAIL_CHARACTERS = 2_000, 1_000

Place = tuple[str, str]  # evaluation, benchmark
Index = dict[str, dict[str, dict[str, int]]]  # benchmark, problem, sample: where the last row of it begins


@dataclass(frozen=True, slots=True)
class ProblemRollouts:
    """A problem and all that was sampled for it. ``share`` is ``"all"``, ``"some"`` or ``"none"``: how often right."""

    problem_id: str
    subdomain: str | None
    level: str | None
    prompt: str | None
    gold: str | None
    share: str
    right: int
    rollouts: tuple[Rollout, ...]


def write_problem_pages(
    environment: Environment, sources: Sequence[tuple[str, Path]], folder: Path, title: str
) -> dict[Place, str]:
    """Write ``folder/rollouts/*.html`` anew.

    Args:
        environment: Renders ``problems.html.jinja``.
        sources: (name of an evaluation, its ``rollouts.jsonl``).
        folder: Where the report is.
        title: Of the report.

    Returns:
        The address of the first page of each benchmark of each evaluation, relative to ``folder``.
    """
    target = folder / FOLDER
    target.mkdir(exist_ok=True)
    for old in target.glob("*.html"):
        old.unlink()
    template = environment.get_template("problems.html.jinja")
    first: dict[Place, str] = {}
    for evaluation, path in sources:
        for benchmark, problems in _index(path).items():
            number = len(first) + 1
            slug = re.sub(r"[^a-z0-9-]+", "-", f"{evaluation}-{benchmark}".lower()).strip("-")[:80]
            pages = list(_pages(problems))
            names = [f"{number:02}-{slug}-{place + 1}.html" for place in range(len(pages))]
            for place, chosen in enumerate(pages):
                shown = [_problem(path, problem, problems[problem]) for problem in chosen]
                page = template.render(
                    title=title, evaluation=evaluation, benchmark=benchmark, problems=shown, names=names, place=place
                )
                write_text_atomic(target / names[place], page)
            first[evaluation, benchmark] = f"{FOLDER}/{names[0]}"
    if not first:
        target.rmdir()
    return first


def _index(path: Path) -> Index:
    index: Index = {}
    with path.open("rb") as stream:
        while line := stream.readline():
            row = _row(line)
            problem = text(row.get("problem_id"))
            if problem is not None:
                samples = index.setdefault(str(row.get("benchmark") or ""), {}).setdefault(problem, {})
                samples[str(row.get("sample"))] = stream.tell() - len(line)
    return index


def _pages(problems: dict[str, dict[str, int]]) -> Iterator[list[str]]:
    """The problems of each page: whole ones, so many that a browser opens it at once."""
    chosen: list[str] = []
    rollouts = 0
    for problem, samples in problems.items():
        if chosen and rollouts + len(samples) > ROLLOUTS_A_PAGE:
            yield chosen
            chosen, rollouts = [], 0
        chosen.append(problem)
        rollouts += len(samples)
    if chosen:
        yield chosen


def _problem(path: Path, problem_id: str, samples: dict[str, int]) -> ProblemRollouts:
    rows = []
    with path.open("rb") as stream:
        for start in samples.values():
            stream.seek(start)
            rows.append(_row(stream.readline()))
    rollouts = tuple(parse_rollout(row, HEAD_CHARACTERS, TAIL_CHARACTERS) for row in rows)
    right = sum(rollout.outcome == "right" for rollout in rollouts)
    return ProblemRollouts(
        problem_id=problem_id,
        subdomain=text(rows[0].get("subdomain")),
        level=text(rows[0].get("level")),
        prompt=text(rows[0].get("prompt")),
        gold=text(rows[0].get("gold")),
        share="all" if right == len(rollouts) else "some" if right else "none",
        right=right,
        rollouts=rollouts,
    )


def _row(line: bytes) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return row if isinstance(row, dict) else {}
