"""Constraints on form. Each function: a response that is not blank, and arguments; whether it follows.

Several regular expressions of the reference take quadratic time on hostile text (a run of ``<``, ``[`` or line
breaks); the scans here find the same matches in linear time.
"""

from __future__ import annotations

import json
import re

_OPTIONS = ("My answer is yes.", "My answer is no.", "My answer is maybe.")
_HIGHLIGHT = re.compile(r"\*[^\n*]*+\*")
_DOUBLE_HIGHLIGHT = re.compile(r"\*\*[^\n*]*+\*\*")
_STAR = re.compile(r"\*[^*]")  # the second may be the line break
_DASH = re.compile("-")
_NOT_SPACE = re.compile(r"\S")


def number_placeholders(response: str, *, num_placeholders: int) -> bool:
    """At least so many ``[...]`` within a line; ``[]`` and the ``[x]`` of a link count."""
    count = 0
    for line in response.split("\n"):
        start = line.find("[")
        while start >= 0 and (end := line.find("]", start)) >= 0:
            count += 1
            start = line.find("[", end)
    return count >= num_placeholders


def postscript(response: str, *, postscript_marker: str) -> bool:
    """The marker occurs anywhere, in any case; ``P.S.`` and ``P.P.S`` also with a space after a full stop.

    ``P.P.S`` asks for no full stop at its end and ``P.S.`` is found inside ``P.P.S.``, as in the reference.
    """
    marker = postscript_marker.strip()
    patterns = {"P.P.S": r"p\.\s?p\.\s?s", "P.S.": r"p\.\s?s\."}
    return re.search(patterns.get(marker, re.escape(marker.lower())), response.lower()) is not None


def number_bullet_lists(response: str, *, num_bullets: int) -> bool:
    r"""Exactly so many lines that start with ``*`` or ``-``.

    Lines of ``---``, negative numbers and dialogue count; ``**bold`` does not; a ``*`` alone on its line takes the
    next line with it.
    """
    return _count_bullets(response, _STAR) + _count_bullets(response, _DASH) == num_bullets


def _count_bullets(text: str, bullet: re.Pattern[str]) -> int:
    r"""Matches of ``^\s*\*[^\*].*$``, or of ``^\s*-.*$``, where ``\s*`` may run over line breaks."""
    count = 0
    start = 0
    while (first := _NOT_SPACE.search(text, start)) is not None:
        found = bullet.match(text, first.start())
        count += found is not None
        line_break = text.find("\n", found.end() if found else first.end())
        if line_break < 0:
            break
        start = line_break + 1
    return count


def constrained_response(response: str) -> bool:
    """One of three fixed answers occurs anywhere."""
    return any(option in response for option in _OPTIONS)


def number_highlighted_sections(response: str, *, num_highlights: int) -> bool:
    """At least so many ``*...*`` or ``**...**`` within a line and not blank.

    Any two asterisks of a line make one, as in ``2 * 3 * 4``; ``***word***`` counts twice.
    """
    single = sum(1 for found in _HIGHLIGHT.finditer(response) if found.group().strip("*").strip())
    double = sum(1 for found in _DOUBLE_HIGHLIGHT.finditer(response) if found.group()[2:-2].strip())
    return single + double >= num_highlights


def multiple_sections(response: str, *, section_spliter: str, num_sections: int) -> bool:
    """At least so many ``Section 1``, with the given word in its own case; spelt as in the data files."""
    header = re.compile(re.escape(section_spliter.strip()) + r"\s?\d++")
    return sum(1 for _ in header.finditer(response)) >= num_sections


def json_format(response: str) -> bool:
    """The whole response is JSON, in a code fence or not; a bare number or word such as ``NaN`` passes.

    JSON nested deeper than Python's parser goes, where the reference ends with an exception, is not followed.
    """
    text = response.strip()
    for opening in ("```json", "```Json", "```JSON", "```"):
        text = text.removeprefix(opening)
    try:
        json.loads(text.removesuffix("```").strip())
    except (ValueError, RecursionError):
        return False
    return True


def title(response: str) -> bool:
    """Some line has ``<<...>>`` with more inside than angle brackets and white space."""
    for line in response.split("\n"):
        start, end = line.find("<<"), line.rfind(">>")
        if 0 <= start < end and line[start:end].lstrip("<").rstrip(">").strip():
            return True
    return False


def two_responses(response: str) -> bool:
    """Two different pieces between ``******``; only the first and the last piece may be blank."""
    pieces = [piece.strip() for piece in response.split("******")]
    if not all(pieces[1:-1]):
        return False
    given = [piece for piece in pieces if piece]
    return len(given) == 2 and given[0] != given[1]


def repeat_prompt(response: str, *, prompt_to_repeat: str) -> bool:
    """The response starts with the given text, in any case."""
    return response.strip().lower().startswith(prompt_to_repeat.strip().lower())


def end_checker(response: str, *, end_phrase: str) -> bool:
    """The response ends with the phrase, in any case, before closing quotation marks."""
    return response.strip().strip('"').lower().endswith(end_phrase.strip().lower())


def quotation(response: str) -> bool:
    """The response starts and ends with a double quotation mark."""
    text = response.strip()
    return len(text) > 1 and text[0] == '"' == text[-1]


def no_comma(response: str) -> bool:
    """No ``,``; the commas of other scripts pass."""
    return "," not in response
