r"""Options of a multiple-choice question: ``C``, ``(C)``, ``\textbf{(C)}\ 5``, ``Option C``."""

from __future__ import annotations

import re
from functools import lru_cache

from reasoncore.verify.math.tokens import clean

_LETTER = re.compile(r"([A-H])")
_MARKED = re.compile(
    r"(?:(?:option|choice|answer)\s{0,4}:?\s{0,4})?(?:\(\s?([A-H])\s?\)|\(?([A-H])\)|(?<=\s)([A-H])(?=[.:]|$))\.?",
    re.IGNORECASE,
)
_STYLES = re.compile(r"\\(?:text|textbf|mathbf|textrm|mathrm|boldsymbol)\s?\{([^{}]*)\}")
_ANOTHER = re.compile(r"\(\s?[A-H]\s?\)|\b[A-H]\)|\b(?:or|and|not)\b", re.IGNORECASE)


@lru_cache(maxsize=4096)
def option(text: str) -> str | None:
    """The option ``text`` is, such as ``C``: a capital letter, or any letter marked as one. None for anything else."""
    text = clean(text)
    letter = _LETTER.fullmatch(text) or _MARKED.fullmatch(text)
    return next(filter(None, letter.groups())).upper() if letter else None


def chosen(text: str) -> str | None:
    """The option an answer gives, with or without its content: ``(B) 5`` gives B. None if it gives another too."""
    letter = option(text)
    if letter is not None:
        return letter
    text = _STYLES.sub(r"\1", clean(text))
    marked = _MARKED.match(text)
    rest = text[marked.end() :] if marked else ""
    if not marked or not rest.startswith((" ", "\\ ")) or not (rest.split() or ["+"])[0][0].isalnum():
        return None
    return None if _ANOTHER.search(rest) else next(filter(None, marked.groups())).upper()


def same_option(answer: str, gold: str) -> bool | None:
    """Whether an answer gives the gold's option; None where the gold is none, or the answer nothing like one."""
    letter = option(gold)
    if letter is None:
        return None
    given = chosen(answer)
    if given is None and len(gold.strip()) > 1 and answer.strip().upper() == letter:
        return True
    return None if given is None else given == letter
