"""The report: what the page says about whole, unfinished and hostile folders, and what it must never contain."""

from __future__ import annotations

import json
import random
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import report_fixture as fixture

from reasoncore.errors import UserInputError
from reasoncore.evals.report import write_report
from reasoncore.evals.report.breakdown import breakdowns
from reasoncore.evals.report.cautions import cautions
from reasoncore.evals.report.collect import collect
from reasoncore.evals.report.numbers import duration, percent, points, quantity
from reasoncore.evals.report.plots import draw_curves
from reasoncore.evals.report.rollouts import HEAD_CHARACTERS, TAIL_CHARACTERS, choose_examples
from reasoncore.evals.report.verdict import verdict

VOID = {"meta", "br", "line", "circle", "img", "use", "path", "rect", "input"}


class Page(HTMLParser):
    """Collects the tags, ids, links and text of a page, and checks that tags nest."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(html)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fixture.build_run(tmp_path_factory.mktemp("report") / "run", problems=40)


@pytest.fixture
def run(template: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(template, tmp_path / "run"))


def page_of(folder: Path) -> Page:
    return Page(write_report(folder).read_text(encoding="utf-8"))


def edit(path: Path, **changes: Any) -> None:
    content = json.loads(path.read_text(encoding="utf-8"))
    fixture.write_json(path, content | changes)


def test_whole_run_is_shown_in_order(run: Path) -> None:
    page = page_of(run)
    headings = ["Results by stage", "By subdomain and level", "Learning curves", "Rollouts to read", "Recipe"]
    headings += ["Provenance", "How to read this"]
    places = [page.text.index(f"\n{heading}\n") for heading in headings]
    assert page.text.index("RL raised macro Pass@1") < places[0]
    assert places == sorted(places)
    assert "reasoncore run nano --run-dir 'runs/my nano' --set seed=17" in page.text
    assert "[stages.rl-math.sampling]\ntemperature = 1.0" in page.text


def test_page_is_self_contained(run: Path) -> None:
    html = write_report(run).read_text(encoding="utf-8")
    page = Page(html)
    assert not re.search("https?://|@import", html)
    targets = [value or "" for name, value in page.attributes if name in {"src", "href", "xlink:href", "action"}]
    assert targets
    pages = {target for target in targets if target[:1] != "#"}
    assert pages == {f"rollouts/{path.name}" for path in (run / "rollouts").iterdir()}
    targets = [target for target in targets if target not in pages]
    ids = [value for name, value in page.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    assert {target[1:] for target in targets} <= set(ids)
    assert not {"script", "link", "img", "iframe", "object", "form"} & set(page.tags)
    assert len(html.encode()) < 2_000_000


def test_same_folder_gives_same_bytes_and_leaves_nothing_behind(run: Path) -> None:
    before = {path.name for path in run.iterdir()}
    assert write_report(run).read_bytes() == write_report(run).read_bytes()
    assert {path.name for path in run.iterdir()} - before == {"report.html", "rollouts"}


def test_evaluation_folder(tmp_path: Path) -> None:
    fixture.build_evaluation(tmp_path / "out", 0.5, 40, random.Random(1), "some/model")
    page = page_of(tmp_path / "out")
    assert "For some/model, macro Pass@1 is" in page.text
    assert "40\N{NO-BREAK SPACE}problems of procedural-math, 8\N{NO-BREAK SPACE}samples each." in page.text
    assert "Learning curves" not in page.text
    assert "Rollouts to read" in page.text


def test_what_is_to_be_known_of_a_benchmark_stands_at_its_scores(tmp_path: Path) -> None:
    fixture.build_evaluation(tmp_path / "out", 0.5, 40, random.Random(1), "some/model")
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    results["benchmarks"]["procedural-math"]["note"] = "not the judge's own verdict"
    (tmp_path / "out" / "results.json").write_text(json.dumps(results))
    assert "not the judge's own verdict" in page_of(tmp_path / "out").text


def test_hostile_strings_are_inert(run: Path) -> None:
    bad = fixture.HOSTILE
    stage = run / "stages/05-eval-rl"
    rows = [json.loads(line) for line in (stage / "rollouts.jsonl").open(encoding="utf-8")]
    for row in rows:
        row |= {"text": row["text"] + bad, "answer": bad, "reason": bad, "prompt": bad, "gold": bad}
        row |= {"subdomain": bad, "level": bad, "problem_id": row["problem_id"] + bad, "finish": bad}
    fixture.write_rows(stage / "rollouts.jsonl", rows)
    results = json.loads((stage / "results.json").read_text(encoding="utf-8"))
    block = results["benchmarks"].pop("procedural-math")
    block["subdomains"][bad] = block["levels"][bad] = block["subdomains"]["algebra"]
    results |= {"model": bad, "protocol": {bad: bad}, "benchmarks": {bad: block}}
    fixture.write_json(stage / "results.json", results)
    edit(stage / "manifest.json", name=bad, status=bad, summary={bad: bad}, inputs={bad: bad})
    edit(run / "run.json", name=bad, seed=bad, recipe={bad: bad, "a": {bad: [bad]}}, versions={bad: bad}, command=[bad])
    row = {"from": bad, "to": bad, "benchmark": bad, "metric": "pass@1", "difference": 0.1, "ci95": [0, 1]}
    edit(run / "results.json", comparisons=[row])
    html = write_report(run).read_text(encoding="utf-8")
    page = Page(html)
    assert not {"script", "img"} & set(page.tags)
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert "<script>alert('x')</script>" in page.text
    assert "\\u202e reversed \\u001b[31m \\ud800" in page.text
    assert not re.search("[\u202e\x1b\ud800]", html)


def test_unfinished_run(run: Path) -> None:
    shutil.rmtree(run / "stages/05-eval-rl")
    (run / "stages/04-rl-math/manifest.json").unlink()
    (run / "results.json").unlink()
    with (run / "stages/04-rl-math/metrics.jsonl").open("a", encoding="utf-8") as stream:
        stream.write('{"step": 151, "rew')
    page = page_of(run)
    assert "No paired comparison is recorded, so no gain is claimed" in page.text
    assert "Stage rl-math has not finished after 150 recorded steps" in page.text
    assert "04-rl-math/metrics.jsonl: 1 line could not be read" in page.text
    assert "Held-out probe" in page.text
    edit(run / "stages/03-eval-sft/manifest.json", status="failed")
    assert "Stage eval-sft ended with status “failed”." in cautions(collect(run))


def test_run_that_has_only_begun(tmp_path: Path) -> None:
    fixture.write_json(tmp_path / "run.json", {})
    assert "Nothing has been measured yet" in page_of(tmp_path).text
    (tmp_path / "stages/00-sft").mkdir(parents=True)
    (tmp_path / "stages/00-sft/metrics.jsonl").touch()
    text = page_of(tmp_path).text
    assert ("Stage sft has not finished" in text, "Learning curves" in text) == (True, False)


@pytest.mark.parametrize("content", ["", "[]", "{", '{"benchmarks": 3}', '{"benchmarks": {"a": {"pass@k": {"x": 1}}}}'])
def test_damaged_results_do_not_stop_the_report(run: Path, content: str) -> None:
    (run / "stages/05-eval-rl/results.json").write_text(content, encoding="utf-8")
    (run / "results.json").write_text(content, encoding="utf-8")
    page_of(run)


def test_rows_of_wrong_types_do_not_stop_the_report(run: Path) -> None:
    strange = [
        {"step": "x", "loss": None, "reward": float("nan")},
        {"problem_id": 3, "text": None, "correct": "yes"},
        {},
    ]
    for stage in (run / "stages").iterdir():
        fixture.write_rows(stage / "rollouts.jsonl", strange)
        fixture.write_rows(stage / "metrics.jsonl", strange)
    page_of(run)


def test_folder_that_is_neither(tmp_path: Path) -> None:
    with pytest.raises(UserInputError, match="neither a run folder") as caught:
        write_report(tmp_path)
    assert caught.value.cure
    with pytest.raises(UserInputError, match="no such folder"):
        write_report(tmp_path / "away")
    (tmp_path / "results.json").write_text("{", encoding="utf-8")
    with pytest.raises(UserInputError, match="could not be read"):
        write_report(tmp_path)
    assert not (tmp_path / "report.html").exists()


@pytest.mark.parametrize(
    ("difference", "ci95", "expected"),
    [
        (0.2, [0.1, 0.3], "RL raised macro Pass@1 from"),
        (-0.2, [-0.3, -0.1], "RL lowered macro Pass@1 from"),
        (0.02, [-0.01, 0.05], "RL made no measurable difference to macro Pass@1"),
        (0.0, [0.0, 0.0], "RL made no measurable difference to macro Pass@1"),
        (0.2, None, "no interval is recorded, so this may be chance"),
    ],
)
def test_verdict_is_no_stronger_than_the_interval(run: Path, difference: float, ci95: Any, expected: str) -> None:
    row = {"from": "eval-sft", "to": "eval-rl", "benchmark": "procedural-math", "metric": "pass@1", "macro": True}
    edit(run / "results.json", comparisons=[row | {"difference": difference, "ci95": ci95}])
    assert expected in verdict(collect(run)).replace("\N{NO-BREAK SPACE}", " ")


def test_verdict_leads_with_the_last_step_on_pass_at_1(run: Path) -> None:
    assert len(collect(run).comparisons) == 4
    assert verdict(collect(run)).startswith("RL raised macro Pass@1")
    edit(run / "results.json", comparisons=[{"from": "eval-base", "to": "eval-rl"}, None, 3])
    assert collect(run).comparisons == ()


def test_different_problems_and_protocols_are_said(run: Path) -> None:
    path = run / "stages/05-eval-rl/results.json"
    results = json.loads(path.read_text(encoding="utf-8"))
    results["benchmarks"]["procedural-math"] |= {"data_sha256": "other", "not_judged_rate": 0.05, "cutoff_rate": 0.5}
    fixture.write_json(path, results | {"protocol": "greedy"})
    said = " ".join(cautions(collect(run)))
    assert "data hashes differ" in said
    assert "different protocols: greedy; nano" in said
    assert "5.0 % of the samples could not be judged" in said
    assert (
        "to 50.0 % of the samples were cut off at the token limit in 3 of 3 evaluations, the most in eval-rl." in said
    )


def test_breakdowns_cover_subdomains_levels_and_totals(run: Path) -> None:
    tables = breakdowns(collect(run).evaluations)
    assert [f"{table.dimension} {table.k}" for table in tables] == ["subdomain 1", "subdomain 8", "level 1", "level 8"]
    assert [line.label for line in tables[0].lines] == [*fixture.SUBDOMAINS, "macro mean", "all problems"]
    assert [line.label for line in tables[2].lines] == ["1", "2", "3", "4", "5"]
    assert tables[0].columns == ("eval-base", "eval-sft", "eval-rl")


def test_resumed_steps_count_once(tmp_path: Path) -> None:
    fixture.write_json(tmp_path / "run.json", {})
    rows = [{"step": step, "loss": loss} for step, loss in ((1, 3.0), (2, 2.0), (2, 2.5), (3, 1.0))]
    fixture.write_rows(tmp_path / "stages/00-sft/metrics.jsonl", rows)
    metrics = collect(tmp_path).stages[0].metrics
    assert [row["loss"] for row in metrics] == [3.0, 2.5, 1.0]


def test_curves_use_page_colours_and_their_own_ids() -> None:
    rows = fixture.rl_metrics(random.Random(1), steps=40)
    curves = draw_curves(rows, "s1")
    assert [curve.title for curve in curves][:3] == ["Reward", "Held-out probe", "Entropy"]
    assert curves[1].legend == ("Pass@1", "Pass@8")
    assert curves[3].legend == ("all", "right answers")
    assert draw_curves(rows, "s1") == curves
    for curve in curves:
        assert "var(--curve-1)" in curve.svg
        assert not re.search(r"#[0-9a-f]{6}\b", curve.svg)
        assert all(found.startswith("s1-") for found in re.findall(r'\bid="([^"]*)"', curve.svg))
        assert ">step</text>" in curve.svg


def test_long_stages_stay_small() -> None:
    assert sum(len(curve.svg) for curve in draw_curves(fixture.rl_metrics(random.Random(1), steps=5000), "s")) < 400_000


def test_examples_show_right_and_wrong_of_one_problem(run: Path) -> None:
    stages = [("eval-base", run / "stages/01-eval-base"), ("eval-rl", run / "stages/05-eval-rl")]
    sources = [(name, path / "rollouts.jsonl") for name, path in stages]
    examples = choose_examples(sources)
    assert len(examples) == 6
    assert len({example.subdomain for example in examples}) == 6
    last = examples[0].attempts[-1]
    assert (last.stage, sum(last.counts.values())) == ("eval-rl", fixture.K)
    assert {"right", "wrong"} <= {rollout.outcome for rollout in last.shown}
    assert any(rollout.another_way for example in examples for rollout in example.attempts[-1].shown)


def test_long_rollouts_are_cut_in_the_middle_and_say_so(run: Path) -> None:
    path = run / "stages/05-eval-rl/rollouts.jsonl"
    rows = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    fixture.write_rows(path, [row | {"text": "a" * 50_000 + "end", "finish": "length"} for row in rows])
    rollout = choose_examples([("eval-rl", path)])[0].attempts[0].shown[0]
    assert rollout.cut_off
    assert (len(rollout.head), rollout.tail[-3:]) == (HEAD_CHARACTERS, "end")
    assert rollout.left_out == 50_003 - HEAD_CHARACTERS - TAIL_CHARACTERS
    assert f"{rollout.left_out:,} characters not shown" in page_of(run).text


def test_numbers_look_alike() -> None:
    assert [percent(0.3814), percent(-0.0001), percent(1.0)] == ["38.1", "0.0", "100.0"]
    assert [points(0.331), points(-0.02), points(0.0)] == ["+33.1", "−2.0", "+0.0"]
    assert [quantity(1_204_331), quantity(0.123456), quantity("a-b"), quantity(-3)] == [
        "1,204,331",
        "0.1235",
        "a-b",
        "−3",
    ]
    assert [duration(8.34), duration(250), duration(4320)] == ["8.3 s", "4 min 10 s", "1 h 12 min"]
