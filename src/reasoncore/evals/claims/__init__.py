"""Is a published score what its protocol allows, and does a measurement agree with it?

Three answers, by these rules:

- *inconsistent*: the printed figure is no mean of items x generations zero/one outcomes, rounded to its decimals
  (:mod:`.granularity`); or it lies more than 3 standard errors from a measured one after every allowance for rollouts
  that a token cap cut off (:mod:`.comparison`). The standard error taken is the largest that the figures admit, so
  that the error is on the side of the claim.
- *consistent*: a measured figure within 2 standard errors, with or without a *reported* cut-off rate allowed for, by a
  comparison that could have seen 10 points; or, without a measurement, a printed figure that is possible where others
  with as many decimals are not.
- *cannot tell*: everything else. The items are not known, or the metrics differ; the generations are not known; every
  printed figure would be possible, and nothing was measured; the distance is between 2 and 3 standard errors; it is
  larger, and only cut-offs whose rate or cap was not reported could explain it; or there are too few outcomes to see 10
  points.

"Consistent" is not "true": it says that these numbers do not contradict each other.
"""

from reasoncore.evals.claims.check import ClaimCheck, check_claim, claim_lines
from reasoncore.evals.claims.comparison import Comparison, compare_scores, comparison_lines
from reasoncore.evals.claims.granularity import Granularity, check_granularity, granularity_lines
from reasoncore.evals.claims.reported import ContestRow, contest_lines, contest_rows, reported_score, reported_scores
from reasoncore.evals.claims.score import (
    Score,
    ScoreProtocol,
    Verdict,
    measured_score,
    printed_score,
    score_of_rollouts,
)
from reasoncore.evals.claims.uncertainty import Uncertainty, uncertainty_lines, uncertainty_of

__all__ = [
    "ClaimCheck",
    "Comparison",
    "ContestRow",
    "Granularity",
    "Score",
    "ScoreProtocol",
    "Uncertainty",
    "Verdict",
    "check_claim",
    "check_granularity",
    "claim_lines",
    "compare_scores",
    "comparison_lines",
    "contest_lines",
    "contest_rows",
    "granularity_lines",
    "measured_score",
    "printed_score",
    "reported_score",
    "reported_scores",
    "score_of_rollouts",
    "uncertainty_lines",
    "uncertainty_of",
]
