"""IFBench's constraints on form. Each function: a response that is not blank, and arguments; whether it follows."""

from __future__ import annotations

import re
import string
from collections import Counter
from itertools import pairwise

from reasoncore.verify.constraints.ifbench_emoji import EMOJI
from reasoncore.verify.constraints.ifbench_tokens import AROUND_A_WORD, PUNCTUATION, without_punctuation, word_tokens
from reasoncore.verify.constraints.text import split_sentences

_LETTERED_OPTIONS = re.compile(r"\W*+[aA]\W*+[bB]\W*+[cC]")
_BRACKET = re.compile(r"[()\[\]{}]")
_OPENING = {")": "(", "]": "[", "}": "{"}
_QUOTE = re.compile("[\"']")
_BUT_QUOTES = string.digits + PUNCTUATION.replace('"', "")
_TEMPLATE = ("My Answer:", "My Conclusion:", "Future Outlook:")


def emoji(response: str) -> bool:
    """Every sentence ends with an emoji, before or after its end mark; other punctuation is not looked at.

    The last character but one may be it, since a variation selector may follow. Flags and keycaps are no emoji, as in
    the reference; sentences are ours and not Punkt's, and the emoji those of Unicode 16.
    """
    sentences = [without_punctuation(sentence).strip() for sentence in split_sentences(response)]
    return all(
        sentence and (not EMOJI.isdisjoint(sentence[-2:]) or following[:1] in EMOJI)
        for sentence, following in pairwise([*sentences, ""])
    )


def line_indent(response: str) -> bool:
    """Each line has more spaces before it than the last; see :func:`_without_some_blank_lines` for blank ones."""
    indents = [len(line) - len(line.lstrip(" ")) for line in _without_some_blank_lines(response.split("\n"))]
    return all(first < second for first, second in pairwise(indents))


def _without_some_blank_lines(lines: list[str]) -> list[str]:
    """What is left where each blank line is removed and the line after it is then skipped, as in the reference.

    It removes from the list that it walks, and always the first line that is equal, so that one blank line between
    others goes and of two in a row the one stays.
    """
    removals: Counter[str] = Counter()
    number = 0
    while number < len(lines):
        blank = not lines[number].strip()
        if blank:
            removals[lines[number]] += 1
        number += 1 + blank
    kept = []
    for line in lines:
        if removals[line]:
            removals[line] -= 1
        else:
            kept.append(line)
    return kept


def list_marker(response: str, *, sep: str) -> bool:
    """The marker occurs at least twice, wherever it stands: two hyphens in a sentence will do, as in the reference."""
    return response.count(sep) >= 2


def newline(response: str) -> bool:
    """As many words as lines, once punctuation is taken out and empty lines are left out."""
    text = without_punctuation(response).strip()
    return sum(1 for line in text.split("\n") if line) == len(text.split())


def no_bullets_bullets(response: str) -> bool:
    """Two sentences or more, then lines that start with ``*``, two or more, up to the end.

    As in the reference, sentences need no full stop, any blank line ends the sentences, and so a blank line after the
    first bullet, or at the end, fails.
    """
    sentences = bullets = 0
    in_sentences = True
    for line in response.split("\n"):
        if line.strip().startswith("*"):
            in_sentences = False
            bullets += 1
            if sentences < 2:
                return False
        elif in_sentences:
            found = len(split_sentences(line))
            in_sentences = found > 0
            sentences += found
        else:
            return False
    return bullets >= 2


def no_whitespace(response: str) -> bool:
    """No white space, not even at the ends."""
    return not any(character.isspace() for character in response)


def one_of_options(response: str, *, options: str) -> bool:
    """The response is one of the options, parted at ``/``, else at ``or``, else at commas.

    Options a, b, c must be given exactly as written; others in any case, with any punctuation and spaces around them,
    but without a line break.
    """
    separator = next((mark for mark in ("/", "or") if mark in options), ",")
    allowed = [option.strip() for option in options.split(separator)]
    if _LETTERED_OPTIONS.match(options):
        return response in allowed
    return response.strip(AROUND_A_WORD).lower() in {option.strip(AROUND_A_WORD).lower() for option in allowed}


def output_template(response: str) -> bool:
    """The three labels of the template occur, anywhere and in any order."""
    return all(label in response for label in _TEMPLATE)


def parentheses(response: str) -> bool:
    """Brackets ``([{`` come to stand five deep, and then one is closed; a wrong closing one starts the count anew."""
    open_brackets: list[str] = []
    deepest = 0
    for bracket in _BRACKET.findall(response):
        if bracket not in _OPENING:
            open_brackets.append(bracket)
            deepest = max(deepest, len(open_brackets))
        elif open_brackets and open_brackets[-1] == _OPENING[bracket]:
            if deepest >= 5:
                return True
            open_brackets.pop()
        else:
            open_brackets.clear()
            deepest = 0
    return False


def quote_unquote(response: str) -> bool:
    """No ``"`` follows another with only white space between, nor ends the text but for digits and other punctuation.

    Apostrophes around a ``"`` make it a mention, left out; typographic quotation marks are not looked at, as in the
    reference, so that a response without quotations follows.
    """
    text = "".join(response.replace("'\"'", "").split())
    return '""' not in text and not text.strip(_BUT_QUOTES).endswith('"')


def quotes(response: str) -> bool:
    """Quotation marks ``"`` and ``'`` come to stand three deep and are closed by as many; apostrophes count."""
    open_quotes: list[str] = []
    deepest = 0
    for quote in _QUOTE.findall(response):
        if open_quotes and quote == open_quotes[-1]:
            open_quotes.pop()
            if deepest - len(open_quotes) >= 3:
                return True
        else:
            open_quotes.append(quote)
            deepest = max(deepest, len(open_quotes))
    return False


def sub_bullets(response: str) -> bool:
    """A hyphen comes after every asterisk and before the next.

    Neither need start a line, so that bold text fails and text without an asterisk follows, as in the reference.
    """
    return all("-" in piece for piece in response.split("*")[1:])


def thesis(response: str) -> bool:
    """``<i>`` or ``<em>``, then text, then ``</i>`` or ``</em>``, then text.

    Only the first such pair is looked at, and the ``>`` of ``<em>`` and ``</em>`` is text, as in the reference.
    """
    start = response.find("<i>")
    if start < 0:
        start = response.find("<em>")
    if start < 0:
        return False
    end = response.find("</i>", start)
    if end < 0:
        end = response.find("</em>", start)
    return end >= 0 and bool(response[start + 3 : end].strip()) and bool(response[end + 4 :].strip())


def title_case(response: str) -> bool:
    """No word is all in lower case, nor has a small first letter before capitals.

    Small words (``of``) are no exception, ``iPhone`` and ``USA`` pass, and ``Don't`` fails with the small ``n't`` that
    NLTK parts from it, as in the reference.
    """
    return not any(token[0].isalpha() and _is_small(token) for token in word_tokens(response))


def _is_small(token: str) -> bool:
    return token[0].islower() and (len(token) == 1 or token[1:].islower() or token[1:].isupper())
