"""Attacks on the channels: what a program writes where its result, its replies and its error messages are read."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Iterator

import pytest
from code_attack import TASKS, assert_wrong

from reasoncore.records import to_json_line
from reasoncore.verify.code import CodeTask, CodeTest, CodeVerifier

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the sandbox needs Linux")


@pytest.fixture(scope="module")
def verifier() -> Iterator[CodeVerifier]:
    with CodeVerifier(workers=1) as shared:
        yield shared


RESULTS = {
    "passed": b'{"passed": true}',
    "passed and a value": b'{"passed": true, "value": 4, "error": null}',
    "a list": b"[3]",
    "a handle": b'{"value": {"h": [0, "int"]}}',
    "two tags": b'{"value": {"i": "0x3", "t": []}}',
    "unknown tag": b'{"value": {"expected": 1}}',
    "no tag": b'{"value": {}}',
    "text of a number": b'{"value": "3"}',
    "truncated": b'{"value": 3',
    "twice": b'{"value": 3}{"value": 3}',
    "nothing": b"",
    "null": b"null",
    "zeros": bytes(100_000),
    "not text": b"\xff\xfe\x00" * 1000,
    "too long": b'{"value": "' + b"3" * 2_000_000,
    "nested": b'{"value": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "a long number": b'{"value": ' + b"3" * 500_000 + b"}",
    "infinite": b'{"value": Infinity}',
    "a big exponent": b'{"value": 1e999999}',
    "a memory error": b'{"error": "MemoryError"}',
    "error that is no text": b'{"error": {"a": [1]}, "message": [], "line": [], "phase": {}}',
    "infrastructure": b'{"error": "INFRA", "message": "not judged", "phase": "infrastructure"}',
    "correct is null": b'{"correct": null, "value": null}',
}


@pytest.mark.parametrize("kind", ["functional", "assert"])
@pytest.mark.parametrize("payload", RESULTS.values(), ids=RESULTS)
def test_writing_the_result_itself_is_wrong(verifier: CodeVerifier, kind: str, payload: bytes) -> None:
    # Compressed, so that two megabytes of garbage are a short program.
    packed = zlib.compress(payload)
    source = f"""
import os, zlib
def add(a, b):
    payload = zlib.decompress({packed!r})
    for descriptor, data in ((4, payload), (5, len(payload).to_bytes(4, "little") + payload)):
        try: os.write(descriptor, data)
        except OSError: pass
    os._exit(0)
"""
    assert_wrong(verifier.judge(source, TASKS[kind]))


OUT_OF_PROTOCOL = {
    "closed": "os.close(5)",
    "shut down": "socket.socket(fileno=os.dup(5)).shutdown(2)",
    "silence": "time.sleep(60)",
    "an endless length": "os.write(5, b'\\xff\\xff\\xff\\xff')",
    "half a message": "os.write(5, b'\\x10\\x00\\x00\\x00{\"val'); time.sleep(60)",
    "answers before the questions": "os.write(5, (b'\\x0b\\x00\\x00\\x00{\"value\":3}') * 100); time.sleep(60)",
    "passed": "os.write(5, b'\\x0f\\x00\\x00\\x00{\"passed\":true}')",
    "raised garbage": "os.write(5, b'\\x0c\\x00\\x00\\x00{\"raised\":5}')",
    "flood": "\nwhile True: os.write(5, b'\\x02\\x00\\x00\\x00{}')",
    "another's handle": 'os.write(5, b\'\\x15\\x00\\x00\\x00{"value":{"h":[9,"x"]}}\')',
}


@pytest.mark.parametrize("act", OUT_OF_PROTOCOL.values(), ids=OUT_OF_PROTOCOL)
@pytest.mark.parametrize("early", [True, False])
def test_a_session_out_of_protocol_is_wrong(verifier: CodeVerifier, act: str, early: bool) -> None:
    body = "".join(f"    {line}\n" for line in f"import os, socket, time\n{act}".splitlines())
    source = f"def act():\n{body}\ndef add(a, b):\n    act()\n    return 4\n" + ("act()\n" if early else "")
    # Two calls that expect different values: answers sent unasked cannot fit both.
    task = CodeTask((CodeTest("assert", code="assert add(1, 2) == 5\nassert add(2, 2) == 6"),), "add", time_limit_s=0.1)
    assert_wrong(verifier.judge(source, task))


HOSTILE_TEXT = {
    "half a character": "raise ValueError('\\ud800')",
    "escapes": "raise ValueError('\\x1b[2J\\x1b]0;x\\x07\\r\\x00')",
    "long": "raise ValueError('x' * 500_000)",
    "a long name": "raise type('X' * 500_000, (Exception,), {})",
    "long without us": "import os\nos.write(4, b'{\"error\": \"' + b'x' * 1_000_000 + b'\"}')\nos._exit(1)",
    "a long message": "import os\n"
    'os.write(4, b\'{"error": "E", "message": "\' + b\'x\' * 1_000_000 + b\'"}\')\nos._exit(1)',
    "half a character without us": 'import os\nos.write(4, b\'{"error": "\\\\ud800"}\')\nos._exit(1)',
    "a number as line": "import os\nos.write(4, b'{\"error\": \"E\", \"line\": ' + b'9' * 4000 + b'}')\nos._exit(1)",
    "output": "print('\\x1b[2J' + 'x' * 1_000)\nimport sys\nsys.stdout.buffer.write(b'\\xff\\xfe\\x00')",
}


@pytest.mark.parametrize("kind", TASKS)
@pytest.mark.parametrize("source", HOSTILE_TEXT.values(), ids=HOSTILE_TEXT)
def test_what_a_program_says_is_fit_for_a_line_of_a_report(verifier: CodeVerifier, kind: str, source: str) -> None:
    verdict = verifier.judge(source, TASKS[kind])
    assert_wrong(verdict)
    length, printable = len(verdict.reason), verdict.reason.isprintable()
    assert length < 1_000
    assert printable
    to_json_line(verdict).encode("utf-8")


def test_a_value_nested_as_deep_as_can_be_read_is_judged(verifier: CodeVerifier) -> None:
    """Nothing here may recurse deeper than what read the value: neither the message nor the job of a checker."""
    checker = "def check(given, expected, output): return False"
    tests = (CodeTest("functional", [1, 2], 3), CodeTest("functional", [1, 2], 3, checker=checker))
    for depth in (90, *range(900, 1_000, 2)):
        value = "[" * depth + "]" * depth
        source = (
            f"import os\ndef add(a, b):\n    os.write(4, b'{{\"value\":' + {value.encode()!r} + b'}}')\n    os._exit(0)"
        )
        assert_wrong(verifier.judge(source, CodeTask(tests, "add")), "WA", "RE")
