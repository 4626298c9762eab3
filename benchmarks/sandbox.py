"""Judging programs: CodeVerifier against a fresh interpreter for each case, at the same number of cases at a time.

(a) latency of one trivial program, warm, one at a time. (b) throughput, workers and peer threads the same. The peer is
``subprocess.run([sys.executable, "-c", source])`` without any isolation, so its time is a floor for anything that
starts an interpreter; ours confines each program and compares its output too.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import common
from reasoncore.verify.code import CodeTask, CodeTest, CodeVerifier

SOURCE = "print(sum(map(int, input().split())))"
STDIN, EXPECTED = "1 2\n", "3\n"
TASK = CodeTask((CodeTest("stdin", STDIN, EXPECTED),))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    options.add_argument("--rounds", type=int, default=5, help="measured rounds of each side, interleaved")
    options.add_argument("--cases", type=int, default=200, help="cases a round of ours; the peer runs a quarter")
    options.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    options.add_argument("--site", action="store_true", help="the peer's interpreter as installed, not with -I -S")
    args = options.parse_args()
    command = [sys.executable, "-c", SOURCE] if args.site else [sys.executable, "-I", "-S", "-c", SOURCE]

    load = os.getloadavg()[0]
    with CodeVerifier(workers=1) as verifier:
        judge_one(verifier)
        rounds = [
            (latencies(lambda: judge_one(verifier), args.cases), latencies(lambda: run_one(command), args.cases // 4))
            for _ in range(args.rounds)
        ]
    rows = []
    for title, of in (("median latency, ms", statistics.median), ("95th percentile, ms", percentile)):
        ours, peer = zip(*[(1e3 * of(a), 1e3 * of(b)) for a, b in rounds], strict=True)
        rows.append(common.paired(title, ours, peer, higher_is_better=False))
    for workers in args.workers:
        with CodeVerifier(workers=workers) as verifier, ThreadPoolExecutor(workers) as threads:
            judge_many(verifier, 32 * workers)
            rates: list[tuple[float, float]] = [
                (
                    rate(lambda n: judge_many(verifier, n), args.cases),
                    rate(lambda n: list(threads.map(run_one, [command] * n)), args.cases // 4),
                )
                for _ in range(args.rounds)
            ]
        a, b = zip(*rates, strict=True)
        rows.append(common.paired(f"cases/s, {workers} at a time", a, b, higher_is_better=True))
    print(f"{os.cpu_count()} cores; {args.rounds} interleaved rounds, median (min to max); load average {load:.1f}")
    common.print_table(f"sandbox, {args.cases} cases", " ".join(["python", *command[1:-1]]), rows)


def judge_one(verifier: CodeVerifier) -> None:
    assert verifier.judge(SOURCE, TASK).correct is True


def judge_many(verifier: CodeVerifier, cases: int) -> None:
    assert all(verdict.correct for verdict in verifier.judge_many([SOURCE] * cases, [TASK] * cases))


def run_one(command: list[str]) -> None:
    assert subprocess.run(command, input=STDIN, capture_output=True, text=True, check=True).stdout == EXPECTED


def latencies(run: Callable[[], None], cases: int) -> list[float]:
    """Seconds of each of so many runs, one after another."""
    times = [time.perf_counter()]
    for _ in range(cases):
        run()
        times.append(time.perf_counter())
    return [after - before for before, after in pairwise(times)]


def rate(run: Callable[[int], object], cases: int) -> float:
    """Cases a second."""
    started = time.perf_counter()
    run(cases)
    return cases / (time.perf_counter() - started)


def percentile(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


if __name__ == "__main__":
    main()
