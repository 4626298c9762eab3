r"""Constraints on words and lengths. Each function: a response that is not blank, and arguments; whether it follows.

Keywords are literal text here. The reference compiles them as regular expressions, so that ``C++`` ends it with an
exception, ``e.g`` finds ``eng``, and a line of a data file can hang it; for keywords of letters, digits and spaces,
which is all the published prompts have, the two are the same.
"""

from __future__ import annotations

import re

from reasoncore.verify.constraints.arguments import Relation, holds
from reasoncore.verify.constraints.text import count_words, split_sentences

_PARAGRAPH_DIVIDER = re.compile(r"\s?\*\*\*\s?")


def keywords_exist(response: str, *, keywords: tuple[str, ...]) -> bool:
    """Every keyword occurs, in any case, also inside a longer word."""
    return all(re.search(re.escape(keyword), response, re.IGNORECASE) for keyword in keywords)


def keyword_frequency(response: str, *, keyword: str, frequency: int, relation: Relation) -> bool:
    """How often the keyword occurs, in any case, also inside a longer word (``war`` in ``warm``)."""
    found = re.finditer(re.escape(keyword.strip()), response, re.IGNORECASE)
    return holds(sum(1 for _ in found), relation, frequency)


def forbidden_words(response: str, *, forbidden_words: tuple[str, ...]) -> bool:
    r"""None of the words occurs, in any case, between word boundaries.

    ``\b`` asks for a letter, digit or underscore on one side: a word that itself ends in punctuation (``C++``) is
    found only where one follows it, as in the reference.
    """
    return not any(re.search(rf"\b{re.escape(word)}\b", response, re.IGNORECASE) for word in forbidden_words)


def letter_frequency(response: str, *, letter: str, let_frequency: int, let_relation: Relation) -> bool:
    """How often the letter occurs, in any case.

    For anything but a to z the reference draws a random letter instead; two of the published prompts ask for ``#`` and
    ``!``. Here the character asked for is counted.
    """
    return holds(response.lower().count(letter.lower()), let_relation, let_frequency)


def number_sentences(response: str, *, num_sentences: int, relation: Relation) -> bool:
    """How many sentences there are; see :mod:`reasoncore.verify.constraints.text` for what is one."""
    return holds(len(split_sentences(response)), relation, num_sentences)


def number_words(response: str, *, num_words: int, relation: Relation) -> bool:
    """How many words there are; see :func:`reasoncore.verify.constraints.text.count_words` for what is one."""
    return holds(count_words(response), relation, num_words)


def number_paragraphs(response: str, *, num_paragraphs: int) -> bool:
    """Exactly so many paragraphs between ``***`` dividers; only the first and the last piece may be blank.

    Six asterisks in a row are two dividers with a blank paragraph between them: not followed.
    """
    paragraphs = _PARAGRAPH_DIVIDER.split(response)
    if not all(paragraph.strip() for paragraph in paragraphs[1:-1]):
        return False
    return sum(1 for paragraph in paragraphs if paragraph.strip()) == num_paragraphs


def nth_paragraph_first_word(response: str, *, num_paragraphs: int, nth_paragraph: int, first_word: str) -> bool:
    """Exactly so many paragraphs between blank lines, and the n-th, counted from 1, starts with the word.

    Blank pieces do not count towards ``num_paragraphs`` but do towards ``nth_paragraph``. The first word ends at the
    first of ``.,?!'"``, and other signs stay part of it (``**word**`` is not ``word``).
    """
    paragraphs = response.split("\n\n")
    not_blank = sum(1 for paragraph in paragraphs if paragraph.strip())
    if not_blank != num_paragraphs or nth_paragraph > not_blank:
        return False
    words = paragraphs[nth_paragraph - 1].split(maxsplit=1)
    if not words:
        return False
    word = re.split(r"[.,?!'\"]", words[0].lstrip("'").lstrip('"'), maxsplit=1)[0]
    return "".join(letter.lower() for letter in word) == first_word.lower()
