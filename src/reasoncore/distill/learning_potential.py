"""Learning potential of a verified trace for a student ([3B] equation 4).

    S_LP(q, y) = -(1/|y|) sum_t ln pi_student(y_t | q, y_<t)          in nats a token

High where the student would not have written the trace itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from reasoncore.train.learner import Learner
from reasoncore.train.packing import TrainingSequence


def learning_potentials(learner: Learner, sequences: Sequence[TrainingSequence]) -> list[float]:
    """S_LP of each sequence's response under the learner's model, in order."""
    return [-float(log_probs_R.double().mean()) for log_probs_R in learner.log_probs(sequences)]
