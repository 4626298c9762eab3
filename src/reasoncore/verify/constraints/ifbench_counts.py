"""IFBench's counts of words. Each function: a response that is not blank, and arguments; whether it follows."""

from __future__ import annotations

import re

from reasoncore.verify.constraints.ifbench_tokens import AROUND_A_WORD, without_punctuation, word_tokens
from reasoncore.verify.constraints.ifbench_word_lists import (
    COORDINATING_CONJUNCTIONS,
    PERSON_NAMES,
    PRONOUNS,
    STOP_WORDS,
)
from reasoncore.verify.constraints.text import count_words

_WORD = re.compile(r"\w+")
_NUMBER = re.compile(r"\d+")
_JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")


def word_count_range(response: str, *, min_words: int, max_words: int) -> bool:
    """From ``min_words`` to ``max_words`` words; see :func:`reasoncore.verify.constraints.text.count_words`."""
    return min_words <= count_words(response) <= max_words


def unique_word_count(response: str, *, N: int) -> bool:
    """At least N different words between white space, in any case and whatever punctuation is around them.

    A lone dash counts as one, the empty word, as in the reference.
    """
    return len({word.strip(AROUND_A_WORD) for word in response.lower().split()}) >= N


def conjunctions(response: str, *, small_n: int) -> bool:
    """At least so many different ones of ``and but for nor or so yet``.

    ``And``, ``and`` and ``and,`` are three, as in the reference, which strips a word to look at it and counts it as it
    was written.
    """
    found = {word for word in response.split() if word.strip(AROUND_A_WORD).lower() in COORDINATING_CONJUNCTIONS}
    return len(found) >= small_n


def person_names(response: str, *, N: int) -> bool:
    """At least N different ones of the 50 names of the prompt, each a word of its own, with its capital."""
    return len(PERSON_NAMES.intersection(_WORD.findall(response))) >= N


def numbers(response: str, *, N: int) -> bool:
    """Exactly N runs of digits once punctuation is taken out: ``3.14``, ``1,000`` and ``7-8`` are one each."""
    return sum(1 for _ in _NUMBER.finditer(without_punctuation(response))) == N


def pronouns(response: str, *, N: int) -> bool:
    """At least N pronouns, repeated ones too: personal, possessive, demonstrative, interrogative and indefinite ones.

    ``it's`` and ``she/her`` are parted, ``gimme`` holds a ``me``; sentences are ours and not Punkt's.
    """
    tokens = word_tokens(response.replace("/", " ").lower())
    return sum(1 for token in tokens if token in PRONOUNS) >= N


def punctuation(response: str) -> bool:
    """Each of ``.,!?;:``, and an interrobang: ``‽``, or ``?!`` or ``!?`` besides the ``?`` and ``!``."""
    if not any(interrobang in response for interrobang in ("?!", "!?", "‽")):
        return False
    rest = response.replace("?!" if "?!" in response else "!?", "", 1)
    return all(mark in rest for mark in ".,!?;:")


def keywords_multiple(
    response: str, *, keyword1: str, keyword2: str, keyword3: str, keyword4: str, keyword5: str
) -> bool:
    """The keywords occur exactly 1, 2, 3, 5 and 7 times, in any case, between word boundaries.

    Earlier versions of the reference counted them inside longer words too.
    """
    wanted = ((keyword1, 1), (keyword2, 2), (keyword3, 3), (keyword4, 5), (keyword5, 7))
    return all(
        sum(1 for _ in re.finditer(rf"\b{re.escape(keyword.strip())}\b", response, re.IGNORECASE)) == times
        for keyword, times in wanted
    )


def words_japanese(response: str, *, N: int) -> bool:
    """Every N-th word between white space has a kana or a kanji in it; a bare number or sign there passes.

    A response of fewer than N words follows, as in the reference.
    """
    words = (word.strip(AROUND_A_WORD) for word in response.split()[N - 1 :: N])
    return all(not word or word.isdigit() or _JAPANESE.search(word) is not None for word in words)


def stop_words(response: str, *, percentage: float) -> bool:
    r"""Of the words (``\w+``, at least one), at most so many in a hundred are stop words: NLTK's English list."""
    words = _WORD.findall(response.lower())
    return bool(words) and sum(1 for word in words if word in STOP_WORDS) / len(words) * 100 <= percentage


def overlap(response: str, *, reference_text: str, percentage: float) -> bool:
    """Of the different word trigrams of the response, the given share, 2 in a hundred up or down, is in the text.

    Punctuation marks are words here. Earlier versions of the reference took trigrams of characters; sentences, which
    decide whether a full stop is a word, are ours and not Punkt's.
    """
    trigrams = _trigrams(response)
    if not trigrams:
        return False
    share = len(trigrams & _trigrams(reference_text)) / len(trigrams)
    return percentage - 2 <= share * 100 <= percentage + 2


def _trigrams(text: str) -> set[tuple[str, str, str]]:
    tokens = word_tokens(text)
    return set(zip(tokens, tokens[1:], tokens[2:], strict=False))
