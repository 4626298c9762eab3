"""What the attack tests share: judging a program in place of an honest one, and letting it report what happened."""

from __future__ import annotations

from unittest.mock import patch

from reasoncore.records import Verdict
from reasoncore.sandbox import ForkSandbox, client
from reasoncore.verify.code import CodeTask, CodeTest, CodeVerifier

ADD_CALL = CodeTask((CodeTest("functional", [1, 2], 3),), "add", time_limit_s=1.0)
ADD_STDIN = CodeTask((CodeTest("stdin", "1 2\n", "3\n"),), time_limit_s=1.0)
ADD_ASSERT = CodeTask((CodeTest("assert", code="assert add(1, 2) == 3"),), "add", time_limit_s=1.0)
TASKS = {"functional": ADD_CALL, "stdin": ADD_STDIN, "assert": ADD_ASSERT}
BAD = ("WA", "RE", "TLE", "MLE", "CE")

_TRYING = """
def attempt():
{body}
import errno
try:
    print("done", attempt())
except BaseException as error:
    refused = getattr(error, "errno", None) in (errno.EPERM, errno.EACCES, errno.ENOENT, errno.EROFS)
    print("denied" if refused else type(error).__name__)
"""


def weak_sandbox(besides: str = "") -> ForkSandbox:
    """A sandbox as on a machine that grants no namespaces: Landlock, seccomp, resource limits and the zygote's watch.

    Args:
        besides: A line that is run in the launcher first.
    """
    start = "from reasoncore.sandbox.launcher import main"
    without = f"from reasoncore.sandbox import namespaces; namespaces.granted = lambda *_: False\n{besides}\n{start}"
    with patch.object(client, "_START", client._START.replace(start, without)):
        return ForkSandbox()


def attempt(body: str) -> str:
    """A program that tries ``body``, a function's, and prints ``denied``, another exception's name, or ``done``."""
    return _TRYING.format(body="".join(f"    {line}\n" for line in body.strip().splitlines()))


def assert_prints(verifier: CodeVerifier, source: str, report: str, **limits: float) -> None:
    """The program prints exactly this, and is no solution of a task that wants something else."""
    seen = verifier.judge(source, CodeTask((CodeTest("stdin", "", report, comparison="exact"),), **limits))
    assert seen.correct is True, seen.reason
    assert_wrong(verifier.judge(source, CodeTask((CodeTest("stdin", "", "42"),), **limits)))


def assert_denied(verifier: CodeVerifier, body: str) -> None:
    """The operating system refuses what ``body`` tries."""
    assert_prints(verifier, attempt(body), "denied")


def assert_wrong(verdict: Verdict, *statuses: str) -> None:
    """Judged, and judged wrong: neither accepted nor excused."""
    assert verdict.correct is False, verdict
    assert verdict.reward == 0.0
    assert set(verdict.details["tests"]) <= set(statuses or BAD), verdict.reason
