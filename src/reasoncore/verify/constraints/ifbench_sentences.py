"""IFBench's constraints on sentences. Each function: a response that is not blank, and arguments; whether it follows.

Sentences are those of :mod:`reasoncore.verify.constraints.text`, where the reference has NLTK's Punkt.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import groupby, pairwise

from reasoncore.verify.constraints.ifbench_tokens import (
    AROUND_A_WORD,
    alphanumeric_tokens,
    split_words,
    without_punctuation,
)
from reasoncore.verify.constraints.text import split_sentences


def sentence_type(response: str) -> bool:
    """Twice as many sentences end in ``.`` as in ``?``; none of either follows, and ``."`` is neither."""
    endings = _endings(response)
    return endings["."] == 2 * endings["?"]


def sentence_balance(response: str) -> bool:
    """As many sentences end in ``.`` as in ``?`` and in ``!``; none of any follows, and ``."`` is none of them."""
    endings = _endings(response)
    return endings["."] == endings["?"] == endings["!"]


def _endings(response: str) -> Counter[str]:
    return Counter(sentence[-1] for sentence in split_sentences(response))


def sentence_words(response: str) -> bool:
    """Three sentences of as many characters each, and no word twice.

    Earlier versions of the reference did not look at the words.
    """
    sentences = split_sentences(response)
    words = split_words(" ".join(sentences))
    return len(sentences) == 3 and len({len(sentence) for sentence in sentences}) == 1 and len(set(words)) == len(words)


def alliteration_increment(response: str) -> bool:
    """Each sentence has more alliterating words than the one before: words beside one with the same first letter.

    The reference adds up all such words of a sentence rather than finding the longest row, and lets the first sentence
    have none.
    """
    counts = [_alliterating(sentence) for sentence in split_sentences(response)]
    return all(first < second for first, second in pairwise(counts))


def _alliterating(sentence: str) -> int:
    words = (word.lstrip(AROUND_A_WORD) for word in sentence.lower().split())
    rows = (sum(1 for _ in row) for _, row in groupby(word[0] for word in words if word))
    return sum(length for length in rows if length > 1)


def increment(response: str, *, small_n: int) -> bool:
    """Each sentence has exactly so many words more than the one before; words are parted by white space."""
    counts = [len(without_punctuation(sentence).split()) for sentence in split_sentences(response)]
    return all(second - first == small_n for first, second in pairwise(counts))


def sentence_keyword(response: str, *, word: str, N: int) -> bool:
    """The N-th sentence has the word, in any case, between word boundaries."""
    sentences = split_sentences(response)
    return len(sentences) >= N and re.search(rf"\b{re.escape(word)}\b", sentences[N - 1], re.IGNORECASE) is not None


def keywords_specific_position(response: str, *, keyword: str, n: int, m: int) -> bool:
    """The m-th word of the n-th sentence is the keyword, in any case; words are NLTK's, without punctuation."""
    sentences = split_sentences(response)
    if len(sentences) < n:
        return False
    words = alphanumeric_tokens(sentences[n - 1])
    return len(words) >= m and words[m - 1].lower() == keyword.strip().lower()


def last_first(response: str) -> bool:
    """The last word of each sentence is the first of the next, in any case; one sentence alone follows."""
    return all(_linked(first, second) for first, second in pairwise(split_sentences(response)))


def _linked(first: str, second: str) -> bool:
    ending = first.rstrip(AROUND_A_WORD).split()
    start = second.lstrip(AROUND_A_WORD).split(maxsplit=1)
    return bool(ending) and bool(start) and ending[-1].lower() == start[0].lower()
