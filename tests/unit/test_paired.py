"""Comparing two evaluations: by hand, and saying when they are too small to tell."""

import math

import pytest

from reasoncore.errors import DataError
from reasoncore.evals.paired import compare_samples, comparison_lines
from reasoncore.evals.score import ProblemSamples


def samples(**correct: list[bool]) -> dict[str, ProblemSamples]:
    return {
        name: ProblemSamples(name, "s", None, len(c), (None,) * len(c), tuple(c), (1,) * len(c))
        for name, c in correct.items()
    }


def test_by_hand() -> None:
    a = samples(p=[True, False], q=[False, False], r=[True, True], only_a=[True])
    b = samples(p=[True, True], q=[True, True], r=[True, False], only_b=[True])
    found = compare_samples("x", a, b)
    # Changes of +50, +100 and -50 points: mean 100/3, variance (278 + 4444 + 6944) / 2 = 5833.
    assert found.problems == 3
    assert (found.before, found.after) == pytest.approx((50.0, 250 / 3))
    assert found.difference == pytest.approx(100 / 3)
    assert found.detectable == pytest.approx((1.959964 + 0.841621) * math.sqrt(17500 / 3 / 3), rel=1e-6)
    assert (found.better, found.worse) == (("q", "p"), ("r",))
    assert found.underpowered
    assert "UNDERPOWERED" in comparison_lines(found)[-1]


def test_a_plain_difference_is_seen() -> None:
    names = [f"p{number}" for number in range(40)]
    a = samples(**{name: [False, number % 4 == 0] for number, name in enumerate(names)})
    b = samples(**{name: [True, number % 4 == 0] for number, name in enumerate(names)})
    found = compare_samples("x", a, b)
    assert found.seen
    assert not found.underpowered
    assert len(comparison_lines(found)) == 2


def test_no_change_in_many_problems_is_not_underpowered() -> None:
    a = samples(**{f"p{number}": [number % 2 == 0] * 8 for number in range(200)})
    b = samples(**{f"p{number}": [number % 2 == 0] * 8 for number in range(199)}, p199=[True] + [False] * 7)
    found = compare_samples("x", a, b)
    assert not found.seen
    assert not found.underpowered


def test_nothing_shared_is_said() -> None:
    with pytest.raises(DataError, match="no problem was judged in both"):
        compare_samples("x", samples(p=[True]), samples(q=[True]))


def test_a_few_problems_without_a_change_prove_nothing() -> None:
    """Of five that both models fail one that flips would be 20 points."""
    nobody = samples(**{f"p{number}": [False] * 4 for number in range(5)})
    found = compare_samples("x", nobody, nobody)
    assert found.detectable is not None
    assert found.detectable > 20
    assert found.underpowered
