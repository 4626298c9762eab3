"""The report of a run of the whole method: the pipeline, the time; whole, unfinished, damaged and hostile."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import report_fixture as fixture
from test_report import Page, edit, page_of

from reasoncore.evals.comparison import collect_results
from reasoncore.evals.report import write_report
from reasoncore.evals.report.activity import OTHER, Spent, parse_spent, times, total
from reasoncore.evals.report.cautions import cautions
from reasoncore.evals.report.collect import collect
from reasoncore.evals.report.pipeline import pipeline
from reasoncore.evals.report.verdict import verdict

TRAINED = ["sft-broad", "fuse-broad", "sft-hard", "fuse-hard", "rl-math", "rl-short", "rl-code", "rl-stem"]
TRAINED += ["distill", "rl-instruct"]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fixture.build_pipeline(tmp_path_factory.mktemp("report") / "run")


@pytest.fixture
def run(template: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(template, tmp_path / "run"))


@pytest.fixture
def unfinished(tmp_path: Path) -> Path:
    """Ends while rl-short is running."""
    folder = fixture.build_pipeline(tmp_path / "run", problems=6, until="rl-short")
    manifest = folder / "stages/09-rl-short/manifest.json"
    content = json.loads(manifest.read_text(encoding="utf-8"))
    fixture.write_json(manifest.with_name("timing.json"), {"seconds": content["seconds"], "spent": content["spent"]})
    manifest.unlink()
    return folder


def set_expectation(run: Path, name: str, **changes: Any) -> None:
    results = json.loads((run / "results.json").read_text(encoding="utf-8"))
    results["expectations"][name] |= changes
    fixture.write_json(run / "results.json", results)


def test_whole_page_is_in_order_small_offline_and_the_same_every_time(run: Path) -> None:
    page = page_of(run)
    html = write_report(run).read_bytes()
    assert html == write_report(run).read_bytes()
    assert len(html) < 1_500_000
    headings = [
        "The pipeline",
        "Does every stage earn its place?",
        "Results by stage",
        "By subdomain and level",
        "Time",
    ]
    places = [page.text.index(f"\n{heading}\n") for heading in [*headings, "Learning curves", "Rollouts to read"]]
    assert places == sorted(places)
    assert not re.search(b"https?://|@import", html)
    ids = [value for name, value in page.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    targets = {value or "" for name, value in page.attributes if name in {"href", "xlink:href"}}
    pages = {f"rollouts/{path.name}" for path in (run / "rollouts").iterdir()}
    assert pages <= targets <= pages | {f"#{name}" for name in ids}


def test_pipeline_has_every_stage_with_what_it_did(run: Path) -> None:
    boxes = pipeline(collect(run))
    assert [box.name for box in boxes] == ["nano-base", *TRAINED]
    did = {box.name: ", ".join(box.did) for box in boxes}
    assert did["sft-broad"] == "57,100 samples, 447 steps"
    assert did["sft-hard"] == "2,113 hard samples of 7,000, 2 epochs, 447 steps"
    assert did["fuse-broad"] == "3 specialists of 7 checkpoints"
    assert did["rl-short"] == "1,020 of 1,600 prompts kept, shorter right answers pay more (Long2Short), 60 steps"
    assert did["distill"] == "4,880 of 7,240 verified traces kept, 77 steps"
    assert boxes[2].seconds == pytest.approx(1.04 * 298)


def test_pipeline_says_which_stage_lifts_which_domain(run: Path) -> None:
    boxes = {box.name: box for box in pipeline(collect(run))}
    assert boxes["sft-hard"].gains == []
    assert [gain.domain for gain in boxes["fuse-broad"].gains if gain] == list(fixture.DOMAINS)
    assert {gain.change for gain in boxes["fuse-broad"].gains if gain} == {None}
    most = {name: max(box.gains, key=lambda gain: gain.change or 0) for name, box in boxes.items() if box.gains}
    lifted = [most[name].domain for name in ("rl-math", "rl-code", "rl-stem", "rl-instruct")]
    assert (lifted, most["rl-math"].tone) == (list(fixture.DOMAINS), "up")
    math_after = boxes["rl-math"].gains[0]
    assert math_after.change == pytest.approx(math_after.score.mean - boxes["fuse-hard"].gains[0].score.mean)


@pytest.mark.parametrize(
    ("ci95", "tone"),
    [([0.2, 0.4], "up"), ([-0.1, 0.7], "flat"), ([0.0, 0.4], "flat"), ([None, None], "flat"), (3, "flat")],
)
def test_change_has_a_colour_where_its_interval_excludes_zero(run: Path, ci95: Any, tone: str) -> None:
    row = {"from": "eval-fuse-hard", "to": "eval-rl-math", "benchmark": "procedural-math", "metric": "pass@1"}
    edit(run / "results.json", comparisons=[row | {"difference": 0.3, "ci95": ci95}])
    boxes = {box.name: box for box in pipeline(collect(run))}
    assert [gain.tone for gain in boxes["rl-math"].gains] == [tone, "flat", "flat", "flat"]


def test_stage_from_another_checkpoint_is_compared_with_that(run: Path) -> None:
    content = json.loads((run / "run.json").read_text(encoding="utf-8"))
    content["recipe"]["stages"]["rl-code"]["start"] = "fuse-hard"
    fixture.write_json(run / "run.json", content)
    boxes = {box.name: box for box in pipeline(collect(run))}
    assert boxes["rl-code"].did[0] == "from fuse-hard"
    assert boxes["rl-code"].gains[0].before == boxes["fuse-hard"].gains[0].score.mean


def test_unfinished_run_says_what_is_still_to_come(unfinished: Path) -> None:
    text = page_of(unfinished).text
    boxes = {box.name: box for box in pipeline(collect(unfinished))}
    assert list(boxes) == ["nano-base", *TRAINED]
    assert (boxes["rl-short"].status, boxes["rl-short"].did) == ("unfinished", ["60 steps so far"])
    assert boxes["rl-code"].status == "not started"
    assert "so far" in text[text.index("\nTime\n") :]
    expectations = {e.name: e for e in collect(unfinished).expectations}
    assert list(expectations) == list(fixture.CLAIMS)
    assert expectations["short-pass"].words == "not measured"
    assert expectations["short-pass"].note == "waits for eval-rl-short"
    assert expectations["short-pass"].start is not None
    assert "7 are not measured yet" in verdict(collect(unfinished))


def test_time_names_what_bounds_a_stage() -> None:
    spent = {
        "updating": Spent(20, 4000),
        "sampling": Spent(60, 9000),
        "strange": Spent(10, 0),
        "judging": Spent(0.1, 0),
    }
    line = times("rl", False, 100.0, spent)
    assert [(part.name, round(part.share, 3)) for part in line.parts] == [
        ("sampling", 0.6),
        ("updating", 0.2),
        ("strange", 0.1),
        (OTHER, 0.1),
    ]
    assert (line.by_share[0].name, line.rates) == ("sampling", {"sampling": 150.0, "updating": 200.0})
    assert sum(part.share for part in times("rl", False, 50.0, spent).parts) == pytest.approx(1, abs=0.005)
    whole = total([(100.0, spent), (None, {"sampling": Spent(40, 1000)})])
    assert (whole.seconds, whole.rates["sampling"]) == (140.0, 100.0)
    assert parse_spent({"a": {"seconds": -1}, "b": {"seconds": "x"}, "c": 3, "d": {"seconds": 1}}) == {"d": Spent(1, 0)}


def test_time_is_in_words_on_the_page(run: Path) -> None:
    text = page_of(run).text
    assert re.search(r"rl-code\s+4 min 53 s\s+3,200\s+667\s+judging, 55\N{NO-BREAK SPACE}%", text)
    assert "All stages" in text


def test_an_evaluation_that_asks_for_claims_is_not_the_last_step_of_the_pipeline(run: Path) -> None:
    before = collect(run)
    clr = shutil.copytree(next(run.glob("stages/*-eval-rl-instruct")), run / "stages" / "99-eval-clr")
    found = json.loads((clr / "results.json").read_text(encoding="utf-8"))
    one = {"mean": 0.1, "ci95": [0.0, 0.2]}
    for block in found["benchmarks"].values():
        block["clr"] = {"clr@k": {"8": one}, "cons@k": {"8": one}, "clr_minus_cons@k": {"8": one}, "checks": 3}
    found["protocol"] = "vt3b, max_tokens=9"
    fixture.write_json(clr / "results.json", found)
    fixture.manifest(clr, "eval-clr", "eval", 20.0, {})
    fixture.write_json(run / "results.json", {**collect_results(run, {}), "expectations": {}})
    after = collect(run)
    assert [one.name for one in after.evaluations] == [*(one.name for one in before.evaluations), "eval-clr"]
    assert after.comparable == before.evaluations
    assert "eval-clr" not in {end for one in after.comparisons for end in (one.before, one.after)}
    assert [box.evaluation for box in pipeline(after)] == [box.evaluation for box in pipeline(before)]
    assert not any("protocols" in caution for caution in cautions(after))
    assert "CLR: answers weighed" in page_of(run).text


def test_a_benchmark_has_one_caution_of_a_kind(run: Path) -> None:
    said = [caution for caution in cautions(collect(run)) if "cut off" in caution]
    assert len(said) == 4
    assert "evaluations, the most in eval-" in said[0]


def test_rollouts_are_of_the_first_and_the_last_evaluation(run: Path) -> None:
    text = page_of(run).text
    reading = text[text.index("\nRollouts to read\n") : text.index("\nRecipe\n")]
    assert set(re.findall(r"eval-[\w-]+", reading)) == {"eval-fuse-broad", "eval-rl-instruct"}
    assert [len(re.findall(f"procedural-{domain} ·", reading)) for domain in fixture.DOMAINS] == [2, 2, 2, 2]


def test_hostile_strings_are_inert(run: Path) -> None:
    bad = fixture.HOSTILE
    content = json.loads((run / "run.json").read_text(encoding="utf-8"))
    recipe = content["recipe"]
    recipe["base"] = recipe["expect"]["math-rl"]["claim"] = bad
    recipe["stages"] |= {bad: {"kind": bad}, "rl-code": {"kind": "rl", "start": bad}}
    recipe["expect"][bad] = {"claim": bad, "metric": bad, "benchmarks": [bad], "before": bad, "after": bad}
    fixture.write_json(run / "run.json", content)
    set_expectation(run, "code-rl", claim=bad, benchmarks=[bad], before=bad, after=bad)
    fusion = fixture.fusion_json(won=True)
    compared = fusion["compared"] | {
        "macro": {bad: 0.5, "fused": 0.6},
        "winner": bad,
        "best_specialist": bad,
        "last": bad,
    }
    changes = {"metric": bad, "specialists": {bad: bad}, "weights": {bad: 0.5, "b": 0.5}, "compared": compared}
    fixture.write_json(run / "stages/02-fuse-broad/fusion.json", fusion | changes)
    fixture.write_json(run / "stages/15-distill/selection.json", {bad: {bad: 3, "kept": bad}})
    edit(
        run / "stages/07-rl-math/manifest.json",
        spent={bad: {"seconds": 9000, "tokens": 4}},
        kind=bad,
        summary={bad: bad},
    )
    html = write_report(run).read_text(encoding="utf-8")
    page = Page(html)
    assert not {"script", "img"} & set(page.tags)
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert not re.search("[\u202e\x1b\ud800]", html)
    sections = re.split(r"\n(?=Does every stage|Results by stage|Time\n)", page.text)
    assert all("<script>alert('x')</script>" in section for section in sections[:2])


@pytest.mark.parametrize(
    "content", ["", "[]", "{", '{"compared": 3, "math": 4}', '{"compared": {"macro": {"fused": "x"}}}']
)
def test_damaged_files_do_not_stop_the_report(run: Path, content: str) -> None:
    shutil.rmtree(run / "stages/09-rl-short")
    for name in ("02-fuse-broad/fusion.json", "15-distill/selection.json", "07-rl-math/manifest.json"):
        (run / "stages" / name).write_text(content, encoding="utf-8")
    (run / "stages/03-eval-fuse-broad/rollouts.jsonl").write_text(content, encoding="utf-8")
    edit(run / "results.json", expectations=content, comparisons={})
    edit(run / "stages/05-fuse-hard/manifest.json", spent=content, seconds=content)
    assert "Instruct RL keeps maths" in page_of(run).text


def test_run_whose_stage_folders_were_pruned(run: Path) -> None:
    shutil.rmtree(run / "stages")
    found = collect(run)
    assert [evaluation.name for evaluation in found.evaluations] == [f"eval-{name}" for name in fixture.SCORES]
    assert "The pipeline" in page_of(run).text


def test_evaluation_of_several_domains(tmp_path: Path) -> None:
    fixture.measure(tmp_path / "out", "distill", 6)
    said = verdict(collect(tmp_path / "out")).replace("\N{NO-BREAK SPACE}", " ")
    assert re.fullmatch(r"For eval-distill, Pass@1 is [\d.]+ % in math, .* and [\d.]+ % in instruct\.", said)
    text = page_of(tmp_path / "out").text
    assert [heading in text for heading in ("The pipeline", "Does every stage", "\nTime\n")] == [False, False, False]
