"""Matter: density, solutions and their dilution, and chemistry by counting."""

from __future__ import annotations

from fractions import Fraction
from math import gcd
from random import Random

from reasoncore.procedural.core import Draft, Params, ProblemType
from reasoncore.procedural.math.arithmetic import addition, product, quotient
from reasoncore.procedural.stem.chemistry import ATOMS, MOLAR, REACTION
from reasoncore.procedural.stem.forms import by_level, two_form_draft
from reasoncore.procedural.stem.law import Law, Quantity, law_type

_CONCENTRATION, _VOLUME, _WATER = "c", "V", "water"

DENSITY = Law(
    Quantity("m", "g"),
    Quantity("rho", "g/cm^3"),
    Quantity("V", "cm^3", "L", Fraction(1000)),
    {
        "m": (
            "A body has a density of {rho} and a volume of {V}. What is its mass in g?",
            "Find the mass in g of a body of {V} with a density of {rho}.",
        ),
        "rho": (
            "A body has a mass of {m} and a volume of {V}. What is its density in g/cm^3?",
            "Find the density in g/cm^3 of a body of {V} with a mass of {m}.",
        ),
        "V": (
            "A body has a mass of {m} and a density of {rho}. What is its volume in cm^3?",
            "Find the volume in cm^3 of a body of {m} with a density of {rho}.",
        ),
    },
)
SOLUTION = Law(
    Quantity("m", "g"),
    Quantity("c", "g/L"),
    Quantity("V", "L"),
    {
        "m": (
            "Salt water has {c}. How much salt in g is in {V}?",
            "Find the mass in g of salt in {V} of salt water with {c}.",
        ),
        "c": (
            "There are {m} of salt in {V} of salt water. What is the concentration in g/L?",
            "Find the concentration in g/L of {V} of salt water with {m} of salt.",
        ),
        "V": (
            "Salt water has {c}. How much of it in L has {m} of salt?",
            "Find the volume in L of salt water with {c} that has {m} of salt.",
        ),
    },
)


def _draw_dilution(rng: Random, level: int) -> Params:
    """``(asked, first concentration, first volume, last volume)`` with a whole last concentration."""
    volume, factor = (9, 9) if level == 3 else (30, 12)
    while True:
        first, last = sorted(rng.sample(range(2, 2 * volume + 1), 2))
        concentration = last // gcd(first, last) * rng.randint(2, factor)
        if first <= volume and concentration <= 40 * (level - 2):
            asked = rng.choice((_CONCENTRATION, _VOLUME) if level == 3 else (_VOLUME, _WATER))
            return asked, concentration, first, last


def _write_dilution(params: Params, variant: int) -> Draft:
    asked, before, first, last = params
    m = before * first
    after = m // last
    water = last - first
    start = f"{first} L of salt water with {before} g/L"
    mass = f"m = c*V = {before}*{first} = {m} g"
    fine_mass = f"m = {product(before, first)} g"
    check = f"Check: {after}*{last} = {m}"
    if asked == _CONCENTRATION:
        return two_form_draft(
            prompts=(
                f"{start} are filled up with water to {last} L. What is the concentration in g/L then?",
                f"Find the concentration in g/L when {start} are filled up with water to {last} L.",
            ),
            value=after,
            unit="g/L",
            mistakes=[before - first, before - after, m - last, before // 2, after + 1, after - 1, 2 * after],
            steps=[mass, f"c = m/V = {m}/{last} = {after} g/L"],
            check=[fine_mass, "c = m/V", quotient(m, last), check],
            variant=variant,
        )
    volume, fine_volume = f"V = m/c = {m}/{after} = {last} L", f"V = {quotient(m, after)} L"
    if asked == _VOLUME:
        return two_form_draft(
            prompts=(
                f"{start} are filled up with water to get {after} g/L. What is the volume in L then?",
                f"Find the volume in L to which {start} are filled up with water to get {after} g/L.",
            ),
            value=last,
            unit="L",
            mistakes=[water, before - after, first + before // after + 1, 2 * first, last + 1, last + first],
            steps=[mass, volume],
            check=[fine_mass, fine_volume, check],
            variant=variant,
        )
    return two_form_draft(
        prompts=(
            f"Water is added to {start} to get {after} g/L. How much water in L is added?",
            f"Find how much water in L is added to {start} to get {after} g/L.",
        ),
        value=water,
        unit="L",
        mistakes=[last, before - after, last + first, water + 1, water - 1, 2 * water],
        steps=[mass, volume, f"{last} - {first} = {water} L"],
        check=[fine_mass, fine_volume, addition(last, -first), check],
        variant=variant,
    )


TYPES = (
    law_type("density", DENSITY),
    by_level(
        "solution",
        law_type("amount", SOLUTION),
        ProblemType("dilution", _draw_dilution, _write_dilution),
    ),
    ATOMS,
    MOLAR,
    REACTION,
)
