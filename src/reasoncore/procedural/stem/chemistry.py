"""Chemistry by counting: atoms in molecules, molar mass, amounts in a reaction."""

from __future__ import annotations

from random import Random

from reasoncore.procedural.core import Draft, Params, ProblemType
from reasoncore.procedural.math.arithmetic import addition, product, quotient, running_sum
from reasoncore.procedural.stem.forms import by_level, two_form_draft
from reasoncore.procedural.stem.molecules import ATOMIC_MASS, MOLECULES, REACTIONS, molar_mass

_COUNTABLE = tuple(
    (element, formula) for formula, atoms in MOLECULES.items() for element, count in atoms.items() if count > 1
)
_MASS, _AMOUNT = "m", "n"


def _draw_atoms(rng: Random, level: int) -> Params:
    """``(element, formula, molecules)``, the element more than once in the formula."""
    return (*rng.choice(_COUNTABLE), rng.randint(2, 9) if level == 1 else rng.randint(11, 60))


def _write_atoms(params: Params, variant: int) -> Draft:
    element, formula, n = params
    each = MOLECULES[formula][element]
    fact = f"1 {formula} has {each} atoms of {element}"
    return two_form_draft(
        prompts=(
            f"How many {element} atoms are in {n} molecules of {formula}?",
            f"Count the {element} atoms in {n} molecules of {formula}.",
        ),
        value=n * each,
        unit="atoms",
        mistakes=[n, n + each, n * sum(MOLECULES[formula].values()), n * (each + 1), n * (each - 1), each],
        steps=[fact, f"{n}*{each} = {n * each} atoms"],
        check=[fact, product(n, each), f"Check: {n * each}/{each} = {n}"],
        variant=variant,
    )


def _draw_mixture(rng: Random, level: int) -> Params:
    """``(element, formula, molecules, other formula, molecules)``, formulas in alphabetical order."""
    low, high = (2, 12) if level == 3 else (11, 60)
    while True:
        first, second = sorted(rng.sample(sorted(MOLECULES), 2))
        shared = sorted(MOLECULES[first].keys() & MOLECULES[second].keys())
        if shared:
            return rng.choice(shared), first, rng.randint(low, high), second, rng.randint(low, high)


def _write_mixture(params: Params, variant: int) -> Draft:
    element, *halves = params
    if variant // 2 % 2:
        halves = halves[2:] + halves[:2]
    first, n, second, k = halves
    a, b = MOLECULES[first][element], MOLECULES[second][element]
    one, other = n * a, k * b
    total = one + other
    return two_form_draft(
        prompts=(
            f"How many {element} atoms are in {n} molecules of {first} and {k} molecules of {second}?",
            f"Count the {element} atoms in {n} molecules of {first} and {k} molecules of {second}.",
        ),
        value=total,
        unit="atoms",
        mistakes=[n + k, one, other, (n + k) * (a + b), n * b + k * a, one + k, total + a],
        steps=[f"{n}*{a} + {k}*{b} = {one} + {other} = {total} atoms"],
        check=[
            f"1 {first} has {a}, 1 {second} has {b} atoms of {element}",
            _multiple(n, a),
            _multiple(k, b),
            addition(one, other),
            f"Check: ({total} - {other})/{a} = {one}/{a} = {n}",
        ],
        variant=variant,
    )


def _draw_molar(rng: Random, level: int) -> Params:
    """``(asked symbol, formula, amount)``."""
    low, high = {1: (2, 9), 2: (11, 40), 3: (2, 30), 4: (21, 90)}[level]
    return rng.choice((_MASS, _AMOUNT)), rng.choice(tuple(MOLECULES)), rng.randint(low, high)


def _write_given_molar_mass(params: Params, variant: int) -> Draft:
    formula = params[1]
    return _molar_draft(params, f"{formula} has a molar mass of {molar_mass(formula)} g/mol.", [], [], [], variant)


def _write_molar_mass_from_atoms(params: Params, variant: int) -> Draft:
    formula = params[1]
    atoms, molar = MOLECULES[formula], molar_mass(formula)
    masses = {element: count * ATOMIC_MASS[element] for element, count in atoms.items()}
    insertion = " + ".join(f"{count}*{ATOMIC_MASS[element]}" for element, count in atoms.items())
    shares = list(masses.values())
    listed = ", ".join(f"{element} {ATOMIC_MASS[element]}" for element in atoms)
    return _molar_draft(
        params,
        f"Molar masses in g/mol: {listed}.",
        [f"M = {insertion} = {molar} g/mol"],
        [f"M = {insertion} = {' + '.join(map(str, shares))}", *running_sum(shares)],
        [sum(ATOMIC_MASS[element] for element in atoms)],
        variant,
    )


