"""The judge of programs: runs a solution's tests in a sandbox and compares outside.

A test's verdict is that of a process of its own, but for functions: their first calls share one where all goes well.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import replace
from types import TracebackType
from typing import Any, Literal, Self

from reasoncore.records import Verdict
from reasoncore.sandbox import ForkSandbox, Job, Limits, Outcome, Sandbox, wire
from reasoncore.sandbox.client import SandboxFailedError
from reasoncore.verify.code.compare import same_text, same_value
from reasoncore.verify.code.extract import extract_code
from reasoncore.verify.code.task import CodeTask, CodeTest
from reasoncore.verify.pool import Pending, WorkerFailedError, WorkerPool, finished

Status = Literal["AC", "WA", "TLE", "MLE", "RE", "CE", "INFRA"]
TestResult = tuple[Status, str]

TOTAL_LIMIT_FACTOR = 30
_TOO_LATE: TestResult = ("TLE", f"all tests together took longer than {TOTAL_LIMIT_FACTOR} time limits")
_CHECKER_LIMIT_S = 10.0
_TESTS_MEMORY_BYTES = 1 << 30  # what tests hold besides: a large expected value, a large reply
_ENDED_BADLY: dict[str, Status] = {"timeout": "TLE", "memory": "MLE"}
_STILL_SERVING = ("done", "killed")  # when its tests had ended; killed then, by us
_CANNOT_RUN = ("compile", "entry point")
_BEFORE_ANY_CALL = ("compile", "load")
_TOGETHER_CPU_S = 1.0


class CodeVerifier:
    """Judges programs by hidden tests. Safe to share between threads.

    Args:
        make_sandbox: Starts a sandbox; one for each worker.
        workers: Programs judged at a time; default: one for each usable CPU.
        stop_at_failure: Do not run the tests after the first that fails, which cannot change the verdict.
    """

    def __init__(
        self,
        make_sandbox: Callable[[], Sandbox] = ForkSandbox,
        workers: int | None = None,
        *,
        stop_at_failure: bool = False,
    ) -> None:
        self._pool = WorkerPool(make_sandbox, workers)
        self._stop_at_failure = stop_at_failure

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the sandboxes. The verifier stays usable."""
        self._pool.close()

    def judge(self, response: str, task: CodeTask) -> Verdict:
        """Judge one solution, given as source or as a whole response.

        Returns:
            ``correct`` is True when every test passed, None ("not judged") when the sandbox failed and no test did.
            ``details["tests"]`` has one of AC, WA, TLE, MLE, RE, CE, INFRA for each test in order.

        Raises:
            SandboxUnavailableError: This machine cannot isolate programs.
        """
        return self.judge_many([response], [task])[0]

    def judge_many(self, responses: Sequence[str], tasks: Sequence[CodeTask]) -> list[Verdict]:
        """Judge ``responses[i]`` by ``tasks[i]``; verdicts in the same order. See :meth:`judge`.

        A program that several responses hold is run once a task.
        """
        sources = [extract_code(response, task.entry_point) for response, task in zip(responses, tasks, strict=True)]
        keys = [(source, id(task)) for source, task in zip(sources, tasks, strict=True)]
        distinct = {key: (key[0], task) for key, task in zip(keys, tasks, strict=True)}
        verdicts = self._pool.stream(self._submit(source, task) for source, task in distinct.values())
        verdict_of = dict(zip(distinct, verdicts, strict=True))
        return [verdict_of[key] for key in keys]

    def stream(self, cases: Iterable[tuple[str, CodeTask]]) -> Iterator[Verdict]:
        """Verdicts in the order of the cases, which are read only a little ahead. See :meth:`judge`."""
        return self._pool.stream(
            self._submit(extract_code(response, task.entry_point), task) for response, task in cases
        )

    def _submit(self, source: str | None, task: CodeTask) -> Pending[Verdict]:
        if source is None:
            return finished(_verdict(None, [("CE", "no code")] * len(task.tests), len(task.tests)))
        return _PendingVerdict(self._pool.submit(lambda sandbox: self._run_tests(sandbox, source, task)), source, task)

    def _run_tests(self, sandbox: Sandbox, source: str, task: CodeTask) -> list[TestResult]:
        deadline = time.monotonic() + TOTAL_LIMIT_FACTOR * task.time_limit_s
        try:
            results = _run_together(sandbox, source, task)
            for test in task.tests[len(results) :]:
                if results and results[-1][0] != "AC" and self._stop_at_failure:
                    break
                late = time.monotonic() > deadline
                results.append(_TOO_LATE if late else run_test(sandbox, source, task, test))
        except SandboxFailedError as error:
            raise WorkerFailedError(str(error)) from error
        return results


