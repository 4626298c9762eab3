r"""The tight end of reading an answer: numbers, names, brackets, fractions, roots, functions, matrices."""

from __future__ import annotations

from fractions import Fraction

from reasoncore.verify.math.cursor import Cursor
from reasoncore.verify.math.tokens import GREEK_NAMES, Token
from reasoncore.verify.math.tree import Node, ReadError, number, words

MAX_PARTS = 64
_MAX_POSTFIX = 3

FUNCTIONS = frozenset(
    words(
        "sin cos tan cot sec csc arcsin arccos arctan arccot sinh cosh tanh log ln lg exp sqrt abs floor "
        "ceil gcd lcm max min"
    )
)
_CONSTANTS = frozenset(["pi", "infinity", "infty", "inf", "oo"])
_OPENING = {"(": ")", "[": "]", "{": "}"}
_PAIRS = {"lfloor": ("rfloor", "floor"), "lceil": ("rceil", "ceil"), "lvert": ("rvert", "abs")}
_STARTING_COMMANDS = (
    GREEK_NAMES
    | FUNCTIONS
    | frozenset(_PAIRS)
    | frozenset(words("pi infty frac surd binom { lbrace langle ldots emptyset varnothing mathbb"))
)


class AtomReader(Cursor):
    """Reads atoms; :class:`reasoncore.verify.math.read.Reader` adds what is made of them."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._bars = 0

    def read_list(self) -> Node:
        """Items between separators."""
        raise NotImplementedError

    def read_sum(self) -> Node:
        """Terms and signs."""
        raise NotImplementedError

    def is_known_name(self) -> bool:
        """Whether a word is a function, a constant or a Greek letter."""
        return self.text in FUNCTIONS or self.text in _CONSTANTS or self.text in GREEK_NAMES

    def starts_factor(self) -> bool:
        """Whether what comes next can be multiplied by without a sign between."""
        if self.kind in ("number", "word"):
            return self.text not in ("and", "or")
        if self.kind == "command":
            return self.text in _STARTING_COMMANDS
        if self.kind == "environment":
            return self.text.startswith("begin")
        return self.kind == "sign" and (self.text in _OPENING or (self.text == "|" and not self._bars))

    def read_factor(self) -> Node:
        """An atom with its powers and other marks."""
        with self.deeper:
            node = self._atom()
            for _ in range(_MAX_POSTFIX + 1):
                if self.accept_sign("^") or self.accept_sign("**"):
                    node = self._power(node)
                elif self.accept_sign("!"):
                    node = Node("call", (node,), name="factorial")
                elif self.accept_sign("%") or self.accept_command("%") or self._accept_percent():
                    node = Node("percent", (node,))
                elif self.accept_command("degree"):
                    node = Node("degrees", (node,))
                else:
                    return node
            raise ReadError("too many marks")

    def _accept_percent(self) -> bool:
        if self.kind in ("word", "text") and self.text.lower() in ("percent", "percentage", "pct"):
            self.step()
            return True
        return False

    def _power(self, base: Node) -> Node:
        if self.accept_command("circ"):
            return Node("degrees", (base,))
        if self.text == "{" and self.peek(1).text in ("circ", "\\circ") and self.peek(2).text == "}":
            self.step(3)
            return Node("degrees", (base,))
        sign = "-" if self.accept_sign("-") else ""
        exponent = self.read_factor()
        return Node("^", (base, Node("negative", (exponent,)) if sign else exponent))

    def _atom(self) -> Node:
        kind, text = self.kind, self.text
        if kind == "number":
            return self._number()
        if kind == "word":
            return self._word()
        if kind == "command":
            return self._command()
        if kind == "environment":
            return self._matrix()
        if kind == "sign" and text in _OPENING:
            self.step()
            return self._bracket(text)
        if kind == "sign" and text == "|":
            self.step()
            self._bars += 1
            inside = self.read_sum()
            self._bars -= 1
            self.expect("sign", "|")
            return Node("call", (inside,), name="abs")
        if kind == "sign" and text == "...":
            self.step()
            return Node("dots")
        raise ReadError(f"{text!r} where a value should be")

    def _number(self) -> Node:
        digits = self.step().text
        if digits.isdecimal() and self.accept_sign("_"):  # a base: kept as a name, since its digits are not its value
            return Node("symbol", name=f"{digits.lstrip('0') or '0'}_{self._subscript()}")
        value = Fraction(digits)
        if self.text == "." and self.peek(1).text == "overline":
            self.step()
        if self.kind == "command" and self.text == "overline":
            repeated = self.peek(2).text
            if self.peek(1).text != "{" or self.peek(3).text != "}" or not repeated.isdecimal() or "e" in digits:
                raise ReadError("not a repeating decimal")
            self.step(4)
            places = len(digits.partition(".")[2])
            value += Fraction(int(repeated), (10 ** len(repeated) - 1) * 10**places)
        return number(value)

    def _word(self) -> Node:
        if self.is_known_name():
            name = self.step().text
            return self._named(name)
        word = self.text
        if word.isupper() and len(word) > 1:
            self.step()
            return Node("symbol", name=word)
        if len(word) > 3:
            raise ReadError("words")
        self.step()
        letters = [Node("symbol", name=letter) for letter in word[:-1]]
        letters.append(self._symbol(word[-1]))
        return letters[0] if len(letters) == 1 else Node("*", tuple(letters))

    def _symbol(self, name: str) -> Node:
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

    def _named(self, name: str) -> Node:
        if name in ("infinity", "infty", "inf", "oo"):
            return Node("infinity")
        if name in FUNCTIONS:
            return self._call(name)
        return self._symbol(name)

    def _command(self) -> Node:
        name = self.step().text
        if name == "frac":
            top = self._argument()
            bottom = self._argument()
            if top.op == bottom.op == "number" and bottom.value:
                return number(top.value / bottom.value)
            return Node("*", (top, Node("inverse", (bottom,))))
        if name == "binom":
            return Node("call", (self._argument(), self._argument()), name="binomial")
        if name == "surd":
            return Node("root", (self.read_factor(), number(2)))
        if name in ("{", "lbrace"):
            return self._set()
        if name == "langle":
            return self._bracket("(", closing=("command", "rangle"))
        if name in _PAIRS:
            closing, function = _PAIRS[name]
            inside = self.read_sum()
            self.expect("command", closing)
            return Node("call", (inside,), name=function)
        if name == "ldots":
            return Node("dots")
        if name in ("emptyset", "varnothing"):
            return Node("set")
        if name == "mathbb":
            self.expect("sign", "{")
            letter = self.step().text
            self.expect("sign", "}")
            return Node("symbol", name=f"mathbb {letter}")
        if name in GREEK_NAMES or name in _CONSTANTS or name in FUNCTIONS:
            return self._named(name)
        raise ReadError(f"command {name}")

    def _argument(self) -> Node:
        r"""What TeX takes for an argument: a group, or one digit, letter or command."""
        if self.accept_sign("{"):
            return self._bracket("{")
        token = self.token
        if token.kind == "number" and token.text.isdigit() and len(token.text) > 1:
            self.tokens[self.at] = Token("number", token.text[1:], spaced=False)
            return number(int(token.text[0]))
        if token.kind == "word" and len(token.text) > 1:
            self.tokens[self.at] = Token("word", token.text[1:], spaced=False)
            return Node("symbol", name=token.text[0])
        with self.deeper:
            return self._atom()

    def _bracket(self, opening: str, closing: tuple[str, str] | None = None) -> Node:
        bars, self._bars = self._bars, 0
        with self.deeper:
            inside = self.read_list()
        self._bars = bars
        if closing is None and opening != "{" and self.kind == "sign" and self.text in (")", "]"):
            closing = ("sign", self.text)
        self.expect(*(closing or ("sign", _OPENING[opening])))
        if len(inside.parts) > MAX_PARTS:
            raise ReadError("too many parts")
        if opening == "{":
            return inside
        pair = opening + (closing[1] if closing and closing[0] == "sign" else ")")
        if inside.op == "list" and not inside.name:
            return Node("bracket", inside.parts, name=pair)
        if inside.op in ("list", "relation", "text", "ratio") or pair not in ("()", "[]"):
            raise ReadError("a bracket around something else")
        return inside

    def _set(self) -> Node:
        if self.accept_command("}", "rbrace"):
            return Node("set")
        with self.deeper:
            inside = self.read_list()
        if not self.accept_command("}", "rbrace"):
            raise ReadError("a set that does not end")
        return Node("set", inside.parts if inside.op == "list" else (inside,))

    def _call(self, name: str) -> Node:
        index = power = None
        if name == "sqrt":
            if self.accept_sign("["):
                index = self.read_sum()
                self.expect("sign", "]")
            argument = self._argument() if self.tokens[self.at - 1].kind == "command" or index else self.read_factor()
            return Node("root", (argument, index or number(2)))
        if self.accept_sign("_"):
            index = self._argument()
        if self.accept_sign("^") or self.accept_sign("**"):
            power = self._argument()
        if self.kind == "sign" and self.text in ("(", "{", "["):
            self.step()
            inside = self._bracket_contents()
        else:
            inside = (self._chain(),)
        node = Node("call", inside if index is None else (*inside, index), name=name)
        if index is not None and name != "log":
            raise ReadError("a subscript of a function")
        if power is None:
            return node
        if power == number(-1) or power == Node("negative", (number(1),)):
            if f"arc{name}" not in FUNCTIONS:
                raise ReadError("an inverse function")
            return Node("call", node.parts, name=f"arc{name}")
        return Node("^", (node, power))

    def _bracket_contents(self) -> tuple[Node, ...]:
        opening = self.tokens[self.at - 1].text
        bars, self._bars = self._bars, 0
        with self.deeper:
            inside = self.read_list()
        self._bars = bars
        self.expect("sign", _OPENING[opening])
        return inside.parts if inside.op == "list" else (inside,)

    def _chain(self) -> Node:
        """Argument of a function without brackets: ``2x`` in ``\\sin 2x \\cos x``."""
        factors = [self.read_factor()]
        while self.starts_factor() and self.text not in FUNCTIONS and self.kind not in ("number", "environment"):
            factors.append(self.read_factor())
        return factors[0] if len(factors) == 1 else Node("*", tuple(factors))

    def _matrix(self) -> Node:
        environment = self.step().text
        if environment not in ("begin pmatrix", "begin bmatrix", "begin matrix", "begin array"):
            raise ReadError(environment)
        if environment.endswith("array") and self.accept_sign("{"):
            while not self.accept_sign("}"):
                if self.step().kind == "end":
                    raise ReadError("columns")
        rows: list[list[Node]] = [[]]
        while self.kind != "environment":
            rows[-1].append(self.read_sum())
            if self.accept_command("\\"):
                if self.kind != "environment":
                    rows.append([])
            elif not self.accept_sign("&") and self.kind != "environment":
                raise ReadError("a matrix")
        self.expect("environment", environment.replace("begin", "end"))
        if len({len(row) for row in rows}) != 1 or len(rows) * len(rows[0]) > MAX_PARTS:
            raise ReadError("a matrix")
        return Node("matrix", tuple(Node("row", tuple(row)) for row in rows))
