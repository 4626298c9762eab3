r"""Units of measurement: which words count as one, and what two quantities with one have to do with each other.

A word nobody knows (``apples``) says what was counted. A word that changes the value (``squared``, ``or``, ``tenths``)
is never a unit: read as one, it would be ignored.
"""

from __future__ import annotations

import re
from fractions import Fraction

from reasoncore.verify.math.tree import FUNCTIONS, words

_TABLE: dict[str, dict[str, str]] = {
    "length": {
        "1/1000": "mm millimeter millimetre",
        "1/100": "cm centimeter centimetre",
        "1": "m meter metre",
        "1000": "km kilometer kilometre",
        "0.0254": "in inch inche",
        "0.3048": "ft foot feet",
        "0.9144": "yd yard",
        "1609.344": "mi mile",
    },
    "mass": {
        "1/1000": "mg milligram",
        "1": "g gm gram",
        "1000": "kg kilogram",
        "453.59237": "lb lbs pound",
        "28.349523125": "oz ounce",
    },
    "time": {
        "1/1000": "ms millisecond",
        "1": "s sec second",
        "60": "min minute",
        "3600": "h hr hour",
        "86400": "day",
        "604800": "week",
    },
    "long time": {"1": "month", "12": "yr year", "120": "decade", "1200": "century centurie"},
    "angle": {"1": "degree deg", "1/60": "arcminute"},
    "radians": {"1": "rad radian"},
    "money": {"1": "cent penny pennie", "5": "nickel", "10": "dime", "25": "quarter", "100": "dollar usd buck"},
    "volume": {"1/1000": "ml milliliter millilitre", "1": "l liter litre"},
    "speed": {"1": "mph", "1.609344": "kmh kph"},
    "force": {"1": "N newton"},
    "energy": {"1": "J joule"},
    "power": {"1": "W watt"},
    "voltage": {"1": "V volt"},
    "units": {"1": "unit"},
}
_UNITS: dict[str, tuple[str, Fraction]] = {
    name: (dimension, Fraction(factor))
    for dimension, rows in _TABLE.items()
    for factor, names in rows.items()
    for name in names.split()
}
_MULTIPLIERS = {
    **{"ten": 10, "dozen": 12, "hundred": 100, "thousand": 10**3},
    **{"million": 10**6, "billion": 10**9, "trillion": 10**12, "quadrillion": 10**15},
}
_POWERS = frozenset(("squared", "cubed", "sq", "cubic", "square", "per"))
_ORDINAL_ENDINGS = frozenset(("st", "nd", "rd", "th"))
_NO_UNITS = frozenset(
    words(
        "or and nor not no is isn't are was wrong than to from with without if unless except but where when maybe "
        "perhaps minus plus times over mod modulo remainder below above under base divided multiplied raised power "
        "factorial root roots inverse reciprocal negative complement choose prime half halves twice double triple "
        "zero one two three four five six seven eight nine eleven twelve twenty thirty forty fifty sixty seventy "
        "eighty ninety am pm a.m p.m pi infinity"
    )
)
_PART = re.compile(
    r"(?:third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|[a-z]+teenth|[a-z]+tieth|hundredth"
    r"|thousandth|[a-z]*illionth)s?"
)
_WORD = re.compile(r"[A-Za-z]+(?:[.'-][A-Za-z]+)*\.?")


def is_unit(word: str) -> bool:
    """Whether ``word`` is in the table, in singular or plural, or may begin a unit of the table."""
    return _lookup(word) is not None or needs_more(word)


def needs_more(word: str) -> bool:
    """Whether ``word`` is a unit only with another one after it."""
    return word.lower().rstrip(".") in ("sq", "square", "cubic", "per")


def is_counted(word: str, *, shortest: int = 3) -> bool:
    """Whether ``word`` can be what a number counts: a unit, or a word of ``shortest`` letters that changes no value."""
    if is_unit(word):
        return True
    lower = word.lower().rstrip(".")
    if not _WORD.fullmatch(word) or lower in _POWERS or changes_value(lower):
        return False
    return len(lower) >= shortest or lower in _ORDINAL_ENDINGS


def changes_value(word: str) -> bool:
    """Whether a number followed by ``word`` is not that number."""
    lower = word.lower().rstrip(".")
    return lower in _NO_UNITS or lower in FUNCTIONS or bool(_PART.fullmatch(lower)) or multiplier(lower) is not None


def continues_unit(word: str) -> bool:
    """Whether ``word`` may stand in a unit after its first word."""
    return word.lower().rstrip(".") in _POWERS or word.lower() in ("a", "an", "of", "in") or is_counted(word)


def multiplier(word: str) -> int | None:
    """The number ``word`` multiplies by, such as a million, in singular or plural."""
    return _MULTIPLIERS.get(word.lower().removesuffix("s"))


def same_unit(unit: str, other: str) -> bool:
    """Whether two units, not both in the table, may be the same: one only says more than the other."""
    one, two = ({word.rstrip(".s") for word in text.lower().split()} for text in (unit, other))
    return one <= two or two <= one


def unit_ratio(unit: str, other: str) -> Fraction | None:
    """How many of ``other`` one ``unit`` is; 0 where the two do not measure the same thing.

    A unit is the words after a number, with ``^2`` where the power stood. None where either is not in the table, as
    in ``apples``: such words say what was counted.
    """
    one, two = _read(unit), _read(other)
    if one is None or two is None:
        return None
    return one[1] / two[1] if one[0] == two[0] else Fraction(0)


def _read(unit: str) -> tuple[tuple[tuple[str, int], ...], Fraction] | None:
    """Dimensions with their powers, and the factor to the base unit."""
    dimensions: dict[str, int] = {}
    factor, last, sign, next_power = Fraction(1), Fraction(1), 1, 1
    for word in unit.replace("/", " / ").replace("^", " ^").replace("-", " ").replace(".", " ").split():
        if word in ("/", "per"):
            sign = -1
        elif word.lower() in ("square", "sq", "cubic"):
            next_power = 3 if word == "cubic" else 2
        elif word.lower() in ("^2", "^3", "squared", "cubed"):
            extra = 2 if word in ("^3", "cubed") else 1
            if not dimensions:
                return None
            name = next(reversed(dimensions))
            dimensions[name] += extra * sign
            factor *= last**extra
        else:
            found = _lookup(word)
            if found is None:
                return None
            dimensions[found[0]] = dimensions.get(found[0], 0) + sign * next_power
            last = found[1] ** sign
            factor *= last**next_power
            next_power = 1
    return (tuple(sorted(dimensions.items())), factor) if dimensions else None


def _lookup(word: str) -> tuple[str, Fraction] | None:
    word = word.rstrip(".")
    if len(word) > 1 or word == "L":  # one letter means what it is: N is a newton, n a number
        word = word.lower()
    return _UNITS.get(word) or (_UNITS.get(word[:-1]) if len(word) > 2 and word.endswith("s") else None)
