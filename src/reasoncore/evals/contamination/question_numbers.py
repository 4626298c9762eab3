"""The numbers of a question that can be exchanged for others, because nothing else in it can mean the same number."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction

Span = tuple[int, int]

_DIGITS = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")
# Not the number of "3rd", "9:30", "x2" or "2/3".
_ALONE = re.compile(r"(?<![\w.:/,])\d+(?:,\d{3})*(?:\.\d+)?(?![\w:/]|[.,]\d)")
_WORD = re.compile(r"[a-z]+")
_ALWAYS_MEANT = (0, 1)  # "herself and her 3 friends" has a 1 in it
_MEANT_BY = {
    2: "two twice double doubles doubled doubling pair pairs couple couples both second half halves other another",
    3: "three thrice triple triples tripled third thirds yard yards",
    4: "four quarter quarters quarterly fourth fourths month months quadruple quadrupled",
    5: "five fifth fifths nickel nickels weekday weekdays",
    6: "six sixth sixths",
    7: "seven seventh week weeks weekly day days daily",
    8: "eight eighth eighths",
    9: "nine ninth",
    10: "ten tenth tenths dime dimes decade decades",
    11: "eleven",
    12: "twelve dozen dozens year years yearly annual annually month months foot feet inch inches",
    15: "fifteen quarter quarters",
    16: "sixteen pound pounds ounce ounces",
    20: "twenty score",
    24: "day days daily hour hours",
    25: "quarter quarters",
    28: "month months february",
    30: "thirty month months monthly",
    31: "month months",
    36: "yard yards",
    40: "forty",
    50: "fifty half",
    52: "year years yearly annual annually week weeks weekly",
    60: "sixty minute minutes hour hours hourly second seconds",
    100: "hundred percent percentage cent cents century centuries meter meters",
    365: "year years yearly day days daily",
    1000: "thousand kilometer kilometers kilogram kilograms liter liters",
}
_MEANINGS = {value: frozenset(words.split()) for value, words in _MEANT_BY.items()}


def exchangeable_numbers(question: str) -> dict[Fraction, Span]:
    """The numbers that stand once, in digits and alone, with no word that may mean them; where each begins and ends."""
    spans: dict[Fraction, Span] = {}
    words = set(_WORD.findall(question.casefold()))
    meant = {Fraction(value) for value, names in _MEANINGS.items() if names & words}
    meant.update(map(Fraction, _ALWAYS_MEANT))
    alone = {match.span() for match in _ALONE.finditer(question)}
    for match in _DIGITS.finditer(question):
        value = Fraction(match[0].replace(",", ""))
        if value in spans or match.span() not in alone:
            meant.add(value)
        spans[value] = match.span()
    return {value: span for value, span in spans.items() if value not in meant}


def with_numbers(question: str, new_texts: Mapping[Span, str]) -> str:
    """The question with other texts at these places."""
    for (begin, end), text in sorted(new_texts.items(), reverse=True):
        question = question[:begin] + text + question[end:]
    return question
