"""A position in the tokens of an answer: look, pass, expect; and how deep the reading is nested."""

from __future__ import annotations

from reasoncore.verify.math.tokens import Token, tokenize
from reasoncore.verify.math.tree import ReadError

MAX_LEVELS = 100  # one pair of brackets is four of them


class _Levels:
    """``with`` this, one level of nesting.

    Raises:
        ReadError: There are too many.
    """

    __slots__ = ("_depth",)

    def __init__(self) -> None:
        self._depth = 0

    def __enter__(self) -> None:
        self._depth += 1
        if self._depth > MAX_LEVELS:
            raise ReadError("nested too deep")

    def __exit__(self, *_: object) -> None:
        self._depth -= 1


class Cursor:
    """A position in the tokens of a cleaned text."""

    def __init__(self, text: str) -> None:
        self.tokens = tokenize(text)
        self.has_commands = "\\" in text
        self.at = 0
        self.deeper = _Levels()

    @property
    def token(self) -> Token:
        """The next token."""
        return self.tokens[self.at]

    @property
    def kind(self) -> str:
        """Of the next token."""
        return self.tokens[self.at].kind

    @property
    def text(self) -> str:
        """Of the next token."""
        return self.tokens[self.at].text

    def peek(self, ahead: int) -> Token:
        """The token ``ahead`` of the next one; past the end, the end."""
        return self.tokens[min(self.at + ahead, len(self.tokens) - 1)]

    def step(self, count: int = 1) -> Token:
        """Pass the next token (or more) and return it."""
        token = self.tokens[self.at]
        self.at = min(self.at + count, len(self.tokens) - 1)
        return token

    def accept_sign(self, sign: str) -> bool:
        """Pass ``sign`` if it comes next."""
        if self.kind == "sign" and self.text == sign:
            self.step()
            return True
        return False

    def accept_command(self, *names: str) -> bool:
        """Pass one of the commands if it comes next."""
        if self.kind == "command" and self.text in names:
            self.step()
            return True
        return False

    def expect(self, kind: str, text: str) -> None:
        """Pass this token.

        Raises:
            ReadError: Another comes next.
        """
        if (self.kind, self.text) != (kind, text):
            raise ReadError(f"{text} expected")
        self.step()
