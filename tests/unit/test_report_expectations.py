"""What the report says of each stage: expectations kept or not, fusion, forgetting, length of right answers."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path
from typing import Any

import pytest
import report_fixture as fixture
from test_report import page_of

from reasoncore.evals.report.collect import collect
from reasoncore.evals.report.fusion import outcome, parse_fusion
from reasoncore.evals.report.lengths import right_lengths
from reasoncore.evals.report.matrix import final_losses, matrices
from reasoncore.evals.report.panels import panels
from reasoncore.evals.report.verdict import verdict


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fixture.build_pipeline(tmp_path_factory.mktemp("report") / "run")


@pytest.fixture
def run(template: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(template, tmp_path / "run"))


def set_expectation(run: Path, name: str, **changes: Any) -> None:
    results = json.loads((run / "results.json").read_text(encoding="utf-8"))
    results["expectations"][name] |= changes
    fixture.write_json(run / "results.json", results)


@pytest.mark.parametrize(
    ("changes", "tone", "words", "note"),
    [
        ({"value": 20.0, "ci95": [17.0, 23.0], "holds": True, "certain": True}, "good", "holds", None),
        (
            {"value": 16.0, "ci95": [13.0, 19.0], "holds": True, "certain": False},
            "unsure",
            "holds, but the interval crosses the bound",
            None,
        ),
        (
            {"value": 16.0, "ci95": [None, None], "holds": True, "certain": False},
            "unsure",
            "holds, but no interval is recorded",
            None,
        ),
        ({"value": 9.0, "ci95": [6.0, 12.0], "holds": False, "certain": False}, "bad", "does not hold", None),
        (
            {"value": 14.0, "ci95": [11.0, 17.0], "holds": False, "certain": False},
            "bad",
            "does not hold",
            "the interval reaches the bound",
        ),
        ({"value": None, "holds": None}, "open", "not measured", "no answers to compare"),
        ({"value": float("nan"), "holds": True, "certain": True}, "open", "not measured", "no answers to compare"),
        ({"value": "high", "holds": "yes"}, "open", "not measured", "no answers to compare"),
    ],
)
def test_verdict_on_an_expectation(run: Path, changes: Any, tone: str, words: str, note: str | None) -> None:
    set_expectation(run, "math-rl", **changes)
    found = collect(run).expectations[0]
    assert (found.tone, found.words, found.note) == (tone, words, note)


def test_no_expectation_vanishes(run: Path) -> None:
    found = collect(run).expectations
    assert [e.name for e in found] == list(fixture.CLAIMS)
    short = next(e for e in found if e.name == "short-tokens")
    assert (short.unit, short.at_least, short.bound) == ("%", False, -15.0)
    assert short.end / short.start - 1 == pytest.approx(short.value.mean / 100)
    first = found[0]
    assert 100 * (first.end - first.start) == pytest.approx(first.value.mean)
    (run / "results.json").write_text("{", encoding="utf-8")
    text = page_of(run).text
    assert all(claim[0] in text for claim in fixture.CLAIMS.values())
    assert "None of the 9 expectations has been measured yet." in text


def test_verdict_counts_expectations_and_names_the_gain_of_each_domain(run: Path) -> None:
    def said() -> str:
        return verdict(collect(run)).replace("\N{NO-BREAK SPACE}", " ")

    last = json.loads((run / "stages/18-eval-rl-instruct/results.json").read_text(encoding="utf-8"))["benchmarks"]
    assert "From eval-fuse-broad to eval-rl-instruct, Pass@1 went from " in said()
    for domain in fixture.DOMAINS:
        assert f"to {100 * last[f'procedural-{domain}']['pass@1']['mean']:.1f} % in {domain}" in said()
    for name in fixture.CLAIMS:
        set_expectation(run, name, value=1.0, ci95=[0.0, 2.0], holds=True, certain=True)
    assert said().startswith("All 9 expectations hold (all of them with the whole 95 % interval). From")
    set_expectation(run, "math-rl", certain=False)
    set_expectation(run, "code-rl", holds=False, certain=False)
    set_expectation(run, "stem-rl", value=None)
    assert said().startswith(
        "7 of 9 expectations hold (6 of them with the whole 95 % interval), 1 does not and 1 is not measured yet."
    )


@pytest.mark.parametrize(
    ("best", "last", "expected"),
    [
        ([0.01, 0.05], [0.02, 0.06], ("good", "Fusion beat the best single specialist and the last checkpoint.")),
        ([-0.01, 0.05], [-0.02, 0.06], ("unsure", "Fusion beat neither the best single specialist nor")),
        ([0.01, 0.05], [-0.02, 0.06], ("unsure", "but did not beat the last checkpoint (the interval includes zero).")),
        ([-0.05, -0.01], [0.02, 0.06], ("bad", "Fusion was worse than the best single specialist, but beat the last")),
        ([None, None], None, ("open", "was not compared, with an interval, to")),
    ],
)
def test_sentence_on_fusion(best: Any, last: Any, expected: tuple[str, str]) -> None:
    content = fixture.fusion_json(won=True)
    content["compared"] |= {"fused_minus_best_specialist": {"mean": 0.02, "ci95": best}}
    content["compared"] |= {"fused_minus_last": None if last is None else {"mean": 0.03, "ci95": last}}
    tone, sentence = outcome(parse_fusion(content))
    assert (tone, expected[1] in sentence) == (expected[0], True)


def test_fusion_that_did_not_win_is_said_plainly(run: Path) -> None:
    assert "Fusion did not beat the last checkpoint, which is also the best single specialist" in page_of(run).text
    alone = fixture.fusion_json(won=True) | {"weights": {"last": 1.0}}
    assert "nothing was averaged" in outcome(parse_fusion(alone))[1]
    assert parse_fusion({"metric": "pass@8", "candidates": {}}) is None


def test_forgetting_is_marked_beyond_two_points(run: Path) -> None:
    for name, score in (("03-eval-fuse-broad", 0.50), ("06-eval-fuse-hard", 0.48), ("08-eval-rl-math", 0.479)):
        path = run / "stages" / name / "results.json"
        results = json.loads(path.read_text(encoding="utf-8"))
        results["benchmarks"]["procedural-instruct"]["pass@1"]["mean"] = score
        fixture.write_json(path, results)
    tables = matrices(collect(run))
    assert [table.title for table in tables] == ["Pass@1, %", "Pass@8, %", "Mean tokens of right answers"]
    cells = [cells[3] for _, cells in tables[0].lines]
    assert [cell.forgotten for cell in cells[:3]] == [False, False, True]
    assert (cells[2].best_at, round(cells[2].below, 3)) == ("eval-fuse-broad", 0.021)
    assert [dot.forgotten for dot in panels(tables)[3].dots][:3] == [False, False, True]
    assert "math is" in final_losses(tables)
    assert "below eval-fuse-broad" in page_of(run).text


def test_domain_that_was_measured_late_has_empty_cells(run: Path) -> None:
    for name in ("03-eval-fuse-broad", "06-eval-fuse-hard"):
        path = run / "stages" / name / "results.json"
        results = json.loads(path.read_text(encoding="utf-8"))
        del results["benchmarks"]["procedural-code"]
        fixture.write_json(path, results)
    tables = matrices(collect(run))
    assert tables[0].columns == ("math", "stem", "instruct", "code")
    assert [cells[3] is None for _, cells in tables[0].lines][:3] == [True, True, False]
    assert len(panels(tables)[3].dots) == 6
    assert "each domain's first evaluation to its last" in verdict(collect(run))


def test_length_of_right_answers(tmp_path: Path) -> None:
    lengths = {"a": [10, 20], "b": [60], "c": []}
    rows = [{"benchmark": "x", "problem_id": p, "token_count": n, "correct": True} for p in lengths for n in lengths[p]]
    rows += [
        {"benchmark": "x", "problem_id": p, "token_count": 999, "correct": wrong}
        for p in "abc"
        for wrong in (False, None)
    ]
    rows += [{"benchmark": "none right", "problem_id": "d", "token_count": 5, "correct": False}, {"problem_id": None}]
    fixture.write_rows(tmp_path / "rollouts.jsonl", rows)
    found = right_lengths(tmp_path / "rollouts.jsonl")
    assert list(found) == ["x"]
    assert (found["x"].count, found["x"].tokens, found["x"].mean.mean) == (3, 90.0, 30.0)
    # Residuals -30, 30 and 0 over three right answers; t with two degrees of freedom is 4.3027.
    assert found["x"].mean.high - 30 == pytest.approx(4.3027 * math.sqrt(3 / 2 * 1800) / 3, rel=1e-4)


@pytest.mark.parametrize(("right", "expected"), [(0.4, False), (0.0, True)])
def test_no_vote_is_shown_where_answers_are_judged_whole(run: Path, right: float, expected: bool) -> None:
    path = run / "stages/18-eval-rl-instruct/results.json"
    results = json.loads(path.read_text(encoding="utf-8"))
    results["benchmarks"]["procedural-instruct"] |= {"no_answer_rate": 1.0, "pass@1": {"mean": right}}
    fixture.write_json(path, results)
    measured = collect(run).evaluations[-1].benchmarks
    assert [item.has_answers for item in measured.values()] == [True, True, True, expected]
    assert page_of(run).attributes.count(("data-label", "Cons@8")) == 31 + expected
