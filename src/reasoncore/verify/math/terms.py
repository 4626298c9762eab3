"""Sums, products and quantities: terms and the signs between them, factors, units."""

from __future__ import annotations

from fractions import Fraction

from reasoncore.verify.math.atoms import AtomReader
from reasoncore.verify.math.tree import Node, ReadError, is_variable, negative, number
from reasoncore.verify.math.units import continues_unit, is_counted, is_unit, multiplier, needs_more

_MAX_UNIT_WORDS = 8


class TermReader(AtomReader):
    """Reads sums; :class:`reasoncore.verify.math.read.Reader` adds what is made of them."""

    def is_separator(self) -> bool:
        """Whether a list goes on here."""
        if self.kind in ("word", "text"):
            return self.text in ("and", "or")
        return self.kind == "sign" and self.text in (",", ";")

    def read_sum(self) -> Node:
        """Terms and the signs between them."""
        with self.deeper:
            total: Node | None = None
            while True:
                sign = self._sign()
                if total is not None and not sign:
                    return self._over(total)
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

    def _over(self, above: Node) -> Node:
        r"""TeX's ``{a \over b}`` and ``{a \choose b}``, whose first half has been read."""
        if self.accept_command("over"):
            return Node("*", (above, Node("inverse", (self.read_sum(),))))
        if self.accept_command("choose"):
            return Node("call", (above, self.read_sum()), name="binomial")
        return above

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
            elif self.text == "/" and self.peek(1).kind == "text":
                return self._quantity(factors[0] if len(factors) == 1 else Node("*", tuple(factors)))
            elif self.accept_sign("/") or self.accept_command("div"):
                factors.append(Node("inverse", (self._below(),)))
            elif self._unit_follows():
                return self._quantity(factors[0] if len(factors) == 1 else Node("*", tuple(factors)))
            elif self.kind in ("word", "text") and multiplier(self.text) is not None:
                factors.append(number(multiplier(self.step().text) or 1))
            elif self.starts_factor():
                before = self.tokens[self.at - 1]
                if self.kind == "number":
                    if before.kind in ("word", "command") or not factors:
                        raise ReadError("a number after a name")
                    factors[-1] = self._mixed(factors[-1], before.kind)
                    continue
                function = factors[-1].parts[0] if factors[-1].op == "^" else factors[-1]
                may_be_applied = self.text == "(" and is_variable(function)
                factor = self.read_factor()
                if may_be_applied and self.tokens[self.at - 1].text == ")":
                    factors[-1] = Node("*", (factors[-1], factor), name="()")
                    continue
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
        if self.kind not in ("word", "text") or self.is_known_name() or self.is_separator():
            return False
        word, before = self.text, self.tokens[self.at - 1]
        if multiplier(word) is not None:
            return False
        if self.kind == "text":
            return True
        if len(word) == 1:  # "5 m", but a variable in "5m" and wherever there is LaTeX
            return is_unit(word) and self.token.spaced and before.kind == "number" and not self.has_commands
        counts = before.kind == "number" or before.text in (")", "}")
        return is_unit(word) or (counts and self.token.spaced and len(word) >= 4)

    def _quantity(self, value: Node) -> Node:
        """A value with its unit. What cannot be one is not ignored, and nobody counts unknown things with symbols."""
        shortest = 3 if self.token.spaced else 4
        words = ["/"] if self.accept_sign("/") else []
        first = self.text
        if not is_counted(first, shortest=shortest):
            raise ReadError("no unit")
        while self.kind in ("text", "word") and not self.is_separator() and len(words) < _MAX_UNIT_WORDS:
            if not continues_unit(self.text) or self.is_known_name():
                raise ReadError("no unit")
            words.append(self.step().text)
            words.extend(self._unit_power())
            if self.kind == "sign" and self.text in ("/", "-") and self.peek(1).kind in ("text", "word"):
                words.append(self.step().text)
        if (self.kind == "sign" and self.text == "/") or needs_more(words[-1]):
            raise ReadError("a unit that is divided or does not end")
        if not is_unit(first) and any(is_variable(part) for part in value.walk()):
            raise ReadError("a symbol and no unit")
        return Node("quantity", (value,), name=" ".join(words))

    def _unit_power(self) -> list[str]:
        if not self.accept_sign("^"):
            return []
        braced = self.accept_sign("{")
        power = self.step().text
        if (braced and not self.accept_sign("}")) or power not in ("2", "3"):
            raise ReadError("a power of a unit")
        return [f"^{power}"]
