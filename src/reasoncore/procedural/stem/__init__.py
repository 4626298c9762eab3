"""STEM: kinematics, electricity and matter; each answer a whole number with its unit, or one of four options."""

from reasoncore.procedural.core import ProblemType
from reasoncore.procedural.stem import electricity, kinematics, matter
from reasoncore.procedural.stem.drills import DRILLS

__all__ = ["DRILLS", "SUBDOMAINS"]

SUBDOMAINS: dict[str, tuple[ProblemType, ...]] = {
    "kinematics": kinematics.TYPES,
    "electricity": electricity.TYPES,
    "matter": matter.TYPES,
}
