"""Our verdicts beside those of math-verify's ``parse`` and ``verify`` on the answers of MATH-500.

The two agree on all of these; what we judge otherwise on purpose is in ``DIFFERENCES``, with the reason.
"""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path

import pytest

from reasoncore.verify.math import MathVerifier
from reasoncore.verify.math.answer import extract_answer

DATA = Path(os.environ.get("REASONCORE_DATA") or Path(__file__).resolve().parents[2].parent / "shared" / "data")

# (answer, gold): ours, and why math-verify's verdict is not wanted.
DIFFERENCES: dict[tuple[str, str], tuple[bool, str]] = {
    (r"\frac{1}{2006!}", r"\frac{1}{2004!}"): (False, "compares to 15 digits, absolutely"),
    ("0.3333333", "1/3"): (False, "rounds to 6 decimals"),
    (r"1.4142136", r"\sqrt{2}"): (False, "rounds to 6 decimals"),
    ("5t", "5"): (False, "takes t for a unit"),
    (r"5 \text{ cm}", r"5 \text{ m}"): (False, "ignores units"),
    ("6=5", "5"): (False, "takes the right side of anything"),
    ("2x=10", "10"): (False, "takes the right side of anything"),
    ("52_9", "52_8"): (False, "ignores bases"),
    ("1 1/2", "3/2"): (True, "reads the words apart"),
    (r"1<x<3", "(1,3)"): (True, "asks for an option"),
    (r"100 \text{ cm}", r"1 \text{ m}"): (True, "ignores units"),
    (r"0.\overline{3}", r"\frac13"): (True, "knows no repeating decimals"),
    (r"e^{i\pi/3}", r"\frac{1}{2} + \frac{\sqrt{3}}{2} i"): (True, "does not simplify it"),
    ("the Evelyn", r"\text{Evelyn}"): (True, "reads a product of letters"),
    (r"3 \text{ hours}", r"180 \text{ minutes}"): (True, "ignores units"),
}


def _theirs(response: str, gold: str) -> bool:
    from math_verify import parse, verify

    logging.getLogger("math_verify").setLevel(logging.ERROR)
    return bool(verify(parse(f"${gold}$"), parse(response)))


@pytest.mark.slow
def test_the_same_verdicts_on_math500() -> None:
    if not (DATA / "math500.jsonl").is_file():
        pytest.skip(f"no math500.jsonl in {DATA}; set REASONCORE_DATA")
    rows = [json.loads(line) for line in (DATA / "math500.jsonl").read_text(encoding="utf-8").splitlines()]
    golds = [row["answer"] for row in rows]
    boxed = [rf"So \boxed{{{extract_answer(row['solution'])}}}." for row in rows]
    pairs = [*zip(boxed, golds, strict=True), *zip(boxed, golds[1:] + golds[:1], strict=True)]
    with MathVerifier(workers=1) as verifier:
        verdicts = list(verifier.stream(pairs))
    differing = [
        (verdict.answer, gold, verdict.reason)
        for (response, gold), verdict in zip(pairs, verdicts, strict=True)
        if verdict.correct is not _theirs(response, gold)
    ]
    assert differing == []


@pytest.mark.parametrize(("answer", "gold"), DIFFERENCES)
def test_where_we_differ_on_purpose(answer: str, gold: str) -> None:
    expected, _ = DIFFERENCES[answer, gold]
    response = rf"So \boxed{{{answer}}}."
    with MathVerifier(workers=1) as verifier:
        assert verifier.judge(response, gold).correct is expected
    assert _theirs(response, gold) is not expected
