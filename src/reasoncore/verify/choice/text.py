r"""The spelling in which options and answers are compared: mark-up, LaTeX wrappers, quotes and articles out.

Every pattern is linear in its text, and the callers bound the text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_WRAPPER = re.compile(r"\\(?:text(?:bf|it|rm|sf|tt)?|math(?:rm|bf|it|sf)|mbox|operatorname)\s{0,4}\{([^{}]*)\}")
_WRAPPER_DEPTH = 4
_MATH = re.compile(r"\\[()\[\]]|(?<!\\)\$|\\left(?![A-Za-z])|\\right(?![A-Za-z])")
_EMPHASIS = re.compile(r"(?<![A-Za-z0-9*])\*{1,3}|\*{1,3}(?![A-Za-z0-9*])|`")
_SPACING = re.compile(r"(?<!\\)\\[!,;: ]|~")
_ARTICLE = re.compile(r"(?:an?|the)\s+(?=\S)", re.IGNORECASE)
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
    return _ARTICLE.sub("", text, count=1) if _ARTICLE.match(text) else text


def option_equal_to(text: str, options: Sequence[str]) -> int | None:
    """Index of the one option that ``text`` spells, None where there is none or more than one.

    Equal case is tried first, so that ``Aa`` and ``AA`` stay apart; then case is ignored, except in LaTeX, where
    ``\\delta`` and ``\\Delta`` differ.
    """
    wanted, spellings = comparable(text), [comparable(option) for option in options]
    exact = [index for index, spelling in enumerate(spellings) if spelling == wanted]
    if exact or not wanted or "\\" in wanted:
        return exact[0] if len(exact) == 1 else None
    loose = [index for index, spelling in enumerate(spellings) if spelling.casefold() == wanted.casefold()]
    return loose[0] if len(loose) == 1 else None


def option_at_start(text: str, options: Sequence[str]) -> tuple[int, str] | None:
    """``(index, rest of the text)`` of the longest option that ``text`` begins with and then leaves; else None."""
    text = plain_text(text)
    article = _ARTICLE.match(text)
    text = text[article.end() :] if article else text
    found: list[tuple[int, int]] = []
    for fold in (False, True):
        for index, option in enumerate(options):
            spelling = comparable(option)
            start = text[: len(spelling)]
            same = start == spelling or (fold and "\\" not in start and start.casefold() == spelling.casefold())
            if spelling and same and _TEXT_END.match(text, len(spelling)):
                found.append((len(spelling), index))
        if found:
            break
    longest = [(length, index) for length, index in found if length == max(found)[0]]
    if len(longest) != 1:
        return None
    length, index = longest[0]
    return index, text[length:]
