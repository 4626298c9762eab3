"""The pages with every rollout: nothing is missing, nothing of it acts, and a click on a score leads there."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path

import pytest
import report_fixture as fixture
from test_report import Page

from reasoncore.evals.report import problem_pages, write_report


@pytest.fixture
def out(tmp_path: Path) -> Path:
    fixture.build_evaluation(tmp_path / "out", 0.5, 40, random.Random(1), "some/model")
    return tmp_path / "out"


def pages(out: Path) -> list[str]:
    return [path.read_text(encoding="utf-8") for path in sorted((out / "rollouts").iterdir())]


def test_every_rollout_is_there_once_a_click_away(out: Path) -> None:
    report = write_report(out).read_text(encoding="utf-8")
    (page,) = pages(out)
    rows = [json.loads(line) for line in (out / "rollouts.jsonl").open(encoding="utf-8")]
    (address,) = set(re.findall('href="([^"#]+)"', report))
    assert (out / address).read_text(encoding="utf-8") == page
    Page(page)
    for outcome, correct in (("is-right", True), ("is-wrong", False)):
        assert page.count(f'class="one {outcome}') == sum(row["correct"] is correct for row in rows)
    assert page.count("<article") == len({row["problem_id"] for row in rows})


def test_a_later_row_replaces_an_earlier_one_and_half_a_row_is_left_out(out: Path) -> None:
    write_report(out)
    before = pages(out)
    path = out / "rollouts.jsonl"
    first = json.loads(path.read_text(encoding="utf-8").partition("\n")[0])
    with path.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(first) + "\n" + '{"benchmark": "procedu')
    write_report(out)
    assert pages(out) == before


def test_many_rollouts_are_split_between_problems(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_report(out)
    (whole,) = pages(out)
    monkeypatch.setattr(problem_pages, "ROLLOUTS_A_PAGE", 100)
    write_report(out)
    parts = pages(out)
    assert len(parts) == 4  # 40 problems of 8: 12 whole ones fit on a page
    assert sum(part.count("<article") for part in parts) == whole.count("<article")
    write_report(out)
    assert pages(out) == parts


def test_hostile_text_does_not_act(out: Path) -> None:
    path = out / "rollouts.jsonl"
    rows = [json.loads(line) for line in path.open(encoding="utf-8")]
    bad = fixture.HOSTILE
    fixture.write_rows(
        path, [row | {"text": bad, "answer": bad, "prompt": bad, "benchmark": f"../{bad}"} for row in rows]
    )
    write_report(out)
    (page,) = pages(out)
    assert not {"script", "img", "iframe"} & set(Page(page).tags)
    assert "default-src 'none'" in page


def test_a_very_long_text_is_cut_in_the_middle(out: Path) -> None:
    path = out / "rollouts.jsonl"
    rows = [json.loads(line) for line in path.open(encoding="utf-8")]
    fixture.write_rows(path, [row | {"text": "a" * 2_500 + "b" * 100_000 + "the end"} for row in rows[:8]])
    write_report(out)
    (page,) = pages(out)
    assert len(page) < 100_000
    assert page.count("the end") == 8