class _PendingVerdict:
    """The verdict on one program, once its tests have run."""

    def __init__(self, results: Future[list[TestResult]], source: str, task: CodeTask) -> None:
        self._results = results
        self._source = source
        self._planned = len(task.tests)

    def result(self) -> Verdict:
        try:
            results = self._results.result()
        except WorkerFailedError as error:
            results = [("INFRA", str(error))] * self._planned
        return _verdict(self._source, results, self._planned)

    def cancel(self) -> bool:
        return self._results.cancel()


def _verdict(source: str | None, results: Sequence[TestResult], planned: int) -> Verdict:
    statuses = [status for status, _ in results]
    failed = [number for number, status in enumerate(statuses) if status not in ("AC", "INFRA")]
    details = {"tests": statuses}
    if failed:
        number = failed[0]
        status, message = results[number]
        reason = f"test {number + 1} of {planned}: {status}" + (f" ({message})" if message else "")
        return Verdict(False, 0.0, source, "no code" if source is None else reason, details)
    if "INFRA" in statuses:
        return Verdict(None, 0.0, source, f"not judged: {results[statuses.index('INFRA')][1]}", details)
    return Verdict(True, 1.0, source, f"passed {planned} {'test' if planned == 1 else 'tests'}", details)


def _run_together(sandbox: Sandbox, source: str, task: CodeTask) -> list[TestResult]:
    """Results of the first tests, as many as one process can tell; the others are to be run one by one.

    Most programs are right or fail at once, and a process for each test is most of the cost. What a test finds wrong
    after others have run may be their doing, so it counts only where it came first.
    """
    if len(task.tests) < 2 or any(test.kind != "functional" or test.checker is not None for test in task.tests):
        return []
    calls = [wire.encode(test.input) for test in task.tests]
    what = {"kind": "calls", "source": source, "entry_point": task.entry_point, "calls": calls}
    cpu_s = min(_TOGETHER_CPU_S, task.time_limit_s)
    limits = Limits(cpu_s=cpu_s, wall_s=2 * cpu_s + 1, memory_bytes=task.memory_limit_mb << 20)
    outcome = sandbox.run(Job(what, limits=limits))
    result = outcome.result or {}
    if outcome.ending == "error" and result.get("phase") in _BEFORE_ANY_CALL:
        return [_failure(outcome)] * len(task.tests)
    if outcome.ending == "error" and result.get("answered") == 0:
        return [_failure(outcome)]
    values = result.get("values")
    if outcome.ending != "done" or not isinstance(values, list) or len(values) != len(calls):
        return []
    results: list[TestResult] = []
    for test, value in zip(task.tests, values, strict=True):
        compared = _compared(value, test)
        if results and compared[0] != "AC":
            break
        results.append(compared)
        if compared[0] != "AC":
            break
    return results


def run_test(sandbox: Sandbox, source: str, task: CodeTask, test: CodeTest) -> TestResult:
    """Run one test of one program: status and, where it failed, why.

    Raises:
        SandboxFailedError: The sandbox failed; nothing is known of the program.
    """
    limits = Limits(cpu_s=task.time_limit_s, wall_s=2 * task.time_limit_s + 1, memory_bytes=task.memory_limit_mb << 20)
    if test.kind == "stdin":  # as much again as is expected
        limits = replace(limits, output_bytes=max(limits.output_bytes, 8 * len(test.output)))
    if test.kind == "assert":
        return _run_assert(sandbox, source, task, test, limits)
    if test.kind == "stdin":
        stdin = test.input.encode("utf-8", "surrogateescape")
        outcome = sandbox.run(Job({"kind": "program", "source": source}, stdin, limits))
        output: Any = outcome.stdout.decode("utf-8", "replace")
    else:
        arguments = wire.encode(test.input)
        what = {"kind": "call", "source": source, "entry_point": task.entry_point, "arguments": arguments}
        outcome = sandbox.run(Job(what, limits=limits))
        if outcome.ending == "done" and test.checker is None:
            return _compared(outcome.result, test)
        if outcome.ending == "done" and "value" not in (outcome.result or {}):
            return "RE", "ended without a result"
        output = _returned(outcome.result or {}, test)
    if outcome.ending != "done":
        return _failure(outcome)
    if test.checker is not None:
        encoded = wire.encode(output) if test.kind == "stdin" else output
        return _ask_checker(sandbox, test, encoded)
    same = same_text(output, test.output, exact=test.comparison == "exact", tolerance=test.tolerance)
    return ("AC", "") if same else _wrong(test, output)


