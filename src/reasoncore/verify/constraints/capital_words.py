"""How many words of a text are in capitals, with words cut as the reference cuts them.

The reference takes the words from NLTK's ``word_tokenize``. What that cuts off as a token of punctuation is never in
capitals, so here it becomes a blank; only where letters are parted from letters does the cut change the count:
``NASA's`` (NASA and 's), ``CAN'T`` (CA and N'T), ``GONNA`` (GON and NA), ``A,B`` and ``A--B``, but not ``A/B``,
``A-B`` and ``A.B``.
"""

from __future__ import annotations

import re

from reasoncore.verify.constraints.text import split_sentences

# In the order in which NLTK cuts, for whether an apostrophe stands before a blank depends on what was cut before it.
_FIRST_APOSTROPHE = re.compile(r"(?<!\w)'(?!(?:re|ve|ll|m|t|s|d|n)\b)(?=\w)", re.IGNORECASE)
_CUT_FIRST = re.compile(r"[«“‘„`;@#$%&?!\u2012-\u2015]|\.{2,}|[:,](?!\d)")
_LAST_APOSTROPHE = re.compile(r"([^'])' ")
_CUT_NEXT = re.compile(r"""[\s*\][(){}<>»”’"]+|''|--""")
_CLITIC = re.compile(r"([^' ])('[sSmMdD]?) ")
_LONG_CLITIC = re.compile(r"([^' ])('ll|'LL|'re|'RE|'ve|'VE|n't|N'T) ")
_JOINED = re.compile(
    r"\b(can(?=not)|d(?='ye)|gim(?=me)|gon(?=na)|got(?=ta)|lem(?=me)|more(?='n)|wan(?=na\s))(not|'ye|me|na|ta|'n)\b",
    re.IGNORECASE,
)
_CLOSING = "])}>\"' »”’"


def count_capital_words(text: str) -> int:
    """Words of which every letter that has a case is a capital, and at least one has. Linear."""
    text = "\n".join(_without_full_stop(sentence) for sentence in split_sentences(text))
    text = _FIRST_APOSTROPHE.sub("' ", text)
    text = _CUT_FIRST.sub(" ", text)
    text = _LAST_APOSTROPHE.sub(r"\1 ' ", text)
    text = _CUT_NEXT.sub(" ", f" {text} ")
    text = _CLITIC.sub(r"\1 \2 ", text)
    text = _LONG_CLITIC.sub(r"\1 \2 ", text)
    text = _JOINED.sub(r" \1 \2 ", text)
    return sum(1 for word in text.split() if word.isupper())


def _without_full_stop(sentence: str) -> str:
    """A full stop and what closes it are cut off at the end of a sentence, and only there."""
    body = sentence.rstrip(_CLOSING)
    if not body.endswith(".") or body.endswith(".."):
        return sentence
    return f"{body[:-1]} {sentence[len(body) :]}"
