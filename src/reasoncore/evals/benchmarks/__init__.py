"""The benchmarks: where each comes from, how its rows become problems, how they are asked. One row each, in ``table``.

A row loads from a file in the user's data folder (``load``), which ``fetch`` can put there; or its problems are
generated (``generated``); or it is a file of the user's own (``own``). ``listing`` shows the rows.
"""

from reasoncore.evals.benchmarks.generated import PROCEDURAL_COUNT, PROCEDURAL_PREFIX, PROCEDURAL_SEED
from reasoncore.evals.benchmarks.load import (
    DATA_VARIABLE,
    benchmark_file,
    benchmark_sha256,
    benchmarks_of,
    data_sha256,
    find_benchmark,
    load_benchmark,
    local_benchmarks,
    problems_sha256,
)
from reasoncore.evals.benchmarks.row import Benchmark, Pin

__all__ = [
    "DATA_VARIABLE",
    "PROCEDURAL_COUNT",
    "PROCEDURAL_PREFIX",
    "PROCEDURAL_SEED",
    "Benchmark",
    "Pin",
    "benchmark_file",
    "benchmark_sha256",
    "benchmarks_of",
    "data_sha256",
    "find_benchmark",
    "load_benchmark",
    "local_benchmarks",
    "problems_sha256",
]
