r"""Finding the choice a response commits to: pure string work on hostile text, linear and bounded.

The first of these that can be read decides:

1. the last non-empty ``\boxed{...}`` or ``\fbox{...}``; boxes joined by "or", "and" or a comma count together;
2. the last statement such as "the answer is (C)", "Answer: C", "the correct option is C"; a later "the answer is not
   C" takes it back; "if the answer is C", "the wrong answer is C" and questions are no statements;
3. the last line: a lone letter (``C``, ``(C)``, ``**C**``, ``C.``), a letter with its option's text (``C) text``), an
   option's text, "none of the above", "so B", "option C is correct".

A choice is named by its letter or by its option's text. Two different choices in one place ("A or B"), or a letter
beside the text of another option, are no single answer. Lower-case letters count in 1 and 2 only; the article "A" and
the pronoun "I" are no letters.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import islice
from string import ascii_uppercase

from reasoncore.verify.choice.phrase import (
    CONTRADICTION,
    LONE_LETTER,
    SEVERAL,
    Choice,
    letter_in_range,
    read_none,
    read_phrase,
)
from reasoncore.verify.choice.text import option_at_start, option_equal_to, plain_text

MAX_RESPONSE_CHARS = 200_000
MAX_PHRASE_CHARS = 500
_MAX_STATEMENTS = 64
_MAX_BOXES = 32

_THINK_OPEN, _THINK_CLOSE = "<think>", "</think>"
_BOX = re.compile(r"\\(?:boxed|fbox)\s{0,8}\{")
_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)
_BOX_JOIN = re.compile(r"[\s$,;/&]{0,8}(?:or|and|and/or)?[\s$]{0,8}", re.IGNORECASE)

_STATED = re.compile(
    r"\b(?:answer|option|choice)(?:\s{1,4}(?:choice|option|here|(?:to|for)\s(?:this|the)\s(?:question|problem)|"
    r"(?:among|of|from)\s(?:these|the)(?:\s(?:given|above))?(?:\s(?:options|choices))?))?[*_\"]{0,3}\s{0,4}"
    r"(?:(?:is(?P<negated>n['’]t|\s{1,4}not)?|(?:would|should|must|has\sto|will)\sbe)\b\s{0,4}:?|[:=]|[-–—](?=\s))"
    r"[*_]{0,3}\s{0,4}",
    re.IGNORECASE,
)
_NO_STATEMENT = re.compile(
    r"(?:\b(?:if|suppose|supposing|assume|assuming|whether|unless|imagine)\b[^.!?;]{0,30}"
    r"|(?:n['’]t|\bnot|\bnever|\bcannot)\s(?:think|believe|say|mean|agree|clear|certain|sure|true)\b[^.!?;]{0,20}"
    r"|\b(?:doubt|unlikely)\b[^.!?;]{0,20}"
    r"|\b(?:wrong|incorrect|false|worst|initial|previous|other)\s)$",
    re.IGNORECASE,
)
_LOOK_BACK_CHARS = 60

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
    start = response.rfind(_THINK_CLOSE) + len(_THINK_CLOSE) if _THINK_CLOSE in response else 0
    if response.find(_THINK_OPEN, start) >= 0:
        return Choice(None, "no answer: the thought is not closed")
    text = response[max(start, len(response) - MAX_RESPONSE_CHARS) :]
    return _boxed(text, options) or _stated(text, options) or _last_line(text, options) or Choice(None, "no answer")


def _boxed(text: str, options: Sequence[str]) -> Choice | None:
    boxes = islice(_boxes_from_the_end(text), _MAX_BOXES)
    box = next(boxes, None)
    if box is None:
        return None
    choice = read_phrase(text[box[1] : box[2]], options)
    for earlier in boxes:
        if choice is None or not _BOX_JOIN.fullmatch(text, earlier[2] + 1, box[0]):
            break
        other = read_phrase(text[earlier[1] : earlier[2]], options)
        if other is not None and other.letter != choice.letter:
            return SEVERAL
        box = earlier
    return choice and Choice(choice.letter, choice.reason or "boxed")


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


def _stated(text: str, options: Sequence[str]) -> Choice | None:
    choice: Choice | None = None
    for match in deque(_STATED.finditer(text), maxlen=_MAX_STATEMENTS):
        if _NO_STATEMENT.search(text[max(0, match.start() - _LOOK_BACK_CHARS) : match.start()]):
            continue
        phrase = text[match.end() : match.end() + MAX_PHRASE_CHARS].lstrip().partition("\n")[0]
        stated = read_phrase(phrase, options)
        if stated is None:
            continue
        if not match["negated"]:
            choice = Choice(stated.letter, stated.reason or "stated")
        elif choice is not None and choice.letter == stated.letter:
            choice = None
    return choice


def _last_line(text: str, options: Sequence[str]) -> Choice | None:
    lines = [line.strip() for line in text.rstrip()[-4 * MAX_PHRASE_CHARS :].split("\n") if line.strip()]
    if not lines:
        return None
    line = plain_text(lines[-1][-MAX_PHRASE_CHARS:])
    before = plain_text(lines[-2][:_LOOK_BACK_CHARS]) if len(lines) > 1 else ""
    label, label_before = _label(line), _label(before)
    if label and label_before and label != label_before:
        return None  # the end of a list of options
    choice = _read_line(line, options) if len(lines[-1]) <= MAX_PHRASE_CHARS else None
    return choice or _read_conclusion(line, options)


def _read_line(line: str, options: Sequence[str]) -> Choice | None:
    lone = LONE_LETTER.fullmatch(line)
    if lone:
        letter = next(filter(None, lone.groups()))
        return Choice(letter, "last line") if letter.isupper() and letter_in_range(lone, options) else None
    index = option_equal_to(line, options)
    if index is not None:
        return Choice(ascii_uppercase[index], "last line")
    label = _LABEL.match(line)
    if label and letter_in_range(label, options):
        after = line[label.end() :]
        found = option_equal_to(after, options)
        if found is None and options:
            found = (option_at_start(after, options) or (None,))[0]
        if found is not None:
            same = ascii_uppercase[found] == label[1]
            return Choice(label[1], "last line") if same else CONTRADICTION
        if not options and not _VERDICT_WORD.match(after):
            return Choice(label[1], "last line")
        return None
    none = read_none(line, options)
    return none and Choice(none.letter, "last line")


def _read_conclusion(line: str, options: Sequence[str]) -> Choice | None:
    """The last line ends in words such as "so B", "that leaves (C)" or "option C is correct"."""
    correct = _IS_CORRECT.fullmatch(_SENTENCE_END.split(line)[-1].strip())
    letter = letter_in_range(correct, options)
    if letter is None:
        concluded = _CONCLUDES.search(line)
        if concluded and not _NEGATED.search(line[: concluded.start()][-_LOOK_BACK_CHARS:]):
            letter = letter_in_range(concluded, options)
    return Choice(letter, "conclusion of the last line") if letter else None


def _label(line: str) -> str | None:
    match = _LABEL.match(line + " ") or LONE_LETTER.fullmatch(line)
    return next(filter(None, match.groups())) if match else None
