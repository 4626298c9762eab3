"""What must not be trained on, as hashes: every n-gram of long texts, short ones whole.

A text of at least n words is known by each of its n-grams. One of :data:`SHORTEST_INSIDE` words or more is known as a
whole, wherever it stands; a shorter one only where it is a whole text itself, since a few words stand anywhere.

Words and hashes are arrays, so that they go to another process quickly.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reasoncore.data.word_hashes import SEPARATOR, HashedWords, Hashes, hashed_words, ngram_hashes
from reasoncore.data.words import words_of

DEFAULT_N, DEFAULT_COMMON = 10, 10
SHORTEST_INSIDE = 5
_SPARSE_BITS, _LEAST_BITS, _MOST_BITS = 4, 10, 26

Places = NDArray[np.int64]


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


@dataclass(frozen=True, slots=True)
class ProtectedWords:
    """The words of all protected texts, one after another.

    Attributes:
        buffer: UTF-8: a space between words, a separator between texts.
        found: Where each word is in there.
        firsts: Number of the first word of each text, and of one more.
    """

    buffer: bytes
    found: HashedWords
    firsts: Places

    @classmethod
    def of(cls, texts: Sequence[str]) -> ProtectedWords:
        """Of texts that are words with a space between them."""
        buffer = SEPARATOR.join(text.encode() for text in texts)
        counts = [text.count(" ") + 1 for text in texts]
        return cls(buffer, hashed_words(buffer), np.cumsum([0, *counts]))

    def text_of(self, places: ArrayLike) -> Places:
        """The number of the text in which words are."""
        return np.searchsorted(self.firsts, places, "right") - 1

    def standing(self, first: int, size: int) -> bytes:
        """``size`` words from one on, with a space between them."""
        return self.buffer[self.found.starts[first] : self.found.ends[first + size - 1]]


@dataclass(frozen=True, slots=True)
class HashFilter:
    """Which hashes may be among some: all that are, and a few others.

    Attributes:
        bits: Upper bits of a hash that are looked at.
        taken: A bit for each value of theirs, one in sixteen of them taken at most.
    """

    bits: int
    taken: NDArray[np.uint8]

    @classmethod
    def of(cls, hashes: Hashes) -> HashFilter:
        """Of the hashes to be known."""
        bits = min(max(_LEAST_BITS, len(hashes).bit_length() + _SPARSE_BITS), _MOST_BITS)
        taken = np.zeros(1 << bits, dtype=np.bool_)
        taken[_upper(hashes, bits)] = True
        return cls(bits, np.packbits(taken, bitorder="little"))

    def possible(self, hashes: Hashes) -> Places:
        """Places in ``hashes`` of those that may be among them."""
        upper = _upper(hashes, self.bits)
        return np.flatnonzero(self.taken.take(upper >> 3) >> (upper & 7).astype(np.uint8) & np.uint8(1))


def _upper(hashes: Hashes, bits: int) -> Places:
    return (hashes >> np.uint64(64 - bits)).view(np.int64)


@dataclass(frozen=True, slots=True)
class SizeTable:
    """The hashes of everything of one number of words.

    Wherever ``size`` words stand in a text, the first of the text's blocks of ``block`` words (at 0, ``block``, twice
    ``block`` ...) that begins among them lies within them, so that only blocks are looked for everywhere.

    Attributes:
        size, block: Words; a block is half of it.
        hashes: Sorted; different words may have the same.
        firsts: Number of the first word of each.
        blocks: All runs of ``block`` words in there.
        wholes: The hashes.
    """

    size: int
    block: int
    hashes: Hashes
    firsts: Places
    blocks: HashFilter
    wholes: HashFilter

    @classmethod
    def of(cls, words: ProtectedWords, firsts: Places, size: int) -> SizeTable:
        """Of the words of a text from each of ``firsts`` on; of the same words the first place is kept."""
        hashes = ngram_hashes(words.found.hashes, size, firsts)
        order = np.argsort(hashes, kind="stable")
        hashes, firsts = hashes[order], firsts[order]
        again = np.append(False, hashes[1:] == hashes[:-1])
        keep = np.ones(len(firsts), dtype=np.bool_)
        known: set[bytes] = set()
        for number in np.flatnonzero(again).tolist():
            if not again[number - 1]:
                known = {words.standing(int(firsts[number - 1]), size)}
            standing = words.standing(int(firsts[number]), size)
            keep[number] = standing not in known
            known.add(standing)
        hashes, firsts, block = hashes[keep], firsts[keep], (size + 1) // 2
        inside = np.unique(firsts[:, None] + np.arange(size - block + 1))
        blocks = HashFilter.of(ngram_hashes(words.found.hashes, block, inside))
        return cls(size, block, hashes, firsts, blocks, HashFilter.of(hashes))

    def find(self, words: Hashes, blocks: Hashes) -> tuple[Places, Places]:
        """Where in a text such words may stand.

        Args:
            words: The hashes of the text's words.
            blocks: The hashes of its blocks.

        Returns:
            Places of their first words, and the number here of the first that has the same hash.
        """
        begins = self.block * self.blocks.possible(blocks)
        places = (begins[:, None] + np.arange(1 - self.block, 1)).ravel()
        places = places[(places >= 0) & (places <= len(words) - self.size)]
        hashes = ngram_hashes(words, self.size, places)
        possible = self.wholes.possible(hashes)
        places, hashes = places.take(possible), hashes.take(possible)
        numbers = np.searchsorted(self.hashes, hashes)
        numbers[numbers == len(self.hashes)] = 0
        same = self.hashes[numbers] == hashes
        return places[same], numbers[same]

    def firsts_from(self, number: int) -> Iterator[int]:
        """First words of all that have the hash of one, the first of them."""
        value = self.hashes[number]
        while number < len(self.hashes) and self.hashes[number] == value:
            yield int(self.firsts[number])
            number += 1


@dataclass(frozen=True, slots=True)
class ProtectedIndex:
    """Everything that is looked for.

    Attributes:
        n: Words of an n-gram.
        texts: What is protected; one that several items have is named by the first.
        words: Their words.
        tables: By number of words.
        wholes: Texts, by their words, that are looked for as whole texts alone: short ones, and those of which
            boilerplate leaves nothing to look for.
        whole_sums: Of each of those the sum of its words' hashes, sorted.
        boilerplate: n-grams of so many items that they are not looked for.
    """

    n: int
    texts: tuple[ItemText, ...]
    words: ProtectedWords
    tables: Mapping[int, SizeTable]
    wholes: Mapping[bytes, int]
    whole_sums: Hashes
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
        kept: dict[str, ItemText] = {}
        for text in texts:
            joined = " ".join(words_of(text.text))
            if joined:
                kept.setdefault(joined, text)
        words = ProtectedWords.of(list(kept))
        boilerplate, shared = _shared_by_many(words, list(kept.values()), n, common)
        places: dict[int, list[Places]] = {}
        as_wholes = dict.fromkeys(range(len(kept)))
        for number, start, end in _own_stretches(words, shared, n):
            size = min(n, end - start)
            if size >= min(n, SHORTEST_INSIDE):
                places.setdefault(size, []).append(np.arange(start, end - size + 1))
                as_wholes.pop(number, None)
        tables = {size: SizeTable.of(words, np.concatenate(starts), size) for size, starts in places.items()}
        bounds = [(number, *words.firsts[number : number + 2].tolist()) for number in as_wholes]
        wholes = {words.standing(start, end - start): number for number, start, end in bounds}
        sums = np.array([words.found.hashes[start:end].sum() for _, start, end in bounds], np.uint64)
        return cls(n, tuple(kept.values()), words, tables, wholes, np.unique(sums), boilerplate)

    def find(self, words: Hashes) -> Iterator[tuple[SizeTable, Places, Places]]:
        """What may stand in a text, by the hashes of its words: :meth:`SizeTable.find` of each table."""
        sizes = {table.block for table in self.tables.values()}
        blocks = {size: ngram_hashes(words, size, slice(None, None, size)) for size in sizes}
        for table in self.tables.values():
            yield table, *table.find(words, blocks[table.block])


def _shared_by_many(words: ProtectedWords, texts: Sequence[ItemText], n: int, common: int) -> tuple[int, Places]:
    """How many n-grams there are of more than ``common`` items, and where all of these begin."""
    hashes = ngram_hashes(words.found.hashes, n)
    places = np.arange(len(hashes))
    places = places[words.text_of(places) == words.text_of(places + n - 1)]
    if not common or not len(places):
        return 0, places[:0]
    names: dict[tuple[str, str], int] = {}
    items = np.array([names.setdefault((text.source, text.item), len(names)) for text in texts])
    order = np.lexsort((items[words.text_of(places)], hashes[places]))
    by_hash, by_item = hashes[places][order], items[words.text_of(places)][order]
    new_hash = np.append(True, by_hash[1:] != by_hash[:-1])
    new_pair = new_hash | np.append(True, by_item[1:] != by_item[:-1])
    counts = np.add.reduceat(new_pair.astype(np.int64), np.flatnonzero(new_hash))
    shared = by_hash[new_hash][counts > common]
    return len(shared), places[np.isin(hashes[places], shared)]


def _own_stretches(words: ProtectedWords, shared: Places, n: int) -> Iterator[tuple[int, int, int]]:
    """What is left of each text without its boilerplate: its number, first word, and word after the last."""
    begins = np.searchsorted(shared, words.firsts)
    for number in range(len(words.firsts) - 1):
        start, end = int(words.firsts[number]), int(words.firsts[number + 1])
        for place in shared[begins[number] : begins[number + 1]].tolist():
            if place > start:
                yield number, start, place
            start = max(start, place + n)
        if start < end:
            yield number, start, end
