"""What must not be trained on, as hashes: every n-gram of long texts, short ones whole.

A text of at least n words is known by each of its n-grams. One of :data:`SHORTEST_INSIDE` words or more is known as a
whole, wherever it stands; a shorter one only where it is a whole text itself, since a few words stand anywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from reasoncore.data.word_hashes import Hashes, hashed_words, ngram_hashes
from reasoncore.data.words import words_of

DEFAULT_N, DEFAULT_COMMON = 10, 10
SHORTEST_INSIDE = 5
_FILTER_BITS = 24


class ItemText(NamedTuple):
    """A text of an evaluation item.

    Attributes:
        source: The file or benchmark.
        item: The item's name in there.
        text: Such as its question.
    """

    source: str
    item: str
    text: str


class Entry(NamedTuple):
    """Words that must not stand anywhere: ``size`` of them from number ``first`` on of text ``text``."""

    text: int
    first: int
    size: int


@dataclass(frozen=True, slots=True)
class SizeTable:
    """The hashes of all entries of one number of words.

    Attributes:
        hashes: Sorted.
        entries: What has each hash, different words mostly one by one.
        maybe: A bit for each value of the hashes' upper bits; most places in a corpus end here.
    """

    hashes: Hashes
    entries: tuple[tuple[Entry, ...], ...]
    maybe: NDArray[np.uint8]

    def find(self, hashes: Hashes) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Places in ``hashes`` of those that are here, and their numbers here."""
        upper = (hashes >> np.uint64(64 - _FILTER_BITS)).view(np.int64)
        bits = self.maybe.take(upper >> 3, mode="wrap") >> (upper & 7).astype(np.uint8)
        places = np.flatnonzero(bits & np.uint8(1))
        numbers = np.searchsorted(self.hashes, hashes[places])
        numbers[numbers == len(self.hashes)] = 0
        same = self.hashes[numbers] == hashes[places]
        return places[same], numbers[same]


@dataclass(frozen=True, slots=True)
class ProtectedIndex:
    """Everything that is looked for.

    Attributes:
        n: Words of an n-gram.
        texts: What is protected; one that several items have is named by the first.
        words: The words of each text.
        tables: By number of words.
        wholes: Texts, by their words, that are looked for as whole texts alone.
        boilerplate: n-grams of so many items that they are not looked for.
    """

    n: int
    texts: tuple[ItemText, ...]
    words: tuple[tuple[str, ...], ...]
    tables: Mapping[int, SizeTable]
    wholes: Mapping[tuple[str, ...], int]
    boilerplate: int = 0

    @classmethod
    def of(cls, texts: Iterable[ItemText], n: int = DEFAULT_N, common: int = DEFAULT_COMMON) -> ProtectedIndex:
        """Index texts, those of an item one after another; those without a word are left out.

        Args:
            common: What stands in more items than this is boilerplate, such as how to mark an answer: it is cut out of
                the texts before they are indexed. 0 cuts nothing.

        Raises:
            ValueError: n is below 1.
        """
        if n < 1:
            raise ValueError(f"n-grams of {n} words")
        kept: dict[tuple[str, ...], ItemText] = {}
        for text in texts:
            words = tuple(words_of(text.text))
            if words:
                kept.setdefault(words, text)
        hashes = [ngram_hashes(hashed_words(" ".join(words).encode()).hashes, n) for words in kept]
        shared = _shared_by_many(kept.values(), hashes, common) if common else frozenset()
        found: dict[int, dict[int, dict[tuple[str, ...], Entry]]] = {}
        wholes: dict[tuple[str, ...], int] = {}
        for number, (words, of_text) in enumerate(zip(kept, hashes, strict=True)):
            for start, end in _own_stretches(len(words), of_text, n, shared):
                size = min(n, end - start)
                if size >= min(n, SHORTEST_INSIDE):
                    _add(found.setdefault(size, {}), words, number, start, end, size)
                elif end - start == len(words):
                    wholes[words] = number
        tables = {size: _table(one) for size, one in found.items()}
        return cls(n, tuple(kept.values()), tuple(kept), tables, wholes, len(shared))

    def words_at(self, entry: Entry) -> tuple[str, ...]:
        """The words of an entry."""
        return self.words[entry.text][entry.first : entry.first + entry.size]


def _shared_by_many(texts: Iterable[ItemText], hashes: Sequence[Hashes], common: int) -> frozenset[int]:
    """n-grams of more than ``common`` items."""
    items: dict[int, int] = {}
    last: dict[int, tuple[str, str]] = {}
    for text, of_text in zip(texts, hashes, strict=True):
        item = text.source, text.item
        for value in of_text.tolist():
            if last.get(value) != item:
                last[value] = item
                items[value] = items.get(value, 0) + 1
    return frozenset(value for value, count in items.items() if count > common)


def _own_stretches(count: int, hashes: Hashes, n: int, shared: frozenset[int]) -> list[tuple[int, int]]:
    """What is left of a text of ``count`` words without its boilerplate, as (first word, word after the last)."""
    stretches, start = [], 0
    for place, value in enumerate(hashes.tolist() if shared else ()):
        if value in shared:
            if place > start:
                stretches.append((start, place))
            start = max(start, place + n)
    return [*stretches, (start, count)] if start < count else stretches


def _add(
    table: dict[int, dict[tuple[str, ...], Entry]], words: tuple[str, ...], text: int, start: int, end: int, size: int
) -> None:
    """Every ``size`` words of a stretch."""
    hashes = ngram_hashes(hashed_words(" ".join(words[start:end]).encode()).hashes, size)
    for first, value in enumerate(hashes.tolist(), start=start):
        table.setdefault(value, {}).setdefault(words[first : first + size], Entry(text, first, size))


def _table(entries: Mapping[int, Mapping[tuple[str, ...], Entry]]) -> SizeTable:
    order = sorted(entries)
    hashes = np.array(order, dtype=np.uint64)
    maybe = np.zeros(1 << (_FILTER_BITS - 3), dtype=np.uint8)
    upper = hashes >> np.uint64(64 - _FILTER_BITS)
    np.bitwise_or.at(maybe, upper >> np.uint64(3), np.uint8(1) << (upper & np.uint64(7)).astype(np.uint8))
    return SizeTable(hashes, tuple(tuple(entries[value].values()) for value in order), maybe)
