"""Where the time went: seconds and tokens of each stage's activities, and what bounds the stage."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from reasoncore.evals.report.scores import mapping, number

# In the order of the bars; the page has a colour for each, and one for whatever else a manifest names.
ACTIVITIES = ("sampling", "judging", "updating", "probing", "scoring", "fusing")
OTHER = "other work"
SMALLEST_SHARE = 0.005  # of a stage's time; less than that is not worth a word


@dataclass(frozen=True, slots=True)
class Spent:
    """What one activity took; 0 tokens where it has none."""

    seconds: float
    tokens: float


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of a bar. ``start`` and ``share`` are shares of the whole time, ``colour`` numbers the colours."""

    name: str
    colour: int
    start: float
    share: float


@dataclass(frozen=True, slots=True)
class Times:
    """One line of the table.

    Attributes:
        rates: Tokens a second while sampling and while updating.
        parts: Activities in the order of the bar; what no activity accounts for is last.
    """

    name: str
    unfinished: bool
    seconds: float
    rates: dict[str, float]
    parts: tuple[Part, ...]

    @property
    def by_share(self) -> list[Part]:
        """The parts, largest first; the first is what bounds the stage."""
        return sorted(self.parts, key=lambda part: -part.share)


def parse_spent(value: Any) -> dict[str, Spent]:
    """``spent`` of a manifest: what has no time or a negative one is left out."""
    spent = {}
    for name, part in mapping(value).items():
        seconds = number(mapping(part).get("seconds"))
        if seconds is not None and seconds >= 0:
            spent[name] = Spent(seconds, max(0.0, number(mapping(part).get("tokens")) or 0.0))
    return spent


def times(name: str, unfinished: bool, seconds: float | None, spent: Mapping[str, Spent]) -> Times:
    """One line; ``seconds`` None takes the sum of the activities."""
    booked = sum(part.seconds for part in spent.values())
    whole = max(seconds or 0.0, booked)
    places = {known: place for place, known in enumerate(ACTIVITIES)}
    parts: list[Part] = []
    start = 0.0
    for activity in sorted(spent, key=lambda activity: (places.get(activity, len(places)), activity)):
        share = spent[activity].seconds / whole if whole else 0.0
        if share >= SMALLEST_SHARE:
            parts.append(Part(activity, places.get(activity, len(places)), start, share))
            start += share
    if spent and 1 - start >= SMALLEST_SHARE and whole:
        parts.append(Part(OTHER, len(places), start, 1 - start))
    rates = {
        activity: part.tokens / part.seconds
        for activity in ("sampling", "updating")
        if (part := spent.get(activity)) is not None and part.seconds > 0 and part.tokens > 0
    }
    return Times(name, unfinished, whole, rates, tuple(parts))


def total(lines: Iterable[tuple[float | None, Mapping[str, Spent]]]) -> Times:
    """The last line, of (seconds, activities) of all stages."""
    seconds, spent = 0.0, dict[str, Spent]()
    for whole, activities in lines:
        seconds += whole or sum(part.seconds for part in activities.values())
        for name, part in activities.items():
            before = spent.get(name, Spent(0.0, 0.0))
            spent[name] = Spent(before.seconds + part.seconds, before.tokens + part.tokens)
    return times("All stages", False, seconds, spent)
