"""A plan as text: aligned columns, human units, at most 120 columns wide."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from reasoncore.config import PlanSettings
from reasoncore.plan.records import Plan, StagePlan, Totals

WIDTH = 120
_PREFIXES = ("", "K", "M", "G", "T", "P", "E", "Z", "Y")


def plan_text(plan: Plan, assumed: PlanSettings | None) -> str:
    """The table of the stages, the totals, how far they move, notes and warnings."""
    lines = list(_table(plan.stages))
    if plan.totals is not None and assumed is not None:
        lines += ["", *_totals(plan.totals, assumed)]
    lines += [""] if plan.notes or plan.warnings else []
    lines += [line for note in plan.notes for line in _wrapped("note: ", note)]
    lines += [line for warning in plan.warnings for line in _wrapped("warning: ", warning)]
    return "\n".join(lines)


def si(number: float) -> str:
    """Three digits and a prefix: 12.3M, 1.50G; whole numbers under a thousand as they are."""
    power = 0
    while abs(number) >= 999.5 and power < len(_PREFIXES) - 1:
        number, power = number / 1000, power + 1
    if power == 0:
        return f"{number:.0f}"
    return f"{number:.{max(0, 2 - (number >= 9.995) - (number >= 99.95))}f}{_PREFIXES[power]}"


def _table(stages: Sequence[StagePlan]) -> Iterator[str]:
    heads = ["", "stage", "kind", "items", "steps", "rollouts", "trained on"]
    rows = [_work_cells(number, stage) for number, stage in enumerate(stages, start=1)]
    if any(stage.costs for stage in stages):
        heads = [*heads[:-1], "sampled tokens", "trained tokens", "FLOP", "GiB", "device-hours", "USD"]
        rows = [[*row[:-1], *_cost_cells(stage)] for row, stage in zip(rows, stages, strict=True)]
    yield from _aligned([heads, *rows], left=(1, 2))


def _work_cells(number: int, stage: StagePlan) -> list[str]:
    work = stage.work
    counts = (work.items, work.steps, work.rollouts, work.trained)
    return [f"{number}.", stage.name, stage.kind, *(si(count) if count else "-" for count in counts)]


def _cost_cells(stage: StagePlan) -> list[str]:
    costs = stage.costs
    assert costs is not None
    tokens = (costs.generated_tokens, costs.trained_tokens, costs.flops)
    numbers = (costs.memory_gib, costs.device_hours, costs.usd)
    return [*(si(count) if count else "-" for count in tokens), *(f"{number:,.0f}" for number in numbers)]


def _totals(totals: Totals, assumed: PlanSettings) -> Iterator[str]:
    device = assumed.device
    yield (
        f"total {totals.device_hours:,.0f} device-hours, {totals.usd:,.0f} USD, {totals.days:,.1f} days on "
        f"{device.devices} x {device.name}; base of {si(totals.parameters)} parameters"
    )
    yield (
        f"assumed: {device.usd_per_hour:g} USD a device-hour; training at {100 * device.training_utilisation:.0f} % of "
        f"{device.peak_tflops:,.0f} TFLOP/s; {device.decode_tokens_per_second:,.0f} tokens/s sampled, "
        f"{device.prefill_tokens_per_second:,.0f} read"
    )
    if totals.published_device_hours is not None:
        yield (
            f"published {totals.published_device_hours:,.0f} device-hours; the plan's total is {totals.ratio:.2f} of it"
        )
    yield ""
    heads = ["device-hours with", "as it is", "halved", "doubled"]
    rows = [
        [moved.assumption, moved.value, *(_moved(hours, totals) for hours in (moved.halved, moved.doubled))]
        for moved in totals.sensitivity
    ]
    yield from _aligned([heads, *rows], left=(0, 1))


def _moved(hours: float, totals: Totals) -> str:
    """Hours, and the ratio to what is published or else to the plan's own total."""
    against = totals.published_device_hours or totals.device_hours
    return f"{hours:,.0f} ({hours / against:.2f})"


def _aligned(rows: Sequence[Sequence[str]], left: Sequence[int]) -> Iterator[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = [
            cell.ljust(width) if column in left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()


def _wrapped(label: str, text: str) -> list[str]:
    return textwrap.wrap(
        f"{label}{text}.", WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
    )
