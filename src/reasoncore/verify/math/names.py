"""The names and numbers of an answer: letters with what is written around them, words, digits."""

from __future__ import annotations

from fractions import Fraction

from reasoncore.verify.math.cursor import Cursor
from reasoncore.verify.math.tokens import GREEK_NAMES
from reasoncore.verify.math.tree import FUNCTIONS, Node, ReadError, number

NAMED = frozenset(["pi", "infinity", "infty", "inf", "oo"])
_BARS = ("overline", "bar")
MARKS = {"overline": "bar", "bar": "bar", "hat": "hat", "tilde": "tilde"}


class NameReader(Cursor):
    """Reads numbers and names; :class:`reasoncore.verify.math.atoms.AtomReader` adds what is built of them."""

    def read_named(self, name: str) -> Node:
        """What a known name begins, which has been read."""
        raise NotImplementedError

    def is_known_name(self) -> bool:
        """Whether a word is a function, a constant or a Greek letter."""
        return self.text in FUNCTIONS or self.text in NAMED or self.text in GREEK_NAMES

    def read_number(self) -> Node:
        """Digits, with a base below or a bar over those that repeat."""
        digits = self.step().text
        if digits.isdecimal() and self.accept_sign("_"):  # a base: kept as a name, since its digits are not its value
            return Node("symbol", name=f"{digits.lstrip('0') or '0'}_{self._subscript()}")
        value = Fraction(digits)
        if self.text == "." and self.peek(1).text in _BARS:
            self.step()
        if self.accept_command(*_BARS):
            braced = self.accept_sign("{")
            repeated = self.step().text
            if (braced and not self.accept_sign("}")) or not repeated.isdecimal() or "e" in digits:
                raise ReadError("not a repeating decimal")
            if not braced and len(repeated) > 1:
                raise ReadError("which digits are repeated")
            places = len(digits.partition(".")[2])
            value += Fraction(int(repeated), (10 ** len(repeated) - 1) * 10**places)
        return number(value)

    def read_word(self) -> Node:
        """A known name, the name of a figure (``ABC``), or a product of letters."""
        if self.is_known_name():
            name = self.step().text
            return self.read_named(name)
        word = self.text
        if word.isupper() and len(word) > 1:
            self.step()
            return Node("symbol", name=word)
        if len(word) > 3:
            raise ReadError("words")
        self.step()
        letters = [Node("symbol", name=letter) for letter in word[:-1]]
        letters.append(self.read_symbol(word[-1]))
        return letters[0] if len(letters) == 1 else Node("*", tuple(letters), name=word)

    def read_symbol(self, name: str) -> Node:
        """A name with its subscript and primes."""
        if self.accept_sign("_"):
            name += "_" + self._subscript()
        while self.accept_sign("'"):
            name += "'"
        return Node("symbol", name=name)

    def _subscript(self) -> str:
        if not self.accept_sign("{"):
            return self.step().text
        parts: list[str] = []
        while not self.accept_sign("}"):
            if self.kind == "end" or self.text == "{":
                raise ReadError("a subscript")
            parts.append(self.step().text)
        return "".join(parts)

    def read_marked(self, mark: str) -> Node:
        """A letter with a bar or a hat, which is another name than the letter."""
        braced = self.accept_sign("{")
        if self.kind != "word" or len(self.text) > 1 or (braced and self.peek(1).text != "}"):
            raise ReadError("a mark over more than a letter")
        name = f"{mark} {self.step().text}"
        if braced:
            self.step()
        return self.read_symbol(name)
