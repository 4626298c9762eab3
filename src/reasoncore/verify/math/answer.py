r"""Finding the final answer in a response, and reading it as an exact number: pure string work, no evaluation.

Responses are hostile input. Every scan here is linear in the part looked at, that part is bounded, and numbers are
short enough for exact arithmetic to stay cheap.
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache

MAX_RESPONSE_CHARS = 200_000
MAX_ANSWER_CHARS = 500
MAX_NESTING = 40
MAX_DIGITS = 60
MAX_TOGETHER_CHARS = 2000

_THINK_OPEN = "<think>"
_THINK_CLOSE = "</think>"
_BOX = re.compile(r"\\(?:boxed|fbox)\s{0,8}\{")
_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)

_NUMBER = r"[+-]?\\?\$?[0-9][0-9,]{0,80}(?:\.[0-9]{1,60})?(?:/[0-9]{1,60})?"
_HASH_NUMBER = re.compile(rf"({_NUMBER})(?=\.?\s*$|\s+[^\s.:)])")
# "the answer is X", "final answer: X", "**Answer:** X"; the counted whitespace keeps the search linear.
_STATED = re.compile(r"\banswer[*_]{0,3}\s{0,4}(?:is\b\s{0,4}:?|:|=)[*_]{0,3}\s{0,4}", re.IGNORECASE)
_STATED_MATH = re.compile(r"\$\$?([^$\n]{1,500})\$|\\\(([^\n]{1,500}?)\\\)|\\\[([^\n]{1,500}?)\\\]")
# A number followed by prose: "42 apples", "42 because ...". Words that change the value keep the whole phrase.
_STATED_NUMBER = re.compile(
    rf"({_NUMBER})(?=\s+(?!pi\b|sin|cos|tan|log|ln\b|sqrt|and\b|or\b|times\b|percent|dozen|hundred|thousand|million|"
    r"billion)[A-Za-z]{2})"
)
_SENTENCE_END = re.compile(r"[.!?;](?=\s|$)")

_INTEGER = re.compile(r"[+-]?(?:[0-9]{1,60}|[0-9]{1,3}(?:,[0-9]{3}){1,19})")
_DECIMAL = re.compile(r"([+-]?)([0-9]{0,60}|[0-9]{1,3}(?:,[0-9]{3}){1,19})\.([0-9]{1,60})")
_RATIO = re.compile(r"([+-]?[0-9]{1,60})\s{0,4}/\s{0,4}([+-]?[0-9]{1,60})")
_FRAC = re.compile(
    r"([+-]?)\s{0,4}\\[dt]?frac\s{0,4}"
    r"(?:\{\s{0,4}([+-]?[0-9]{1,60})\s{0,4}\}|([0-9]))\s{0,4}(?:\{\s{0,4}([+-]?[0-9]{1,60})\s{0,4}\}|([0-9]))"
)
_BASED = re.compile(r"([0-9]{1,60})_(?:\{([0-9]{1,2})\}|([0-9]{1,2}))")

_SPACING = re.compile(r"(?<!\\)\\[!,;: ]|~")
_GROUPING = re.compile(r"\{,\}|,\\!\s?")
_LEFT_RIGHT = re.compile(r"\\(?:left|right)(?![A-Za-z])")
_LOOSE_SPACE = re.compile(r"(?<![0-9A-Za-z])\s+|\s+(?![0-9A-Za-z])")
_WRAPPER = re.compile(r"\\(?:text|textbf|textit|mbox|mathrm|mathbf)\{([^{}]*)\}")


def extract_answer(response: str) -> str | None:
    r"""The final answer a response commits to, or None.

    Thinking is not an answer: only what follows the last ``</think>`` counts (also when the opening tag was part of
    the prompt), and a response that opens with ``<think>`` and never closes it has no answer. A cut-off thought whose
    opening tag was in the prompt cannot be told from an ordinary response and is read like one.

    Then the first of these that is present decides:

    1. the last non-empty ``\boxed{...}`` or ``\fbox{...}`` with balanced braces (a box still open where the text ends
       was cut off; the box before it counts);
    2. GSM8K's ``#### N`` with a number N;
    3. the last "the answer is X", "final answer: X" or the like.

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
    return _hash_answer(text) or _stated_answer(text)


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


def _hash_answer(text: str) -> str | None:
    at = text.rfind("####")
    if at < 0:
        return None
    line = text[at + 4 : at + 4 + MAX_ANSWER_CHARS].partition("\n")[0].strip()
    if exact_number(line) is not None:
        return line
    number = _HASH_NUMBER.match(line)
    return number[1] if number else None


def _stated_answer(text: str) -> str | None:
    end = -1
    for match in _STATED.finditer(text):
        end = match.end()
    if end < 0:
        return None
    phrase = text[end : end + MAX_ANSWER_CHARS + 1].lstrip().partition("\n")[0].strip(" \t*_")
    number = _STATED_NUMBER.match(phrase)
    if number:
        return number[1]
    math = _STATED_MATH.match(phrase)
    if math:
        return (math[1] or math[2] or math[3]).strip() or None
    sentence = _SENTENCE_END.search(phrase)
    if sentence:
        phrase = phrase[: sentence.start()]
    phrase = phrase.strip(" \t*_.")
    return phrase if 0 < len(phrase) <= MAX_ANSWER_CHARS else None


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
    match = _BASED.fullmatch(text.strip().strip("$").strip()) if len(text) <= 2 * MAX_DIGITS else None
    return (match[1].lstrip("0") or "0", int(match[2] or match[3])) if match else None


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
    text = _LOOSE_SPACE.sub("", " ".join(text.split()))
    wrapped = _WRAPPER.fullmatch(text)
    return wrapped[1].strip() if wrapped else text
