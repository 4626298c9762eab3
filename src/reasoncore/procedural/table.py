"""The table of subdomains and their problem types. A new subdomain is one more row."""

from __future__ import annotations

from reasoncore.procedural import algebra, calculus, geometry, statistics
from reasoncore.procedural.core import ProblemType

SUBDOMAINS: dict[str, tuple[ProblemType, ...]] = {
    "algebra": algebra.TYPES,
    "geometry": geometry.TYPES,
    "calculus": calculus.TYPES,
    "statistics": statistics.TYPES,
}
