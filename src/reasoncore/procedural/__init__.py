"""Procedural problems: verifiable, with several worked solutions each, and plain text about them.

Fresh problems at four levels of difficulty, split by content into train, probe and test; every problem comes with a
correct response for each strategy of its type: ``direct`` (the answer at once), ``steps`` and ``check`` (fine steps and
a check). One subpackage a domain.
"""

from reasoncore.procedural.core import (
    LEVELS,
    SPLITS,
    STRATEGIES,
    Draft,
    ProblemType,
    Split,
    Subdomains,
    split_of,
)
from reasoncore.procedural.sampling import generate, sample_problems
from reasoncore.procedural.table import PROCEDURAL
from reasoncore.procedural.text import plain_text
from reasoncore.records import WorkedProblem

__all__ = [
    "LEVELS",
    "PROCEDURAL",
    "SPLITS",
    "STRATEGIES",
    "Draft",
    "ProblemType",
    "Split",
    "Subdomains",
    "WorkedProblem",
    "generate",
    "plain_text",
    "sample_problems",
    "split_of",
]
