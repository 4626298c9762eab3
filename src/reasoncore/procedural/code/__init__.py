"""Code: short Python functions on numbers, lists and strings, judged by hidden tests."""

from reasoncore.procedural.code import arithmetic, conditions, lists, strings
from reasoncore.procedural.code.drills import DRILLS
from reasoncore.procedural.core import ProblemType

__all__ = ["DRILLS", "SUBDOMAINS"]

SUBDOMAINS: dict[str, tuple[ProblemType, ...]] = {
    "arithmetic": arithmetic.TYPES,
    "conditions": conditions.TYPES,
    "lists": lists.TYPES,
    "strings": strings.TYPES,
}
