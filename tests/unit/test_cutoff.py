"""Accuracy before and after a date: the test, the interval, and what may be said of them."""

import json
import random
from datetime import date
from pathlib import Path

import pytest

from reasoncore.errors import DataError
from reasoncore.evals.contamination import read_date, read_dates
from reasoncore.evals.contamination.cutoff import compare_across_cutoff, permutation_p


def test_the_exact_test_counts_splits() -> None:
    assert permutation_p([1, 1, 1], [0, 0, 0]) == pytest.approx(2 / 20)
    assert permutation_p([1, 0], [1, 0]) == 1.0
    assert permutation_p([1, 1, 1, 0], [0]) == pytest.approx(2 / 5)
    assert permutation_p([1, 1, 1, 1], [0]) == pytest.approx(1 / 5)


def test_welch_by_hand() -> None:
    before, after = [0.5, 0.75, 1.0, 0.75] * 10, [0.25, 0.5, 0.0, 0.25] * 5
    found = compare_across_cutoff(before, after)
    # s^2 = 0.03205 of 40 and 0.03289 of 20, so se = 0.04945, f = 37.8, t = 10.11 and t_{0.975, f} = 2.025.
    assert (found.test, found.difference) == ("welch", 0.5)
    assert found.ci95 == pytest.approx((0.5 - 2.025 * 0.04945, 0.5 + 2.025 * 0.04945), abs=2e-4)
    assert found.p == pytest.approx(2.6e-12, rel=0.2)


def test_p_and_interval_agree() -> None:
    rng = random.Random(0)
    seen = 0
    for _ in range(200):
        before, after = ([rng.random() ** shape for _ in range(15)] for shape in (0.7, 1.2))
        found = compare_across_cutoff(before, after)
        assert found.p is not None
        low, high = found.ci95
        assert low is not None
        assert high is not None
        assert (found.p < 0.05) == (not low <= 0 <= high)
        seen += found.p < 0.05
    assert 20 < seen < 180


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        ([1] * 8, [0] * 8, "higher before the cut-off"),
        ([0] * 40, [1] * 40, "lower before the cut-off"),
        ([1] * 3, [0] * 3, "too few items to tell"),
        ([1] * 300, [1] * 300, "no difference seen"),
        ([1] * 10, [1] * 10, "too few items to tell"),
        ([1, 0] * 20, [1, 0] * 20, "too few items to tell"),
        ([1], [0], "too few items to tell"),
        ([], [0, 1], "too few items to tell"),
    ],
)
def test_verdicts(before: list[float], after: list[float], verdict: str) -> None:
    found = compare_across_cutoff(before, after, undated=2)
    assert found.verdict == verdict
    assert json.loads(json.dumps(found.as_json()))["undated"] == 2


def test_dates_are_read_from_csv_and_json(tmp_path: Path) -> None:
    table, mapping = tmp_path / "dates.csv", tmp_path / "dates.json"
    table.write_text('problem_id,date\na,2025-02-06\n"b, c",2024-12-31T10:00:00\n')
    mapping.write_text('{"a": "2025-02-06"}')
    assert read_dates(table) == {"a": date(2025, 2, 6), "b, c": date(2024, 12, 31)}
    assert read_dates(mapping) == {"a": date(2025, 2, 6)}
    table.write_text("a,2025-02-06\nb,2025-13-01\n")
    with pytest.raises(DataError, match=r"dates.csv, line 2: '2025-13-01' is no date"):
        read_dates(table)
    with pytest.raises(DataError, match="last spring"):
        read_date("last spring", "--cutoff")
    mapping.write_text("[]")
    with pytest.raises(DataError, match="not an object"):
        read_dates(mapping)
