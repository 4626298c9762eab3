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
    r"(?:(?:therefore|thus|hence|then|clearly|indeed|definitely|certainly|surely|obviously|evidently|undoubtedly|"
    r"of\scourse|actually|simply|likely|most\slikely|probably|either|both|the|option|choice|letter|answer)"
    r"[\s,:]\s{0,4})+(?=[(\[A-Za-z])",
    re.IGNORECASE,
)
_LETTER = re.compile(r"\(\s?([A-Za-z])\s?\)|[\[<]([A-Za-z])[\]>]|([A-Za-z])(?![A-Za-z0-9'’])")
_SEPARATOR = re.compile(r"\s{0,4}(?:[.):：\]]|[-–—](?=\s))\s{0,4}|,\s{0,4}")
_SEPARATOR_BEHIND_I = re.compile(r"\s{0,4}[.):：\]]")
_END = re.compile(r"[\s.,;:!)\]}\"'”’]*(?:$|</)")
# What may follow a bare letter in a sentence that goes on; not so after "A good answer" or "I think".
_CONNECTOR = re.compile(
    r"\s+(?:(?:because|since|as|given|which|that|due|based|for|by|so|rather\sthan)\b"
    r"|(?:and|but)\s(?:not|the|it|that|this)\b|[(—–])|\s?;\s|[\"”]"
)
# Between two alternatives: "or", ", and", " - or ", " (or ", ", but it could also be ", ". Or the answer is ".
JOIN = re.compile(
    r"[\s.,;:!)\]\"'“”‘’$—–-]{0,8}\(?"
    r"(?:\b(?:and/or|or|and|also|plus|but|as\swell\sas|alternatively)\b|[,;/&+])"
    r"(?:[\s,(]{0,4}\b(?:it|this|maybe|perhaps|possibly|alternatively|also|even|could|can|may|might|be|is|the|"
    r"option|choice|answer|letter)\b)*[\s,:;$\"'“”‘’]{0,4}",
    re.IGNORECASE,
)
_JOINED_END = re.compile(r"\s{0,4}(?:$|[.,;:!)\]/\"'“”’]|(?:\s|^)(?:or|and|because|since|as|given)\b)", re.IGNORECASE)
_REMARK = re.compile(r"\s?\([^()]{0,80}\)")
# "A and B are wrong": a list of letters that something is said of.
_JUDGED = re.compile(r"\(?[A-Z]\)?(?:(?:,\s|,?\s(?:and|or)\s)\(?[A-Z]\)?){1,25}\s(?:is|are|was|were|can|do|fail)\b")
# Where the options' texts are not known: "(A) Paris or (B) London".
_LABELLED_LATER = re.compile(
    r"[.):\]]?\s(?!(?:because|since|as|which|that|due|given|is|not)\b)[^.,;:()!?]{1,80}?\s(?:or|and)\s"
    r"(?:\(([A-Z])\)|([A-Z])[.):])\s(?!(?:is|are|was|can|do)\b)"
)
_GOES_ON = re.compile(r"\s+(?:or|and)\b", re.IGNORECASE)
_ASKED_OR_REJECTED = re.compile(r"[\s.)\]]*\?|\s+(?:is|was|isn['’]t|cannot|can['’]t)\b", re.IGNORECASE)
_NONE = re.compile(
    r"(?:(?:none|neither)(?:\sof\s(?:these|those|them|the))?|not(?=\s(?:above|given|listed|among)\b)|there\sis\sno|no)"
    r"(?:\s(?:above|given|listed|correct|right))?(?:\s(?:options?|choices?|answers?))?"
    r"(?:\s(?:above|given|listed|among\s(?:these|those|them|the\s(?:options|choices|answers))))?"
    r"(?:\s(?:is|are)\s(?:correct|right|true))?",
    re.IGNORECASE,
)
_SAYS_LITTLE = ("no", "there is no")
_NONE_OF = re.compile(r"(?i:none|neither)\s(?i:of\s)?((?:[A-Z](?:,\s|,?\s(?:or|and|nor)\s)){1,25}[A-Z])\b")


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
    joined = joined_choice(rest, letter, options)
    if joined is not None:
        return choice if joined == letter else SEVERAL
    # "I, as an AI, cannot choose" and "I - well - do not know" begin with the pronoun.
    separator = (_SEPARATOR_BEHIND_I if match[0] == "I" else _SEPARATOR).match(rest)
    named = read_own_text(rest, letter, options)
    if named is CONTRADICTION and separator and separator[0].strip() in (".", ","):
        # After a full stop a sentence may begin with the text of any option; only the whole of it contradicts.
        return choice if option_equal_to(rest[separator.end() :], options) is None else CONTRADICTION
    if named is not None:
        return named
    goes_on = separator or match[3] is None or _CONNECTOR.match(rest)
    return choice if goes_on else None


