"""Where protected words stand in a batch of texts: candidates by hash, all confirmed on the text itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from reasoncore.data.decontaminate.index import ItemText, ProtectedIndex
from reasoncore.data.word_hashes import SEPARATOR, HashedWords, hashed_words
from reasoncore.data.words import fold_buffer


class Match(NamedTuple):
    """Protected words in a text.

    Attributes:
        text: Number of the text in its batch.
        item: Whose words they are.
        words: The words, in the order in which they stand there.
    """

    text: int
    item: ItemText
    words: tuple[str, ...]


def scan_texts(texts: Sequence[str], index: ProtectedIndex) -> list[Match]:
    """Every match of every text, in order of texts and places."""
    buffers = [text.encode("utf-8", "replace") for text in texts]
    ends = np.cumsum([len(buffer) + len(SEPARATOR) for buffer in buffers])
    return scan_buffer(SEPARATOR.join(buffers), ends, index)


def scan_buffer(buffer: bytes, text_ends: np.ndarray, index: ProtectedIndex) -> list[Match]:
    """As :func:`scan_texts`, of texts with a separator between them.

    Args:
        buffer: The texts in UTF-8.
        text_ends: Where the next text begins, for each text.
    """
    buffer, text_ends = fold_buffer(buffer, text_ends)
    words = hashed_words(buffer)
    found = []
    for place, first, standing in _matches(buffer, words, text_ends, index):
        text = int(np.searchsorted(text_ends, words.starts[place], "right"))
        item = index.texts[int(index.words.text_of(first))]
        found.append((text, place, Match(text, item, _split(standing))))
    if index.wholes:
        found += _whole_matches(buffer, words, text_ends, index)
    return [match for _, _, match in sorted(found, key=lambda one: one[:2])]


def _matches(
    buffer: bytes, words: HashedWords, text_ends: np.ndarray, index: ProtectedIndex
) -> Iterator[tuple[int, int, bytes]]:
    """Places of first words, the first of the protected words that stand there, and these."""
    for table, places, numbers in index.find(words.hashes):
        size = table.size
        firsts, lasts = words.starts[places], words.starts[places + size - 1]
        together = np.searchsorted(text_ends, firsts, "right") == np.searchsorted(text_ends, lasts, "right")
        for place, number in zip(places[together].tolist(), numbers[together].tolist(), strict=True):
            standing = _standing(buffer, words, place, size)
            for first in table.firsts_from(number):
                if index.words.standing(first, size) == standing:
                    yield place, first, standing


def _standing(buffer: bytes, words: HashedWords, place: int, count: int) -> bytes:
    bounds = zip(words.starts[place : place + count], words.ends[place : place + count], strict=True)
    return b" ".join([buffer[start:end].lower() for start, end in bounds])


def _split(standing: bytes) -> tuple[str, ...]:
    return tuple(standing.decode("utf-8", "replace").split(" "))


def _whole_matches(
    buffer: bytes, words: HashedWords, text_ends: np.ndarray, index: ProtectedIndex
) -> Iterator[tuple[int, int, Match]]:
    """Texts that are nothing but a protected text that is looked for whole; candidates by the sum of words' hashes."""
    bounds = np.searchsorted(words.starts, np.append(0, text_ends))
    texts = np.flatnonzero(np.diff(bounds))
    if not len(texts):
        return
    sums = np.add.reduceat(words.hashes, bounds[texts])
    for text in texts[np.isin(sums, index.whole_sums)].tolist():
        first, end = bounds[text : text + 2].tolist()
        standing = _standing(buffer, words, first, end - first)
        number = index.wholes.get(standing)
        if number is not None:
            yield text, first, Match(text, index.texts[number], _split(standing))
