"""Maths: algebra, geometry, calculus and statistics, each answer an exact rational number."""

from reasoncore.procedural.math import algebra, calculus, geometry, statistics
from reasoncore.procedural.math.drills import DRILLS

__all__ = ["DRILLS", "SUBDOMAINS"]

SUBDOMAINS = {
    "algebra": algebra.TYPES,
    "geometry": geometry.TYPES,
    "calculus": calculus.TYPES,
    "statistics": statistics.TYPES,
}
