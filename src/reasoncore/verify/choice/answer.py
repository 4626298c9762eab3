r"""Finding the choice a response commits to: pure string work on hostile text, linear and bounded.

The first of these that can be read decides:

1. the last non-empty ``\boxed{...}`` or ``\fbox{...}``; boxes joined by "or", "and" or a comma count together;
2. the last firm statement such as "the answer is (C)", "Answer: C", "the correct option is C"; a later "the answer is
   not C" takes it back, and "no, it's B" replaces it; see :mod:`reasoncore.verify.choice.statement`;
3. the last line: a lone letter (``C``, ``(C)``, ``**C**``, ``C.``), a letter with its option's text (``C) text``), an
   option's text, "none of the above", "so B", "option C is correct";
4. the last tentative statement: "the answer would be C", "it must be C";
5. the first line, where it is a lone letter or a letter with its option's text and does not open a list of options.

A choice is named by its letter or by its option's text. Two different choices in one place ("A or B"), or a letter
beside the text of another option, are no single answer. Lower-case letters count in 1, 2 and 4 only; the article "A"
and the pronoun "I" are no letters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from string import ascii_uppercase

from reasoncore.verify.choice.phrase import (
    JOIN,
    LONE_LETTER,
    SEVERAL,
    Choice,
    joined_choice,
    letter_in_range,
    read_none,
    read_own_text,
    read_phrase,
)
from reasoncore.verify.choice.statement import LOOK_BACK_CHARS, Kind, statements
from reasoncore.verify.choice.text import option_equal_to, plain_text
from reasoncore.verify.judge_prompt import without_thoughts

MAX_RESPONSE_CHARS = 200_000
MAX_PHRASE_CHARS = 500
_MAX_BOXES = 32

_BOX = re.compile(r"\\(?:boxed|fbox)\s{0,8}\{")
_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)
_BOX_APART = re.compile(r"[\s$.*-]{0,8}")
# A line break does not end a phrase that goes on with "or", or with another letter.
_PHRASE_END = re.compile(r"\n(?!\s{0,8}(?i:or)\b|\s{0,8}and\s\(?[A-Z]\)?[.!]?\s*(?:\n|$))")
_BUT = re.compile(r"\bbut(?:\s(?:rather|instead|it(?:['’]s|\sis)))?\s", re.IGNORECASE)

_LABEL = re.compile(r"\(?([A-Z])[.):]\s")
_VERDICT_WORD = re.compile(
    r"(?:is|was|are|would|could|can|cannot|can't|does|doesn't|has|seems|may|might|will|contradicts?|fails?|and|or|not|no|"
    r"yes|wrong|incorrect|false|true|correct|right)\b",
    re.IGNORECASE,
)
_CONCLUDES = re.compile(
    r"\b(?i:(?:so|thus|therefore|hence|choose|chose|pick|select|go\swith|leaves|leaves\sus\swith|leaves\sonly)\b[,:]?\s"
    r"(?:it(?:['’]s|\sis|\smust\sbe)\s)?(?:the\s)?(?:option\s|choice\s|answer\s)?)(?:\(([A-Z])\)|([A-Z]))[.!]?$"
)
_NEGATED = re.compile(r"(?:n['’]t|\b(?:not|never|cannot))\s(?:\w{1,12}\s){0,2}$", re.IGNORECASE)
_IS_CORRECT = re.compile(
    r"(?i:(?:(?:so|thus|therefore|hence|overall|finally|clearly|in\sconclusion),?\s)?(?:only\s)?"
    r"(?:(?:the\s)?(?:option|choice|answer|statement)\s)?)(?:\(([A-Z])\)|([A-Z]))\s(?:is|must\sbe)\s"
    r"(?:the\s)?(?:only\s|most\s|clearly\s)?(?:(?:correct|right|best|true)(?:\s(?:answer|option|choice|one))?|answer)[.!]?"
)
_SENTENCE_END = re.compile(r"[.!?;]\s")


def extract_choice(response: str, options: Sequence[str] = ()) -> Choice:
    """The choice a response commits to.

    Thinking is not an answer: only what follows the last ``</think>`` counts, and a thought that is not closed leaves
    nothing. Only the last 200,000 characters are looked at.

    Args:
        response: Text of the completion, of any length and content.
        options: Texts of the options, A first; empty where only letters are known, and then A to Z are choices.
    """
    text = without_thoughts(response)
    if text is None:
        return Choice(None, "no answer: the thought is not closed")
    text = text[-MAX_RESPONSE_CHARS:]
    boxed = _boxed(text, options)
    if boxed:
        return boxed
    firm, tentative = _stated(text, options)
    return firm or _last_line(text, options) or tentative or _first_line(text, options) or Choice(None, "no answer")


def _boxed(text: str, options: Sequence[str]) -> Choice | None:
    boxes = islice(_boxes_from_the_end(text), _MAX_BOXES)
    box = next(boxes, None)
    if box is None:
        return None
    choice = read_phrase(text[box[1] : box[2]], options)
    for earlier in boxes:
        if choice is None or not _joins_boxes(text[earlier[2] + 1 : box[0]]):
            break
        other = read_phrase(text[earlier[1] : earlier[2]], options)
        if other is not None and other.letter != choice.letter:
            return SEVERAL
        box = earlier
    return choice and Choice(choice.letter, choice.reason or "boxed")


def _joins_boxes(between: str) -> bool:
    return len(between) <= LOOK_BACK_CHARS and bool(_BOX_APART.fullmatch(between) or JOIN.fullmatch(between))


def _boxes_from_the_end(text: str) -> Iterator[tuple[int, int, int]]:
    """``(start of the command, start and end of the content)`` of the closed, non-empty boxes of bounded length."""
    for match in reversed(list(_BOX.finditer(text))):
        limit = match.end() + MAX_PHRASE_CHARS + 1
        depth = 1
        for token in _BRACE.finditer(text, match.end(), min(limit, len(text))):
            depth += {"{": 1, "}": -1}.get(token[0], 0)
            if depth == 0:
                if text[match.end() : token.start()].strip():
                    yield match.start(), match.end(), token.start()
                break
        else:
            if limit < len(text):  # so that many boxes that never close stay linear
                return


def _stated(text: str, options: Sequence[str]) -> tuple[Choice | None, Choice | None]:
    """``(firm, tentative)``: what the last statement of either sort says."""
    firm: Choice | None = None
    tentative: Choice | None = None
    for statement in statements(text):
        phrase = _PHRASE_END.split(text[statement.end : statement.end + MAX_PHRASE_CHARS].lstrip(), maxsplit=1)[0]
        if statement.kind is Kind.DENIAL:
            instead, denied = _read_denial(phrase, options)
            firm, tentative = (None if said and said.letter == denied else said for said in (firm, tentative))
            firm = instead or firm
            continue
        stated = read_phrase(phrase, options)
        if stated is None:
            continue
        stated = Choice(stated.letter, stated.reason or "stated")
        if statement.kind is Kind.TENTATIVE:
            tentative = stated
        elif statement.kind is Kind.FIRM or firm or tentative:
            firm = stated
    return firm, tentative


def _read_denial(phrase: str, options: Sequence[str]) -> tuple[Choice | None, str | None]:
    """``(what is said instead, letter denied)`` after "the answer is not", as in "C", "C but B", "listed"."""
    none = read_none("not " + plain_text(phrase), options)
    if none is not None:
        return Choice(none.letter, "stated"), None
    before, *after = _BUT.split(phrase, maxsplit=1)
    instead = read_phrase(after[0], options) if after else None
    denied = read_phrase(before, options)
    return instead and Choice(instead.letter, instead.reason or "stated"), denied.letter if denied else None


def _last_line(text: str, options: Sequence[str]) -> Choice | None:
    lines = [line.strip() for line in text.rstrip()[-4 * MAX_PHRASE_CHARS :].split("\n") if line.strip()]
    if not lines:
        return None
    line = plain_text(lines[-1][-MAX_PHRASE_CHARS:])
    before = plain_text(lines[-2][:LOOK_BACK_CHARS]) if len(lines) > 1 else ""
    label, label_before = _label(line), _label(before)
    if label and label_before and label != label_before:
        return None  # the end of a list of options
    choice = _read_line(line, options) if len(lines[-1]) <= MAX_PHRASE_CHARS else None
    return choice or _read_conclusion(line, options)


def _read_line(line: str, options: Sequence[str]) -> Choice | None:
    lone = LONE_LETTER.fullmatch(line)
    if lone:
        letter = letter_in_range(lone, options)
        said = letter and (letter in line or len(line) > len("(c)."))  # "option c", but not "c"
        return Choice(letter, "last line") if said else None
    index = option_equal_to(line, options)
    if index is not None:
        return Choice(ascii_uppercase[index], "last line")
    label = _LABEL.match(line)
    letter = letter_in_range(label, options)
    if label and letter:
        named = read_own_text(line[label.end() :], letter, options)
        if named is None and not options and not _VERDICT_WORD.match(line[label.end() :]):
            joined = joined_choice(line[label.end() - 1 :], letter, options)
            named = Choice(letter, "") if joined in (None, letter) else SEVERAL
        return named and Choice(named.letter, named.reason or "last line")
    none = read_none(line, options)
    return none and Choice(none.letter, "last line")


def _first_line(text: str, options: Sequence[str]) -> Choice | None:
    first, *rest = [line for line in _PHRASE_END.split(text[: 4 * MAX_PHRASE_CHARS]) if line.strip()] or [""]
    line = plain_text(first[:MAX_PHRASE_CHARS])
    if not _label(line) or (rest and _label(plain_text(rest[0][:LOOK_BACK_CHARS]))):
        return None
    choice = _read_line(line, options)
    return choice and Choice(choice.letter, choice.reason.replace("last", "first"))


def _read_conclusion(line: str, options: Sequence[str]) -> Choice | None:
    """The last line ends in words such as "so B", "that leaves (C)" or "option C is correct"."""
    correct = _IS_CORRECT.fullmatch(_SENTENCE_END.split(line)[-1].strip())
    letter = letter_in_range(correct, options)
    if letter is None:
        concluded = _CONCLUDES.search(line)
        if concluded and not _NEGATED.search(line[: concluded.start()][-LOOK_BACK_CHARS:]):
            letter = letter_in_range(concluded, options)
    return Choice(letter, "conclusion of the last line") if letter else None


def _label(line: str) -> str | None:
    match = _LABEL.match(line + " ") or LONE_LETTER.fullmatch(line)
    return next(filter(None, match.groups())) if match else None
