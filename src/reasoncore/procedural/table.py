"""The procedural domains and their subdomains. A new domain is one more row."""

from __future__ import annotations

from reasoncore.procedural import math
from reasoncore.procedural.core import Drill, Subdomains

PROCEDURAL: dict[str, Subdomains] = {
    "math": math.SUBDOMAINS,
}
DRILLS: dict[str, tuple[Drill, ...]] = {
    "math": math.DRILLS,
}
