"""CLR in an evaluation: scores by hand, checks that are spared, and going on after a kill."""

from __future__ import annotations

import json
from collections.abc import Generator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from command_line import run_cli

from reasoncore.domains import DOMAINS
from reasoncore.errors import InfrastructureError, UserInputError
from reasoncore.evals.claim_checks import ClrPlan
from reasoncore.evals.plan import EvalPlan
from reasoncore.evals.report import write_report
from reasoncore.evals.runner import evaluate
from reasoncore.infer.engine import Engine, Request, Sampled, SamplingParams
from reasoncore.infer.scripted import ScriptedEngine
from reasoncore.timing import Clock

SOUND, FLAWED = "1: VALID\n2: VALID", "1: VALID\n2: REFUTED"


def problems(path: Path, count: int) -> Path:
    rows = [{"id": f"q{n}", "question": f"Question {n}?", "answer": "42"} for n in range(count)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def script(request: Request, sample: int) -> str:
    """Samples 0 to 2 of a problem say 41, flawed; sample 3 says 42, sound; of question 1 all say 42."""
    asked = request.messages[0]["content"]
    if "BEGIN CLAIMS" in asked:
        return FLAWED if "of 41" in asked else SOUND
    answer = 42 if sample == 3 or "Question 1" in asked else 41
    return f"\\boxed{{{answer}}}\nClaims:\n1. First of {answer}.\n2. Second of {answer}."


def plan(file: Path, samples: int = 4, **changes: Any) -> EvalPlan:
    sampling = SamplingParams(max_tokens=500)
    made = EvalPlan((str(file),), "vt3b", sampling, samples, None, None, 3, DOMAINS, {}, ClrPlan(claims=2))
    return replace(made, **changes)


def measure(engine: Engine, made: EvalPlan, out: Path) -> Any:
    results = evaluate(engine, lambda: ScriptedEngine([]), "m", {"m": "m"}, made, out, Clock())
    return results["benchmarks"]["mine"]


def test_scores_by_hand(tmp_path: Path) -> None:
    engine = ScriptedEngine(script)
    block = measure(engine, plan(problems(tmp_path / "mine.jsonl", 2)), tmp_path / "out")
    found = block["clr"]
    means = {name: {k: one["mean"] for k, one in found[name].items()} for name in ("clr@k", "cons@k")}
    # Three flawed ones at 0.25 lose to one sound one at 1; the votes of four are three to one.
    assert means == {"clr@k": {"1": 0.5, "2": 0.5, "4": 1.0}, "cons@k": {"1": 0.5, "2": 0.5, "4": 0.5}}
    assert found["clr_minus_cons@k"]["4"]["mean"] == 0.5
    assert block["pass@1"]["mean"] == pytest.approx((0.25 + 1) / 2)
    # Question 1 needs no check, and of question 0 the first three and the last are needed.
    assert (found["checks"], found["spared"]) == (4, 0.5)
    assert (found["unparsable_rate"], found["padded_rate"]) == (0.0, 0.0)
    checks = [json.loads(line) for line in (tmp_path / "out" / "checks.jsonl").read_text().splitlines()]
    assert [(row["problem_id"], row["sample"]) for row in checks] == [("q0", 0), ("q0", 1), ("q0", 2), ("q0", 3)]
    assert checks[0]["verdicts"] == [True, False]
    asked = [request.messages[0]["content"] for request in engine.requests]
    assert all("exactly 2 numbered claims" in text or "BEGIN CLAIMS" in text for text in asked)
    assert not any("exactly 2" in text for text in asked if "BEGIN CLAIMS" in text)


def test_it_goes_on_where_it_was_and_asks_nothing_twice(tmp_path: Path) -> None:
    class Away(ScriptedEngine):
        def stream(self, requests: Sequence[Request], sampling: SamplingParams) -> Generator[Sampled, None, None]:
            for sampled in super().stream(requests, sampling):
                check = "BEGIN CLAIMS" in requests[sampled.request].messages[0]["content"]
                away = InfrastructureError("the server is away", "Start it.")
                yield sampled._replace(outcome=away) if check and sampled.sample == 1 else sampled

    made = plan(problems(tmp_path / "mine.jsonl", 2))
    with pytest.raises(InfrastructureError, match="1 completions could not be had"):
        measure(Away(script), made, tmp_path / "out")
    again = ScriptedEngine(script)
    block = measure(again, made, tmp_path / "out")
    assert [request.first for request in again.requests] == [1]
    assert block["clr"]["clr@k"]["4"]["mean"] == 1.0
    third = ScriptedEngine([])
    assert measure(third, made, tmp_path / "out") == block
    more = ScriptedEngine(script)
    assert measure(more, plan(tmp_path / "mine.jsonl", 8), tmp_path / "out")["k"] == 8
    assert len([request for request in more.requests if "BEGIN CLAIMS" not in request.messages[0]["content"]]) == 2


def test_what_cannot_vote_is_measured_plainly_and_another_m_is_another_evaluation(tmp_path: Path) -> None:
    row = {"prompt": "Write.", "instruction_id_list": ["punctuation:no_comma"], "kwargs": [{}]}
    path = tmp_path / "mine.jsonl"
    path.write_text(json.dumps(row) + "\n")
    engine = ScriptedEngine(lambda request, sample: "No comma.")
    assert "clr" not in measure(engine, plan(path), tmp_path / "out")
    assert engine.requests[0].messages[0]["content"] == "Write."
    with pytest.raises(UserInputError, match="another evaluation"):
        measure(engine, plan(path, clr=ClrPlan(claims=3)), tmp_path / "out")


def test_malformed_claims_are_counted(tmp_path: Path) -> None:
    def rambling(request: Request, sample: int) -> str:
        if "BEGIN CLAIMS" in request.messages[0]["content"]:
            return "who knows"
        return f"\\boxed{{{41 + sample % 2}}}" + ("\nClaims:\n1. One." if sample < 2 else "")

    block = measure(ScriptedEngine(rambling), plan(problems(tmp_path / "mine.jsonl", 1)), tmp_path / "out")["clr"]
    assert (block["unparsable_rate"], block["padded_rate"]) == (1.0, 6 / 8)


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    from reasoncore.model.folder import resolve_base

    words = ("eval", "--model", resolve_base("nano-base", tmp_path), "--benchmarks", "procedural-math", "--limit", 2)
    words += ("--samples", 2, "--max-tokens", 24, "--clr", "--claims", 3, "--out", tmp_path / "out")
    code, out, err = run_cli(capsys, monkeypatch, *words, "--bundle", tmp_path / "b.zip")
    assert code == 0, err
    assert "CLR minus Cons, points" in out
    assert "checks, " in out
    code, out, _ = run_cli(capsys, monkeypatch, "regrade", tmp_path / "b.zip", "--grader", "own")
    assert (code, "results.json: reproduced" in out) == (0, True)


def test_the_report_shows_it(tmp_path: Path) -> None:
    measure(ScriptedEngine(script), plan(problems(tmp_path / "mine.jsonl", 2)), tmp_path / "out")
    page = write_report(tmp_path / "out").read_text()
    assert "answers weighed by the claims that held" in page
    assert 'data-label="CLR@4"' in page
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    results["benchmarks"]["mine"]["clr"] = {"clr@k": [], "checks": "many"}
    (tmp_path / "out" / "results.json").write_text(json.dumps(results))
    assert "answers weighed by the claims that held" not in write_report(tmp_path / "out").read_text()
