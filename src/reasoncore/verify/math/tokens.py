r"""From the text of an answer to tokens: LaTeX layout, Unicode signs and wrappers are gone, what is left has meaning.

Everything here is a linear scan. :func:`clean` bounds nothing; callers pass at most ``MAX_ANSWER_CHARS`` characters.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from reasoncore.verify.math.tree import words


class Token(NamedTuple):
    r"""One word of an answer.

    Attributes:
        kind: ``"number"``, ``"word"`` (letters), ``"command"`` (``\name``, without the backslash), ``"text"`` (what a
            ``\text{...}`` holds), ``"environment"`` (``begin pmatrix``), ``"sign"`` or ``"end"``.
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
_UNICODE = str.maketrans(
    {
        **{letter: f"\\{name} " for letter, name in _GREEK.items()},
        **dict(zip("−–‐‑，．（）［］：；％＝＋／\u00a0\u2009\u202f′’", "----,.()[]:;%=+/   ''", strict=True)),
        **dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹", (f"^{digit}" for digit in "0123456789"), strict=True)),
        **dict(zip("₀₁₂₃₄₅₆₇₈₉", (f"_{digit}" for digit in "0123456789"), strict=True)),
        **dict(zip("½⅓⅔¼¾⅕⅛", (f"\\frac{pair}" for pair in ("12", "13", "23", "14", "34", "15", "18")), strict=True)),
        **{"×": "\\times ", "·": "\\cdot ", "⋅": "\\cdot ", "∙": "\\cdot ", "÷": "/", "∕": "/", "∞": "\\infty "},
        **{"≤": "\\le ", "≥": "\\ge ", "≠": "\\ne ", "≈": "\\approx ", "∪": "\\cup ", "∩": "\\cap ", "∈": "\\in "},
        **{"√": "\\surd ", "°": "^\\circ ", "±": "\\pm ", "∓": "\\mp ", "…": "\\ldots ", "∅": "\\emptyset "},
        **{"⟨": "\\langle ", "⟩": "\\rangle ", "ℝ": "\\mathbb{R}", "€": "$", "£": "$"},
    }
)

_GROUPING = re.compile(r"(?<=[0-9])(?:\{,\}|,\\!|\\,)\s{0,4}(?=[0-9]{3}(?![0-9]))")
_LAYOUT = re.compile(
    r"\\(?:left|right|big|Big|bigl|bigr|Bigl|Bigr|displaystyle|textstyle|limits|quad|qquad|angle|triangle)(?![A-Za-z])"
    r"|(?<!\\)\\[,;:! ()\[\]]|~|\\?\$"
)
_RENAMED = re.compile(r"\\(dfrac|tfrac|cfrac|leq|leqslant|geq|geqslant|neq|lt|gt|dots|cdots|ast)(?![A-Za-z])")
_NEW_NAMES = {
    **dict.fromkeys(("dfrac", "tfrac", "cfrac"), "\\frac"),
    **dict.fromkeys(("leq", "leqslant"), "\\le "),
    **dict.fromkeys(("geq", "geqslant"), "\\ge "),
    **dict.fromkeys(("dots", "cdots"), "\\ldots "),
    **{"neq": "\\ne ", "lt": "<", "gt": ">", "ast": "*"},
}
_STYLE = re.compile(
    r"\\(?:mathbf|mathit|boldsymbol|bm|vec|hat|overline|bar|overrightarrow|mathcal)\s?\{([A-Za-z]{1,3})\}"
)
_WRAPPED = re.compile(r"\\(?:text|textbf|textit|textrm|mbox|mathrm|mathbf|boxed|fbox)\s?\{([^{}]*)\}")
_TEXT = re.compile(r"\\(?:text|textbf|textit|textrm|textnormal|mbox|hbox|mathrm|operatorname)\s?\{([^{}]*)\}")
_ENVIRONMENT = re.compile(r"\\(begin|end)\s?\{([A-Za-z]{1,12}\*?)\}")
_TOKEN = re.compile(
    r"(?P<number>[0-9]+\.[0-9]+(?:[eE][+-]?[0-9]{1,3}(?![0-9A-Za-z]))?|[0-9]+[eE][+-]?[0-9]{1,3}(?![0-9A-Za-z])|[0-9]+"
    r"|\.[0-9]+)|(?P<word>[A-Za-z]+)|\\(?P<command>[A-Za-z]+|.)|(?P<sign><=|>=|!=|==|\*\*|\.\.\.|.)",
    re.DOTALL,
)
_GROUPED_NUMBER = re.compile(r"(?<![0-9.,])[1-9][0-9]{0,2}(?:,[0-9]{3})+(?![0-9,])")
_DOLLARS = re.compile(r"\\?\$\s?([0-9][0-9,]*(?:\.[0-9]+)?)")
_SPACE = re.compile(r"\s+")


def clean(text: str) -> str:
    r"""``text`` without layout: Unicode signs as LaTeX, no dollar signs, ``\left``, thin spaces or whole wrappers."""
    text = text.strip()
    if not text.isascii():
        text = text.translate(_UNICODE)
    for _ in range(2):
        wrapped = _WRAPPED.fullmatch(text)
        if wrapped:
            text = wrapped[1].strip()
    if "\\" in text or "$" in text or "~" in text:
        text = _DOLLARS.sub(r"\1\\text{ dollars}", text) if _DOLLARS.fullmatch(text) else text
        text = _GROUPING.sub("", text)
        if "\\begin" not in text:
            text = re.sub(r"\\\\(?=[A-Za-z])", r"\\", text)
        text = _LAYOUT.sub(" ", text)
        text = _RENAMED.sub(lambda match: _NEW_NAMES[match[1]], text)
        text = _STYLE.sub(r"{\1}", text)
    if text.startswith("**") and text.endswith("**"):
        text = text.strip("*")
    return text.strip().rstrip(".,;").strip()


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
            content = match[1].strip()
            # \mathrm{e} is a symbol and so is a lone \text{C}; in 5\text{ m} it is a unit.
            is_alone = not tokens or tokens[-1].text in ("(", ",", ";") or text.startswith("\\mathrm", at)
            is_symbol = len(content) == 1 and content.isalpha() and is_alone
            tokens.append(Token("word" if is_symbol else "text", content, spaced))
        else:
            match = _ENVIRONMENT.match(text, at) if text[at] == "\\" else None
            if match:
                tokens.append(Token("environment", f"{match[1]} {match[2]}", spaced))
            else:
                match = _TOKEN.match(text, at)
                assert match is not None
                kind = match.lastgroup or ""
                tokens.append(Token(kind, match[kind], spaced))
        at, spaced = match.end(), False
    tokens.append(Token("end", "", spaced))
    return tokens
