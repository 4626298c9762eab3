r"""The tight end of reading an answer: numbers, names, brackets, fractions, roots, functions, matrices."""

from __future__ import annotations

from reasoncore.verify.math.names import MARKS, NAMED, NameReader
from reasoncore.verify.math.tokens import GREEK_NAMES, Token
from reasoncore.verify.math.tree import FUNCTIONS, Node, ReadError, number, words

MAX_PARTS = 64
_MAX_POSTFIX = 3

_OPENING = {"(": ")", "[": "]", "{": "}"}
_PAIRS = {"lfloor": ("rfloor", "floor"), "lceil": ("rceil", "ceil"), "lvert": ("rvert", "abs")}
_STARTING_COMMANDS = (
    GREEK_NAMES
    | FUNCTIONS
    | frozenset(_PAIRS)
    | frozenset(MARKS)
    | frozenset(words("pi infty frac surd binom { lbrace langle ldots emptyset varnothing mathbb"))
)


class AtomReader(NameReader):
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

    def starts_factor(self) -> bool:
        """Whether what comes next can be multiplied by without a sign between."""
        if self.kind in ("number", "word"):
            return self.text not in ("and", "or")
        if self.kind == "text":
            return self.is_known_name()
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
                    node = self._degrees(node)
                else:
                    return node
            raise ReadError("too many marks")

    def _accept_percent(self) -> bool:
        if self.kind in ("word", "text") and self.text.lower() in ("percent", "percentage", "pct"):
            self.step()
            return True
        return False

    def _power(self, base: Node) -> Node:
        if self.text == "{" and self.peek(1).text == "circ" and self.peek(2).text == "}":
            self.step(3)
            return self._degrees(base)
        if self.accept_command("circ") or (base.op == "number" and self._accept_letter_o()):
            return self._degrees(base)
        sign = "-" if self.accept_sign("-") else ""
        exponent = self.read_factor()
        return Node("^", (base, Node("negative", (exponent,)) if sign else exponent))

    def _accept_letter_o(self) -> bool:
        """``90^o``, which is meant for degrees."""
        if self.kind == "word" and self.text == "o":
            self.step()
            return True
        return False

    def _degrees(self, base: Node) -> Node:
        """Of an angle, or of temperature where the letter of a scale follows."""
        if self.kind in ("text", "word") and self.text in ("C", "F"):
            return Node("quantity", (base,), name=f"degree {self.step().text}")
        return Node("degrees", (base,))

    def _atom(self) -> Node:
        kind, text = self.kind, self.text
        if kind == "number":
            return self.read_number()
        if kind == "word" or (kind == "text" and self.is_known_name()):
            return self.read_word()
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

    def read_named(self, name: str) -> Node:
        if name in ("infinity", "infty", "inf", "oo"):
            return Node("infinity")
        if name in FUNCTIONS:
            return self._call(name)
        return self.read_symbol(name)

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
        if name in MARKS:
            return self.read_marked(MARKS[name])
        if name in ("emptyset", "varnothing"):
            return Node("set")
        if name == "mathbb":
            self.expect("sign", "{")
            letter = self.step().text
            self.expect("sign", "}")
            return Node("symbol", name=f"mathbb {letter}")
        if name in GREEK_NAMES or name in NAMED or name in FUNCTIONS:
            return self.read_named(name)
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
        if opening == "{":
            return inside
        pair = opening + (closing[1] if closing and closing[0] == "sign" else ")")
        if inside.op == "list" and inside.name != "or":
            return Node("bracket", inside.parts, name=pair)
        if inside.op in ("list", "relation", "text", "ratio", "clock") or pair not in ("()", "[]"):
            raise ReadError("a bracket around something else")
        return inside

    def _set(self) -> Node:
        if self.accept_command("}", "rbrace"):
            return Node("set")
        is_condition = self.kind == "word" and len(self.text) == 1 and self.peek(1).text in ("|", "mid", ":")
        if is_condition:  # {x | x > 2}: the set is what the condition allows
            self.step(2)
        with self.deeper:
            inside = self.read_list()
        if not self.accept_command("}", "rbrace"):
            raise ReadError("a set that does not end")
        parts = inside.parts if inside.op == "list" else (inside,)
        if is_condition:
            if any(part.op != "relation" for part in parts):
                raise ReadError("no condition")
            return inside
        return Node("set", parts)

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
