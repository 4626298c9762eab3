"""Whether a response is of use, by its text alone ([3B] section 2.1.1): anomalous repetition and lengths."""

from __future__ import annotations

from reasoncore.config import TextQuality

_GRAM = 10


def why_not(response: str, settings: TextQuality) -> str:
    """Why a response is of no use; empty where it is."""
    words = response.split()
    if len(words) < settings.min_words:
        return "too short"
    if settings.max_words is not None and len(words) > settings.max_words:
        return "too long"
    if repeated_share(words) > settings.max_repeated:
        return "repeats itself"
    if repeated_lines(response) > settings.max_line_share:
        return "repeats its lines"
    return ""


def repeated_share(words: list[str]) -> float:
    """Share of the word 10-grams that stood there before; 0 where there are none."""
    total = len(words) - _GRAM + 1
    if total < 2:
        return 0.0
    return 1 - len({tuple(words[i : i + _GRAM]) for i in range(total)}) / total


def repeated_lines(text: str) -> float:
    """Share of the lines that stood there before; 0 for fewer than four."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return 1 - len(set(lines)) / len(lines) if len(lines) >= 4 else 0.0
