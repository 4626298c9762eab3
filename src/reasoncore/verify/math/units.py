"""Units of measurement: what two quantities that both carry one have to do with each other."""

from __future__ import annotations

from fractions import Fraction

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
}
_UNITS: dict[str, tuple[str, Fraction]] = {
    name: (dimension, Fraction(factor))
    for dimension, rows in _TABLE.items()
    for factor, names in rows.items()
    for name in names.split()
}
_MULTIPLIERS = {"dozen": 12, "hundred": 100, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}


def is_unit(word: str) -> bool:
    """Whether ``word`` is in the table, in singular or plural."""
    return _lookup(word) is not None or word.lower() in ("squared", "cubed", "sq", "cubic", "square", "per")


def multiplier(word: str) -> int | None:
    """The number ``word`` multiplies by, such as a million."""
    return _MULTIPLIERS.get(word.lower())


def unit_ratio(unit: str, other: str) -> Fraction | None:
    """How many of ``other`` one ``unit`` is; 0 where the two do not measure the same thing.

    A unit is the words after a number, with ``^2`` where the power stood. None where either is not in the table, as
    in ``apples``: such words say what was counted, and two writers choose different ones.
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
    word = word.lower()
    return _UNITS.get(word) or (_UNITS.get(word[:-1]) if len(word) > 2 and word.endswith("s") else None)
