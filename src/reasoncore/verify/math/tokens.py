r"""From the text of an answer to tokens: LaTeX layout, Unicode signs and wrappers are gone, what is left has meaning.

Everything here is a linear scan. :func:`clean` bounds nothing; callers pass at most ``MAX_ANSWER_CHARS`` characters.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from reasoncore.verify.math.tree import words
from reasoncore.verify.math.units import is_unit


class Token(NamedTuple):
    r"""One word of an answer.

    Attributes:
        kind: ``"number"``, ``"word"`` (letters), ``"command"`` (``\name``, without the backslash), ``"text"`` (a word
            that ``\text{...}`` holds), ``"environment"`` (``begin pmatrix``), ``"sign"`` or ``"end"``.
        text: The word itself.
        spaced: Whether space stands before it.
    """

    kind: str
    text: str
    spaced: bool


_GREEK = dict(
    zip(
        "αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΦΨΩ",
        words(
            "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau "
            "upsilon phi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega"
        ),
        strict=True,
    )
)
GREEK_NAMES = frozenset(_GREEK.values()) | {"varepsilon", "vartheta", "varphi", "ell"}
_FULL_WIDTH = 0xFEE0
_FULL_WIDTH_CODES = (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))
_UNICODE = str.maketrans(
    {
        **{letter: f"\\{name} " for letter, name in _GREEK.items()},
        **dict(zip("−–‐‑，．（）［］：；％＝＋／\u00a0\u2009\u202f′’", "----,.()[]:;%=+/   ''", strict=True)),
        **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff", ""),
        **{chr(code): chr(code - _FULL_WIDTH) for code in _FULL_WIDTH_CODES},
        **dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹", (f"^{digit}" for digit in "0123456789"), strict=True)),
        **dict(zip("₀₁₂₃₄₅₆₇₈₉", (f"_{digit}" for digit in "0123456789"), strict=True)),
        **dict(zip("½⅓⅔¼¾⅕⅛", (f"\\frac{pair}" for pair in ("12", "13", "23", "14", "34", "15", "18")), strict=True)),
        **{"×": "\\times ", "·": "\\cdot ", "⋅": "\\cdot ", "∙": "\\cdot ", "÷": "/", "∕": "/", "∞": "\\infty "},
        **{"≤": "\\le ", "≥": "\\ge ", "≠": "\\ne ", "≈": "\\approx ", "∪": "\\cup ", "∩": "\\cap ", "∈": "\\in "},
        **{"√": "\\surd ", "°": "^\\circ ", "±": "\\pm ", "∓": "\\mp ", "…": "\\ldots ", "∅": "\\emptyset "},
        **{"⟨": "\\langle ", "⟩": "\\rangle ", "ℝ": "\\mathbb{R}"},
        **{"€": "\\text{ euros}", "£": "\\text{ pounds sterling}"},
    }
)

_GROUPING = re.compile(r"(?<=[0-9])(?:\{,\}|,\\!|\\,)\s{0,4}(?=[0-9]{3}(?![0-9]))")
_LAYOUT = re.compile(
    r"\\(?:text)?color\s?\{[A-Za-z]{1,20}\}|(?<![A-Za-z\\])m\\angle(?![A-Za-z])"
    r"|\\(?:left|right|big|Big|bigl|bigr|Bigl|Bigr|displaystyle|textstyle|limits|quad|qquad|angle|triangle)(?![A-Za-z])"
    r"|(?<!\\)\\[,;:! ()\[\]]|~|\\?\$"
)
_RENAMED = re.compile(
    r"\\(dfrac|tfrac|cfrac|dbinom|tbinom|leq|leqslant|geq|geqslant|neq|lt|gt|dots|cdots|ast)(?![A-Za-z])"
)
_NEW_NAMES = {
    **dict.fromkeys(("dfrac", "tfrac", "cfrac"), "\\frac"),
    **dict.fromkeys(("dbinom", "tbinom"), "\\binom"),
    **dict.fromkeys(("leq", "leqslant"), "\\le "),
    **dict.fromkeys(("geq", "geqslant"), "\\ge "),
    **dict.fromkeys(("dots", "cdots"), "\\ldots "),
    **{"neq": "\\ne ", "lt": "<", "gt": ">", "ast": "*"},
}
# A bar over one letter is part of its name (a conjugate, a mean); over two points it is the segment between them.
_STYLE = re.compile(
    r"\\(?:(?:mathbf|mathit|boldsymbol|bm|vec|overrightarrow|mathcal)\s?\{([A-Za-z]{1,3})\}|overline\s?\{([A-Z]{2,3})\})"
)
_WRAPPER = re.compile(
    r"(?:\\(?:text(?:bf|it|rm|normal)?|mbox|mathrm|mathbf|boldsymbol|boxed|fbox|underline)\s?)?(?=\{)"
)
_MAX_WRAPPERS = 4
_TEXT = re.compile(r"\\(?:text|textbf|textit|textrm|textnormal|mbox|hbox|mathrm)\s?\{([^{}]*)\}")
_TEXT_WORD = re.compile(r"[A-Za-z]+(?:[.'-][A-Za-z]+)*(?:(?<=[a-z]\.[a-z])\.|\.(?=\s+[A-Za-z]))?")
_OPERATOR = re.compile(r"\\operatorname\*?\s?\{([A-Za-z]{1,12})\}")
_ENVIRONMENT = re.compile(r"\\(begin|end)\s?\{([A-Za-z]{1,12}\*?)\}")
_TOKEN = re.compile(
    r"(?P<number>[0-9]+\.[0-9]+(?:[eE][+-]?[0-9]{1,3}(?![0-9A-Za-z]))?|[0-9]+[eE][+-]?[0-9]{1,3}(?![0-9A-Za-z])|[0-9]+"
    r"|\.[0-9]+)|(?P<word>[A-Za-z]+)|\\(?P<command>[A-Za-z]+|.)|(?P<sign><=|>=|!=|==|\*\*|\.\.\.|.)",
    re.DOTALL,
)
_GROUPED_NUMBER = re.compile(r"(?<![0-9.,])[1-9][0-9]{0,2}(?:,[0-9]{3})+(?![0-9,])")
_MONEY = re.compile(r"(\\?\$|€|£)\s?([0-9][0-9,]*(?:\.[0-9]+)?)")
_CURRENCIES = {"€": "euros", "£": "pounds sterling"}
_END = re.compile(r"(?<![.,;])[.,;]$")
_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)
_SPACE = re.compile(r"\s+")


def clean(text: str) -> str:
    r"""``text`` without layout: Unicode signs as LaTeX, no dollar signs, ``\left``, thin spaces or whole wrappers."""
    text = text.strip()
    money = _MONEY.fullmatch(text)
    if money:
        text = rf"{money[2]}\text{{ {_CURRENCIES.get(money[1], 'dollars')}}}"
    if not text.isascii():
        text = text.translate(_UNICODE)
    if "\\" in text or "$" in text or "~" in text:
        text = _GROUPING.sub("", text)
        if "\\begin" not in text:
            text = re.sub(r"\\\\(?=[A-Za-z])", r"\\", text)
        text = _LAYOUT.sub(" ", text)
        text = _RENAMED.sub(lambda match: _NEW_NAMES[match[1]], text)
        text = _STYLE.sub(lambda match: f"{{{match[1] or match[2]}}}", text)
    if text.startswith("**") and text.endswith("**"):
        text = text.strip("*")
    return _unwrapped(_without_end(text))


def _without_end(text: str) -> str:
    return _END.sub("", text.strip()).strip()


def _unwrapped(text: str) -> str:
    r"""What is left where braces, ``\text{...}`` or the like stand around the whole."""
    for _ in range(_MAX_WRAPPERS):
        wrapper = _WRAPPER.match(text)
        if not wrapper or not text.endswith("}") or _closing(text, wrapper.end()) != len(text) - 1:
            break
        text = _without_end(text[wrapper.end() + 1 : -1])
    return text


def _closing(text: str, opening: int) -> int:
    """Where the brace that opens at ``opening`` is closed; -1 where it is not."""
    depth = 0
    for match in _BRACE.finditer(text, opening):
        depth += {"{": 1, "}": -1}.get(match[0], 0)
        if depth == 0:
            return match.start()
    return -1


def grouped_reading(text: str) -> str | None:
    """``text`` with ``1,234`` read as one number, or None where nothing in it can be; never inside brackets."""
    if "," not in text or any(bracket in text for bracket in "([{"):
        return None
    merged = _GROUPED_NUMBER.sub(lambda match: match[0].replace(",", ""), text)
    return merged if merged != text else None


def tokenize(text: str) -> list[Token]:
    """Tokens of a cleaned answer, an ``"end"`` last."""
    tokens: list[Token] = []
    at = 0
    spaced = False
    while at < len(text):
        space = _SPACE.match(text, at)
        if space:
            at, spaced = space.end(), True
            continue
        match = _TEXT.match(text, at) if text[at] == "\\" else None
        if match:
            # \mathrm{e} is a symbol and so is a lone \text{C}; in 5\text{ m} it is a unit.
            is_alone = not tokens or tokens[-1].text in ("(", ",", ";") or text.startswith("\\mathrm", at)
            tokens.extend(_text_tokens(match[1], spaced=spaced, is_alone=is_alone))
        else:
            token, match = _token(text, at)
            tokens.append(token._replace(spaced=spaced))
        at, spaced = match.end(), False
    tokens.append(Token("end", "", spaced))
    return tokens


def _token(text: str, at: int) -> tuple[Token, re.Match[str]]:
    r"""The token that begins at ``at``, where no ``\text{...}`` does, and what it was matched by."""
    if text[at] == "\\":
        match = _ENVIRONMENT.match(text, at)
        if match:
            return Token("environment", f"{match[1]} {match[2]}", spaced=False), match
        match = _OPERATOR.match(text, at)
        if match:
            return Token("command", match[1], spaced=False), match
    match = _TOKEN.match(text, at)
    assert match is not None
    kind = match.lastgroup or ""
    return Token(kind, match[kind], spaced=False), match


def _text_tokens(content: str, *, spaced: bool, is_alone: bool) -> list[Token]:
    r"""Tokens of what ``\text{...}`` holds: its words, and all else as if it stood outside.

    One letter that is no unit is a symbol, as in ``5\text{x}``.
    """
    tokens: list[Token] = []
    at = 0
    while at < len(content):
        space = _SPACE.match(content, at)
        if space:
            at, spaced = space.end(), True
            continue
        match = _TEXT_WORD.match(content, at)
        if match:
            may_be_unit = is_unit(match[0]) and not (is_alone and match[0] == content.strip())
            is_symbol = len(match[0]) == 1 and not tokens and not may_be_unit
            tokens.append(Token("word" if is_symbol else "text", match[0], spaced))
        else:
            token, match = _token(content, at)
            tokens.append(token._replace(spaced=spaced))
        at, spaced = match.end(), False
    return tokens