def read_own_text(rest: str, letter: str, options: Sequence[str]) -> Choice | None:
    """What the option's text behind its letter says, as in "C. Berlin", "C (Berlin) or ..."; None without a text."""
    separator = _SEPARATOR.match(rest)
    after = (rest[separator.end() :] if separator else rest).lstrip(" (—–")
    whole = option_equal_to(after.rstrip(" )."), options)
    found = (whole, "") if whole is not None else option_at_start(after, options)
    if found is None:
        return None
    index, beyond = found
    if ascii_uppercase[index] != letter:
        return CONTRADICTION
    return Choice(letter, "") if joined_choice(beyond, letter, options) in (None, letter) else SEVERAL


def joined_choice(rest: str, letter: str, options: Sequence[str]) -> str | None:
    """The choice that what follows the choice of ``letter`` joins to it, as "or B", "(or London)" and "(B)" do.

    The first that is another one; ``letter`` where it is only repeated; None where nothing is joined.
    """
    unknown = None if options else letter_in_range(_LABELLED_LATER.match(rest), options)
    if unknown is not None:
        return unknown
    joined, at = None, 0
    while joined in (None, letter):
        remark = _REMARK.match(rest, at)
        join = JOIN.match(rest, at) or (JOIN.match(rest, remark.end()) if remark else None)
        at = join.end() if join else at + len(rest[at:]) - len(rest[at:].lstrip())
        match = None if _JUDGED.match(rest, at) else _LETTER.match(rest, at)
        if match and (join or match[3] is None) and _ends(rest, match, options):
            other = letter_in_range(match, options)
            at = match.end()
        elif join and (named := option_at_start(rest[at:], options)):
            other = ascii_uppercase[named[0]]
            rest, at = named[1], 0
        else:
            break
        if other is None:
            break
        joined = other
    return joined


def _ends(rest: str, match: re.Match[str], options: Sequence[str]) -> bool:
    """A joined letter is a choice where nothing but its text follows in its clause; "C, A is wrong" goes on."""
    end = match.end()
    remark = _REMARK.match(rest, end)
    end = remark.end() if remark else end
    return _JOINED_END.match(rest, end) is not None or option_at_start(rest[end:], options) is not None


def _read_text(text: str, options: Sequence[str]) -> Choice | None:
    found = option_at_start(text, options)
    if found is None:
        return None
    index, rest = found
    letter = ascii_uppercase[index]
    joined = joined_choice(rest, letter, options)
    if joined not in (None, letter):
        return SEVERAL
    return None if joined is None and _GOES_ON.match(rest) else Choice(letter, "")


def read_none(text: str, options: Sequence[str]) -> Choice | None:
    """Whether all of ``text`` says that no option is right; the one option that says so itself, or ``NONE``."""
    if not _says_none(text) and not _excludes_all(text, options):
        return None
    same = [index for index, option in enumerate(options) if _says_none(comparable(option))]
    return Choice(ascii_uppercase[same[0]] if len(same) == 1 else NONE, "")


def _says_none(text: str) -> bool:
    match = _NONE.match(text)
    return match is not None and match[0].lower() not in _SAYS_LITTLE and bool(_END.match(text, match.end()))


def _excludes_all(text: str, options: Sequence[str]) -> bool:
    """ "None of A, B, C or D" of a question with no more options than these."""
    match = _NONE_OF.match(text)
    return (
        match is not None
        and set(re.findall(r"\b[A-Z]\b", match[1])) >= set(ascii_uppercase[: len(options) or 4])
        and bool(_END.match(text, match.end()))
    )


def letter_in_range(match: re.Match[str] | None, options: Sequence[str]) -> str | None:
    """The letter a match found, as a capital; None where there is no match or no such option."""
    letter = next(filter(None, match.groups()), "").upper() if match else ""
    return letter if letter and ascii_uppercase.index(letter) < (len(options) or len(ascii_uppercase)) else None
