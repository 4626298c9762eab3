"""What chemistry asks about: atomic masses, molecules with their atoms, balanced reactions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

ATOMIC_MASS = {"H": 1, "C": 12, "N": 14, "O": 16, "F": 19, "P": 31, "S": 32}
"""In g/mol, rounded to whole numbers."""

MOLECULES: dict[str, dict[str, int]] = {
    "H2O": {"H": 2, "O": 1},
    "CO2": {"C": 1, "O": 2},
    "CH4": {"C": 1, "H": 4},
    "NH3": {"N": 1, "H": 3},
    "SO2": {"S": 1, "O": 2},
    "SO3": {"S": 1, "O": 3},
    "NO2": {"N": 1, "O": 2},
    "CS2": {"C": 1, "S": 2},
    "PH3": {"P": 1, "H": 3},
    "PF3": {"P": 1, "F": 3},
    "CF4": {"C": 1, "F": 4},
    "N2O": {"N": 2, "O": 1},
    "H2O2": {"H": 2, "O": 2},
    "N2H4": {"N": 2, "H": 4},
    "C2H4": {"C": 2, "H": 4},
    "C2H6": {"C": 2, "H": 6},
    "C3H8": {"C": 3, "H": 8},
    "CH4O": {"C": 1, "H": 4, "O": 1},
    "C2H6O": {"C": 2, "H": 6, "O": 1},
    "HNO3": {"H": 1, "N": 1, "O": 3},
    "H2SO4": {"H": 2, "S": 1, "O": 4},
    "H3PO4": {"H": 3, "P": 1, "O": 4},
}
NAMES = {
    "H2O": "water",
    "CO2": "carbon dioxide",
    "CH4": "methane",
    "NH3": "ammonia",
    "SO2": "sulfur dioxide",
    "C2H6": "ethane",
    "C3H8": "propane",
    "HNO3": "nitric acid",
    "H2SO4": "sulfuric acid",
    "H3PO4": "phosphoric acid",
}


@dataclass(frozen=True, slots=True)
class Reaction:
    """A balanced reaction: how many molecules of each formula go in and come out."""

    left: Mapping[str, int]
    right: Mapping[str, int]

    def text(self) -> str:
        """``2 H2 + O2 -> 2 H2O``."""
        return f"{_side(self.left)} -> {_side(self.right)}"


REACTIONS = (
    Reaction({"H2": 2, "O2": 1}, {"H2O": 2}),
    Reaction({"N2": 1, "H2": 3}, {"NH3": 2}),
    Reaction({"CH4": 1, "O2": 2}, {"CO2": 1, "H2O": 2}),
    Reaction({"C2H4": 1, "O2": 3}, {"CO2": 2, "H2O": 2}),
    Reaction({"C3H8": 1, "O2": 5}, {"CO2": 3, "H2O": 4}),
    Reaction({"C2H6": 2, "O2": 7}, {"CO2": 4, "H2O": 6}),
    Reaction({"CH4O": 2, "O2": 3}, {"CO2": 2, "H2O": 4}),
    Reaction({"C2H6O": 1, "O2": 3}, {"CO2": 2, "H2O": 3}),
    Reaction({"NH3": 4, "O2": 5}, {"NO": 4, "H2O": 6}),
    Reaction({"NH3": 4, "O2": 3}, {"N2": 2, "H2O": 6}),
    Reaction({"SO2": 2, "O2": 1}, {"SO3": 2}),
    Reaction({"CO": 2, "O2": 1}, {"CO2": 2}),
    Reaction({"NO": 2, "O2": 1}, {"NO2": 2}),
    Reaction({"CS2": 1, "O2": 3}, {"CO2": 1, "SO2": 2}),
    Reaction({"H2O2": 2}, {"H2O": 2, "O2": 1}),
    Reaction({"O3": 2}, {"O2": 3}),
    Reaction({"N2O": 2}, {"N2": 2, "O2": 1}),
)


def molar_mass(formula: str) -> int:
    """In g/mol, from the rounded atomic masses."""
    return sum(count * ATOMIC_MASS[element] for element, count in MOLECULES[formula].items())


def _side(counts: Mapping[str, int]) -> str:
    return " + ".join(formula if count == 1 else f"{count} {formula}" for formula, count in counts.items())
