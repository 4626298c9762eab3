r"""Our maths verifier against math-verify's own ``parse`` and ``verify``, on the answers of MATH-500.

    python benchmarks/math_verifier.py --data DIR

One process, one core, rounds that take turns; ours has one worker process. Nothing is remembered between rounds: each
starts a verifier of its own (its worker started and warm before the clock) with empty caches. Four workloads:

- answers: each solution's own final answer, in a box, against the gold;
- solutions: each whole solution against the gold;
- next gold: each answer against the next problem's gold, nearly always a different answer;
- symbolic: pairs only the worker can decide, through the worker (ours) and through math-verify.
"""

from __future__ import annotations

import argparse
import json
import logging
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from reasoncore.verify.math import MathVerifier
from reasoncore.verify.math import raw as math_raw
from reasoncore.verify.math import read as math_read
from reasoncore.verify.math.answer import exact_number, extract_answer

Pairs = list[tuple[str, str]]

SYMBOLIC = [
    (r"2 \sin x \cos x", r"\sin 2x"),
    (r"\sin x", r"\sin 2x"),
    (r"\ln 8", r"3 \ln 2"),
    (r"\ln 9", r"3 \ln 2"),
    (r"\frac{\cos x}{\sin x}", r"\cot x"),
    (r"\tan x", r"\cot x"),
    (r"\sqrt{2+\sqrt{3}}", r"\frac{\sqrt{6}+\sqrt{2}}{2}"),
    (r"\sqrt{2+\sqrt{5}}", r"\frac{\sqrt{6}+\sqrt{2}}{2}"),
    (r"\sqrt[3]{16}", r"2\sqrt[3]{2}"),
    (r"\log_2 8", "3"),
    (r"\cos \frac{\pi}{5}", r"\frac{1+\sqrt{5}}{4}"),
    (r"e^{i\pi/3}", r"\frac{1}{2} + \frac{\sqrt{3}}{2} i"),
    (r"2^{x+1}", r"2 \cdot 2^x"),
    (r"\int_0^1 x dx", r"\frac{1}{2}"),
]


def math_verify_round(pairs: Pairs) -> list[bool]:
    """The library as its README uses it."""
    from math_verify import parse, verify

    return [bool(verify(parse(f"${gold}$"), parse(response))) for response, gold in pairs]


def our_round(pairs: Pairs, verifier: MathVerifier) -> list[bool]:
    """Ours, one case after the other."""
    return [verifier.judge(response, gold).correct is True for response, gold in pairs]


def measure(name: str, pairs: Pairs, rounds: int) -> dict[str, list[bool]]:
    """Print a row of the table; the verdicts of both."""
    seconds: dict[str, list[float]] = {"ours": [], "math-verify": []}
    verdicts: dict[str, list[bool]] = {}
    for _ in range(rounds):
        with MathVerifier(workers=1) as verifier:
            verifier.judge(r"\boxed{\ln 4}", r"2 \ln 2")
            for cache in (math_read.readings, math_raw.may_be_mathematics, exact_number):
                cache.cache_clear()
            sides: dict[str, Callable[[], list[bool]]] = {
                "ours": lambda verifier=verifier: our_round(pairs, verifier),  # type: ignore[misc]
                "math-verify": lambda: math_verify_round(pairs),
            }
            for side, run in sides.items():
                started = time.perf_counter()
                verdicts[side] = run()
                seconds[side].append(time.perf_counter() - started)
    rates = {side: len(pairs) / statistics.median(taken) for side, taken in seconds.items()}
    ratios = sorted(other / ours for ours, other in zip(seconds["ours"], seconds["math-verify"], strict=True))
    differing = sum(one != other for one, other in zip(verdicts["ours"], verdicts["math-verify"], strict=True))
    print(
        f"| {name} | {len(pairs)} | {rates['ours']:,.0f} | {rates['math-verify']:,.0f} | "
        f"{statistics.median(ratios):.1f} ({ratios[0]:.1f} to {ratios[-1]:.1f}) | {differing} |"
    )
    return verdicts


def main() -> None:
    """Print the table, then every pair the two judge differently."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with math500.jsonl")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    logging.getLogger("math_verify").setLevel(logging.ERROR)
    with (arguments.data / "math500.jsonl").open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    golds = [row["answer"] for row in rows]
    boxed = [rf"So \boxed{{{extract_answer(row['solution'])}}}." for row in rows]
    workloads: dict[str, Pairs] = {
        "answers": list(zip(boxed, golds, strict=True)),
        "solutions": [(row["solution"], row["answer"]) for row in rows],
        "next gold": list(zip(boxed, golds[1:] + golds[:1], strict=True)),
        "symbolic": [(rf"So \boxed{{{answer}}}.", gold) for answer, gold in SYMBOLIC],
    }
    math_verify_round(workloads["answers"][:20])  # grammar and libraries
    print("| pairs | number | ours, pairs/s | math-verify, pairs/s | ratio (range) | judged differently |")
    print("|---|--:|--:|--:|--:|--:|")
    different: list[tuple[str, str, str, bool]] = []
    for name, pairs in workloads.items():
        verdicts = measure(name, pairs, arguments.rounds)
        for (response, gold), ours, theirs in zip(pairs, verdicts["ours"], verdicts["math-verify"], strict=True):
            if ours != theirs:
                different.append((name, str(extract_answer(response)), gold, ours))
    for name, answer, gold, ours in different:
        print(f"{name}: {answer!r} against {gold!r}: ours {ours}, math-verify {not ours}")


if __name__ == "__main__":
    main()
