"""Which part of a response is the program."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reasoncore.verify.code.extract import MAX_RESPONSE_CHARS, extract_code

FENCED = "```python\nx = 1\n```"


@pytest.mark.parametrize(
    ("response", "code"),
    [
        ("x = 1", "x = 1"),
        (FENCED, "x = 1\n"),
        (f"Text.\n{FENCED}\nMore.", "x = 1\n"),
        ("```py\nx = 1\n```", "x = 1\n"),
        ("```Python3\nx = 1\n```", "x = 1\n"),
        ("```\nx = 1\n```", "x = 1\n"),
        ("``` python title=a\nx = 1\n```", "x = 1\n"),
        ("~~~\nx = 1\n~~~", "x = 1\n"),
        ("````\n```\nx = 1\n```\n````", "```\nx = 1\n```\n"),
        ("```python\nx = 1", "x = 1"),
        (f"{FENCED}\n```python\ny = 2\n```", "y = 2\n"),
        (f"{FENCED}\n```text\n6\n```", "x = 1\n"),
        ("```text\n6\n```", None),
        ("```\n\n```", None),
        ("", None),
        ("  \n", None),
        ("<think>\nx = 0\n</think>\nx = 1", "\nx = 1"),
        (f"<think>```python\nx = 0\n```</think>{chr(10)}{FENCED}", "x = 1\n"),
        ("<think>\n```python\nx = 0\n```", None),
        (f"<think>a</think>b</think>\n{FENCED}", "x = 1\n"),
        ("print('<think>')", "print('<think>')"),
        ("x = '```'", "x = '```'"),
    ],
)
def test_the_program(response: str, code: str | None) -> None:
    assert extract_code(response) == code


def test_the_block_that_defines_the_entry_point() -> None:
    response = "```python\ndef f(a):\n    return a\n```\nFor example:\n```python\nprint(f(1))\n```"
    assert extract_code(response, "f") == "def f(a):\n    return a\n"
    assert extract_code(response) == "print(f(1))\n"
    assert extract_code(response.replace("def f", "class Solution:\n  def f"), "Solution().f") is not None


def test_only_the_end_of_a_long_response() -> None:
    assert extract_code("x" * MAX_RESPONSE_CHARS + "\n" + FENCED) == "x = 1\n"
    assert extract_code(FENCED + "\n" + "x" * MAX_RESPONSE_CHARS) == "x" * MAX_RESPONSE_CHARS


@given(st.text(alphabet="`~ab \n<>/think=1", max_size=200), st.none() | st.just("a"))
def test_what_is_found_is_part_of_the_response(response: str, entry_point: str | None) -> None:
    code = extract_code(response, entry_point)
    assert code is None or (code.strip() and code in response)
