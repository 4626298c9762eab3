"""math-verify as it comes, on whole responses: the grader that most reports name.

Source: https://github.com/huggingface/Math-Verify. The project's own verifier asks the same package only about the
final answers that exact comparison cannot settle; here the package also finds the answer.
"""

from __future__ import annotations

import importlib.util
import json
import select
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any

from reasoncore.records import Verdict
from reasoncore.verify.child import start_module
from reasoncore.verify.pool import WorkerFailedError, WorkerPool, usable_cpus

LIMIT_S = 60.0  # more than the library's own limits add up to
START_LIMIT_S = 120.0
MEMORY_BYTES = 4 << 30
_MAX_RESPONSE_CHARS = 200_000
_MODULE = "reasoncore.evals.graders.math_verify_worker"


def is_installed() -> bool:
    """Whether the package is there."""
    return importlib.util.find_spec("math_verify") is not None


def grade_with_math_verify(responses: Sequence[str], golds: Sequence[str]) -> list[Verdict]:
    """Verdicts in order; not judged where the process that grades failed twice."""
    pool = WorkerPool(_Worker, min(usable_cpus(), max(1, len(responses))))
    try:
        futures = [pool.submit(_job(response, gold)) for response, gold in zip(responses, golds, strict=True)]
        return [_result(future) for future in futures]
    finally:
        pool.close()


def _job(response: str, gold: str) -> Callable[[_Worker], Verdict]:
    return lambda worker: worker.grade(response[-_MAX_RESPONSE_CHARS:], gold)


def _result(future: Future[Verdict]) -> Verdict:
    try:
        return future.result()
    except WorkerFailedError as error:
        return Verdict(None, 0.0, None, f"not judged: {error}")


class _Worker:
    """One grading process."""

    def __init__(self) -> None:
        self._unread = b""
        self._child = start_module(_MODULE, MEMORY_BYTES)
        try:
            self._read(START_LIMIT_S)
        except WorkerFailedError:
            self.end()
            raise

    def end(self) -> None:
        """Kill the process and wait until it is gone."""
        self._child.kill()
        self._child.wait()
        for pipe in (self._child.stdin, self._child.stdout):
            assert pipe is not None
            pipe.close()

    def grade(self, response: str, gold: str) -> Verdict:
        """Ask the process.

        Raises:
            WorkerFailedError: It died, or took too long.
        """
        assert self._child.stdin is not None
        try:
            self._child.stdin.write((json.dumps({"gold": gold, "response": response}) + "\n").encode())
        except OSError as error:
            raise WorkerFailedError("the grading process died") from error
        said = self._read(LIMIT_S)
        correct = bool(said["correct"])
        return Verdict(correct, float(correct), said["answer"], "math-verify says so")

    def _read(self, limit_s: float) -> dict[str, Any]:
        assert self._child.stdout is not None
        deadline = time.monotonic() + limit_s
        while b"\n" not in self._unread:
            if not select.select([self._child.stdout], [], [], max(0.0, deadline - time.monotonic()))[0]:
                raise WorkerFailedError(f"math-verify took longer than {limit_s:g} s")
            chunk = self._child.stdout.read(1 << 16)
            if not chunk:
                raise WorkerFailedError("the grading process died")
            self._unread += chunk
        line, _, self._unread = self._unread.partition(b"\n")
        said: dict[str, Any] = json.loads(line)
        return said
