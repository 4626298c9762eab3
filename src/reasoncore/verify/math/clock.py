"""Times of day: reading one from tokens, and when two are the same."""

from __future__ import annotations

from collections.abc import Sequence

from reasoncore.verify.math.tokens import Token
from reasoncore.verify.math.tree import Node, number

_HOURS = 24
_MINUTES = 60
_AFTER = frozenset((",", ";", ")", "}", "and", "or", "=", ""))


def clock_at(tokens: Sequence[Token], at: int) -> tuple[Node, int] | None:
    """The time of day that begins at ``at`` and the number of its tokens: ``3:30``, ``3:30 p.m.``, ``3 PM``."""
    hour = tokens[at]
    if hour.kind != "number" or not hour.text.isdecimal() or len(hour.text) > 2 or int(hour.text) > _HOURS:
        return None
    colon, minute = (tokens[min(at + ahead, len(tokens) - 1)] for ahead in (1, 2))
    has_minutes = colon.text == ":"
    if has_minutes and (len(minute.text) != 2 or not minute.text.isdecimal() or int(minute.text) >= _MINUTES):
        return None
    length = 3 if has_minutes else 1
    half, half_length = _half_of_day(tokens[at + length : at + length + 4])
    after = tokens[at + length + half_length] if at + length + half_length < len(tokens) else tokens[-1]
    if not (has_minutes or half) or after.text not in _AFTER:
        return None
    minutes = int(minute.text) if has_minutes else 0
    return Node("clock", (number(int(hour.text)), number(minutes)), name=half), length + half_length


def _half_of_day(tokens: Sequence[Token]) -> tuple[str, int]:
    """``am`` or ``pm``, if that is what comes, and the number of its tokens."""
    spelt = ""
    for count, token in enumerate(tokens, start=1):
        spelt += token.text.lower().replace(".", "")
        if spelt not in ("a", "p", "am", "pm"):
            break
        if spelt in ("am", "pm"):
            return spelt, count + (count < len(tokens) and tokens[count].text == ".")
    return "", 0


def same_clock(one: Node, other: Node) -> bool:
    """Whether two scalars, one of them a time of day, are the same; ``5 p.m.`` answers for 5 as with any unit."""
    if one.op == other.op:
        return one.parts == other.parts and (one.name == other.name or not one.name or not other.name)
    clock, value = (one, other) if one.op == "clock" else (other, one)
    return bool(clock.name) and clock.parts == (value, number(0))
