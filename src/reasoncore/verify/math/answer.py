r"""Finding the final answer in a response, and reading it as an exact number: pure string work, no evaluation.

Responses are hostile input. Every scan here is linear in the part looked at, that part is bounded, and numbers are
short enough for exact arithmetic to stay cheap.
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache

from reasoncore.verify.math.tokens import clean
from reasoncore.verify.math.units import changes_value, continues_unit, is_counted

MAX_RESPONSE_CHARS = 200_000
MAX_ANSWER_CHARS = 500
MAX_NESTING = 40
MAX_DIGITS = 60
MAX_TOGETHER_CHARS = 2000

_THINK_OPEN = "<think>"
_THINK_CLOSE = "</think>"
_BOX = re.compile(r"\\(?:boxed|fbox)\s{0,8}\{")
_BARE_BOX = re.compile(r"\\boxed\s{0,8}([0-9]{1,60}|[A-Za-z])(?=[\s$)]|[.,;](?:\s|$)|$)")
_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)

_NUMBER = r"[+-]?\\?\$?[0-9](?:[0-9,]{0,80}[0-9])?(?:\.[0-9]{1,60})?(?:/[0-9]{1,60})?"
# "the answer is X", "the answer would be X", "final answer: X", "**Answer:** X", and X under a line "Final Answer"; the
# counted whitespace keeps the search linear.
_STATED = re.compile(
    r"\banswer[*_]{0,3}\s{0,4}(?:(?:is|would\sbe|must\sbe|should\sbe|will\sbe)\b"
    r"(?:\s{1,4}(?:therefore|thus|then|hence|simply|exactly|about|approximately)\b)?\s{0,4},?:?|:|=)[*_]{0,3}\s{0,4}"
    r"|^[#*_ ]{0,8}(?:final\s)?answer[*_]{0,3}:?[*_]{0,3}[ \t]{0,4}\n\s{0,4}",
    re.IGNORECASE | re.MULTILINE,
)
_STATED_VALUE = re.compile(
    rf"({_NUMBER})(?![^\s.!?;:,*_)])|\$\$?([^$\n]{{1,500}})\$\$?|\\\(([^\n]{{1,500}}?)\\\)|\\\[([^\n]{{1,500}}?)\\\]"
)
_HEADING = re.compile(r"[0-9]{1,3}[.:)]\s")
_HASH_VALUE = re.compile(r"[-+−$\\0-9.]|\((?![A-Za-z])|[A-Za-z]\s?=")
# What follows says why, and no longer what.
_CLAUSE_END = re.compile(
    r"[.!?;:](?=\s|$)|\s\((?=[A-Za-z]{3})|,?\s(?:because|since|as|which|so|is|are|was|not|rather|instead)\b|$"
)
_SENTENCE_END = re.compile(r"[.!?;](?=\s|$)")

_INTEGER = re.compile(r"[+-]?(?:[0-9]{1,60}|[0-9]{1,3}(?:,[0-9]{3}){1,19})")
_DECIMAL = re.compile(r"([+-]?)([0-9]{0,60}|[0-9]{1,3}(?:,[0-9]{3}){1,19})\.([0-9]{1,60})")
_RATIO = re.compile(r"([+-]?[0-9]{1,60})\s{0,4}/\s{0,4}([+-]?[0-9]{1,60})")
_FRAC = re.compile(
    r"([+-]?)\s{0,4}\\[dt]?frac\s{0,4}"
    r"(?:\{\s{0,4}([+-]?[0-9]{1,60})\s{0,4}\}|([0-9]))\s{0,4}(?:\{\s{0,4}([+-]?[0-9]{1,60})\s{0,4}\}|([0-9]))"
)
_BASE_WORDS = {
    **{
        "two": 2,
        "three": 3,
        "four": 4,
        "five": 5,
        "six": 6,
        "seven": 7,
        "eight": 8,
        "nine": 9,
        "ten": 10,
        "twelve": 12,
    },
    "sixteen": 16,
}
_BASE = rf"([0-9]{{1,2}}|{'|'.join(_BASE_WORDS)})"
_BASED = re.compile(
    r"(?:[A-Za-z]\s?=\s?)?\{?(?:([0-9]{1,60})|\(([0-9]{1,60})\))\}?\s?"
    rf"(?:_\s?(?:{_BASE}|\{{\s?(?:\\text\s?\{{)?\(?{_BASE}\)?\s?\}}{{1,2}})"
    rf"|\\text\s?\{{\s?\(?(?:in )?base {_BASE}\)?\s?\}}|(?:\(|in )?base {_BASE}\)?)\}}?"
)

_SPACING = re.compile(r"(?<!\\)\\[!,;: ]|~")
_GROUPING = re.compile(r"\{,\}|,\\!\s?")
_LEFT_RIGHT = re.compile(r"\\(?:left|right)(?![A-Za-z])")
_LOOSE_SPACE = re.compile(r"(?<![0-9A-Za-z])\s+|\s+(?![0-9A-Za-z])")
_LIST_COMMA = re.compile(r",(?=\s+[0-9]{3}(?![0-9]))")
_WRAPPER = re.compile(r"\\(?:text|textbf|textit|mbox|mathrm|mathbf)\{([^{}]*)\}")


def extract_answer(response: str) -> str | None:
    r"""The final answer a response commits to, or None.

    Thinking is not an answer: only what follows the last ``</think>`` counts (also when the opening tag was part of
    the prompt), and a response that opens with ``<think>`` and never closes it has no answer. A cut-off thought whose
    opening tag was in the prompt cannot be told from an ordinary response and is read like one.

    Then the first of these that is present decides:

    1. the last non-empty ``\boxed{...}`` or ``\fbox{...}`` with balanced braces (a box still open where the text ends
       was cut off; the box before it counts), or else the last ``\boxed 5`` without braces;
    2. the last ``<answer>...</answer>``;
    3. GSM8K's ``#### N``, the whole line unless it is a heading;
    4. the last "the answer is X", "final answer: X" or the like.

    Args:
        response: Text of the completion, of any length; only the last 200,000 characters are looked at.

    Returns:
        The answer without surrounding space, never empty; None where there is none, where it is longer than 500
        characters or nested more than 40 braces deep.
    """
    thought_end = response.rfind(_THINK_CLOSE)
    start = 0 if thought_end < 0 else thought_end + len(_THINK_CLOSE)
    if response[start : start + 100].lstrip().startswith(_THINK_OPEN):
        return None
    text = response[max(start, len(response) - MAX_RESPONSE_CHARS) :]
    found, answer = _last_box(text)
    if found:
        return answer
    bare = _BARE_BOX.findall(text)
    if bare:
        return str(bare[-1])
    return _tagged_answer(text) or _hash_answer(text) or _stated_answer(text)


def _last_box(text: str) -> tuple[bool, str | None]:
    """``(a box decides, its content or None when it is too long or too deep)``."""
    for box in reversed([match.end() for match in _BOX.finditer(text)]):
        # Only this window is read, so that many unclosed boxes cannot make the search quadratic.
        limit = box + MAX_ANSWER_CHARS + 1
        depth = deepest = 1
        for token in _BRACE.finditer(text, box, min(limit, len(text))):
            mark = token[0]
            if mark == "{":
                depth += 1
                deepest = max(deepest, depth)
            elif mark == "}":
                depth -= 1
                if depth == 0:
                    content = text[box : token.start()].strip()
                    if not content:
                        break
                    return True, content if deepest <= MAX_NESTING else None
        else:
            if limit < len(text):
                return True, None
    return False, None


def answers_boxed_together(response: str) -> str | None:
    r"""The contents of several boxes in the last sentence that has one, joined by commas; None if it has one or none.

    Boxes are together when no line ends between them, no sentence does, and at most 40 characters stand there.
    """
    text = response[max(response.rfind(_THINK_CLOSE) + 1, len(response) - MAX_TOGETHER_CHARS, 0) :]
    contents: list[str] = []
    begins = len(text)
    for match in reversed(list(_BOX.finditer(text))):
        found, answer = _last_box(text[match.start() : begins])
        if not found or answer is None:
            return None
        end = text.rfind("}", match.end(), begins)
        between = text[end + 1 : begins]
        if contents and (len(between) > 40 or "\n" in between or _SENTENCE_END.search(between)):
            break
        contents.append(answer)
        begins = match.start()
    return ", ".join(reversed(contents)) if len(contents) > 1 else None


def _tagged_answer(text: str) -> str | None:
    begins = text.rfind("<answer>")
    if begins < 0:
        return None
    content, end, _ = text[begins + len("<answer>") :].partition("</answer>")
    content = content.strip()
    return content if end and 0 < len(content) <= MAX_ANSWER_CHARS else None


def _hash_answer(text: str) -> str | None:
    """What the line of the last ``####`` holds, where that is a value and no heading."""
    at = text.rfind("####")
    if at < 0:
        return None
    line = text[at + 4 : at + 4 + MAX_ANSWER_CHARS].partition("\n")[0].strip(" \t*_")
    if exact_number(line) is not None:
        return line
    if _HEADING.match(line) or not _HASH_VALUE.match(line):
        return None
    return _plain_value(line) or line


