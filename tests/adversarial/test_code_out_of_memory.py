"""Programs that need too much memory, in small pieces, so that nothing is left to say so with."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from reasoncore.verify.code import CodeTask, CodeTest, CodeVerifier

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the sandbox needs Linux")


@pytest.fixture(scope="module")
def verifier() -> Iterator[CodeVerifier]:
    with CodeVerifier(workers=1) as shared:
        yield shared


TASKS = {
    "stdin": CodeTask((CodeTest("stdin", "", "1"),), memory_limit_mb=128),
    "functional": CodeTask((CodeTest("functional", [], 1),), "f", memory_limit_mb=128),
    "assert": CodeTask((CodeTest("assert", code="assert f() == 1"),), "f", memory_limit_mb=128),
}
FILLING = {
    "lists": ("x = []", "while True: x.append([1])"),
    "numbers": ("x = {}", "n = 0\nwhile True:\n    n += 1\n    x[n] = n"),
    "one behind the other": ("x = [None]", "while True: x[0] = (x[0],)"),
    "one large piece": ("x = []", "x.append(bytearray(1 << 40))"),
}


@pytest.mark.parametrize("kind", TASKS)
@pytest.mark.parametrize(("keep", "fill"), FILLING.values(), ids=FILLING)
@pytest.mark.parametrize("when", ["loading", "called"])
def test_out_of_memory_is_told_as_such(verifier: CodeVerifier, kind: str, keep: str, fill: str, when: str) -> None:
    body = "".join(f"    {line}\n" for line in fill.splitlines())
    source = f"{keep}\ndef f():\n{body}" + ("f()\n" if when == "loading" or kind == "stdin" else "")
    verdict = verifier.judge(source, TASKS[kind])
    assert verdict.details["tests"] == ["MLE"]
    assert "more than 128 MiB" in verdict.reason


def test_memory_that_a_program_does_without_is_no_failure(verifier: CodeVerifier) -> None:
    source = "def f():\n    try: return bytearray(1 << 40)\n    except MemoryError: return 1"
    for kind in ("functional", "assert"):
        assert verifier.judge(source, TASKS[kind]).details["tests"] == ["AC"]
