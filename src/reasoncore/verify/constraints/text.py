"""Cutting a response into sentences and words, by rule and in linear time.

The reference finds sentences with NLTK's Punkt, a trained model; here the rules are written out. What changes counts
is kept as Punkt has it, odd or not: a line break ends no sentence; the ``1.`` of a numbered list is a sentence, and so
is what follows a closing bracket as in ``(really?), he said``; ``e.g.``, ``i.e.`` and ``etc.`` end one; typographic
quotation marks after the full stop keep it from ending one.
"""

from __future__ import annotations

import re

# A run of end marks that may end a sentence, with the quotation marks and brackets that close it.
_MARK = re.compile(r"""([.!?]++)(?=[\s)";}\]*:@'({\[]|\Z)(?:\s*+["')\]}]++(?=\s|\Z))?""")
_NEXT = re.compile(r"\s*+(\w?)([\w']{0,12})")
_WORD_BEFORE = re.compile(r"""[^\s(\[{"'*]*\Z""")
_LOOK_BACK = 30

_ABBREVIATIONS = (
    "a.m adm aug ave bros co col corp d.c dec dr feb ft gen inc jan jr l.a lt ltd maj messrs mr mrs ms n.j n.y nov oct "
    "p.m ph.d prof rep sen sep sept sr st u.k u.n u.s u.s.a vs"
)
_OPENERS = (
    "a although an and but he here his how however i if in instead it its many my nevertheless no not our she since so "
    "some that the their then there these they this those though thus to we what when where while who why yet you your"
)
_ABBREVIATION_SET = frozenset(_ABBREVIATIONS.split())
_OPENER_SET = frozenset(_OPENERS.split())
_WORD = re.compile(r"\w+")


def split_sentences(text: str) -> list[str]:
    """The sentences of ``text``, stripped, none empty. Text without any end mark is one sentence."""
    sentences = []
    start = 0
    for mark in _MARK.finditer(text):
        if _ends_sentence(text, mark):
            sentences.append(text[start : mark.end()].strip())
            start = mark.end()
    rest = text[start:].strip()
    return [*sentences, rest] if rest else sentences


def _ends_sentence(text: str, mark: re.Match[str]) -> bool:
    marks = mark.group(1)
    if marks.strip("."):
        return True
    following = _NEXT.match(text, mark.end())
    assert following is not None
    initial, others = following.groups()
    if len(marks) > 1:
        return not initial.islower()
    word = _word_before(text, mark.start())
    if (len(word) == 1 and word.isupper()) or word.lower() in _ABBREVIATION_SET:
        return initial.isupper() and (initial + others).lower() in _OPENER_SET
    return not (word.isdecimal() and initial.islower())


def _word_before(text: str, end: int) -> str:
    found = _WORD_BEFORE.search(text[max(0, end - _LOOK_BACK) : end])
    assert found is not None
    return found.group()


def count_words(text: str) -> int:
    r"""How often ``\w+`` matches: ``don't`` and ``well-known`` count two, ``snake_case`` one."""
    return sum(1 for _ in _WORD.finditer(text))