def _stated_answer(text: str) -> str | None:
    end = -1
    for match in _STATED.finditer(text):
        end = match.end()
    if end < 0:
        return None
    phrase = text[end : end + MAX_ANSWER_CHARS + 1].lstrip().partition("\n")[0].strip(" \t*_")
    value = _plain_value(phrase)
    if value is not None:
        return value
    sentence = _SENTENCE_END.search(phrase)
    if sentence:
        phrase = phrase[: sentence.start()]
    phrase = phrase.strip(" \t*_.")
    return phrase if 0 < len(phrase) <= MAX_ANSWER_CHARS else None


def _plain_value(phrase: str) -> str | None:
    """The number or formula a phrase begins with, if only plain words follow: ``42 apples``, but not ``5 squared``.

    Words of a unit are dropped, since the trusted answers of such text are numbers.
    """
    match = _STATED_VALUE.match(phrase)
    if not match:
        return None
    rest = phrase[match.end() :]
    end = _CLAUSE_END.search(rest)
    assert end is not None
    words = rest[: end.start()].replace(",", " ").strip(" *_").split()
    if words and not (words[0] == "of" or is_counted(words[0])):
        return None
    if not all(
        continues_unit(word) or (word.isalpha() and len(word) == 2 and not changes_value(word)) for word in words
    ):
        return None
    return next(filter(None, match.groups())).strip() or None


