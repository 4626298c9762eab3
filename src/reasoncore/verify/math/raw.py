r"""What text may reach the general LaTeX reader: an allow-list of signs, names and commands, bounded and balanced.

The reader (latex2sympy2) turns text into SymPy objects by a grammar, and SymPy evaluates Python source in places
(``sympify``). In the versions pinned here only digits get there; this list keeps it so whatever the grammar does.
"""

from __future__ import annotations

from functools import lru_cache

from reasoncore.verify.math.tokens import GREEK_NAMES, clean, tokenize
from reasoncore.verify.math.tree import FUNCTIONS, words

_MAX_DIGITS = 12
_MAX_DEPTH = 20
_MAX_LETTERS = 3
_SIGNS = frozenset("+-*/^_=<>()[]{}|,.;:!'&%") | {"<=", ">=", "**", "..."}
_GENERAL = frozenset(
    words(
        "int iint oint sum prod lim setminus cap notin subset subseteq supset supseteq bmod mod pmod det operatorname "
        "partial coth arsinh arcosh artanh"
    )
)
_COMMANDS = (
    _GENERAL
    | FUNCTIONS
    | GREEK_NAMES
    | frozenset(
        words(
            "frac sqrt pi infty cdot times div pm mp le ge ne in cup emptyset varnothing mathbb binom lfloor rfloor "
            "lceil rceil lvert rvert langle rangle circ prime to rightarrow mid ldots overline bar hat vec degree "
            "lbrace rbrace { } \\ % | mathrm , rank tr Re Im"
        )
    )
)
_WORDS = FUNCTIONS | GREEK_NAMES | {"pi", "infty", "infinity"}
_TEXTS = frozenset(("and", "or", "if", "for", "otherwise", "rank", "tr", "det", "Re", "Im"))
_ENVIRONMENTS = frozenset(words("pmatrix bmatrix vmatrix matrix array cases"))
_GENERAL_ENVIRONMENTS = frozenset(("begin vmatrix", "begin cases"))
_CLOSING = {"{": "}", "\\{": "\\}"}


@lru_cache(maxsize=4096)
def may_be_mathematics(text: str) -> bool:
    """Whether a text that :mod:`reasoncore.verify.math.read` cannot read is let through to the general reader.

    It must hold something only the general reader knows, such as a sum or an integral: our own reader knows the rest
    of the language, so what it refuses without that is no mathematics.
    """
    text = clean(text)
    if not text.isascii() or "__" in text:
        return False
    opened: list[str] = []
    is_general = False
    depth = 0
    for kind, word, _ in tokenize(text):
        name = f"\\{word}" if kind == "command" else word
        if name in _CLOSING:
            opened.append(_CLOSING[name])
        elif name in ("}", "\\}") and (not opened or opened.pop() != name):
            return False
        depth += (word in ("(", "[")) - (word in (")", "]"))
        allowed = {
            "number": len(word) <= _MAX_DIGITS,
            "word": len(word) <= _MAX_LETTERS or word in _WORDS,
            "command": word in _COMMANDS,
            "text": word in _TEXTS or word in FUNCTIONS,
            "environment": word.partition(" ")[2] in _ENVIRONMENTS,
            "sign": word in _SIGNS,
            "end": True,
        }
        if not allowed[kind] or len(opened) + depth > _MAX_DEPTH:
            return False
        is_general = is_general or (kind == "command" and word in _GENERAL) or word in _GENERAL_ENVIRONMENTS
    return is_general and not opened
