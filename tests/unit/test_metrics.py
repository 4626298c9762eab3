"""Pass@K against hand-computed values and enumeration; Cons@K and its ties."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reasoncore.evals.metrics import cons_at_k, pass_at_k


@pytest.mark.parametrize(
    ("n", "c", "k", "value"),
    [
        (4, 1, 1, 1 / 4),
        (4, 2, 2, 1 - 1 / 6),  # C(2,2) / C(4,2)
        (10, 3, 5, 1 - 21 / 252),  # C(7,5) / C(10,5)
        (5, 0, 3, 0.0),
        (5, 3, 3, 1.0),
        (5, 5, 1, 1.0),
        (1, 0, 1, 0.0),
    ],
)
def test_pass_at_k_by_hand(n: int, c: int, k: int, value: float) -> None:
    assert pass_at_k(n, c, k) == pytest.approx(value, abs=1e-15)


def test_pass_at_k_of_many_samples_is_stable() -> None:
    # c = 1 is exactly k/n, at a size where C(n, k) has thousands of digits.
    assert pass_at_k(100_000, 1, 50_000) == pytest.approx(0.5, abs=1e-9)


_SAMPLES = st.integers(1, 9).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n), st.integers(1, n)))


@given(_SAMPLES)
def test_pass_at_k_is_enumeration(sample: tuple[int, int, int]) -> None:
    n, c, k = sample
    draws = list(combinations([True] * c + [False] * (n - c), k))
    assert pass_at_k(n, c, k) == pytest.approx(sum(map(any, draws)) / len(draws), abs=1e-12)


@given(_SAMPLES)
def test_pass_at_k_grows_with_k_and_c(sample: tuple[int, int, int]) -> None:
    n, c, k = sample
    here = pass_at_k(n, c, k)
    assert 0.0 <= here <= 1.0
    if k < n:
        assert pass_at_k(n, c, k + 1) >= here - 1e-12
    if c < n:
        assert pass_at_k(n, c + 1, k) >= here - 1e-12


@pytest.mark.parametrize(("n", "c", "k"), [(3, 1, 4), (3, 1, 0), (0, 0, 1), (3, 4, 1), (3, -1, 1)])
def test_pass_at_k_refuses(n: int, c: int, k: int) -> None:
    with pytest.raises(ValueError, match=r"needs at least|correct of"):
        pass_at_k(n, c, k)


@pytest.mark.parametrize(
    ("answers", "correct", "consensus"),
    [
        (["1", "2", "2"], [True, False, False], False),
        (["1", "2", "2.0"], [False, True, True], True),
        (["1", "2"], [True, False], True),  # a tie goes to the answer seen first
        (["2", "1", "1", "2"], [False, True, True, False], False),
        ([None, None, "5"], [False, False, True], True),  # no answer, no vote
        ([None, None], [False, False], False),
        ([], [], False),
    ],
)
def test_cons_at_k(answers: list[str | None], correct: list[bool], consensus: bool) -> None:
    assert cons_at_k(answers, correct) is consensus


def test_cons_at_k_refuses_other_lengths() -> None:
    with pytest.raises(ValueError, match="2 answers but 1 verdicts"):
        cons_at_k(["1", "2"], [True])
