"""Which part of a response is the program."""

from __future__ import annotations

import re
import time

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
        ("x = '</think>'\nx = 1", "x = '</think>'\nx = 1"),
        ("```python\nx = '</think>'\n```", "x = '</think>'\n"),
        (f"no thought opened\n</think>\n{FENCED}", "x = 1\n"),
        ("```py3\nx = 1\n```", "x = 1\n"),
        ("```python3.11\nx = 1\n```", "x = 1\n"),
        ("- a\n  ```python\n  if x:\n      x = 1\n\n  y = 2\n  ```", "if x:\n    x = 1\n\ny = 2\n"),
        ("1. a\n\n\t```python\n\tx = 1\n\t```", "x = 1\n"),
        ("1. a\n\n    ```python\n    x = 1\n    ```\n\n```text\n6\n```", "x = 1\n"),
        (
            'def f():\n    """\n    ```\n    f()\n    ```\n    """',
            'def f():\n    """\n    ```\n    f()\n    ```\n    """',
        ),
        ('```python\n"""\n    ```\n    f()\n    ```\n"""\n```', '"""\n    ```\n    f()\n    ```\n"""\n'),
        (f"{FENCED}\nRun:\n```\n1 2\n```", "x = 1\n"),
        ("```\nx = 1\n```\n**Output:**\n```\n6\n```", "x = 1\n"),
        ("```\nx = 1\n```\nThe outputs are equal, so:\n```\nx = 2\n```", "x = 2\n"),
        ("```python\nx = 1\ny = 2\n```\nThe key is\n```python\ny = 2\n```", "x = 1\ny = 2\n"),
        ("```python\nx = 12\n```\nNo:\n```python\nx = 1\n```", "x = 1\n"),
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


@pytest.mark.parametrize(
    "defining",
    ["f = lambda a: a", "f = partial(int)", "f: Callable = int", "class f: pass", "def solve(a): a\nf = solve"],
)
def test_what_defines_the_entry_point(defining: str) -> None:
    assert (
        extract_code(f"```python\n{defining}\n```\nFor example:\n```python\nassert f(2) == 2\n```", "f")
        == f"{defining}\n"
    )


def test_the_last_definition_and_no_excerpt_of_it() -> None:
    first, second = "def f(x):\n    return x + 1\n", "def f(x):\n    return x\n"
    response = f"```python\n{first}```\nBetter:\n```python\n{second}```\nThe key line:\n```python\ndef f(x):\n```"
    assert extract_code(response.rpartition("The key")[0], "f") == second
    assert extract_code(f"```python\n{second}```\nThe key line:\n```python\ndef f(x):\n```", "f") == second


def test_many_fences_take_no_time() -> None:
    started = time.process_time()
    for piece in ("```\nx\n```\n", "\t```py\nf = 1\n\t```\n", "</think>\n", "f : ", "def "):
        extract_code(piece * (MAX_RESPONSE_CHARS // len(piece)), "f")
    assert time.process_time() - started < 10


def test_only_the_end_of_a_long_response() -> None:
    assert extract_code("x" * MAX_RESPONSE_CHARS + "\n" + FENCED) == "x = 1\n"
    assert extract_code(FENCED + "\n" + "x" * MAX_RESPONSE_CHARS) == "x" * MAX_RESPONSE_CHARS


@given(st.text(alphabet="`~ab \n<>/think=1", max_size=200), st.none() | st.just("a"))
def test_what_is_found_is_part_of_the_response(response: str, entry_point: str | None) -> None:
    code = extract_code(response, entry_point)
    assert code is None or code.strip()
    assert without_indentation(code or "") in without_indentation(response)


def without_indentation(text: str) -> str:
    return re.sub(r"^ +", "", text, flags=re.MULTILINE)
