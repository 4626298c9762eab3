"""Reads a run folder or an evaluation folder, finished or not, into plain dataclasses."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reasoncore.errors import UserInputError
from reasoncore.evals.report.activity import Spent, parse_spent
from reasoncore.evals.report.expectations import Expectation, read_expectations
from reasoncore.evals.report.files import read_object, read_optional, rows
from reasoncore.evals.report.fusion import Fusion, parse_fusion
from reasoncore.evals.report.lengths import RightLength, right_lengths
from reasoncore.evals.report.scores import (
    Comparison,
    Evaluation,
    mapping,
    number,
    parse_comparison,
    parse_evaluation,
    text,
)

UNFINISHED = "unfinished"


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of a run.

    Attributes:
        status: What its manifest says, or ``"unfinished"`` when it has none.
        metrics: The numbers of ``metrics.jsonl``, one row a step, in order of steps; a resumed step counts once.
        evaluation: The result of an evaluation stage.
        rollouts: The file with its rollouts, if there is one.
        spent: What its activities took; of an unfinished stage, so far.
        lengths: Of an evaluation stage, how long right answers are, by benchmark.
        fusion: What a fuse stage found.
        selection: Of a distillation stage, traces by bucket and fate.
    """

    name: str
    kind: str
    status: str
    seconds: float | None
    summary: dict[str, Any]
    inputs: dict[str, str]
    outputs: dict[str, str]
    metrics: tuple[dict[str, float], ...]
    evaluation: Evaluation | None
    rollouts: Path | None
    spent: dict[str, Spent] = field(default_factory=dict)
    lengths: dict[str, RightLength] = field(default_factory=dict)
    fusion: Fusion | None = None
    selection: dict[str, dict[str, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Report:
    """All that the page shows. ``run`` is the content of ``run.json``, empty for an evaluation folder."""

    title: str
    is_run: bool
    run: dict[str, Any]
    stages: tuple[Stage, ...]
    comparisons: tuple[Comparison, ...]
    problems_reading: tuple[str, ...]
    expectations: tuple[Expectation, ...] = ()

    @property
    def evaluations(self) -> tuple[Evaluation, ...]:
        """The evaluations in the order of the stages."""
        return tuple(stage.evaluation for stage in self.stages if stage.evaluation is not None)

    @property
    def comparable(self) -> tuple[Evaluation, ...]:
        """Those that ask in the same way: without those that ask for claims too, where there are others."""
        plain = tuple(one for one in self.evaluations if not one.asks_claims)
        return plain or self.evaluations

    @property
    def recipe(self) -> dict[str, Any]:
        """The resolved recipe."""
        return mapping(self.run.get("recipe"))

    @property
    def recipe_stages(self) -> dict[str, dict[str, Any]]:
        """The settings of every stage that the recipe has, by name, in its order."""
        return {name: mapping(settings) for name, settings in mapping(self.recipe.get("stages")).items()}


def collect(folder: Path) -> Report:
    """Read a run folder or an evaluation folder.

    Raises:
        UserInputError: There is no such folder, or it is neither kind.
    """
    if not folder.is_dir():
        raise UserInputError(f"{folder}: no such folder", "Name a run folder or the --out folder of an evaluation.")
    troubles: list[str] = []
    if (folder / "run.json").is_file() or (folder / "stages").is_dir():
        return _collect_run(folder, troubles)
    results = read_object(folder / "results.json", troubles)
    if "benchmarks" not in results:
        found = f"; {troubles[0]}" if troubles else ""
        raise UserInputError(
            f"{folder}: neither a run folder (run.json) nor an evaluation (results.json with benchmarks){found}",
            "Name the folder that `reasoncore run` or `reasoncore eval --out` wrote.",
        )
    name = folder.resolve().name
    evaluation = parse_evaluation(name, results)
    rollouts = _if_file(folder / "rollouts.jsonl")
    lengths = {} if rollouts is None else right_lengths(rollouts)
    stage = Stage(name, "eval", "done", None, {}, {}, {}, (), evaluation, rollouts, lengths=lengths)
    return Report(name, False, {}, (stage,), (), tuple(troubles))


def numeric_prefix_removed(name: str) -> str:
    """``"eval-base"`` for ``"03-eval-base"``."""
    return re.sub(r"^\d+-", "", name)


def _collect_run(folder: Path, troubles: list[str]) -> Report:
    run = read_object(folder / "run.json", troubles)
    results = read_optional(folder / "results.json", troubles)
    by_stage = mapping(results.get("stages"))
    recipe = mapping(run.get("recipe"))
    settings = mapping(recipe.get("stages"))
    folders = [path for path in (folder / "stages").glob("*") if path.is_dir()]
    stages = [_collect_stage(path, settings, by_stage, troubles) for path in sorted(folders, key=_stage_order)]
    # A run whose stage folders were pruned to save disk still has its scores in the summary.
    present = {stage.name for stage in stages}
    for name, block in by_stage.items():
        if name not in present:
            evaluation = parse_evaluation(name, mapping(block))
            stages.append(Stage(name, "eval", "done", None, {}, {}, {}, (), evaluation, None))
    if all(stage.name in settings for stage in stages):
        stages.sort(key=lambda stage: list(settings).index(stage.name))
    measured = {stage.name: (stage.evaluation, stage.lengths) for stage in stages if stage.evaluation is not None}
    listed = results.get("comparisons")
    comparisons = [parse_comparison(mapping(row)) for row in listed] if isinstance(listed, list) else []
    return Report(
        title=text(run.get("name")) or folder.resolve().name,
        is_run=True,
        run=run,
        stages=tuple(stages),
        comparisons=tuple(comparison for comparison in comparisons if comparison is not None),
        problems_reading=tuple(troubles),
        expectations=read_expectations(recipe, results.get("expectations"), measured),
    )


def _stage_order(path: Path) -> tuple[int, str]:
    prefix = re.match(r"\d+", path.name)
    return (int(prefix.group()) if prefix else 0, path.name)


def _collect_stage(path: Path, settings: dict[str, Any], by_stage: dict[str, Any], troubles: list[str]) -> Stage:
    manifest = read_optional(path / "manifest.json", troubles)
    name = text(manifest.get("name")) or numeric_prefix_removed(path.name)
    metrics = _read_metrics(path / "metrics.jsonl", troubles)
    results = read_optional(path / "results.json", troubles)
    block = results if "benchmarks" in results else mapping(by_stage.get(name))
    evaluation = parse_evaluation(name, block) if block else None
    rollouts = _if_file(path / "rollouts.jsonl")
    planned = text(mapping(settings.get(name)).get("kind"))
    # A stage that is not done yet notes its time beside its snapshots.
    clock = manifest or read_optional(path / "timing.json", troubles)
    return Stage(
        name=name,
        kind=text(manifest.get("kind")) or planned or _guess_kind(name, metrics, evaluation),
        status=text(manifest.get("status")) or UNFINISHED,
        seconds=number(clock.get("seconds")),
        summary=mapping(manifest.get("summary")),
        inputs={str(key): str(value) for key, value in mapping(manifest.get("inputs")).items()},
        outputs={str(key): str(value) for key, value in mapping(manifest.get("outputs")).items()},
        metrics=metrics,
        evaluation=evaluation,
        rollouts=rollouts,
        spent=parse_spent(clock.get("spent")),
        lengths={} if evaluation is None or rollouts is None else right_lengths(rollouts),
        fusion=parse_fusion(read_optional(path / "fusion.json", troubles)),
        selection=_selection(read_optional(path / "selection.json", troubles)),
    )


def _selection(content: dict[str, Any]) -> dict[str, dict[str, int]]:
    counts = {bucket: mapping(fates) for bucket, fates in content.items()}
    return {
        bucket: {fate: int(count) for fate, item in fates.items() if (count := number(item)) is not None}
        for bucket, fates in counts.items()
    }


def _guess_kind(name: str, metrics: tuple[dict[str, float], ...], evaluation: Evaluation | None) -> str:
    """What an unfinished stage, which has no manifest to say so, is about."""
    if evaluation is not None or name.startswith("eval"):
        return "eval"
    if metrics:
        return "rl" if any("reward" in row for row in metrics) else "sft"
    return name.partition("-")[0]


def _read_metrics(path: Path, troubles: list[str]) -> tuple[dict[str, float], ...]:
    if not path.is_file():
        return ()
    by_step: dict[float, dict[str, float]] = {}
    unreadable = 0
    for index, row in enumerate(rows(path)):
        if row is None:
            unreadable += 1
            continue
        numbers = {key: value for key, item in row.items() if (value := number(item)) is not None}
        # A resumed run repeats the steps since its last checkpoint; the later row is the one that counts.
        by_step[numbers.setdefault("step", float(index))] = numbers
    if unreadable:
        lines = "1 line" if unreadable == 1 else f"{unreadable} lines"
        troubles.append(f"{path.parent.name}/{path.name}: {lines} could not be read and are left out")
    return tuple(by_step[step] for step in sorted(by_step))


def _if_file(path: Path) -> Path | None:
    return path if path.is_file() else None
