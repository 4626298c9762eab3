"""A question that somebody asks CLR, with what says how to mark the answer: the mark is what the vote compares."""

from __future__ import annotations

from reasoncore.data.files import with_instruction
from reasoncore.domains import DOMAINS


def marked_question(question: str, instruction: str | None) -> str:
    """The question followed by the instruction; None: to put the answer into a box, as evaluations of maths ask."""
    return with_instruction(question, DOMAINS["math"].instruction if instruction is None else instruction)
