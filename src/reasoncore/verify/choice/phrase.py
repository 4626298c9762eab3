"""Reading the phrase that names a choice: "C", "(C) because", "C. Paris", "Paris", "A or B", "none of the above"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_uppercase

from reasoncore.verify.choice.text import comparable, option_at_start, option_equal_to, plain_text

NONE = "none"

# Not re.IGNORECASE for the letters: it would let the Kelvin sign pass for a K.
LONE_LETTER = re.compile(r"(?:(?i:option|choice|answer)\s)?(?:\(([A-Za-z])\)|\[([A-Za-z])\]|([A-Za-z]))[.):]?")
_LEAD = re.compile(
    r"(?:(?:therefore|thus|hence|then|clearly|indeed|definitely|certainly|actually|simply|likely|most\slikely|probably|"
    r"either|both|the|option|choice|letter|answer)[\s,:]\s{0,4})+(?=[(\[A-Za-z])",
    re.IGNORECASE,
)
_LETTER = re.compile(r"\(\s?([A-Za-z])\s?\)|\[([A-Za-z])\]|([A-Za-z])(?![A-Za-z0-9'’])")
_SEPARATOR = re.compile(r"\s{0,4}(?:[.):\]]|[-–—](?=\s))\s{0,4}|,\s{0,4}")
_END = re.compile(r"[\s.,;:!)\]}\"'”’]*$")
# What may follow a bare letter in a sentence that goes on; not so after "A good answer" or "I think".
_CONNECTOR = re.compile(r"\s+(?:(?:because|since|as|given|which|that|due|based|for|by|so)\b|[(—–])")
_JOIN = re.compile(
    r"\s{0,4}(?:,?\s{0,4}\b(?:or|and|and/or)\b|[,;/&+])\s{0,4}(?:(?:maybe|perhaps|possibly)\s)?", re.IGNORECASE
)
_JOINED_END = re.compile(r"\s{0,4}(?:$|[.,;:!)\]/]|\s(?:or|and|because|since|as|given)\b)", re.IGNORECASE)
_ASKED_OR_REJECTED = re.compile(r"[\s.)\]]*\?|\s+(?:is|was|isn['’]t|cannot|can['’]t)\b", re.IGNORECASE)
_NONE = re.compile(
    r"(?:none(?:\sof\s(?:these|those|them|the))?|neither\sof\s(?:these|those|them|the)|no)"
    r"(?:\s(?:above|given|listed))?(?:\s(?:options?|choices?|answers?))?(?:\s(?:above|given|listed))?"
    r"(?:\s(?:is|are)\s(?:correct|right|true))?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Choice:
    """What a response chose.

    Attributes:
        letter: ``"A"`` to ``"Z"``, ``"none"`` where it says that no option is right, None where there is no single one.
        reason: Where the answer was found, or why there is none; empty in a phrase, whose place its caller knows.
    """

    letter: str | None
    reason: str


SEVERAL = Choice(None, "several different choices")
CONTRADICTION = Choice(None, "the letter and the text are of different options")


def read_phrase(phrase: str, options: Sequence[str]) -> Choice | None:
    """What stands in a box or after "the answer is"; None where it names no choice."""
    text = plain_text(phrase)
    if not text or LONE_LETTER.fullmatch(text) is None:
        index = option_equal_to(text, options)
        if index is not None:
            return Choice(ascii_uppercase[index], "")
    lead = _LEAD.match(text)
    rest = text[lead.end() :] if lead else text
    return _read_letter(rest, options) or _read_text(text, options) or read_none(text, options)


def _read_letter(text: str, options: Sequence[str]) -> Choice | None:
    match = _LETTER.match(text)
    letter = letter_in_range(match, options)
    if match is None or letter is None:
        return None
    rest, choice = text[match.end() :], Choice(letter, "")
    if _ASKED_OR_REJECTED.match(rest):
        return None
    if _END.match(rest):
        return choice
    other = _joined_letter(rest, options)
    if other is not None:
        return choice if other == letter else SEVERAL
    separator = _SEPARATOR.match(rest)
    in_brackets = match[3] is None
    if separator or in_brackets:
        after = rest[separator.end() :] if separator else rest.lstrip()
        # After a full stop a sentence may begin with the text of any option; only the whole of it contradicts.
        named = option_equal_to(after, options)
        if named is None and not (separator and separator[0].strip() in (".", ",")):
            named = (option_at_start(after, options) or (None,))[0]
        return choice if named is None or ascii_uppercase[named] == letter else CONTRADICTION
    named = option_equal_to(rest.strip(" ().—–"), options)
    if named is not None:
        return choice if ascii_uppercase[named] == letter else CONTRADICTION
    return choice if _CONNECTOR.match(rest) else None


def _joined_letter(rest: str, options: Sequence[str]) -> str | None:
    """The other letter of "A or B", "A, B", "(A)(B)", seen from behind the first."""
    join = _JOIN.match(rest)
    at = join.end() if join else len(rest) - len(rest.lstrip())
    match = _LETTER.match(rest, at)
    if match is None or (join is None and match[3] is not None) or not _JOINED_END.match(rest, match.end()):
        return None
    return letter_in_range(match, options)


def _read_text(text: str, options: Sequence[str]) -> Choice | None:
    found = option_at_start(text, options)
    if found is None:
        return None
    index, rest = found
    join = _JOIN.match(rest)
    if join:
        other = option_at_start(rest[join.end() :], options)
        if other is not None and other[0] != index:
            return SEVERAL
        if rest[: join.end()].strip(" ,;") != "":
            return None
    return Choice(ascii_uppercase[index], "")


def read_none(text: str, options: Sequence[str]) -> Choice | None:
    """Whether all of ``text`` says that no option is right; the one option that says so itself, or ``NONE``."""
    if not _says_none(text):
        return None
    same = [index for index, option in enumerate(options) if _says_none(comparable(option))]
    return Choice(ascii_uppercase[same[0]] if len(same) == 1 else NONE, "")


def _says_none(text: str) -> bool:
    match = _NONE.match(text)
    return match is not None and match[0].lower() != "no" and bool(_END.match(text, match.end()))


def letter_in_range(match: re.Match[str] | None, options: Sequence[str]) -> str | None:
    """The letter a match found, as a capital; None where there is no match or no such option."""
    letter = next(filter(None, match.groups()), "").upper() if match else ""
    return letter if letter and ascii_uppercase.index(letter) < (len(options) or len(ascii_uppercase)) else None
