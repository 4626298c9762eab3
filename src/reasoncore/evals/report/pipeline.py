"""The pipeline as a figure: the training stages in order, what each did, and what it changed in every domain."""

from __future__ import annotations

from dataclasses import dataclass, field

from reasoncore.evals.report.collect import UNFINISHED, Report, Stage
from reasoncore.evals.report.numbers import duration, quantity
from reasoncore.evals.report.scores import Comparison, Estimate, domain_of, number, text

KIND_NAMES = {
    "base": "Base",
    "pretrain": "Pretraining",
    "sft": "SFT",
    "fuse": "Fusion",
    "rl": "RL",
    "distill": "Distillation",
}
NOT_STARTED = "not started"


@dataclass(frozen=True, slots=True)
class Gain:
    """Pass@1 of one benchmark after a stage.

    Attributes:
        before: Pass@1 after the last stage before it that was measured, None where there is none.
        shown: Whether the paired 95 % interval of the change excludes zero; None where no interval is recorded.
    """

    domain: str
    score: Estimate
    before: float | None
    shown: bool | None

    @property
    def change(self) -> float | None:
        """What the stage changed, as a difference of shares."""
        return None if self.before is None else self.score.mean - self.before

    @property
    def tone(self) -> str:
        """``up`` and ``down`` are for changes that were shown, ``flat`` is for the rest."""
        if not self.shown or not self.change:
            return "flat"
        return "up" if self.change > 0 else "down"


@dataclass(slots=True)
class Box:
    """One stage of the figure; ``evaluation`` is the one that measured it, ``parent`` the box it starts from."""

    name: str
    kind: str
    status: str
    seconds: float | None
    did: list[str]
    parent: Box | None
    evaluation: str | None = None
    scores: dict[str, Estimate] = field(default_factory=dict)
    gains: list[Gain | None] = field(default_factory=list)

    @property
    def kind_name(self) -> str:
        """As the page says it."""
        return KIND_NAMES.get(self.kind, self.kind)


def pipeline(report: Report) -> tuple[Box, ...]:
    """The boxes in order, stages that have not begun included; empty when there is nothing to draw."""
    if not report.is_run:
        return ()
    boxes: dict[str, Box] = {}
    settings = report.recipe_stages
    latest = _base(report)
    if latest is not None:
        boxes[latest.name] = latest
    for stage in report.stages:
        start = text(settings.get(stage.name, {}).get("start"))
        origin = latest if start is None else boxes.get(start)
        if stage.kind != "eval":
            latest = boxes[stage.name] = Box(
                stage.name, stage.kind, stage.status, stage.seconds, _did(stage, start), origin
            )
        elif origin is not None and stage.evaluation is not None and not stage.evaluation.asks_claims:
            origin.evaluation = stage.name
            origin.scores |= _pass_at_1(stage)
    for name, planned in settings.items():
        kind = text(planned.get("kind")) or ""
        if name not in boxes and kind != "eval":
            latest = boxes[name] = Box(name, kind, NOT_STARTED, None, [], latest)
    benchmarks = list(dict.fromkeys(name for box in boxes.values() for name in box.scores))
    for box in boxes.values():
        if box.scores:
            box.gains = [_gain(box, benchmark, report.comparisons) for benchmark in benchmarks]
    return tuple(boxes.values()) if any(box.kind != "base" for box in boxes.values()) else ()


def _base(report: Report) -> Box | None:
    """What the run starts from: the recipe's base, or whatever was measured before the first stage."""
    base = text(report.recipe.get("base"))
    measured = bool(report.stages) and report.stages[0].kind == "eval"
    return Box(base or "base", "base", "done", None, [], None) if base or measured else None


def _pass_at_1(stage: Stage) -> dict[str, Estimate]:
    benchmarks = {} if stage.evaluation is None else stage.evaluation.benchmarks
    return {name: item.overall.pass_at[1] for name, item in benchmarks.items() if 1 in item.overall.pass_at}


def _gain(box: Box, benchmark: str, comparisons: tuple[Comparison, ...]) -> Gain | None:
    if benchmark not in box.scores:
        return None
    earlier = box.parent
    while earlier is not None and benchmark not in earlier.scores:
        earlier = earlier.parent
    before = None if earlier is None else earlier.scores[benchmark].mean
    shown = None
    for comparison in comparisons:
        ends = (comparison.difference.low, comparison.difference.high)
        pair = (comparison.before, comparison.after) == (earlier and earlier.evaluation, box.evaluation)
        if pair and comparison.benchmark == benchmark and comparison.k == 1 and None not in ends:
            low, high = ends
            shown = low > 0 or high < 0  # type: ignore[operator]
    return Gain(domain_of(benchmark), box.scores[benchmark], before, shown)


def _did(stage: Stage, start: str | None) -> list[str]:
    """What a stage did in few words, as far as its manifest says."""
    found = {key: number(value) for key, value in stage.summary.items()}
    said = [] if start is None else [f"from {start}"]

    def say(pattern: str, *keys: str) -> None:
        values = [found.get(key) for key in keys]
        if None not in values:
            said.append(pattern.format(*map(quantity, values)))

    if stage.kind == "sft":
        traces, samples = found.get("traces"), found.get("samples")
        chosen = traces is not None and samples is not None and samples + (found.get("dropped_too_long") or 0) < traces
        say(*(("{} hard samples of {}", "samples", "traces") if chosen else ("{} samples", "samples")))
        if found.get("rejected"):
            say("{} rejected", "rejected")
    elif stage.kind == "pretrain":
        say("{} documents", "samples")
        say("{} tokens", "tokens")
    elif stage.kind == "fuse":
        say("{} specialists of {} checkpoints", "fused", "candidates")
    elif stage.kind == "rl":
        say("{} of {} prompts kept", "kept", "prompts")
        if found.get("long2short"):
            said.append("shorter right answers pay more (Long2Short)")
    elif stage.kind == "distill":
        say("{} of {} verified traces kept", "selected", "verified")
    elif stage.status != UNFINISHED:
        said += [f"{name.replace('_', ' ')} {quantity(value)}" for name, value in list(stage.summary.items())[:3]]
    if stage.kind in {"sft", "distill"} and (found.get("epochs") or 1) > 1:
        say("{} epochs", "epochs")
    if stage.kind in KIND_NAMES:
        say("{} steps", "steps")
    if stage.status == UNFINISHED and stage.metrics:
        said.append(f"{quantity(len(stage.metrics))} steps so far")
    return said


def time_words(box: Box) -> str | None:
    """Status and time of a box."""
    took = None if box.seconds is None else duration(box.seconds)
    if box.status == "done":
        return took
    return box.status if took is None else f"{box.status}, {took}"
