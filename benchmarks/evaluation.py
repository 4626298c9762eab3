"""Time to grade and report 10,000 rollouts that are there already.

python benchmarks/evaluation.py --data DATA       GSM8K
python benchmarks/evaluation.py                   generated problems
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from pathlib import Path

from reasoncore.domains import DOMAINS
from reasoncore.evals.benchmarks import load_benchmark
from reasoncore.evals.plan import EvalPlan
from reasoncore.evals.report import write_report
from reasoncore.evals.runner import evaluate
from reasoncore.infer.engine import Request, SamplingParams
from reasoncore.infer.scripted import ScriptedEngine
from reasoncore.timing import Clock


def main() -> None:
    """Write, grade and report in a temporary folder; print the seconds of each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder with gsm8k_test.jsonl")
    data = parser.parse_args().data
    name, problems, samples = ("gsm8k", 1250, 8) if data else ("procedural-math", 400, 25)
    gold_of = {problem.prompt: problem.answer for problem in load_benchmark(name, data, problems)}

    def answer(request: Request, sample: int) -> str:
        """About a thousand characters, right 7 times in 10."""
        question = request.messages[0]["content"]
        draw = random.Random(1000 * request.seed + sample)
        said = gold_of[question] if draw.random() < 0.7 else str(draw.randrange(1000))
        return f"{question[:300]}\n" * 3 + f"Step by step, {draw.randrange(10**6)}.\nThe answer is \\boxed{{{said}}}."

    plan = EvalPlan((name,), "vt3b", SamplingParams(max_tokens=100_000), samples, problems, data, 1, DOMAINS)
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        evaluate(ScriptedEngine(answer), lambda: ScriptedEngine([]), "scripted", {}, plan, Path(folder), Clock())
        graded = time.perf_counter()
        write_report(Path(folder))
        reported = time.perf_counter()
    print(f"{name}, {problems} x {samples}: graded {graded - started:.1f} s, report {reported - graded:.1f} s")


if __name__ == "__main__":
    main()
