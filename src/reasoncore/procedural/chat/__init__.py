"""Chat: single turns of plain dialogue over the topics of the instruct domain."""

from reasoncore.procedural.chat import knowledge, requests, smalltalk
from reasoncore.procedural.chat.drills import DRILLS

__all__ = ["DRILLS", "SUBDOMAINS"]

SUBDOMAINS = {
    "smalltalk": smalltalk.TYPES,
    "facts": knowledge.TYPES,
    "help": requests.TYPES,
}
