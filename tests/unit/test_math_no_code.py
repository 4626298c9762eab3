"""Nothing a model or a data set writes is ever run as Python, here or in the worker."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from reasoncore.verify.math.compare import same_answer
from reasoncore.verify.math.raw import may_be_mathematics
from reasoncore.verify.math.read import readings
from reasoncore.verify.math.symbolic import READING_ERRORS, UnreadableError, equivalent, read
from reasoncore.verify.math.tree import Node

_sources: list[str] = []
_listening = False
_KNOWN = {"Integer", "Float"}


def _listen(event: str, details: tuple[Any, ...]) -> None:
    if _listening and event == "compile" and isinstance(details[0], str | bytes) and details[1] in (None, "<string>"):
        _sources.append(details[0] if isinstance(details[0], str) else details[0].decode())
    if _listening and event in ("os.system", "subprocess.Popen", "os.posix_spawn", "os.exec"):
        _sources.append(event)


@pytest.fixture
def sources() -> Iterator[list[str]]:
    """Python source that is compiled from text while the test runs."""
    global _listening
    sys.addaudithook(_listen)  # cannot be taken away again; silent outside these tests
    _sources.clear()
    _listening = True
    yield _sources
    _listening = False


HOSTILE = [
    "__import__('os').system('true')",
    r"\int_0^1 __import__('os').system('true') dx",
    r"\sum_{n=1}^{3} \operatorname{__import__}(n)",
    r"\operatorname{exec}(1) + \int_0^1 x dx",
    r"\gcd(__import__, os) + \sum_{n=1}^{2} n",
    r"\int \variable{print(1)} dx",
    r"\det{\text{exit()}}",
    r"\sum_{n=1}^{3} x_{exec(1)}",
    r"\sum_{\lambda=1}^{3} \lambda",
    r"\lim_{x \to 0} f(x) \mathrm{lambda}",
    r"\int_0^1 \text{open} dx",
    r"\sum_{n=1}^{10} \frac{0.5}{n} + 007 + 1e5 + 1,000",
]


def _compare(answer: str, gold: str) -> bool | None:
    def symbolic(one: Node, two: Node) -> bool:
        try:
            return equivalent(read(two), read(one))
        except (UnreadableError, *READING_ERRORS):
            return False

    return same_answer(answer, gold, symbolic)


@pytest.mark.parametrize("text", HOSTILE)
def test_only_numbers_are_ever_compiled(sources: list[str], text: str) -> None:
    _compare(text, r"\sum_{n=1}^{3} n")
    _compare(r"\sum_{n=1}^{3} n", text)
    _compare(text, text + " ")
    for source in sources:
        if source == "from sympy import *":  # how SymPy prepares to read a number
            continue
        tree = ast.parse(source.strip(), mode="eval")
        names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        assert names <= _KNOWN, source
        assert not any(isinstance(node, ast.Attribute | ast.Lambda | ast.Subscript) for node in ast.walk(tree)), source


def test_the_listener_hears(sources: list[str]) -> None:
    import sympy

    sympy.sympify("2+three")
    assert any("three" in source for source in sources)


@pytest.mark.parametrize(
    "text", [*HOSTILE[:8], "a" * 500, r"\int" + "{" * 30 + "}" * 30, r"\int {", r"\int x; \input{f}"]
)
def test_hostile_text_is_kept_from_the_general_reader(text: str) -> None:
    assert readings(text)[0].op in ("raw", "text")
    assert not may_be_mathematics(text)
