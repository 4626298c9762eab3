"""The plan of a whole run: its stages, totals, how far they move with each assumption, and what to say beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reasoncore.config import EvalStage, PlanSettings, Recipe, RLStage
from reasoncore.plan.costs import parameters
from reasoncore.plan.found import Found
from reasoncore.plan.notes import notes_on, warnings_on
from reasoncore.plan.records import Moved, Plan, StagePlan, Totals
from reasoncore.plan.stages import plan_stages

Variant = tuple[Recipe, PlanSettings]


def make_plan(recipe: Recipe, assumed: PlanSettings | None, found: Found) -> Plan:
    """Work of every stage; with assumptions and the base's shape also what it costs."""
    stages = plan_stages(recipe, assumed, found)
    totals = None
    if assumed is not None and found.shape is not None:
        hours = device_hours(stages)
        published = assumed.published_device_hours
        totals = Totals(
            parameters=parameters(found.shape),
            device_hours=hours,
            usd=hours * assumed.device.usd_per_hour,
            days=hours / assumed.device.devices / 24,
            published_device_hours=published,
            ratio=None if published is None else hours / published,
            sensitivity=tuple(sensitivity(recipe, assumed, found)),
        )
    return Plan(
        stages=stages,
        totals=totals,
        notes=tuple(notes_on(recipe, assumed, stages)),
        warnings=tuple(warnings_on(recipe, assumed, found, stages)),
    )


def device_hours(stages: tuple[StagePlan, ...]) -> float:
    """Sum over the stages."""
    return sum(stage.costs.device_hours for stage in stages if stage.costs)


def sensitivity(recipe: Recipe, assumed: PlanSettings, found: Found) -> Iterator[Moved]:
    """The total with each assumption halved and doubled, the others as they are."""
    device = assumed.device
    values = {
        "decode rate": f"{device.decode_tokens_per_second:,.0f} tokens/s",
        "training utilisation": f"{100 * device.training_utilisation:.0f} % of peak",
        "response lengths": "plan.response_tokens",
        "rows of data": "plan.count",
        "RL steps": "stages.*.steps",
    }
    halved, doubled = scaled(recipe, assumed, 0.5), scaled(recipe, assumed, 2.0)
    for name, value in values.items():
        less, more = (device_hours(plan_stages(*variant[name], found)) for variant in (halved, doubled))
        yield Moved(name, value, less, more)


def scaled(recipe: Recipe, assumed: PlanSettings, factor: float) -> dict[str, Variant]:
    """The recipe and its assumptions with one of them multiplied, each in turn; a utilisation stays at most 1."""
    device = assumed.device

    def with_device(**update: float) -> Variant:
        return recipe, assumed.model_copy(update={"device": device.model_copy(update=update)})

    def with_table(name: str, table: Mapping[str, int], fixed: frozenset[str] = frozenset()) -> Variant:
        times = {key: value if key in fixed else _times(factor, value) for key, value in table.items()}
        return recipe, assumed.model_copy(update={name: times})

    evaluations = [stage for stage in recipe.stages.values() if isinstance(stage, EvalStage)]
    benchmarks = frozenset(name for stage in evaluations for name in stage.benchmarks)
    stages = {
        name: stage.model_copy(update={"steps": _times(factor, stage.steps)}) if isinstance(stage, RLStage) else stage
        for name, stage in recipe.stages.items()
    }
    return {
        "decode rate": with_device(decode_tokens_per_second=factor * device.decode_tokens_per_second),
        "training utilisation": with_device(training_utilisation=min(1.0, factor * device.training_utilisation)),
        "response lengths": with_table("response_tokens", assumed.response_tokens),
        "rows of data": with_table("count", assumed.count, benchmarks),
        "RL steps": (recipe.model_copy(update={"stages": stages}), assumed),
    }


def _times(factor: float, count: int) -> int:
    return max(1, round(factor * count))
