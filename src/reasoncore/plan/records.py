"""What a plan is made of."""

from __future__ import annotations

from dataclasses import dataclass

from reasoncore.plan.costs import Memory
from reasoncore.plan.work import Work


@dataclass(frozen=True)
class Costs:
    """What a stage costs: tokens and FLOPs of the whole stage, memory of one device.

    Attributes:
        response_tokens: Mean length that was assumed, no longer than the stage allows.
        is_longest: No mean is given, so the longest that the stage allows stands for it.
        flops: Training, sampling and reading.
        memory_gib: Peak.
    """

    response_tokens: float
    is_longest: bool
    generated_tokens: float
    read_tokens: float
    trained_tokens: float
    flops: float
    memory: Memory
    memory_gib: float
    device_hours: float
    usd: float


@dataclass(frozen=True)
class StagePlan:
    """A stage's work, and its costs where there are assumptions to tell them by."""

    name: str
    kind: str
    work: Work
    costs: Costs | None


@dataclass(frozen=True)
class Moved:
    """Device-hours of the whole run with one assumption halved and with it doubled."""

    assumption: str
    value: str
    halved: float
    doubled: float


@dataclass(frozen=True)
class Totals:
    """The whole run.

    Attributes:
        parameters: Of the base.
        days: With the work shared evenly by the devices.
        published_device_hours: What a report gives.
        ratio: The plan's device-hours to the published ones.
        sensitivity: How far the device-hours move with each assumption.
    """

    parameters: int
    device_hours: float
    usd: float
    days: float
    published_device_hours: float | None
    ratio: float | None
    sensitivity: tuple[Moved, ...]


@dataclass(frozen=True)
class Plan:
    """A whole run; without assumptions there are no costs and no totals.

    Attributes:
        notes: What the figures leave out or take for granted.
        warnings: What will not work as the recipe stands, or is not known.
    """

    stages: tuple[StagePlan, ...]
    totals: Totals | None
    notes: tuple[str, ...]
    warnings: tuple[str, ...]
