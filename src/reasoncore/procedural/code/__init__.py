"""Code: short Python functions over numbers, lists and strings, from a specification with an example."""

from reasoncore.procedural.code.drills import DRILLS
from reasoncore.procedural.code.types import SUBDOMAINS

__all__ = ["DRILLS", "SUBDOMAINS"]
