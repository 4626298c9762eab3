"""Plain text for pretraining a small base model: drills, and training problems worked out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random

from reasoncore.procedural.core import LEVELS
from reasoncore.procedural.sampling import training_problem
from reasoncore.procedural.table import DRILLS, PROCEDURAL

QUESTION_SHARE = 0.5
STRATEGY_WEIGHTS = {"direct": 1, "steps": 4, "check": 5}
DOMAIN_WEIGHTS = {"math": 4, "code": 3, "stem": 3, "instruct": 2, "chat": 1}

_MAX_DRILL_CHARACTERS = 200


def plain_text(
    index: int, seed: int, levels: Sequence[int] = LEVELS, weights: Mapping[str, float] = DOMAIN_WEIGHTS
) -> str:
    """Document number ``index`` of a stream; it depends on nothing but the arguments.

    Half are drills of one domain; half are one problem of the training split as ``Question: ...`` and ``Answer: ...``,
    by a random strategy. ``weights``: how often each domain comes.
    """
    rng = Random(f"text/{seed}/{index}")
    level = rng.choice(levels)
    domain = rng.choices(tuple(weights), tuple(weights.values()))[0]
    if rng.random() < QUESTION_SHARE or not DRILLS.get(domain):
        return _question(rng, domain, level)
    lines: list[str] = []
    wanted = rng.randint(3, 8)
    while len(lines) < wanted and sum(map(len, lines)) < _MAX_DRILL_CHARACTERS - 60:
        lines += rng.choice(DRILLS[domain])(rng, level)
    return "\n".join(lines)


def _question(rng: Random, domain: str, level: int) -> str:
    worked = training_problem(domain, PROCEDURAL[domain], rng, level)
    strategies = tuple(worked.solutions)
    strategy = rng.choices(strategies, [STRATEGY_WEIGHTS[name] for name in strategies])[0]
    return f"Question: {worked.problem.prompt}\nAnswer: {worked.solutions[strategy]}"
