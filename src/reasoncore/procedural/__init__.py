"""Procedural maths: verifiable problems with several worked solutions each, and plain text about them.

Fresh problems at four levels of difficulty, split by content into train, probe and test; every problem comes with a
correct solution for each strategy: ``direct`` (the answer at once), ``steps`` and ``check`` (fine steps and a check).
"""

from reasoncore.procedural.core import LEVELS, SPLITS, STRATEGIES, ProblemType, Split, WorkedProblem, split_of
from reasoncore.procedural.sampling import generate, sample_problems
from reasoncore.procedural.table import SUBDOMAINS
from reasoncore.procedural.text import plain_text

__all__ = [
    "LEVELS",
    "SPLITS",
    "STRATEGIES",
    "SUBDOMAINS",
    "ProblemType",
    "Split",
    "WorkedProblem",
    "generate",
    "plain_text",
    "sample_problems",
    "split_of",
]
