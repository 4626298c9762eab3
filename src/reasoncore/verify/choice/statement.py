"""Where a response states its answer: "the answer is", "Answer:", "it must be", "no, wait,".

A noun alone states nothing. It must be introduced as *the* answer: by an article or a possessive of the speaker, with
no adjectives but those of :data:`_ADJECTIVES` between, or by standing at the start of its clause. So "a tempting choice
is B", "the least likely answer is A" and "Student answer: A" are no statements, without a list of all that they may be.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

LOOK_BACK_CHARS = 60
_MAX_STATEMENTS = 64


class Kind(Enum):
    """How a statement speaks of the choice that follows it."""

    FIRM = auto()  # the answer is C
    TENTATIVE = auto()  # the answer would be C; it is C; if so, the answer is C
    DENIAL = auto()  # the answer is not C
    CORRECTION = auto()  # no, it's C


@dataclass(frozen=True, slots=True)
class Statement:
    """Kind of a statement, and where in the response the choice it states begins."""

    kind: Kind
    end: int


_NOUN = (
    r"\b(?P<noun>answer|option|choice)(?:\s{1,4}(?:choice|option|here|(?:to|for)\s(?:this|the)\s(?:question|problem)|"
    r"(?:among|of|from)\s(?:these|the)(?:\s(?:given|above))?(?:\s(?:options|choices))?))?[*_\"]{0,3}\s{0,4}"
    r"(?:(?:['’]s\b|is(?P<denied>n['’]t|\s{1,4}not)?\b|(?P<would>would\sbe\b)"
    r"|(?:should|must|has\sto|will)\sbe\b)\s{0,4}[:,]?"
    r"|[:：=]|[-–—](?=\s)|(?<=<answer)>)[*_]{0,3}\s{0,4}"
)
# A letter in capitals that ends its clause, or is in brackets; else "it is A matter of taste".
_LETTER_AHEAD = (
    r"(?=[*_(\[]{0,3}(?:option\s|choice\s|\()?(?-i:[A-Z])(?:[)*_\].,;:!]|\s+(?:or|and|because|since|as)\b|\s*$))"
)
_IT = r"\bit(?:['’]s|\s(?:is|must\sbe|has\sto\sbe|should\sbe))\s{1,4}"
_CORRECTING = (
    r"\b(?:no|wait|actually|sorry|oops|rather|correction|I\smean|make\sthat|scratch\sthat|"
    r"(?:that|this|it)(?:['’]s|\s(?:is|was))\s(?:wrong|incorrect|not\sright|false|a\smistake))[\s,.:;!…–—-]{1,6}"
    r"(?:(?:so|then|wait|no|actually|rather|I\smean|make\sthat|it(?:['’]s|\s(?:is|must\sbe|should\sbe)))[\s,.:]{1,4}){0,4}"
)
_STATEMENT = re.compile(
    rf"{_NOUN}|(?P<correction>{_CORRECTING}){_LETTER_AHEAD}|(?P<it>{_IT}){_LETTER_AHEAD}", re.IGNORECASE | re.MULTILINE
)

_TYPESET = re.compile(r"[*_\"`]")
_CLAUSE_START = re.compile(r"[.!?;\n]|\b(?:so|thus|therefore|hence|but)\b", re.IGNORECASE)
_ADJECTIVES = (
    r"(?:(?:correct|right|best|true|final|actual|only|single|one|overall|valid|closest|nearest|chosen|selected|revised|"
    r"corrected|updated|expected|intended|(?:most\s)?(?:appropriate|suitable|accurate|logical|reasonable|fitting)|"
    r"most\s(?:likely|probable|plausible))\s+)"
)
_INTRODUCED = re.compile(rf"\b(?:the|my|our)\s+{_ADJECTIVES}{{0,3}}$", re.IGNORECASE)
_FIRST_IN_CLAUSE = re.compile(
    rf"(?:^|[^\w\s'’-]|(?<!\w)-)\s*(?:(?:and|that|then|is)\s+)?(?P<adjectives>{_ADJECTIVES}{{0,3}})$", re.IGNORECASE
)
# What makes a clause say something else than that this is the answer: a denial, a condition, another's opinion.
_NOT_MEANT = re.compile(
    r"(?:\b(?:whether|(?<!no\s)(?<!n['’]t\s)(?<!not\s)doubt|unlikely|no\s(?:way|chance)|nobody|no\sone)\b"
    r"|(?:n['’]t|\bnot|\bnever|\bcannot)\s(?:think|believe|say|mean|agree|clear|certain|sure|true|be\sthat|the\scase)\b"
    r"|\b(?:false|untrue|wrong|incorrect|impossible|mistaken?|myth)\s(?:that|to)\b"
    r"|^(?!.*\b(?:I|we|me|us|let['’]s|I['’]d|we['’]d)\b).*\b(?:think|say|believe|claim|argue|guess|thought|said)s?\b"
    r")(?:[^,]*|.*,\sthat\b[^,]*)$"
    r"|\b(?:if|suppose|supposing|assume|assuming|unless|imagine)\b[^,]*$"
    r"|\bor\s+(?:that\s+)?the\s+$",
    re.IGNORECASE,
)
_CONDITION = re.compile(r"\b(?:if|suppose|supposing|assume|assuming|unless|imagine|when)\b.*,", re.IGNORECASE)


def statements(text: str) -> Iterator[Statement]:
    """The last 64 statements of a response, in order."""
    for match in deque(_STATEMENT.finditer(text), maxlen=_MAX_STATEMENTS):
        clause = _clause_before(text, match.start())
        if match["correction"] or _is_meant(match, clause):
            yield Statement(_kind(match, clause), match.end())


def _kind(match: re.Match[str], clause: str) -> Kind:
    if match["correction"]:
        return Kind.CORRECTION
    if match["denied"]:
        return Kind.DENIAL
    return Kind.TENTATIVE if match["it"] or match["would"] or _CONDITION.search(clause) else Kind.FIRM


def _clause_before(text: str, end: int) -> str:
    before = _TYPESET.sub("", text[max(0, end - LOOK_BACK_CHARS) : end])
    return _CLAUSE_START.split(before)[-1]


def _is_meant(match: re.Match[str], clause: str) -> bool:
    if _NOT_MEANT.search(clause):
        return False
    if match["it"] or _INTRODUCED.search(clause):
        return True
    first = _FIRST_IN_CLAUSE.search(clause)
    # "Option: A" heads an item of a list; "Best option: A" does not.
    return first is not None and (match["noun"].lower() == "answer" or first["adjectives"] != "")
