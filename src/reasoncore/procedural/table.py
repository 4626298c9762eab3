"""The procedural domains: problem types by subdomain, and drills. A new domain is one more row in each."""

from __future__ import annotations

from reasoncore.procedural import chat, code, instruct, math, stem
from reasoncore.procedural.core import Drill, Subdomains

PROCEDURAL: dict[str, Subdomains] = {
    "math": math.SUBDOMAINS,
    "code": code.SUBDOMAINS,
    "stem": stem.SUBDOMAINS,
    "instruct": instruct.SUBDOMAINS,
    "chat": chat.SUBDOMAINS,
}
DRILLS: dict[str, tuple[Drill, ...]] = {
    "math": math.DRILLS,
    "code": code.DRILLS,
    "stem": stem.DRILLS,
    "instruct": instruct.DRILLS,
    "chat": chat.DRILLS,
}
