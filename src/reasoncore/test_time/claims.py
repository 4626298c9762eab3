"""Stage 1 of CLR: a question that asks for an answer and the claims that it stands on, and reading what comes back.

[3B], [CLR]: every trajectory gives its reasoning, its final answer and exactly M ordered claims that decide it:
intermediate results, constraints, decisions; no summary, and not the answer itself. The wording is ours. Output is
hostile: it is read as text, and claims are cut to a length.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import zip_longest

from reasoncore.verify.judge_prompt import without_thoughts

MAX_CLAIM_CHARACTERS = 1000
# Possessive, and within a line: whatever the text, the time is linear in its length.
_HEADING = re.compile(
    r"^(?:[^\S\n]|[#*_])*+claims(?:[^\S\n]|[*_])*+(?::(?:[^\S\n]|[*_])*+)?$", re.IGNORECASE | re.MULTILINE
)
_NUMBERED = re.compile(r"^[ \t*_]*(\d{1,3})[ \t]*[.):](?!\d)[ \t*_]*", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a trajectory says.

    Attributes:
        solution: What stands before the claims, thoughts left out; the answer is taken from it.
        claims: At most as many as were asked for, in order.
    """

    solution: str
    claims: tuple[str, ...]


def claims_prompt(question: str, claims: int) -> str:
    """The question of stage 1.

    Args:
        question: The question as an evaluation asks it, which says how to mark the answer.
        claims: M.
    """
    return (
        f'{question}\n\nAfter your answer, write a line "Claims:" and then exactly {claims} numbered claims, each on a '
        "line, in the order of your solution: the intermediate results, constraints and decisions that the answer "
        "depends on. No summary, and not the answer itself."
    )


def read_claims(text: str, claims: int) -> Claimed:
    """A completion of stage 1 taken apart.

    The last line that says "Claims:" begins them; the numbered lines after it are the claims, each up to the next
    number. Without such a line there are none.

    Args:
        text: The completion; hostile input.
        claims: M; what goes beyond it is left out.
    """
    said = without_thoughts(text)
    if said is None:
        return Claimed("", ())
    headings = list(_HEADING.finditer(said))
    if not headings:
        return Claimed(said, ())
    listed = said[headings[-1].end() :]
    starts = list(_NUMBERED.finditer(listed))
    parts = (
        listed[found.end() : after.start() if after else len(listed)]
        for found, after in zip_longest(starts, starts[1:])
    )
    bodies = (" ".join(part.split()).strip("*_ ") for part in parts)
    found = [body[:MAX_CLAIM_CHARACTERS] for body in bodies if body]
    return Claimed(said[: headings[-1].start()], tuple(found[:claims]))
