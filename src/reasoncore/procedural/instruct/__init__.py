"""Instructions: prompts with checkable constraints, and open-ended prompts, over a small bank of topics."""

from reasoncore.procedural.instruct import constrained, openended
from reasoncore.procedural.instruct.drills import DRILLS

__all__ = ["DRILLS", "SUBDOMAINS"]

SUBDOMAINS = {
    "format": constrained.FORMAT,
    "content": constrained.CONTENT,
    "length": constrained.LENGTH,
    "mixed": constrained.MIXED,
    "open": openended.TYPES,
}
