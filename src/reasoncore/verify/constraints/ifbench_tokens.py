r"""Cutting a text into words in the three ways in which IFBench does.

``word_tokens`` gives what NLTK's ``word_tokenize`` gives, with our own sentences in the place of Punkt's: punctuation
is a token of its own, ``don't`` is ``do`` and ``n't``, ``cannot`` is ``can`` and ``not``, ``don’t`` is ``don``, ``’``
and ``t``, double quotation marks become pairs of backticks or apostrophes, and a full stop is parted only from the end
of its sentence.
"""

from __future__ import annotations

import re
import string

from reasoncore.verify.constraints.text import split_sentences

PUNCTUATION = string.punctuation
AROUND_A_WORD = PUNCTUATION + " "
_REMOVE_PUNCTUATION = str.maketrans("", "", PUNCTUATION)

_Rule = tuple[re.Pattern[str], str]

# In NLTK's order: whether an apostrophe stands before a blank depends on what was parted before it.
_BEFORE_FULL_STOP: tuple[_Rule, ...] = (
    (re.compile(r"[«“‘„]|`+"), r" \g<0> "),
    (re.compile(r"""^"|(?<=[ (\[{<])(?:"|'')""", re.MULTILINE), " `` "),
    (re.compile(r"(?<!\w)'(?!(?:re|ve|ll|m|t|s|d|n)\b)(?=\w)", re.IGNORECASE), "' "),
)
_AFTER_FULL_STOP: tuple[_Rule, ...] = (
    (re.compile(r"([:,])(\D|$)"), r" \1 \2"),
    (re.compile(r"\.{2,}|[;@#$%&?!\u2012-\u2015]"), r" \g<0> "),
    (re.compile(r"([^'])' "), r"\1 ' "),
    (re.compile(r"[*\][(){}<>]|--"), r" \g<0> "),
)
_LAST: tuple[_Rule, ...] = (
    (re.compile("[»”’]"), r" \g<0> "),
    (re.compile(r"""''|\""""), " '' "),
    (re.compile(r"\s+"), " "),
    (re.compile(r"([^' ])('[sSmMdD]?) "), r"\1 \2 "),
    (re.compile(r"([^' ])('ll|'LL|'re|'RE|'ve|'VE|n't|N'T) "), r"\1 \2 "),
    (
        re.compile(
            r"\b(can(?=not\b)|d(?='ye\b)|gim(?=me\b)|gon(?=na\b)|got(?=ta\b)|lem(?=me\b)|more(?='n\b)|wan(?=na\s))",
            re.IGNORECASE,
        ),
        r"\1 ",
    ),
)
_CLOSING = "])}>\"' »”’"


def word_tokens(text: str) -> list[str]:
    """Words and punctuation. Linear."""
    # A sentence a line, so that a rule runs once for all of them; no rule takes one line break for another.
    lines = "\n".join(sentence.replace("\n", "\r") for sentence in split_sentences(text))
    lines = _apply(_BEFORE_FULL_STOP, lines)
    lines = "\n".join(_part_full_stop(line) for line in lines.split("\n"))
    return _apply(_LAST, f" {_apply(_AFTER_FULL_STOP, lines)} ").split()


def alphanumeric_tokens(text: str) -> list[str]:
    """The tokens with a letter or a digit in them: words without punctuation."""
    return [token for token in word_tokens(text) if any(character.isalnum() for character in token)]


def without_punctuation(text: str) -> str:
    """The text without the 32 signs of ASCII: ``don't`` is ``dont``, ``well-known`` is ``wellknown``."""
    return text.translate(_REMOVE_PUNCTUATION)


def split_words(text: str) -> list[str]:
    """Lower-case words between white space, without punctuation."""
    return without_punctuation(text.lower()).split()


def _apply(rules: tuple[_Rule, ...], text: str) -> str:
    for pattern, replacement in rules:
        text = pattern.sub(replacement, text)
    return text


def _part_full_stop(sentence: str) -> str:
    text = sentence.rstrip()
    body = text.rstrip(_CLOSING)
    if len(body) < 2 or body[-1] != "." or body[-2] == ".":
        return sentence
    return f"{body[:-1]} . {text[len(body) :]} "
