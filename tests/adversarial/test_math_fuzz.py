r"""Hostile answers: whatever a policy writes, the grader answers "incorrect", in bounded time, and stays alive.

The default is a sample of a few seconds. ``REASONCORE_FUZZ_COUNT=100000 pytest -s tests/adversarial/test_math_fuzz.py``
runs as many as wanted and prints what came of them; ``REASONCORE_FUZZ_SEED`` makes others.
"""

from __future__ import annotations

import os
import random
import string
import time
from collections import Counter
from collections.abc import Callable

import pytest

from reasoncore.verify.math import MathVerifier
from reasoncore.verify.math.process import LIMIT_S, WALL_FACTOR

COUNT = int(os.environ.get("REASONCORE_FUZZ_COUNT", "1000"))
SEED = int(os.environ.get("REASONCORE_FUZZ_SEED", "1"))
START_S = 10.0  # a case may have to wait for a new process

# No generator below makes any of these, so every verdict must be "incorrect".
GOLDS = [
    "7919",
    r"\frac{7919}{3}",
    r"\sin 7919",
    r"x^{2}+7919",
    r"\sqrt{7919}+\sqrt[3]{7919}",
    "(7919,2)",
    r"\{7919,1\}",
    "7919<x<7920",
    "7919, 7927",
    r"\text{seventy-nine nineteen}",
    r"\sum_{n=1}^{\infty} \frac{7919}{n^2}",
    r"\int_0^{7919} x dx",
    r"\begin{pmatrix} 7919 \\ 2 \end{pmatrix}",
    "y = 7919x + 3",
]

ATOMS = [
    *(
        "0",
        "1",
        "2",
        "9",
        "12",
        "0.5",
        "10^{9}",
        "x",
        "y",
        "n",
        "i",
        "e",
        r"\pi",
        r"\infty",
        r"\theta",
        "AB",
        "-1",
        ".5",
    ),
    *(r"\ldots", r"\emptyset", r"\mathbb{R}", r"\text{ cm}", r"\text{even}", "%", r"90^\circ", "1e300", "999999999999"),
    *("2004!", "3^{20000}", r"\frac{1}{2500!}", "9^{9^{9}}", "10^{-300}", r"\sqrt{-2}", "2+3i"),
]
BINARY = [
    *("+", "-", "*", "/", "^", "=", "<", ">", r"\le", r"\in", ",", ";", ":", " ", r"\cdot", r"\times", r"\pm", r"\cup"),
    *(r"\cap", r"\setminus", r"\bmod", " and ", " or ", r"\approx", r"\to", "**", "!", "_"),
]
COMMANDS = [
    *(
        r"\frac",
        r"\sqrt",
        r"\binom",
        r"\sin",
        r"\cos",
        r"\ln",
        r"\log_",
        r"\exp",
        r"\int_0^",
        r"\sum_{n=1}^",
        r"\prod_{n=1}^",
    ),
    *(
        r"\lim_{x\to 0}",
        r"\left(",
        r"\right)",
        r"\lfloor",
        r"\rfloor",
        r"\overline",
        r"\det",
        r"\operatorname{rank}",
        r"\|",
    ),
    *(
        r"\operatorname{eye}",
        r"\operatorname{zeros}",
        r"\gcd",
        r"\max",
        r"\begin{pmatrix}",
        r"\end{pmatrix}",
        r"\\",
        "&",
    ),
    *(
        r"\begin{cases}",
        r"\end{cases}",
        r"\partial",
        r"\mathrm",
        r"\text",
        r"\boxed",
        r"\variable",
        r"\{",
        r"\}",
        r"\mid",
        "'",
    ),
    *(
        r"\xrightarrow",
        r"\arcsin",
        r"\sinh",
        r"\vec",
        r"\angle",
        r"\begin{vmatrix}",
        r"\end{vmatrix}",
        r"\int",
        r"d x",
        "|",
    ),
]
CODE = [
    *(
        "__import__('os').system('id')",
        "import os",
        "lambda: 0",
        "().__class__.__mro__[1].__subclasses__()",
        "exec('1')",
    ),
    *(
        "eval('7919')",
        "open('/etc/passwd').read()",
        "sympify('7919')",
        "Symbol('x')",
        "{{7919}}",
        "${7919}",
        "%s%n",
        "`id`",
    ),
    *(
        "'; DROP TABLE",
        "f'{7919}'",
        "x.func",
        "E**(I*pi)",
        "oo",
        "nan",
        "zoo",
        "None",
        "True",
        "[i for i in range(9**9)]",
    ),
]


def _group(rng: random.Random, depth: int) -> str:
    """A random expression that is nearly well formed."""
    if depth <= 0 or rng.random() < 0.25:
        return rng.choice(ATOMS)
    one, other = _group(rng, depth - 1), _group(rng, depth - 1)
    shape = rng.randrange(12)
    if shape < 5:
        return f"{one}{rng.choice(BINARY)}{other}"
    wrapped = [
        rf"\frac{{{one}}}{{{other}}}",
        rf"\sqrt[{one}]{{{other}}}",
        rf"({one})^{{{other}}}",
        rf"\{rng.choice(['sin', 'cos', 'ln', 'exp', 'arctan', 'binom', 'log', 'gcd', 'max'])}({one},{other})",
        rf"\sum_{{n=1}}^{{{one}}} {other}",
        rf"\int_0^{{{one}}} {other} dx",
        rf"\begin{{pmatrix}} {one} & {other} \\ {other} & {one} \end{{pmatrix}}",
    ]
    return wrapped[shape - 5]