@lru_cache(maxsize=8192)
def exact_number(text: str) -> Fraction | None:
    r"""Read a whole string as one exact number, or None; never evaluates.

    Understood: integers (sign, leading zeros as in ``025``, thousands separators as in ``1,234``, ``1{,}234`` or
    ``1,\!234``), decimals, ``a/b``, ``\frac{a}{b}`` with ``\dfrac``, ``\tfrac`` and TeX's one-digit form ``\frac43``;
    around them dollar signs, space and a full stop. At most 60 digits a part. Anything else, units and percent
    included, is None: that is for a symbolic comparison to decide.
    """
    if len(text) > 4 * MAX_DIGITS:
        return None
    text = _GROUPING.sub(",", text.strip()).removesuffix(".").strip("$")
    text = text.removesuffix("\\").strip().removesuffix(".").replace("−", "-")
    negative_dollar = text.startswith(("-\\$", "-$"))
    text = "-" + text[1:].lstrip("\\$") if negative_dollar else text.removeprefix("\\$").strip()
    if _INTEGER.fullmatch(text):
        return Fraction(int(text.replace(",", "")))
    decimal = _DECIMAL.fullmatch(text)
    if decimal:
        sign, whole, fraction = decimal.groups()
        value = Fraction(int(whole.replace(",", "") + fraction), 10 ** len(fraction))
        return -value if sign == "-" else value
    ratio = _RATIO.fullmatch(text)
    if ratio:
        return _divide(ratio[1], ratio[2])
    frac = _FRAC.fullmatch(text)
    if frac:
        quotient = _divide(frac[2] or frac[3], frac[4] or frac[5])
        return -quotient if quotient is not None and frac[1] == "-" else quotient
    return None


def _divide(numerator: str, denominator: str) -> Fraction | None:
    bottom = int(denominator)
    return Fraction(int(numerator), bottom) if bottom else None


def based_number(text: str) -> tuple[str, int] | None:
    """``(digits, base)`` of a number written with its base, such as ``52_8`` or ``4210_{5}``; otherwise None."""
    if len(text) > 3 * MAX_DIGITS or not ("_" in text or "base" in text):
        return None
    match = _BASED.fullmatch(clean(text))
    if not match:
        return None
    digits, base = filter(None, match.groups())
    return digits.lstrip("0") or "0", _BASE_WORDS.get(base) or int(base)


def normalise_answer(text: str) -> str:
    r"""The spelling two answers share when they differ only in LaTeX layout; equal results mean equal answers.

    Drops dollar signs, ``\left``/``\right``, thin spaces, a final full stop and space that separates nothing; turns
    ``\dfrac`` and ``\tfrac`` into ``\frac``; unwraps an answer that is wholly ``\text{...}`` or the like.
    """
    text = text.strip().removesuffix(".")
    if "\\" in text:
        text = _SPACING.sub(" ", text)
        text = _LEFT_RIGHT.sub("", text).replace("\\dfrac", "\\frac").replace("\\tfrac", "\\frac")
    text = text.replace("\\$", "").replace("$", "").replace("−", "-")
    if "," in text:  # "1, 234" is a list, which "1,234" may not be
        text = _LIST_COMMA.sub(";", text)
    text = _LOOSE_SPACE.sub("", " ".join(text.split()))
    wrapped = _WRAPPER.fullmatch(text)
    return wrapped[1].strip() if wrapped else text
