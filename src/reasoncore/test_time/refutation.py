"""Stage 2 of CLR: claims without their solution, to be refuted one by one, and reading the verdicts.

[3B], [CLR]: one call a trajectory to the same model, which sees only the question and the claims. The wording is ours.
Claims are another completion's words, so they stand between fences and cannot give verdicts themselves.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from reasoncore.test_time.reliability import ClaimVerdict
from reasoncore.verify.judge_prompt import fenced, make_fence, without_thoughts

_VERDICT = re.compile(
    r"^(?:[^\S\n]|[*_#>|`-])*+(?:claim[ \t]*)?(\d{1,3})[ \t*_`]*[.):|\-][ \t*_`|\[(]*"
    # Not the beginning of a claim that is said again, such as "Valid only if x > 0".
    r"(valid|invalid|refuted|true|false)(?=[ \t\r*_`|\])]*(?:$|[.,;:(\u2013\u2014-]))",
    re.IGNORECASE | re.MULTILINE,
)
_VALID = ("valid", "true")


def refutation_prompt(question: str, claims: Sequence[str]) -> str:
    """The question of stage 2.

    Args:
        question: The question without what stage 1 adds.
        claims: Of one trajectory, at least one.
    """
    listed = "\n".join(f"{number}. {claim}" for number, claim in enumerate(claims, start=1))
    fence = make_fence(0, [question, listed])
    return (
        "Below are a question and claims from a solution of it that is not shown. Check each claim on its own and try "
        "to refute it: work out what it says again, and look for what contradicts it.\n\n"
        f"{fenced('QUESTION', question, fence)}\n\n{fenced('CLAIMS', listed, fence)}\n\n"
        'End with one line for each claim, its number and "VALID" or "REFUTED", such as "1: VALID".'
    )


def read_verdicts(text: str, claims: int) -> tuple[ClaimVerdict, ...]:
    """The verdict on each claim; None where there is none that can be read.

    Args:
        text: The completion; hostile input. Of several verdicts on one claim the last counts.
        claims: How many claims were shown.
    """
    said = without_thoughts(text) or ""
    found = {int(match[1]): match[2].lower() in _VALID for match in _VERDICT.finditer(said)}
    return tuple(found.get(number) for number in range(1, claims + 1))
