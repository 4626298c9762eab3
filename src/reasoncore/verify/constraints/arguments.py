"""Reading the arguments of a constraint: one function a kind, value as it stands in the file in, typed value out.

Each raises ValueError whose message completes the sentence "key 'num_words' ...".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from reasoncore.verify.constraints.language import LANGUAGES

Relation = Literal["less than", "at least"]
ArgumentReader = Callable[[object], Any]

# Searching for a keyword costs at most its length times the response's; words and phrases are far shorter.
MAX_KEYWORD_CHARS = 200


def read_count(value: object) -> int:
    """A whole number from 1; ``3.0`` passes for 3, since tables with gaps store whole numbers so.

    The reference drops a 0 and draws a random number in its place, so that no data can mean 0.
    """
    return _whole_number(value, 1)


def read_whole_number(value: object) -> int:
    """A whole number from 0, for what may be asked to be absent, and for a place counted from 0."""
    return _whole_number(value, 0)


def _whole_number(value: object, least: int) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise ValueError(f"must be a whole number from {least}, not {value!r:.80}")
    return value


def read_percentage(value: object) -> float:
    """A number from 0 to 100."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= 100:
        raise ValueError(f"must be a number from 0 to 100, not {value!r:.80}")
    return float(value)


def read_relation(value: object) -> Relation:
    """How a count is compared."""
    if value == "less than":
        return "less than"
    if value == "at least":
        return "at least"
    raise ValueError(f"must be 'less than' or 'at least', not {value!r:.80}")


def read_text(value: object) -> str:
    """Text that is more than white space."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"must be text, not {value!r:.80}")
    return value


def read_keyword(value: object) -> str:
    """A word or phrase to look for."""
    keyword = read_text(value)
    if len(keyword) > MAX_KEYWORD_CHARS:
        raise ValueError(f"must be at most {MAX_KEYWORD_CHARS} characters, not {len(keyword)}")
    return keyword


def read_keywords(value: object) -> tuple[str, ...]:
    """At least one keyword."""
    if not isinstance(value, list | tuple) or not value:
        raise ValueError(f"must be a list of words, not {value!r:.80}")
    return tuple(read_keyword(item) for item in value)


def read_character(value: object) -> str:
    """One character, not white space."""
    text = read_text(value)
    if len(text) != 1:
        raise ValueError(f"must be one character, not {text!r:.80}")
    return text


def read_language(value: object) -> str:
    """A code that langdetect can answer."""
    if not isinstance(value, str) or value not in LANGUAGES:
        raise ValueError(f"must be a language code such as 'de' or 'zh-cn', not {value!r:.80}")
    return value


def holds(actual: int, relation: Relation, threshold: int) -> bool:
    """``actual < threshold`` or ``actual >= threshold``."""
    return actual < threshold if relation == "less than" else actual >= threshold
