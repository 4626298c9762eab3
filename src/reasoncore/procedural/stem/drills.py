"""Drills: formulas with numbers and units, conversions, and facts about molecules, for pretraining."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from reasoncore.procedural.core import Drill
from reasoncore.procedural.math.arithmetic import running_sum
from reasoncore.procedural.stem import electricity, kinematics, matter
from reasoncore.procedural.stem.molecules import ATOMIC_MASS, MOLECULES, NAMES, REACTIONS, molar_mass

_LAWS = (
    kinematics.MOTION,
    kinematics.FROM_REST,
    electricity.OHM,
    electricity.POWER,
    electricity.ENERGY,
    matter.DENSITY,
    matter.SOLUTION,
)
_CONVERTED = tuple(quantity for law in _LAWS for quantity in law.quantities if quantity.other)
_TOP = {1: 9, 2: 30, 3: 60, 4: 99}


def _law_drill(rng: Random, level: int) -> list[str]:
    law = rng.choice(_LAWS)
    left, right = rng.randint(2, 9), rng.randint(2, _TOP[level])
    if rng.random() < 0.5:
        left, right = right, left
    whole = left * right
    w, a, b = (quantity.symbol for quantity in law.quantities)
    return [
        f"{w} = {a}*{b} = {left}*{right} = {whole} {law.whole.unit}",
        f"{a} = {w}/{b} = {whole}/{right} = {left} {law.left.unit}",
        f"{b} = {w}/{a} = {whole}/{left} = {right} {law.right.unit}",
    ][: rng.randint(1, 3)]


def _unit_drill(rng: Random, level: int) -> list[str]:
    law = rng.choice(_LAWS)
    quantity = rng.choice(law.quantities)
    return [f"{quantity.symbol} is in {quantity.unit}", f"{law.whole.symbol} = {law.left.symbol}*{law.right.symbol}"]


def _conversion_drill(rng: Random, level: int) -> list[str]:
    quantity = rng.choice(_CONVERTED)
    value = quantity.scale.numerator * rng.randint(1, _TOP[level])
    given = f"{value / quantity.scale} {quantity.other}"
    return [quantity.conversion(value) if rng.random() < 0.5 else f"{given} = {value} {quantity.unit}"]


def _speed_drill(rng: Random, level: int) -> list[str]:
    top = _TOP[level]
    u, a, t = rng.randint(1, top), rng.randint(2, 9), rng.randint(2, max(9, top // 3))
    return [f"v = u + a*t = {u} + {a}*{t} = {u} + {a * t} = {u + a * t} m/s"]


def _path_drill(rng: Random, level: int) -> list[str]:
    a, t = 2 * rng.randint(1, max(4, _TOP[level] // 6)), rng.randint(2, 9 if level == 1 else 15)
    return [f"{t}^2 = {t * t}", f"s = a*t^2/2 = {a}*{t * t}/2 = {a * t * t // 2} m"]


def _series_drill(rng: Random, level: int) -> list[str]:
    parts = [rng.randint(2, _TOP[level]) for _ in range(rng.randint(2, 3))]
    return [f"R = {' + '.join(map(str, parts))} = {sum(parts)} ohm"]


def _atoms_drill(rng: Random, level: int) -> list[str]:
    formula = rng.choice(tuple(MOLECULES))
    element, count = rng.choice(tuple(MOLECULES[formula].items()))
    n = rng.randint(2, _TOP[level])
    return [
        f"1 {formula} has {_listed(MOLECULES[formula])}",
        f"{n}*{count} = {n * count} atoms of {element} in {n} {formula}",
    ]


def _name_drill(rng: Random, level: int) -> list[str]:
    formula = rng.choice(tuple(NAMES))
    return [f"{formula} is {NAMES[formula]}: {_listed(MOLECULES[formula])}"]


def _molar_drill(rng: Random, level: int) -> list[str]:
    formula = rng.choice(tuple(MOLECULES))
    atoms = MOLECULES[formula]
    shares = [count * ATOMIC_MASS[element] for element, count in atoms.items()]
    insertion = " + ".join(f"{count}*{ATOMIC_MASS[element]}" for element, count in atoms.items())
    return [f"M of {formula} = {insertion} = {molar_mass(formula)} g/mol", *running_sum(shares)]


def _reaction_drill(rng: Random, level: int) -> list[str]:
    reaction = rng.choice(REACTIONS)
    times = rng.randint(2, _TOP[level])
    counts = {**reaction.left, **reaction.right}
    scaled = ", ".join(f"{count}*{times} = {count * times} {formula}" for formula, count in counts.items())
    return [reaction.text(), scaled]


def _listed(atoms: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {element}" for element, count in atoms.items())


DRILLS: tuple[Drill, ...] = (
    _law_drill,
    _law_drill,
    _unit_drill,
    _conversion_drill,
    _conversion_drill,
    _speed_drill,
    _path_drill,
    _series_drill,
    _atoms_drill,
    _name_drill,
    _molar_drill,
    _reaction_drill,
)
