"""Two plain graders of mathematical answers: equal spelling, and the last number.

``exact`` is the strict end: the final answer, found as the project's own verifier finds it, has to be spelled as the
gold is, layout of LaTeX apart. ``last-number`` is the lax end: the last number anywhere in the response is the answer,
which is the flexible extraction of lm-evaluation-harness; it can only judge golds that are numbers.
"""

from __future__ import annotations

import re

from reasoncore.records import Verdict
from reasoncore.verify.math.answer import exact_number, extract_answer, normalise_answer

_MAX_CHARS = 200_000
_NUMBER = re.compile(r"-?\d{1,60}(?:,\d{3})*(?:\.\d{1,60})?")


def exact_match(response: str, gold: str) -> Verdict:
    """Whether the final answer has the gold's normalised spelling."""
    answer = extract_answer(response)
    if answer is None:
        return Verdict(False, 0.0, None, "no answer")
    same = normalise_answer(answer) == normalise_answer(gold)
    return Verdict(same, float(same), answer, "same spelling" if same else "other spelling")


def last_number(response: str, gold: str) -> Verdict:
    """Whether the last number of the response is the gold; not judged where the gold is no number."""
    wanted = exact_number(gold)
    if wanted is None:
        return Verdict(None, 0.0, None, "not judged: gold is no number")
    found = _NUMBER.findall(response[-_MAX_CHARS:])
    if not found:
        return Verdict(False, 0.0, None, "no number")
    same = exact_number(found[-1]) == wanted
    return Verdict(same, float(same), found[-1], "equal numbers" if same else "different numbers")
