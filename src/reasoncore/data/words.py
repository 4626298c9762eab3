"""Words as text is compared by: without case, punctuation and layout, LaTeX and code taken apart.

A word is a run of letters or a run of digits, so that ``2x``, ``2 x`` and ``2\\,x`` are the same words, as are
``\\frac{1}{2}``, ``\\frac 1 2`` and ``\\frac12``. Text is brought to Unicode's form NFKC and case-folded first.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

_WORD = re.compile(r"[0-9]+|[^\W_0-9]+")
_NOT_WORD = re.compile(r"[\W_]")
_NUMERATOR = r"(\\[cdt]?frac\s*[0-9])(?=[0-9])"
_TEXT_NUMERATOR, _BUFFER_NUMERATOR = re.compile(_NUMERATOR, re.ASCII), re.compile(_NUMERATOR.encode())


def words_of(text: str) -> list[str]:
    """The words of a text, in order."""
    return _WORD.findall(unicodedata.normalize("NFKC", _TEXT_NUMERATOR.sub(r"\1 ", text)).casefold())


def shingles(text: str, n: int) -> set[tuple[str, ...]]:
    """The different runs of n words of a text; all its words where it has fewer."""
    words = words_of(text)
    return {tuple(words[start : start + n]) for start in range(max(1, len(words) - n + 1))}


def fold_buffer(buffer: bytes, ends: NDArray[np.int64]) -> tuple[bytes, NDArray[np.int64]]:
    """Texts with the same words, in which no character beyond ASCII divides words: what numpy can take apart.

    Runs of characters beyond ASCII are brought to the form of :func:`words_of` one by one; ASCII stays as it is.

    Args:
        buffer: Texts in UTF-8, one after another.
        ends: Places in the buffer.

    Returns:
        The buffer, and the same places in it.
    """
    buffer, ends = _numerators_apart(buffer, ends)
    if buffer.isascii():
        return buffer, ends
    high = np.flatnonzero(np.frombuffer(buffer, dtype=np.uint8) >= 0x80)
    gaps = np.flatnonzero(np.diff(high) > 1)
    starts, stops = high[np.append(0, gaps + 1)], high[np.append(gaps, len(high) - 1)] + 1
    parts: list[bytes] = []
    grown, last = [], 0
    for start, stop in zip(starts.tolist(), stops.tolist(), strict=True):
        run = buffer[start:stop].decode("utf-8", "replace")
        first = unicodedata.normalize("NFKC", run)[0]
        if start > last and unicodedata.combining(first):  # it changes the character before it
            start -= 1
            run = chr(buffer[start]) + run
        new = _folded_run(run)
        parts += (buffer[last:start], new)
        grown.append(len(new) - (stop - start))
        last = stop
    total = np.cumsum(np.append(0, grown))
    return b"".join([*parts, buffer[last:]]), ends + total[np.searchsorted(stops, ends, "right")]


def _numerators_apart(buffer: bytes, ends: NDArray[np.int64]) -> tuple[bytes, NDArray[np.int64]]:
    """``\\frac12`` as ``\\frac1 2``."""
    # A text without any backslash is common, and this finds it out in a tenth of the time.
    places = [match.end() for match in _BUFFER_NUMERATOR.finditer(buffer)] if b"\\" in buffer else []
    if not places:
        return buffer, ends
    return _BUFFER_NUMERATOR.sub(rb"\1 ", buffer), ends + np.searchsorted(places, ends, "right")


@lru_cache(maxsize=65536)
def _folded_run(run: str) -> bytes:
    return _NOT_WORD.sub(" ", unicodedata.normalize("NFKC", run).casefold()).encode()