def _molar_draft(
    params: Params, given: str, steps: list[str], fine_steps: list[str], wrong_molar: list[int], variant: int
) -> Draft:
    """``m = n*M``; ``steps`` and ``fine_steps`` find M, ``wrong_molar`` are values of it by mistake."""
    asked, formula, n = params
    molar = molar_mass(formula)
    m = n * molar
    if asked == _MASS:
        return two_form_draft(
            prompts=(
                f"{given} What is the mass of {n} mol of {formula} in g?",
                f"{given} Find the mass in g of {n} mol of {formula}.",
            ),
            value=m,
            unit="g",
            mistakes=[n + molar, (n + 1) * molar, (n - 1) * molar, 2 * m, *(n * wrong for wrong in wrong_molar)],
            steps=[*steps, f"m = n*M = {n}*{molar} = {m} g"],
            check=[*fine_steps, "m = n*M", product(n, molar), f"Check: {m}/{molar} = {n}"],
            variant=variant,
        )
    return two_form_draft(
        prompts=(
            f"{given} How many mol are {m} g of {formula}?",
            f"{given} Find the amount in mol of {m} g of {formula}.",
        ),
        value=n,
        unit="mol",
        mistakes=[m - molar, molar, n + 1, n - 1, 2 * n, *(m // wrong for wrong in wrong_molar)],
        steps=[*steps, f"n = m/M = {m}/{molar} = {n} mol"],
        check=[*fine_steps, "n = m/M", quotient(m, molar), f"Check: {n}*{molar} = {m}"],
        variant=variant,
    )


def _draw_reaction(rng: Random, level: int) -> Params:
    """``(reaction, given formula, asked formula, how many times the reaction happens)``.

    At levels 1 and 2 the given formula has coefficient 1, so that one multiplication is enough.
    """
    low, high = {1: (2, 9), 2: (11, 60), 3: (2, 30), 4: (21, 120)}[level]
    while True:
        reaction = rng.randrange(len(REACTIONS))
        counts = {**REACTIONS[reaction].left, **REACTIONS[reaction].right}
        given, asked = rng.sample(tuple(counts), 2)
        if counts[given] > 1 if level >= 3 else counts[asked] > counts[given] == 1:
            return REACTIONS[reaction].text(), given, asked, rng.randint(low, high)


_BY_TEXT = {reaction.text(): reaction for reaction in REACTIONS}


def _write_reaction(params: Params, variant: int) -> Draft:
    text, given, asked, times = params
    reaction = _BY_TEXT[text]
    counts = {**reaction.left, **reaction.right}
    a, b = counts[given], counts[asked]
    n, value = a * times, b * times
    if given in reaction.left:
        relation = "react with" if asked in reaction.left else "form from"
    else:
        relation = "make" if asked in reaction.left else "form with"
    return two_form_draft(
        prompts=(
            f"{text}. How many molecules of {asked} {relation} {n} molecules of {given}?",
            f"Reaction: {text}. Find how many molecules of {asked} {relation} {n} molecules of {given}.",
        ),
        value=value,
        unit="molecules",
        mistakes=[n, n * b, n + b, times, n * a, value + b, value - b],
        steps=[f"{n}/{a}*{b} = {times}*{b} = {value} molecules" if a > 1 else f"{n}*{b} = {value} molecules"],
        check=[
            f"{b} {asked} for {a} {given}",
            *([quotient(n, a)] if a > 1 else []),
            _multiple(times, b),
            f"Check: {value}/{b} = {times} = {n}/{a}" if a > 1 else f"Check: {value}/{b} = {times}",
        ],
        variant=variant,
    )


def _multiple(value: int, count: int) -> str:
    return product(value, count) if count > 1 else f"{value}*1 = {value}"


ATOMS = by_level(
    "atoms",
    ProblemType("molecule", _draw_atoms, _write_atoms),
    ProblemType("mixture", _draw_mixture, _write_mixture),
)
MOLAR = by_level(
    "molar",
    ProblemType("given", _draw_molar, _write_given_molar_mass),
    ProblemType("from_atoms", _draw_molar, _write_molar_mass_from_atoms),
)
REACTION = ProblemType("reaction", _draw_reaction, _write_reaction)
