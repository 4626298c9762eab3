"""Electricity: Ohm's law, power, energy, resistors in series."""

from __future__ import annotations

from fractions import Fraction
from random import Random

from reasoncore.procedural.core import Draft, Params, ProblemType
from reasoncore.procedural.math.arithmetic import addition, product, quotient, running_sum
from reasoncore.procedural.stem.forms import by_level, two_form_draft
from reasoncore.procedural.stem.law import Law, Quantity, law_type

_THOUSAND, _MINUTE = Fraction(1000), Fraction(60)
_CURRENT, _SMALLER, _LARGER = "I", "smaller", "larger"

OHM = Law(
    Quantity("U", "V", "kV", _THOUSAND),
    Quantity("R", "ohm", "kohm", _THOUSAND),
    Quantity("I", "A"),
    {
        "U": (
            "A current of {I} flows through {R}. What is the voltage in V?",
            "Find the voltage in V for a current of {I} through {R}.",
        ),
        "R": (
            "A current of {I} flows at a voltage of {U}. What is the resistance in ohm?",
            "Find the resistance in ohm for a current of {I} at a voltage of {U}.",
        ),
        "I": (
            "A resistor of {R} is at a voltage of {U}. What is the current in A?",
            "Find the current in A through {R} at a voltage of {U}.",
        ),
    },
)
POWER = Law(
    Quantity("P", "W", "kW", _THOUSAND),
    Quantity("U", "V", "kV", _THOUSAND),
    Quantity("I", "A"),
    {
        "P": (
            "A lamp is at a voltage of {U} with a current of {I}. What is its power in W?",
            "Find the power in W of a lamp at a voltage of {U} with a current of {I}.",
        ),
        "U": (
            "A lamp has a power of {P} and a current of {I}. What is its voltage in V?",
            "Find the voltage in V of a lamp with a power of {P} and a current of {I}.",
        ),
        "I": (
            "A lamp has a power of {P} at a voltage of {U}. What is its current in A?",
            "Find the current in A of a lamp with a power of {P} at a voltage of {U}.",
        ),
    },
)
ENERGY = Law(
    Quantity("E", "J", "kJ", _THOUSAND),
    Quantity("P", "W", "kW", _THOUSAND),
    Quantity("t", "s", "min", _MINUTE),
    {
        "E": (
            "A heater of {P} runs for {t}. How much energy does it use in J?",
            "Find the energy in J that a heater of {P} uses in {t}.",
        ),
        "P": (
            "A heater uses an energy of {E} in {t}. What is its power in W?",
            "Find the power in W of a heater that uses {E} in {t}.",
        ),
        "t": (
            "A heater of {P} uses an energy of {E}. How long does it run in s?",
            "Find the time in s in which a heater of {P} uses {E}.",
        ),
    },
)


def _draw_resistors(rng: Random, level: int) -> Params:
    """Two or three resistances, ascending."""
    count, low, high = (2, 2, 20) if level == 1 else (3, 5, 60)
    return tuple(sorted(rng.randint(low, high) for _ in range(count)))


def _write_resistors(params: Params, variant: int) -> Draft:
    order = Random(variant // 2).sample(params, len(params))
    listed = f"{', '.join(f'{r} ohm' for r in order[:-1])} and {order[-1]} ohm"
    total, last = sum(order), order[-1]
    return two_form_draft(
        prompts=(
            f"Resistors of {listed} are in series. What is the total resistance in ohm?",
            f"Find the total resistance in ohm of {listed} in series.",
        ),
        value=total,
        unit="ohm",
        mistakes=[total - last, order[0] * order[1], abs(total - 2 * last), total + 1, total - 1, total + last],
        steps=[f"R = {' + '.join(map(str, order))} = {total} ohm"],
        check=[*running_sum(order), f"Check: {total}{''.join(f' - {r}' for r in order[1:])} = {order[0]}"],
        variant=variant,
    )


def _draw_circuit(rng: Random, level: int) -> Params:
    """``(asked, smaller, larger resistance, current)``: total current I, or the voltage of one resistor."""
    low, high, current = (2, 30, 9) if level == 3 else (5, 90, 20)
    r, q = sorted(rng.sample(range(low, high + 1), 2))
    asked = _CURRENT if level == 3 else rng.choice((_SMALLER, _LARGER))
    return asked, r, q, rng.randint(2, current)


def _write_circuit(params: Params, variant: int) -> Draft:
    asked, r, q, i = params
    part = q if asked == _LARGER else r
    if variant // 2 % 2:
        r, q = q, r
    total = r + q
    u = total * i
    series = f"{r} ohm and {q} ohm in series are at a voltage of {u} V"
    current = f"I = U/R = {u}/{total} = {i} A"
    if asked == _CURRENT:
        return two_form_draft(
            prompts=(f"{series}. What is the current in A?", f"Resistors of {series}. Find the current in A."),
            value=i,
            unit="A",
            mistakes=[u // r, u // q, i + 1, i - 1, 2 * i, u - total],
            steps=[f"R = {r} + {q} = {total} ohm", current],
            check=[
                f"R = {addition(r, q)} ohm",
                "I = U/R",
                quotient(u, total),
                f"Check: {r}*{i} + {q}*{i} = {r * i} + {q * i} = {u}",
            ],
            variant=variant,
        )
    rest = total - part
    return two_form_draft(
        prompts=(
            f"{series}. What is the voltage in V at the {part} ohm?",
            f"Resistors of {series}. Find the voltage in V at the {part} ohm.",
        ),
        value=part * i,
        unit="V",
        mistakes=[rest * i, u // 2, i, u - part, part * (i + 1), part * (i - 1)],
        steps=[f"R = {r} + {q} = {total} ohm", current, f"U = R*I = {part}*{i} = {part * i} V"],
        check=[
            f"R = {addition(r, q)} ohm",
            f"I = {quotient(u, total)} A",
            f"U = {product(part, i)} V",
            f"Check: {part * i} + {rest}*{i} = {part * i} + {rest * i} = {u}",
        ],
        variant=variant,
    )


TYPES = (
    law_type("ohm", OHM),
    law_type("power", POWER),
    law_type("energy", ENERGY),
    by_level(
        "series",
        ProblemType("total", _draw_resistors, _write_resistors),
        ProblemType("circuit", _draw_circuit, _write_circuit),
    ),
)
