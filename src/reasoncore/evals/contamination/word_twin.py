"""The twin of a word problem: other numbers in the question, and the answer recomputed from its worked solution.

A twin is made only where nothing has to be guessed: every number that enters the solution stands exactly once in the
question, in digits, and no word of the question can mean the same number (``twice`` is a 2, a ``week`` a 7). The new
numbers keep their order, their decimals and their size within a factor of two, and a percentage stays below 100; every
result on the way stays positive, and stays whole where it was whole. All other problems have no twin.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from random import Random

from reasoncore.evals.contamination.chain import Chain, NotReplayableError, read_chain
from reasoncore.evals.contamination.question_numbers import Span, exchangeable_numbers, with_numbers
from reasoncore.records import Problem
from reasoncore.seeding import derive_seed
from reasoncore.verify.math.answer import exact_number

_DRAWS = 500
_PERCENT = re.compile(r"\s?(?:%|percent)")


def word_twin(problem: Problem, question: str, solution: str, seed: int) -> Problem | None:
    """A problem with the numbers of the question exchanged; a function of the arguments.

    Args:
        problem: The original; its prompt holds the question.
        question: What is asked, without the sentence on how to answer.
        solution: Worked solution with calculator annotations, "" where there is none.
        seed: Which twin.

    Returns:
        None where the solution does not replay to the answer, where a number is ambiguous, or no new numbers fit.
    """
    try:
        chain = read_chain(solution)
        leaves = sorted(chain.leaves())
    except NotReplayableError:
        return None
    spans = exchangeable_numbers(question)
    if chain.results[-1] != exact_number(problem.answer) or min(chain.results) <= 0 or not leaves:
        return None
    if any(leaf not in spans or leaf in chain.results for leaf in leaves):
        return None
    places = [spans[leaf] for leaf in leaves]
    rng = Random(derive_seed(seed, "twin", problem.id))
    for _ in range(_DRAWS):
        texts = [_draw(rng, question, place) for place in places]
        answer = _answer(chain, leaves, [_value(text) for text in texts])
        if answer is not None:
            asked = with_numbers(question, dict(zip(places, texts, strict=True)))
            prompt = problem.prompt.replace(question, asked)
            return replace(problem, id=f"{problem.id}-twin", prompt=prompt, answer=str(answer))
    return None


def _draw(rng: Random, question: str, place: Span) -> str:
    """A number for this place, as numbers are written there: decimals, thousands, less than 100 before a percent."""
    old = question[place[0] : place[1]]
    decimals = len(old.partition(".")[2])
    units = int(old.replace(",", "").replace(".", ""))
    low, high = max(2, -(-units // 2)), 2 * units
    if _PERCENT.match(question, place[1]) and _value(old) < 100:
        high = min(high, 100 * 10**decimals - 1)
    new = Fraction(rng.randint(min(low, high), high), 10**decimals)
    return f"{float(new):{',' if ',' in old else ''}.{decimals}f}"


def _value(text: str) -> Fraction:
    return Fraction(text.replace(",", ""))


def _answer(chain: Chain, leaves: Sequence[Fraction], new: Sequence[Fraction]) -> Fraction | None:
    """The answer with new leaves, which are given in the order of the old; None where they do not fit."""
    if any(a >= b for a, b in pairwise(new)) or any(a == b for a, b in zip(new, leaves, strict=True)):
        return None
    try:
        results = chain.replay(dict(zip(leaves, new, strict=True)))
    except NotReplayableError:
        return None
    kept = all(
        now > 0 and (now.denominator == 1 or was.denominator > 1)
        for now, was in zip(results, chain.results, strict=True)
    )
    return results[-1] if kept and results[-1] != chain.results[-1] else None
