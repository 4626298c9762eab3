r"""Reading the text of an answer as a tree: LaTeX and plain notation alike, by recursive descent, never evaluated.

From loose to tight::

    answer   := item (("," | ";" | "and" | "or") item)*
    item     := side (("=" | "<" | "\le" | "\in" | ...) side)*
    side     := union (":" union)*
    union    := sum ("\cup" sum)*
    sum      := term (("+" | "-" | "\pm") term)*
    term     := factor (("*" | "/" | nothing) factor)* unit?
    factor   := atom ("^" exponent | "!" | "%" | "^\circ")*        (atoms: :mod:`reasoncore.verify.math.atoms`)

``1 1/2`` and ``1\frac12`` are mixed numbers. ``1/2x`` is half of x, but ``a/bc`` has ``bc`` below the line.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache

from reasoncore.verify.math.atoms import AtomReader
from reasoncore.verify.math.tokens import clean, grouped_reading, tokenize
from reasoncore.verify.math.tree import SCALAR_OPS, Node, ReadError, negative, number
from reasoncore.verify.math.units import is_unit, multiplier

_RELATIONS = {
    **dict.fromkeys(("=", "=="), "="),
    **{"<": "<", ">": ">", "<=": "<=", ">=": ">=", "!=": "!=", "\\le": "<=", "\\ge": ">=", "\\ne": "!="},
    **{"\\in": "in", "\\approx": "~"},
}
_TEXT_CHARS = frozenset(" .,'-()&?!\"")
_MAX_TEXT_WORDS = 4


@lru_cache(maxsize=4096)
def readings(text: str) -> tuple[Node, ...]:
    r"""The trees ``text`` may mean, the likeliest first; two where ``1,234`` may be one number or two.

    What is not in the language is one ``text`` node, when it is made of words, or one ``raw`` node.
    """
    text = clean(text)
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


class Reader(AtomReader):
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
            if self.text == "or":
                name = "or"
            self.step()
            if not self.is_separator():  # "a, and b" separates once
                items.append(self._item())
        return items[0] if len(items) == 1 else Node("list", tuple(items), name=name)

    def is_separator(self) -> bool:
        """Whether a list goes on here."""
        if self.kind in ("word", "text"):
            return self.text in ("and", "or")
        return self.kind == "sign" and self.text in (",", ";")

    def _item(self) -> Node:
        with self.deeper:
            sides, signs = [self._side()], []
            while True:
                sign = _RELATIONS.get(self.text if self.kind == "sign" else f"\\{self.text}")
                if self.kind not in ("sign", "command") or sign is None:
                    break
                self.step()
                signs.append(sign)
                sides.append(self._side())
            return Node("relation", tuple(sides), name=" ".join(signs)) if signs else sides[0]

    def _side(self) -> Node:
        start = self.at
        parts = [self._union()]
        while self.accept_sign(":"):
            parts.append(self._union())
        if len(parts) == 1:
            return parts[0]
        tokens = self.tokens[start : self.at]
        is_clock = len(tokens) == 3 and len(tokens[0].text) <= 2 and len(tokens[2].text) == 2 and tokens[2].text < "60"
        return Node("ratio", tuple(parts), name="clock" if is_clock else "")

    def _union(self) -> Node:
        parts = [self.read_sum()]
        while self.accept_command("cup"):
            parts.append(self.read_sum())
        return parts[0] if len(parts) == 1 else Node("union", tuple(parts))

    def read_sum(self) -> Node:
        """Terms and the signs between them."""
        with self.deeper:
            total: Node | None = None
            while True:
                sign = self._sign()
                if total is not None and not sign:
                    return total
                term = self._term()
                if sign in ("pm", "mp"):
                    total = Node(sign, (term,) if total is None else (total, term))
                    continue
                term = negative(term) if sign == "-" else term
                if total is None:
                    total = term
                elif total.op == "+":
                    total = Node("+", (*total.parts, term))
                else:
                    total = Node("+", (total, term))

    def _sign(self) -> str:
        """The sign before a term: ``+``, ``-``, ``pm``, ``mp``, or nothing; ``- -`` is ``+``."""
        if self.kind == "command" and self.text in ("pm", "mp"):
            return self.step().text
        sign = ""
        while self.kind == "sign" and self.text in ("+", "-"):
            sign = "+" if self.step().text == (sign or "+") else "-"
        return sign

    def _term(self) -> Node:
        factors = [self.read_factor()]
        while True:
            if self.accept_sign("*") or self.accept_command("times", "cdot"):
                negatives = self._sign()
                if negatives in ("pm", "mp"):
                    raise ReadError("a sign for a factor")
                factor = self.read_factor()
                factors.append(negative(factor) if negatives == "-" else factor)
            elif self.accept_sign("/") or self.accept_command("div"):
                factors.append(Node("inverse", (self._below(),)))
            elif self._unit_follows():
                product = factors[0] if len(factors) == 1 else Node("*", tuple(factors))
                return Node("quantity", (product,), name=self._unit())
            elif self.kind == "word" and multiplier(self.text) is not None:
                factors.append(number(multiplier(self.step().text) or 1))
            elif self.starts_factor():
                before = self.tokens[self.at - 1]
                if self.kind == "number":
                    if before.kind in ("word", "command") or not factors:
                        raise ReadError("a number after a name")
                    factors[-1] = self._mixed(factors[-1], before.kind)
                    continue
                factor = self.read_factor()
                whole, part = factors[-1], factor.parts[0] if factor.op in ("percent", "degrees") else factor
                is_mixed = before.kind == part.op == whole.op == "number" and whole.value.denominator == 1
                if is_mixed and 0 < part.value < 1:
                    mixed = number(whole.value + part.value)
                    factors[-1] = mixed if part is factor else Node(factor.op, (mixed,))
                else:
                    factors.append(factor)
            else:
                return factors[0] if len(factors) == 1 else Node("*", tuple(factors))

    def _mixed(self, whole: Node, before: str) -> Node:
        """``1 1/2`` where the whole number has been read; a number right after a bracket is a factor."""
        if before != "number":
            return Node("*", (whole, self.read_factor()))
        top, slash, bottom = self.token, self.peek(1), self.peek(2)
        digits = top.text.isdigit() and bottom.text.isdigit() and top.spaced
        if whole.op != "number" or whole.value.denominator != 1 or slash.text != "/" or not digits:
            raise ReadError("two numbers in a row")
        if not 0 < int(top.text) < int(bottom.text):
            raise ReadError("not a mixed number")
        self.step(3)
        return number(whole.value + Fraction(int(top.text), int(bottom.text)))

    def _below(self) -> Node:
        """What is divided by: one number, or names and brackets that stand together."""
        if self.accept_sign("-"):
            return negative(self._below())
        is_number = self.kind == "number"
        factors = [self.read_factor()]
        while not is_number and self.kind != "number" and not self._unit_follows() and self.starts_factor():
            factors.append(self.read_factor())
        return factors[0] if len(factors) == 1 else Node("*", tuple(factors))

    def _unit_follows(self) -> bool:
        if self.kind == "text":
            return self.text not in ("and", "or")
        if self.kind != "word" or self.is_known_name() or self.is_separator():
            return False
        word, before = self.text, self.tokens[self.at - 1]
        if len(word) == 1:  # "5 m", but a variable in "5m" and wherever there is LaTeX
            return is_unit(word) and self.token.spaced and before.kind == "number" and not self.has_commands
        counts = before.kind == "number" or before.text in (")", "}")
        return is_unit(word) or (counts and self.token.spaced and len(word) >= 4 and multiplier(word) is None)

    def _unit(self) -> str:
        words: list[str] = []
        while self.kind in ("text", "word") and not self.is_separator() and len(words) < _MAX_TEXT_WORDS:
            words.append(self.step().text)
            words.extend(self._unit_power())
            if self.kind == "sign" and self.text in ("/", "-") and self.peek(1).kind in ("text", "word"):
                words.append(self.step().text)
        if self.kind == "sign" and self.text == "/":
            raise ReadError("a unit that is divided")
        return " ".join(words)

    def _unit_power(self) -> list[str]:
        if not self.accept_sign("^"):
            return []
        braced = self.accept_sign("{")
        power = self.step().text
        if (braced and not self.accept_sign("}")) or power not in ("2", "3"):
            raise ReadError("a power of a unit")
        return [f"^{power}"]


def is_scalar(node: Node) -> bool:
    """Whether the tree stands for one number or expression."""
    return all(part.op in SCALAR_OPS for part in node.walk())
