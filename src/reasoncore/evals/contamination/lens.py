"""All that can be asked of a benchmark with what is given: training files, an evaluation, a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from reasoncore.evals.contamination.asking import Asker
from reasoncore.evals.contamination.completion import (
    Completions,
    completion_lines,
    measure_completion,
    twin_question,
)
from reasoncore.evals.contamination.cutoff import CutoffComparison, compare_across_cutoff, cutoff_lines
from reasoncore.evals.contamination.items import Item
from reasoncore.evals.contamination.option_order import OptionOrder, measure_option_order, option_order_lines
from reasoncore.evals.contamination.overlap import Overlap, find_overlap, overlap_lines
from reasoncore.evals.contamination.pairs import Pairs, pairs_lines
from reasoncore.evals.contamination.twins import make_twins, measure_twins
from reasoncore.evals.score import Samples
from reasoncore.progress import track

NEEDS_MODEL = "needs --model or --endpoint"


@dataclass(frozen=True, slots=True)
class Contamination:
    """What was found of a benchmark; None for a part that was not run.

    Attributes:
        not_run: Why a part was not, by its name.
    """

    benchmark: str
    problems: int
    overlap: Overlap | None = None
    cutoff: CutoffComparison | None = None
    twins: Pairs | None = None
    options: OptionOrder | None = None
    completion: Completions | None = None
    not_run: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The attributes; null for a part that was not run."""
        parts = {name: getattr(self, name) for name in ("overlap", "cutoff", "twins", "options", "completion")}
        found = {name: None if part is None else part.as_json() for name, part in parts.items()}
        return {"problems": self.problems, **found, "not_run": dict(self.not_run)}


def look_at_files(
    benchmark: str,
    items: Sequence[Item],
    train: Sequence[Path],
    ngram: int,
    samples: Samples | None,
    cutoff: date | None,
) -> Contamination:
    """The parts that need no model.

    Args:
        benchmark: Its name.
        items: Its problems.
        train: Training files; none leaves that part out.
        ngram: Words of an n-gram.
        samples: Judged samples of an evaluation by problem, where there is one of this benchmark.
        cutoff: First day after the model's training data; None leaves that part out.

    Raises:
        DataError: A training file cannot be read.
    """
    found = Contamination(benchmark, len(items))
    not_run = dict.fromkeys(("twins", "options", "completion"), NEEDS_MODEL)
    if train:
        questions = {item.problem.id: item.question for item in items}
        with track(f"{benchmark} in training files", len(train)) as task:
            found = replace(found, overlap=find_overlap(questions, train, ngram, task.advance))
    else:
        not_run["overlap"] = "needs --train"
    if cutoff is None or samples is None:
        not_run["cutoff"] = "needs --cutoff, and --rollouts with samples of this benchmark"
    elif not any(item.date for item in items):
        not_run["cutoff"] = "no problem has a date; give them with --dates"
    else:
        found = replace(found, cutoff=_across(items, samples, cutoff))
    return replace(found, not_run=not_run)


def _across(items: Sequence[Item], samples: Samples, cutoff: date) -> CutoffComparison:
    before: list[float] = []
    after: list[float] = []
    undated = 0
    for item in items:
        mean = samples[item.problem.id].pass_at(1) if item.problem.id in samples else None
        if mean is None:
            continue
        if item.date is None:
            undated += 1
        else:
            (before if item.date < cutoff else after).append(mean)
    return compare_across_cutoff(before, after, undated)


def ask_model(found: Contamination, items: Sequence[Item], asker: Asker) -> Contamination:
    """The parts that need a model, added to those that were run.

    Raises:
        ReasoncoreError: A completion could not be had.
    """
    not_run = {part: why for part, why in found.not_run.items() if why != NEEDS_MODEL}
    twins = make_twins(items, asker.seed)
    if twins:
        found = replace(found, twins=measure_twins(found.benchmark, items, twins, asker))
    else:
        not_run["twins"] = "no problem has a twin"
    options = measure_option_order(found.benchmark, items, asker)
    if options is None:
        not_run["options"] = "no question has options that can move"
    questions = {i.problem.id: twin_question(i, twins[i.problem.id]) for i in items if i.problem.id in twins}
    completion = measure_completion(items, questions, asker)
    return replace(found, options=options, completion=completion, not_run=not_run)


def contamination_lines(found: Contamination) -> list[str]:
    """What was found, for people, and what was not looked at."""
    lines: list[str] = []
    if found.overlap is not None:
        lines += overlap_lines(found.overlap)
    if found.cutoff is not None:
        lines += cutoff_lines(found.cutoff)
    if found.twins is not None:
        lines += pairs_lines("other numbers", found.twins, "twin")
    if found.options is not None:
        lines += option_order_lines(found.options)
    if found.completion is not None:
        lines += completion_lines(found.completion)
    lines += [f"not run: {part} ({why})" for part, why in found.not_run.items()]
    return [f"{found.benchmark}, {found.problems} problems", *(f"  {line}" for line in lines)]
