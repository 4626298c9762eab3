r"""Exact arithmetic: what it is worth, and that no answer can make it take long in the caller's process."""

from __future__ import annotations

import time

import pytest

from reasoncore.verify.math.budget import WORK, current_work, limited_work, spend
from reasoncore.verify.math.compare import same_answer
from reasoncore.verify.math.exact import exact_value
from reasoncore.verify.math.polynomial import perfect_root
from reasoncore.verify.math.read import readings
from reasoncore.verify.math.tree import Node

LONGEST_S = 0.25  # a tenth of it on an idle machine


def _undecided(answer: Node, gold: Node) -> None:
    return None


@pytest.mark.parametrize("index", [1, 2, 3, 5, 64])
def test_perfect_roots(index: int) -> None:
    for root in (1, 2, 3, 7, 10, 255, 256):
        value = root**index
        assert perfect_root(value, index) == (root if value.bit_length() <= 512 else None)
        if index > 1:
            assert perfect_root(value + 1, index) is None


def test_what_cancels_is_forgotten() -> None:
    value = exact_value(readings(r"x + 0 \sin 1 + \cos 1 - \cos 1")[0])
    assert value is not None
    assert not value.opaque
    assert value == exact_value(readings("x")[0])


def test_work_is_counted_within_one_comparison_only() -> None:
    spend(10 * WORK)
    with limited_work():
        spend(WORK)
        assert current_work().left == 0
    with limited_work():
        assert current_work().left == WORK


SLOW = [
    (r"\{" + ",".join([r"\sqrt[3]{7^{1400}+" + str(i) + "}" for i in range(23)]) + r"\}", "1,2,3,4,5,6,7,8,9,10"),
    (
        r"\{"
        + ",".join(
            rf"(\frac{{3^{{500}}}}{{7^{{300}}}}a+\frac{{5^{{300}}}}{{11^{{200}}}})^{{{i}}}" for i in range(25, 33)
        )
        + r"\}",
        "1,2,3,4,5",
    ),
    (r"(\frac{3^{500}}{7^{300}}a+\frac{5^{300}}{11^{200}})^{32}", "x"),
    ("+".join([r"(\frac{3}{7}a+\frac{5}{11}b)^{32}"] * 14), "x"),
    (r"\{" + ",".join(f"{2499 - i}!" for i in range(95)) + r"\}", ",".join(f"{2400 - i}!" for i in range(12))),
    (r"\{" + ",".join(f"2^{{{32000 - i}}}" for i in range(49)) + r"\}", r"\{1,2,3,4,5\}"),
    ("+".join(f"1/{i}!" for i in range(2400, 2460)), "1"),
    (r"\{" + ",".join(rf"\sqrt{{{10**36 + 7 + 2 * i}}}" for i in range(9)) + r"\}", "1,2,3,4,5,6,7,8,9,10"),
    (r"\log_2 " + "9" * 480, "5"),
    (r"\gcd(" + ",".join(f"{i}!" for i in range(2400, 2480)) + ")", "5"),
]


@pytest.mark.parametrize(("answer", "gold"), SLOW, ids=lambda text: text[:30])
def test_no_answer_takes_long(answer: str, gold: str) -> None:
    started = time.process_time()
    assert same_answer(answer, gold, _undecided) is not True
    assert time.process_time() - started < LONGEST_S
