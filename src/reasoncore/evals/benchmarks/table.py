"""The table of benchmarks in files: one row each.

Samples a problem are those of [3B] where it says them: 64 for contest mathematics, 16 for IMO-AnswerBench and
knowledge, 8 for code; the others are small numbers of our own.
"""

from __future__ import annotations

from datetime import date
from functools import partial
from pathlib import Path

from reasoncore.data.choice_files import read_choices
from reasoncore.data.code_files import read_humaneval, read_leetcode, read_mbpp
from reasoncore.data.contest_files import read_answerbench, read_chats, read_matharena
from reasoncore.data.files import read_questions
from reasoncore.data.instruction_files import read_ifeval
from reasoncore.data.livecodebench_files import read_livecodebench
from reasoncore.errors import UserInputError
from reasoncore.evals.benchmarks import sources
from reasoncore.evals.benchmarks.row import Benchmark, reading
from reasoncore.records import Problem


def _livecodebench(benchmark: Benchmark, path: Path | None, limit: int | None) -> list[Problem]:
    return reading(partial(read_livecodebench, window=benchmark.window))(benchmark, path, limit)


def _judged_elsewhere(benchmark: Benchmark, path: Path | None, limit: int | None) -> list[Problem]:
    raise UserInputError(
        f"benchmark {benchmark.name!r}: its judge is a program of its own, which is not part of this one",
        "Use reasoncore.evals.ojbench, as docs/benchmarks.md shows: it writes the answers and reads the verdicts.",
    )


_questions, _chats, _matharena = reading(read_questions), reading(read_chats), reading(read_matharena)
_answerbench, _choices, _instructions = reading(read_answerbench), reading(read_choices), reading(read_ifeval)

_ROWS = (
    Benchmark("gsm8k", "gsm8k_test.jsonl", _questions, "math", 4, 1319, sources.GSM8K, "grade school", verified=True),
    Benchmark(
        "gsm8k-train",
        "gsm8k_train.jsonl",
        _questions,
        "math",
        1,
        7473,
        sources.GSM8K_TRAIN,
        "grade school, training split",
        verified=True,
        in_all=False,
    ),
    Benchmark("math500", "math500.jsonl", _questions, "math", 4, 500, sources.MATH500, "competitions", verified=True),
    Benchmark("aime24", "aime24.parquet", _chats, "math", 64, 30, sources.AIME, "VibeThinker's file", verified=True),
    Benchmark("aime25", "aime25.parquet", _chats, "math", 64, 30, sources.AIME, "VibeThinker's file", verified=True),
    Benchmark(
        "aime26", "aime26.parquet", _matharena, "math", 64, 30, sources.AIME26, "MathArena's file", ("aime26.jsonl",)
    ),
    Benchmark(
        "hmmt25", "hmmt25.parquet", _matharena, "math", 64, 30, sources.HMMT25, "February 2025", ("hmmt25.jsonl",)
    ),
    Benchmark(
        "brumo25",
        "brumo25.parquet",
        _matharena,
        "math",
        64,
        30,
        sources.BRUMO25,
        "MathArena's file",
        ("brumo25.jsonl",),
    ),
    Benchmark(
        "imo-answerbench-v1",
        "answerbench.csv",
        _answerbench,
        "math",
        16,
        400,
        sources.IMO_ANSWERBENCH_V1,
        "withdrawn, some golds are wrong; scores from before February 2026 are of this one",
    ),
    Benchmark(
        "imo-answerbench-v2",
        "answerbench_v2.csv",
        _answerbench,
        "math",
        16,
        400,
        sources.IMO_ANSWERBENCH_V2,
        "many golds are formulas, sets or words: how they are compared is worth points",
    ),
    Benchmark(
        "gpqa-diamond",
        "gpqa_diamond.csv",
        _choices,
        "stem",
        16,
        198,
        sources.GPQA,
        "options shuffled with a seed: a released file has every gold at A",
        ("gpqa_diamond.jsonl",),
    ),
    Benchmark(
        "livecodebench-v6",
        "livecodebench_v6.jsonl",
        _livecodebench,
        "code",
        8,
        131,
        sources.LIVECODEBENCH_V6,
        "contests of February to May 2025; others: livecodebench-v6@2025-01-01..2025-01-31",
        ("test6.jsonl",),
        window=(date(2025, 2, 1), date(2025, 5, 31)),
    ),
    Benchmark(
        "humaneval",
        "humaneval.jsonl",
        reading(read_humaneval),
        "code",
        8,
        164,
        sources.HUMANEVAL,
        "the Python part of HumanEval-X",
        verified=True,
    ),
    Benchmark(
        "mbpp",
        "mbpp.jsonl",
        reading(read_mbpp),
        "code",
        8,
        974,
        sources.MBPP,
        "all tasks, those for training included; the first test is shown",
        verified=True,
    ),
    Benchmark(
        "leetcode-2024",
        "leetcode_2024.jsonl",
        reading(read_leetcode),
        "code",
        8,
        84,
        sources.LEETCODE,
        "contests of August to October 2024; not LeetCode's own judge",
        verified=True,
    ),
    Benchmark(
        "ojbench",
        "ojbench_prompts.jsonl",
        _judged_elsewhere,
        "code",
        8,
        232,
        sources.OJBENCH,
        "judged by a program of its own: see docs/benchmarks.md",
        in_all=False,
    ),
    Benchmark(
        "ifeval",
        "ifeval.jsonl",
        _instructions,
        "instruct",
        4,
        541,
        sources.IFEVAL,
        "right where all instructions are followed, strictly",
        verified=True,
    ),
    Benchmark(
        "ifbench",
        "ifbench.jsonl",
        _instructions,
        "instruct",
        4,
        300,
        sources.IFBENCH,
        "right where all instructions are followed, strictly; its paper scores loosely",
        verified=True,
    ),
)
ROWS: dict[str, Benchmark] = {row.name: row for row in _ROWS}
