"""Fresh contests: hidden tests made from an author's programs, and the table of right first submissions.

A model can have seen old problems and not those of a contest that is newer than it. A contest's judge does not give its
tests away, so these are made here: inputs by a generator, outputs by a reference solution, checked against a brute
force. The figures are *not the judge's own verdict*, and say so wherever they stand.
"""

from reasoncore.evals.contest.build import BuiltProblem, build_problem
from reasoncore.evals.contest.evaluation import evaluated_contests
from reasoncore.evals.contest.files import build_contests, build_lines, manifest_path
from reasoncore.evals.contest.folder import ContestProblem, read_contest
from reasoncore.evals.contest.score import NOT_THE_JUDGES, ContestTable, score_contests, table_lines

__all__ = [
    "NOT_THE_JUDGES",
    "BuiltProblem",
    "ContestProblem",
    "ContestTable",
    "build_contests",
    "build_lines",
    "build_problem",
    "evaluated_contests",
    "manifest_path",
    "read_contest",
    "score_contests",
    "table_lines",
]
