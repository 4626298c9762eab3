"""Laws such as ``U = R*I``, a whole and two factors: each may be asked for, and another one be converted first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from random import Random

from reasoncore.procedural.core import Draft, Params, ProblemType
from reasoncore.procedural.math.arithmetic import product, quotient
from reasoncore.procedural.stem.forms import two_form_draft

_AS_IT_IS = "-"


@dataclass(frozen=True, slots=True)
class Quantity:
    """A quantity of a law.

    Attributes:
        symbol: As in the formula.
        unit: The unit to calculate in.
        other: A unit that it may be given in instead; empty where there is none.
        scale: How many ``unit`` one ``other`` is.
    """

    symbol: str
    unit: str
    other: str = ""
    scale: Fraction = Fraction(1)

    def conversion(self, value: int) -> str:
        """``3 min = 3*60 s = 180 s``, from the other unit."""
        given = value / self.scale
        steps = [f"{given}*{self.scale.numerator}"]
        if self.scale.denominator > 1:
            steps = [f"{given}/{self.scale.denominator}*{self.scale.numerator}"]
            steps.append(f"{given / self.scale.denominator}*{self.scale.numerator}")
        return " = ".join([f"{given} {self.other}", *(f"{step} {self.unit}" for step in [*steps, str(value)])])


@dataclass(frozen=True, slots=True)
class Law:
    """``whole = left*right``.

    Attributes:
        whole, left, right: The quantities.
        prompts: Phrasings by the symbol that is asked for, with the other two quantities in braces.
    """

    whole: Quantity
    left: Quantity
    right: Quantity
    prompts: Mapping[str, tuple[str, ...]]

    @property
    def quantities(self) -> tuple[Quantity, Quantity, Quantity]:
        """Whole, left and right."""
        return self.whole, self.left, self.right


def law_type(name: str, law: Law) -> ProblemType:
    """Problems about a law, with parameters ``(asked symbol, left, right, symbol given in its other unit)``."""
    return ProblemType(
        name,
        lambda rng, level: _draw_plain(rng, law, level) if level <= 2 else _draw_converted(rng, law, level),
        lambda params, variant: _write(law, params, variant),
    )


def _draw_plain(rng: Random, law: Law, level: int) -> Params:
    factors = [rng.randint(2, 9), rng.randint(2, 9) if level == 1 else rng.randint(11, 60)]
    rng.shuffle(factors)
    return rng.choice(law.quantities).symbol, factors[0], factors[1], _AS_IT_IS


def _draw_converted(rng: Random, law: Law, level: int) -> Params:
    """Level 3 and 4: one of the given quantities is in its other unit."""
    shown = rng.choice([quantity for quantity in law.quantities if quantity.other])
    asked = rng.choice([quantity for quantity in law.quantities if quantity is not shown])
    converted = shown.scale.numerator * (rng.randint(2, 12) if level == 3 else rng.randint(6, 40))
    low, high = (2, 30) if level == 3 else (11, 90)
    if shown is law.whole:
        divisor = rng.choice([i for i in range(low, high + 1) if converted % i == 0])
        answer = converted // divisor
        left, right = (answer, divisor) if asked is law.left else (divisor, answer)
        return asked.symbol, left, right, shown.symbol
    other = rng.randint(low, high)
    left, right = (converted, other) if shown is law.left else (other, converted)
    return asked.symbol, left, right, shown.symbol


def _write(law: Law, params: Params, variant: int) -> Draft:
    asked, left, right, shown = params
    values = {law.whole.symbol: left * right, law.left.symbol: left, law.right.symbol: right}
    units = {quantity.symbol: quantity.unit for quantity in law.quantities}
    numbers: dict[str, int] = dict(values)
    conversions = []
    for quantity in law.quantities:
        if quantity.symbol == shown:
            conversions.append(quantity.conversion(values[shown]))
            numbers[shown], units[shown] = int(values[shown] / quantity.scale), quantity.other
    given = {symbol: f"{numbers[symbol]} {units[symbol]}" for symbol in values}
    value = values[asked]
    whole, one, other = law.whole.symbol, law.left.symbol, law.right.symbol
    if asked == whole:
        formula, insertion, work = f"{one}*{other}", f"{left}*{right}", product(left, right)
        check = f"{value}/{right} = {left}"
        mistakes = [left + right, left * (right + 1), (left - 1) * right, 2 * value, numbers[one] * numbers[other]]
    else:
        known = other if asked == one else one
        formula, insertion = f"{whole}/{known}", f"{left * right}/{values[known]}"
        work, check = quotient(left * right, values[known]), f"{value}*{values[known]} = {left * right}"
        mistakes = [values[whole] - values[known], value + 1, value - 1, 2 * value, values[known]]
        mistakes.append(numbers[whole] // numbers[known] if numbers[whole] % numbers[known] == 0 else 0)
    return two_form_draft(
        prompts=[prompt.format(**given) for prompt in law.prompts[asked]],
        value=value,
        unit=units[asked],
        mistakes=mistakes,
        steps=[*conversions, f"{asked} = {formula} = {insertion} = {value} {units[asked]}"],
        check=[*conversions, f"{asked} = {formula}", work, f"Check: {check}"],
        variant=variant,
    )