def _soup(rng: random.Random) -> str:
    words = [*ATOMS, *BINARY, *COMMANDS, "{", "}", "(", ")", "[", "]"]
    return rng.choice(["", " "]).join(rng.choices(words, k=rng.randrange(1, 60)))


def _nest(rng: random.Random) -> str:
    opening, closing = rng.choice(
        [
            *(
                ("(", ")"),
                ("{", "}"),
                ("[", "]"),
                (r"\sqrt{", "}"),
                (r"\frac{1}{", "}"),
                (r"\sin(", ")"),
                (r"\{", r"\}"),
            ),
            *(("-", ""), ("2^", ""), ("2^{", "}"), ("|", "|"), (r"\ln ", ""), ("x_{", "}"), (r"\int_0^1 ", "dx")),
        ]
    )
    depth = rng.randrange(1, 120)
    return opening * depth + rng.choice(ATOMS) + closing * (depth - rng.choice([0, 0, 0, 1]))


def _big(rng: random.Random) -> str:
    big = "9" * rng.randrange(1, 400)
    return rng.choice(
        [
            *(
                big,
                f"0.{big}",
                f"{big}/{big}7",
                f"2^{{{big}}}",
                f"{big}!",
                f"x^{{{big}}}",
                f"{big}e{big}",
                f"1e{big[:3]}",
            ),
            *(rf"\binom{{{big}}}{{{big[:9]}}}", f"{big}_{{7}}", rf"\sqrt{{{big}}}", rf"\sin({big})", "(x+y+z+w)^{32}"),
            *(rf"\sum_{{n=1}}^{{{big}}} n^{{{big[:3]}}}", rf"({big[:20]}!)!", r"9^{9^{9^{9}}}+\sin 1", rf"e^{{{big}}}"),
            *(rf"\operatorname{{eye}}({big[:6]})", rf"\lfloor {big}.5 \rfloor", rf"\sqrt[{big}]{{2}}"),
            *(rf"\frac{{1}}{{{big}!}}", rf"\int_0^1 {big}! dx", rf"\sum_{{n=1}}^{{3}} {big[:20]}^{{{big}}}"),
        ]
    )


def _chain(rng: random.Random) -> str:
    link = rng.choice(
        [*BINARY, r"\frac12", "!", "'", "^2", "_1", r"\pm 1", "/x", "(x+1)", ",1", r"\cup(1,2)", "<x", "=x"]
    )
    return rng.choice(ATOMS) + link.join(rng.choices(ATOMS, k=rng.randrange(1, 100)))


def _bytes(rng: random.Random) -> str:
    ranges = [(0, 32), (32, 127), (0x80, 0x250), (0x370, 0x400), (0x2000, 0x2300), (0x1F300, 0x1F600), (0xD7A0, 0xD7FF)]
    low, high = rng.choice(ranges)
    return "".join(chr(rng.randrange(low, high)) for _ in range(rng.randrange(1, 200)))


def _mutant(rng: random.Random) -> str:
    text = list(rng.choice(GOLDS).replace("7919", "7918"))
    for _ in range(rng.randrange(1, 8)):
        position = rng.randrange(len(text) + 1)
        text[position : position + rng.randrange(2)] = rng.choice(string.punctuation + "12 xe")
    return "".join(text).replace("7919", "7918")


def _code(rng: random.Random) -> str:
    code = rng.choice(CODE).replace("7919", "17")
    return rng.choice(
        [code, rf"\text{{{code}}}", rf"\sin({code})", f"{code}+1", rf"\operatorname{{{code}}}(1)", f"x_{{{code}}}"]
    )


GENERATORS: list[Callable[[random.Random], str]] = [
    lambda rng: _group(rng, rng.randrange(1, 5)),
    lambda rng: _group(rng, rng.randrange(1, 7)),
    *(_soup, _nest, _big, _chain, _bytes, _mutant, _code),
]


@pytest.mark.slow
def test_no_hostile_answer_passes_crashes_or_stalls_the_grader() -> None:
    rng = random.Random(SEED)
    reasons: Counter[str] = Counter()
    slowest, slowest_answer, total = 0.0, "", time.perf_counter()
    wrong: list[tuple[str, str, object]] = []
    with MathVerifier(workers=1) as verifier:
        for _ in range(COUNT):
            answer, gold = rng.choice(GENERATORS)(rng), rng.choice(GOLDS)
            started = time.perf_counter()
            verdict = verifier.judge(rf"\boxed{{{answer}}}", gold, bare_answers=True)
            taken = time.perf_counter() - started
            reasons[verdict.reason] += 1
            if taken > slowest:
                slowest, slowest_answer = taken, answer
            if verdict.correct is not False:
                wrong.append((answer, gold, verdict))
            if reasons.total() % 10_000 == 0:
                print(f"{reasons.total()} after {time.perf_counter() - total:.0f} s", flush=True)
    print(f"\n{COUNT} answers in {time.perf_counter() - total:.1f} s, slowest {slowest:.2f} s: {slowest_answer[:80]!r}")
    for reason, number in reasons.most_common():
        print(f"{number:8d}  {reason}")
    assert wrong == []
    assert slowest < LIMIT_S * WALL_FACTOR + START_S