def _compared(result: Any, test: CodeTest) -> TestResult:
    """What a call's result is worth. ``result`` is the program's own claim: it may be anything."""
    if not isinstance(result, dict) or "value" not in result:
        return "RE", "ended without a result"
    output = _returned(result, test)
    return ("AC", "") if same_value(output, test.output, test.tolerance) else _wrong(test, output)


def _wrong(test: CodeTest, output: Any) -> TestResult:
    return "WA", f"expected {test.output!r:.60}, got {output!r:.60}"


def _returned(result: dict[str, Any], test: CodeTest) -> Any:
    """What a function gave: its value, or, where it is made to change its first argument, that as it is afterwards."""
    value = result.get("value")
    return result["argument"] if value is None and test.output is not None and "argument" in result else value


def _run_assert(sandbox: Sandbox, source: str, task: CodeTask, test: CodeTest, limits: Limits) -> TestResult:
    program = Job({"kind": "serve", "source": source, "entry_point": task.entry_point}, limits=limits)
    what = {"kind": "test", "source": test.code, "setup": task.setup, "entry_point": task.entry_point}
    memory = max(limits.memory_bytes, _TESTS_MEMORY_BYTES)
    theirs = replace(limits, cpu_s=limits.wall_s, memory_bytes=memory)
    tested, tests = sandbox.run_session(program, Job({**what, "names": list(task.names)}, limits=theirs))
    result = tests.result or {}
    if tested.ending in _ENDED_BADLY or (tested.result or {}).get("error"):
        return _failure(tested)
    if tests.ending == "memory" and result.get("by_program"):
        return "MLE", f"needed more than {task.memory_limit_mb} MiB"
    if tests.ending in _ENDED_BADLY:
        return _ENDED_BADLY[tests.ending], tests.message
    if result.get("passed") is True and tests.ending == "done" and tested.ending in _STILL_SERVING:
        return "AC", ""
    if result.get("by_program") and result.get("phase") in _CANNOT_RUN:
        return "CE", tests.message
    if result.get("passed") or result.get("by_program"):
        return "RE", tests.message if tested.ending in ("done", "killed") else tested.message
    return "WA", tests.message


def _failure(outcome: Outcome) -> TestResult:
    if (outcome.result or {}).get("phase") in _CANNOT_RUN:
        return "CE", outcome.message
    if (outcome.result or {}).get("error") == "NotPlainError":
        return "WA", outcome.message
    return _ENDED_BADLY.get(outcome.ending, "RE"), outcome.message


def _ask_checker(sandbox: Sandbox, test: CodeTest, output: Any) -> TestResult:
    """What the test's checker says of an encoded value.

    A checker that raises or runs out of time on it may be at fault, or have met a value made to provoke that. So the
    value is wrong unless the checker fails on the expected value as well, which no program can bring about: then it is
    broken, and nothing is judged.
    """
    accepted, failure = _run_checker(sandbox, test, output)
    if accepted:
        return "AC", ""
    if failure is None:
        return "WA", "the checker does not accept it"
    broken = _run_checker(sandbox, test, wire.encode(test.output))[1]
    if broken is not None:
        return "INFRA", f"the checker fails on the expected value: {broken}"
    return "WA", f"the checker fails on it: {failure}"


def _run_checker(sandbox: Sandbox, test: CodeTest, output: Any) -> tuple[bool, str | None]:
    """Whether a checker accepts a value, and what went wrong in it, if anything."""
    assert test.checker is not None
    arguments = [wire.encode(test.input), wire.encode(test.output), output]
    what = {"kind": "check", "source": test.checker, "arguments": arguments}
    outcome = sandbox.run(Job(what, limits=Limits(cpu_s=_CHECKER_LIMIT_S, wall_s=2 * _CHECKER_LIMIT_S)))
    if outcome.ending != "done":
        return False, outcome.message
    return (outcome.result or {}).get("value") is True, None
