"""Constraints on language and case. Each function: a response that is not blank, and arguments; whether it follows.

A response without a single letter (``123``) counts as being in any language, as in the reference.
"""

from __future__ import annotations

from reasoncore.verify.constraints.arguments import Relation, holds
from reasoncore.verify.constraints.capital_words import count_capital_words
from reasoncore.verify.constraints.language import detect_language


def response_language(response: str, *, language: str) -> bool:
    """The response as a whole is taken to be in the language; parts in another one may pass."""
    return detect_language(response) in (language, None)


def english_capital(response: str) -> bool:
    """No lower-case letter, at least one letter, and English."""
    return response.isupper() and detect_language(response) in ("en", None)


def english_lowercase(response: str) -> bool:
    """No upper-case letter, at least one letter, and English."""
    return response.islower() and detect_language(response) in ("en", None)


def capital_word_frequency(response: str, *, capital_frequency: int, capital_relation: Relation) -> bool:
    """How many words are in capitals; ``I``, ``A`` and ``U.S.`` are, and ``NASA's`` is one."""
    return holds(count_capital_words(response), capital_relation, capital_frequency)
