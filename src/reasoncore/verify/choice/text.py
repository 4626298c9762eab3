r"""The spelling in which options and answers are compared: mark-up, LaTeX wrappers, quotes and articles out.

Every pattern is linear in its text, and the callers bound the text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache

_WRAPPER = re.compile(r"\\(?:text(?:bf|it|rm|sf|tt)?|math(?:rm|bf|it|sf)|mbox|operatorname)\s{0,4}\{([^{}]*)\}")
_WRAPPER_DEPTH = 4
_MATH = re.compile(r"\\[()\[\]]|(?<!\\)\$|\\left(?![A-Za-z])|\\right(?![A-Za-z])")
_EMPHASIS = re.compile(r"(?<![A-Za-z0-9*])\*{1,3}|\*{1,3}(?![A-Za-z0-9*])|`")
_SPACING = re.compile(r"(?<!\\)\\[!,;: ]|~")
_ARTICLE = re.compile(r"(?:an?|the)\s+(?=\S)", re.IGNORECASE)
# "(A) and (B)" and "A and B", "3 %" and "3%" are the same option.
_LETTER_IN_BRACKETS = re.compile(r"(?<!\w)\(([A-Za-z])\)(?!\w)")
_SPACE_BEFORE_PERCENT = re.compile(r"(?<=[0-9])\s+(?=%)")
_NUMBER = re.compile(r"[+-]?[0-9]{1,40}(?:\.[0-9]{1,40})?", re.ASCII)
_QUOTES = "\"'“”‘’"
# What may follow an option's text that is quoted at the start of a sentence.
_TEXT_END = re.compile(r"\s*$|[.,;:!)](?![0-9])|\s+(?:(?:because|since|as|given|due|based|so|or|and)\b|[(—–/])|/")


def plain_text(text: str) -> str:
    r"""``text`` on one line without what only typesets it: dollar signs, ``\text{...}``, asterisks, spacing."""
    text = _SPACING.sub(" ", text)
    for _ in range(_WRAPPER_DEPTH):
        text, wrappers = _WRAPPER.subn(r"\1", text)
        if not wrappers:
            break
    text = _EMPHASIS.sub("", _MATH.sub("", text))
    text = " ".join(text.replace("\\dfrac", "\\frac").replace("\\tfrac", "\\frac").replace("\\%", "%").split())
    while text[:1] == "{" and text[-1:] == "}" and "{" not in text[1:-1]:
        text = text[1:-1].strip()
    return text.strip(_QUOTES).strip()


def comparable(text: str) -> str:
    """:func:`plain_text` without a leading article and a final full stop; what two equal options share but case."""
    text = plain_text(text)
    text = text.removesuffix(".").rstrip().strip(_QUOTES)
    text = _SPACE_BEFORE_PERCENT.sub("", _LETTER_IN_BRACKETS.sub(r"\1", text))
    return _ARTICLE.sub("", text, count=1) if _ARTICLE.match(text) else text


@lru_cache(maxsize=64)
def _spellings(options: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """``(comparable, the same with its case folded)`` of each option; once a question, not once a statement."""
    return tuple((spelling, spelling.casefold()) for spelling in map(comparable, options))


def _number(text: str) -> Decimal | None:
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def option_equal_to(text: str, options: Sequence[str]) -> int | None:
    """Index of the one option that ``text`` spells, None where there is none or more than one.

    Equal case is tried first, so that ``Aa`` and ``AA`` stay apart; then case is ignored, except in LaTeX, where
    ``\\delta`` and ``\\Delta`` differ; then the values of plain numbers are compared.
    """
    wanted, spellings = comparable(text), _spellings(tuple(options))
    found = [index for index, (spelling, _) in enumerate(spellings) if spelling == wanted]
    if not found and wanted and "\\" not in wanted:
        found = [index for index, (_, folded) in enumerate(spellings) if folded == wanted.casefold()]
        if not found and (value := _number(wanted)) is not None:
            found = [index for index, (spelling, _) in enumerate(spellings) if _number(spelling) == value]
    return found[0] if len(found) == 1 else None


def option_at_start(text: str, options: Sequence[str]) -> tuple[int, str] | None:
    """``(index, rest of the text)`` of the longest option that ``text`` begins with and then leaves; else None."""
    text = plain_text(text)
    article = _ARTICLE.match(text)
    text = text[article.end() :] if article else text
    found: list[tuple[int, int]] = []
    for fold in (False, True):
        for index, (spelling, folded) in enumerate(_spellings(tuple(options))):
            start = text[: len(spelling)]
            same = start == spelling or (fold and "\\" not in start and start.casefold() == folded)
            if spelling and same and _TEXT_END.match(text, len(spelling)):
                found.append((len(spelling), index))
        if found:
            break
    longest = [(length, index) for length, index in found if length == max(found)[0]]
    if len(longest) != 1:
        return None
    length, index = longest[0]
    return index, text[length:]
