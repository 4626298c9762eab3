"""Hashes of words and of n-grams in a buffer of many texts, a few numpy operations a word.

A word's hash mixes its first eight bytes, its last eight and its length; an n-gram's is

    H_n(i) = sum_j A^j h(i+j)    mod 2^64,    A odd.

Equal words have equal hashes; the few unequal ones that collide are told apart on the text.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]

SEPARATOR = b"\0"
"""What stands between two texts of a buffer."""

_A = np.uint64(0x9E3779B97F4A7C15)
_MIX, _LAST, _LENGTH = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB), np.uint64(0xD6E8FEB86659FD93)
_PAD = 8
_LETTER_A, _DIGIT_0 = np.uint8(ord("a")), np.uint8(ord("0"))
_LOWER = np.uint8(0x20)  # in which "a" differs from "A"; set everywhere, it makes some characters beyond ASCII alike
_FIRST = np.array([(1 << 8 * n) - 1 for n in range(9)], dtype=np.uint64)


@dataclass(frozen=True, slots=True)
class HashedWords:
    """The words of a buffer.

    Attributes:
        starts, ends: Where each word is in the buffer.
        hashes: Of each word.
    """

    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    hashes: Hashes


def hashed_words(buffer: bytes) -> HashedWords:
    """Find the words of texts that went through :func:`reasoncore.data.words.fold_buffer`.

    Args:
        buffer: UTF-8, the texts divided by :data:`SEPARATOR`.
    """
    padded = np.frombuffer(b"".join((bytes(_PAD), buffer, bytes(_PAD))), dtype=np.uint8)
    lowered = padded | _LOWER
    letter = lowered - _LETTER_A < 26
    letter |= padded >= 0x80
    digit = padded - _DIGIT_0 < 10
    letter, digit = letter[_PAD - 1 : -_PAD + 1], digit[_PAD - 1 : -_PAD + 1]
    starts = np.flatnonzero((letter[1:] > letter[:-1]) | (digit[1:] > digit[:-1]))
    ends = np.flatnonzero((letter[1:] < letter[:-1]) | (digit[1:] < digit[:-1]))
    # Eight bytes from each place on; ``take`` would copy them all.
    windows = np.ndarray((len(lowered) - 7,), dtype="<u8", buffer=lowered, strides=(1,))
    lengths = ends - starts
    hashes = windows[_PAD:][starts]
    hashes &= _FIRST.take(lengths, mode="clip")
    long = np.flatnonzero(lengths > 8)
    hashes[long] ^= windows[ends[long]] * _LAST + lengths[long].astype(np.uint64) * _LENGTH
    hashes *= _MIX
    hashes ^= hashes >> np.uint64(31)
    return HashedWords(starts, ends, hashes)


def ngram_hashes(words: Hashes, n: int, places: NDArray[np.int64] | slice = slice(None)) -> Hashes:
    """H_n, by Horner's rule.

    Args:
        words: h, the hash of each word.
        places: First words; all places where n words follow, or a slice of these. Empty where there are fewer words.
    """
    count = len(words) - n + 1
    if count <= 0:
        return words[:0]
    found = words[n - 1 :][places].copy()
    for offset in range(n - 2, -1, -1):
        found *= _A
        found += words[offset : offset + count][places]
    return found
