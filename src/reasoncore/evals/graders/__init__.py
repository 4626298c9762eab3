"""Graders that others use, beside the project's own verifiers: what is a grader worth in points?

Only for comparing; nothing is trained or measured with them.
"""

from reasoncore.evals.graders.table import GRADERS, OWN, Grader, find_graders

__all__ = ["GRADERS", "OWN", "Grader", "find_graders"]
