"""Word n-grams of texts to protect, and where they occur in a stream of other text.

Words are those of :mod:`reasoncore.data.words`. Only the texts to protect are held in
memory, so the stream may be of any length: a word that none of them has ends the window, and few windows are looked up.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from reasoncore.data.words import words_of

DEFAULT_N = 10

Ngram = tuple[str, ...]
LocatedWord = tuple[int, str]
"""``(line, word)``."""


@dataclass(frozen=True, slots=True)
class NgramIndex:
    """The n-grams of texts by what they are.

    Attributes:
        n: Words of an n-gram.
        owners: The ids of the texts that have an n-gram.
        counts: Different n-grams of each text; 0 where it has fewer than n words.
        vocabulary: All words of all n-grams.
    """

    n: int
    owners: Mapping[Ngram, tuple[str, ...]]
    counts: Mapping[str, int]
    vocabulary: frozenset[str]


class NgramHit(NamedTuple):
    """An n-gram of the index that was met, the line its first word stands in, and whose it is."""

    ngram: Ngram
    line: int
    owners: tuple[str, ...]


def index_ngrams(texts: Mapping[str, str], n: int = DEFAULT_N) -> NgramIndex:
    """Index texts by id.

    Raises:
        ValueError: n is below 1.
    """
    if n < 1:
        raise ValueError(f"n-grams of {n} words")
    owners: dict[Ngram, tuple[str, ...]] = {}
    counts: dict[str, int] = {}
    for text_id, text in texts.items():
        words = words_of(text)
        own = {tuple(words[start : start + n]) for start in range(len(words) - n + 1)}
        counts[text_id] = len(own)
        for ngram in own:
            owners[ngram] = (*owners.get(ngram, ()), text_id)
    return NgramIndex(n, owners, counts, frozenset(word for ngram in owners for word in ngram))


def find_ngrams(index: NgramIndex, document: Iterable[LocatedWord]) -> Iterator[NgramHit]:
    """Every place in a document where an n-gram of the index stands, in order; an n-gram may be met again."""
    window: deque[LocatedWord] = deque(maxlen=index.n)
    for line, word in document:
        if word not in index.vocabulary:
            window.clear()
            continue
        window.append((line, word))
        if len(window) == index.n:
            ngram = tuple(word for _, word in window)
            if ngram in index.owners:
                yield NgramHit(ngram, window[0][0], index.owners[ngram])
