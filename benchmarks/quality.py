"""A million rows through the filters on text: minutes, and the most memory that any process took.

    python benchmarks/quality.py --data DATA [--rows 1000000]

The rows are GSM8K's training solutions again and again, some of them made to repeat themselves.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from pathlib import Path

from memory import PeakMemory
from reasoncore.data.build.config import QualitySettings
from reasoncore.data.build.quality import filter_quality
from reasoncore.data.build.rows import CorpusRow
from reasoncore.data.build.stage_folder import StageFolder
from reasoncore.records import Problem


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("REASONCORE_DATA", ".")))
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = Path(folder) / "rows.jsonl"
        write_rows(rows, given.data / "gsm8k_train.jsonl", given.rows)
        stage = StageFolder(Path(folder), "quality", {})
        began = time.perf_counter()
        with PeakMemory() as peak, stage.writing() as writer:
            filter_quality(writer, rows, QualitySettings(min_words=5, max_words=2000), given.workers)
        took = time.perf_counter() - began
        result = stage.result(writer, given.rows, 0)
        size = rows.stat().st_size / 1e6
        print(f"{given.rows:,} rows ({size:,.0f} MB): {took:.0f} s on {given.workers} processes, {result.reasons}")
        print(f"most memory: this process {peak.own:.0f} MiB, the largest of the others {peak.largest_child:.0f} MiB")


def write_rows(path: Path, source: Path, count: int) -> None:
    with source.open(encoding="utf-8") as stream:
        seeds = [json.loads(line) for line in stream]
    with path.open("w", encoding="utf-8") as stream:
        for number in range(count):
            seed = seeds[number % len(seeds)]
            response = seed["answer"] * (20 if number % 50 == 0 else 1)
            problem = Problem(f"r{number}", "math", "gsm8k", seed["question"], seed["answer"].rpartition("#### ")[2])
            stream.write(CorpusRow(problem, "gsm8k", response).to_line())


if __name__ == "__main__":
    main()
