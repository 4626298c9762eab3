r"""Reading the text of an answer as a tree: LaTeX and plain notation alike, by recursive descent, never evaluated.

From loose to tight::

    answer   := item (("," | ";" | "and" | "or") item)*
    item     := (words ":")? side (("=" | "<" | "\le" | "\in" | ...) side)* ("\pmod" modulus)?
    side     := union (":" union)* | clock | words
    union    := sum ("\cup" sum)*
    sum      := term (("+" | "-" | "\pm") term)*                   (:mod:`reasoncore.verify.math.terms`)
    term     := factor (("*" | "/" | nothing) factor)* unit?
    factor   := atom ("^" exponent | "!" | "%" | "^\circ")*        (:mod:`reasoncore.verify.math.atoms`)

``1 1/2`` and ``1\frac12`` are mixed numbers. ``1/2x`` is half of x, but ``a/bc`` has ``bc`` below the line.
"""

from __future__ import annotations

import re
from functools import lru_cache

from reasoncore.verify.math.atoms import MAX_PARTS
from reasoncore.verify.math.clock import clock_at
from reasoncore.verify.math.terms import TermReader
from reasoncore.verify.math.tokens import Token, clean, grouped_reading, tokenize
from reasoncore.verify.math.tree import SCALAR_OPS, Node, ReadError, number
from reasoncore.verify.math.units import changes_value

_RELATIONS = {
    **dict.fromkeys(("=", "=="), "="),
    **{"<": "<", ">": ">", "<=": "<=", ">=": ">=", "!=": "!=", "\\le": "<=", "\\ge": ">=", "\\ne": "!="},
    **{"\\in": "in", "\\approx": "~", "\\equiv": "="},
}
_TEXT_CHARS = frozenset(" .,'-()&?!\"")
_ARTICLE = re.compile(r"^(?:the|an?)\s+(?=[A-Za-z]{3,}$)", re.IGNORECASE)


@lru_cache(maxsize=4096)
def readings(text: str) -> tuple[Node, ...]:
    r"""The trees ``text`` may mean, the likeliest first; two where ``1,234`` may be one number or two.

    What is not in the language is one ``text`` node, when it is made of words, or one ``raw`` node.
    """
    text = _ARTICLE.sub("", clean(text))
    grouped = grouped_reading(text)
    trees: list[Node] = []
    for candidate in filter(None, (grouped, text)):
        try:
            trees.append(Reader(candidate).read())
        except ReadError:
            continue
    if trees:
        return tuple(trees)
    words = _words(text)
    return (Node("raw", name=text) if words is None else Node("text", name=words),)


def _words(text: str) -> str | None:
    """The words a text is made of, one space between; None where it is made of anything else."""
    tokens = tokenize(text)
    words = " ".join("".join(f" {t.text} " if t.spaced or t.kind == "text" else t.text for t in tokens).split())
    is_text = all(token.kind in ("word", "text", "number", "sign", "end") for token in tokens)
    is_text = is_text and all(char.isalnum() or char in _TEXT_CHARS for char in words)
    return words if is_text and any(char.isalpha() for char in words) else None


class Reader(TermReader):
    """Reads one cleaned text. See :meth:`read`."""

    def read(self) -> Node:
        """The tree of the whole text.

        Raises:
            ReadError: It is not in the language, nested too deep, or has too many parts.
        """
        tree = self.read_list()
        if self.kind != "end":
            raise ReadError("more than an answer")
        return tree

    def read_list(self) -> Node:
        """``1, 2 and 3`` as a list; one item as itself."""
        items = [self._item()]
        name = ""
        while self.is_separator():
            name = self.text if self.text in ("and", "or") else name
            self.step()
            if not self.is_separator():  # "a, and b" separates once
                items.append(self._item())
        if len(items) > MAX_PARTS:
            raise ReadError("too many parts")
        return items[0] if len(items) == 1 else Node("list", tuple(items), name=name)

    def _item(self) -> Node:
        with self.deeper:
            label = self._label()
            sides, signs = [label or self._side()], []
            while True:
                sign = _RELATIONS.get(self.text if self.kind == "sign" else f"\\{self.text}")
                if self.kind not in ("sign", "command") or sign is None:
                    break
                self.step()
                signs.append(sign)
                sides.append(self._worded_side() or self._side())
            item = Node("relation", tuple(sides), name=" ".join(signs)) if signs else sides[0]
            if self.accept_command("pmod", "mod"):
                return Node("modulo", (item, self._argument()))
            return item

    def _label(self) -> Node | None:
        r"""The words before an equals sign, as in ``\text{Area} = 18``; those before a colon are passed."""
        length = 0
        while self.peek(length).kind in ("text", "word") and _is_label(self.peek(length)):
            length += 1
        sign = self.peek(length)
        if not length or sign.kind != "sign" or sign.text not in ("=", ":"):
            return None
        words = " ".join(self.step().text for _ in range(length))
        if self.accept_sign(":"):
            return None
        return Node("text", name=words)

    def _worded_side(self) -> Node | None:
        """Words up to the end, as in ``x = \\text{Evelyn}``."""
        rest = self.tokens[self.at : -1]
        if not rest or self.is_known_name() or any(token.kind != "text" for token in rest):
            return None
        self.step(len(rest))
        return Node("text", name=" ".join(token.text for token in rest))

    def _side(self) -> Node:
        clock = clock_at(self.tokens, self.at)
        if clock is not None:
            self.step(clock[1])
            return clock[0]
        parts = [self._union()]
        while self.accept_sign(":"):
            parts.append(self._union())
        if len(parts) == 1:
            return parts[0]
        if number(0) in parts:
            raise ReadError("a ratio to nothing")
        return Node("ratio", tuple(parts))

    def _union(self) -> Node:
        parts = [self.read_sum()]
        while self.accept_command("cup"):
            parts.append(self.read_sum())
        return parts[0] if len(parts) == 1 else Node("union", tuple(parts))


def _is_label(token: Token) -> bool:
    is_word = token.kind == "text" or (len(token.text) > 3 and not token.text.isupper())
    return is_word and not changes_value(token.text)


def is_scalar(node: Node) -> bool:
    """Whether the tree stands for one number or expression."""
    return all(part.op in SCALAR_OPS for part in node.walk())
