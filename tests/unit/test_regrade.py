"""Regrading: nothing is sampled, the own grader reproduces the record, and every verdict that changes is listed."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import Any

import pytest
from command_line import run_cli

from reasoncore.domains import DOMAINS
from reasoncore.errors import InfrastructureError, UserInputError
from reasoncore.evals.graders import find_graders
from reasoncore.evals.graders.answers import exact_match, last_number
from reasoncore.evals.graders.math_verify import grade_with_math_verify
from reasoncore.evals.plan import EvalPlan
from reasoncore.evals.regrade import regrade
from reasoncore.evals.runner import evaluate
from reasoncore.infer.engine import Engine, Request, Sampled, SamplingParams
from reasoncore.infer.scripted import ScriptedEngine
from reasoncore.records import Verdict
from reasoncore.timing import Clock

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    return lambda *words: run_cli(capsys, monkeypatch, *words)


def evaluation(out: Path, engine: Engine, benchmark: str = "procedural-math", limit: int | None = 8) -> None:
    plan = EvalPlan((benchmark,), "greedy", SamplingParams(max_tokens=90), 2, limit, None, 3, DOMAINS)
    evaluate(engine, lambda: ScriptedEngine([]), "m", {"m": "m"}, plan, out, Clock())


def regraded(run: Run, out: Path, *graders: str) -> Any:
    """What the command prints of the folder's only benchmark."""
    code, printed, err = run("regrade", out, *(word for name in graders for word in ("--grader", name)), "--json")
    assert code == 0, err
    assert json.loads(printed) == json.loads((out / "regrade.json").read_text())
    (found,) = json.loads(printed)["benchmarks"].values()
    return found


def own_problems(path: Path) -> Path:
    """Three questions, of which the script below answers the first in the gold's words and the others in its own."""
    golds = ["7", "1/2", "x+1"]
    rows = [{"id": f"q{n}", "question": f"Question {n}?", "answer": gold} for n, gold in enumerate(golds)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def answers(request: Request, sample: int) -> str:
    said = {"0": r"\boxed{7}", "1": r"It is \boxed{0.5}, and not 3.", "2": r"\boxed{1+x}"}
    return said[request.messages[0]["content"].split()[1][0]]


def wrong_or_cut_off(request: Request, sample: int) -> str:
    return r"\boxed{1}" + "." * (100 * sample)


# The graders.


def test_plain_graders() -> None:
    assert exact_match(r"so \boxed{\dfrac12}", r"\frac12").correct is True
    assert exact_match(r"\boxed{0.5}", "1/2").correct is False
    assert exact_match("I do not know", "1/2") == Verdict(False, 0.0, None, "no answer")
    assert last_number("It is 5, or 1,234.", "1234") == Verdict(True, 1.0, "1,234", "equal numbers")
    assert last_number(r"\boxed{7}, not 8", "7").correct is False
    assert last_number("none", "7").correct is False
    assert last_number(r"\boxed{x}", "x").correct is None


def test_math_verify_grades_whole_responses() -> None:
    cases = [(r"It is $\frac{1}{2}$.", "0.5"), (r"\boxed{3}", "4"), ("no idea", "4"), (r"\boxed{1+x}", "x+1")]
    verdicts = grade_with_math_verify(*zip(*cases, strict=True))
    assert [verdict.correct for verdict in verdicts] == [True, False, False, True]


def test_an_unknown_grader_is_named_with_the_nearest() -> None:
    with pytest.raises(UserInputError, match="nearest: 'exact'"):
        find_graders(["exakt"])
    assert [grader.name for grader in find_graders(["loose", "own", "loose"])] == ["loose", "own"]


# The core.


def row(problem: str, correct: bool | None) -> dict[str, Any]:
    fields = {"sample": 0, "token_count": 3, "finish": "stop", "answer": "1", "gold": "2", "reason": "before"}
    return {"problem_id": problem, "correct": correct, **fields}


def test_what_one_side_could_not_judge_is_no_disagreement() -> None:
    rows = [row("a", True), row("b", True), row("c", None), row("d", False), row("e", False)]
    verdicts = [Verdict(correct, 0.0, "3", "now") for correct in (True, False, True, None, True)]
    found = regrade("b", "g", rows, verdicts, "")
    assert found.overturn_rate == pytest.approx(2 / 3)  # of a, b and e
    assert [(change.problem_id, change.recorded, change.correct) for change in found.changes] == [
        ("b", True, False),
        ("c", None, True),
        ("d", False, None),
        ("e", False, True),
    ]
    assert (found.changes[0].recorded_answer, found.changes[0].answer) == ("1", "3")
    assert (found.block["n"], found.block["pass@1"]["mean"], found.block["not_judged_rate"]) == (5, 0.75, 0.2)
    assert found.comparison is not None
    assert (found.comparison.problems, found.comparison.difference) == (3, 0.0)


# The command.


@pytest.mark.parametrize("benchmark", ["procedural-math", "procedural-stem", "procedural-instruct"])
def test_the_own_grader_reproduces_the_results(benchmark: str, tmp_path: Path, run: Run) -> None:
    evaluation(tmp_path, ScriptedEngine(wrong_or_cut_off), benchmark)
    found = regraded(run, tmp_path, "own")
    recorded = json.loads((tmp_path / "results.json").read_text())["benchmarks"][benchmark]
    assert (found["reproduces"], found["differs"]) == (True, [])
    assert list(found["graders"]) == ["own"]
    block = found["graders"]["own"]["block"]
    assert {key: recorded[key] for key in block} == block
    assert found["graders"]["own"]["changes"] == []


def test_a_verdict_that_was_tampered_with_is_found(tmp_path: Path, run: Run) -> None:
    evaluation(tmp_path, ScriptedEngine(wrong_or_cut_off))
    path = tmp_path / "rollouts.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    chosen = next(one for one in rows if one["correct"] is False and one["finish"] == "stop")
    chosen["correct"] = True
    path.write_text("".join(json.dumps(one) + "\n" for one in rows))
    results = json.loads((tmp_path / "results.json").read_text())
    results["benchmarks"]["procedural-math"]["pass@1"]["mean"] += 1 / 16
    (tmp_path / "results.json").write_text(json.dumps(results))
    found = regraded(run, tmp_path, "own")
    assert (found["reproduces"], found["differs"]) == (False, ["pass@1"])
    (change,) = found["graders"]["own"]["changes"]
    assert (change["problem_id"], change["sample"]) == (chosen["problem_id"], chosen["sample"])
    assert (change["recorded"], change["correct"]) == (True, False)
    assert found["graders"]["own"]["overturn_rate"] == pytest.approx(1 / 16)


def test_graders_disagree_where_they_should(tmp_path: Path, run: Run) -> None:
    path = own_problems(tmp_path / "mine.jsonl")
    out = tmp_path / "out"
    evaluation(out, ScriptedEngine(answers), str(path), None)
    path.rename(tmp_path / "elsewhere.jsonl")
    path.write_text((tmp_path / "elsewhere.jsonl").read_text().splitlines()[0] + "\n")  # the rows' golds are enough
    graders = regraded(run, out)["graders"]
    accuracy = {name: found["block"]["pass@1"]["mean"] for name, found in graders.items()}
    assert accuracy == {
        "own": 1.0,
        "exact": pytest.approx(1 / 3),
        "last-number": pytest.approx(1 / 2),  # "x+1" is no number
        "math-verify": 1.0,
    }
    changed = {name: {change["problem_id"] for change in found["changes"]} for name, found in graders.items()}
    assert changed == {"own": set(), "exact": {"q1", "q2"}, "last-number": {"q1", "q2"}, "math-verify": set()}
    assert graders["last-number"]["overturn_rate"] == pytest.approx(1 / 2)
    code, out_text, _ = run("regrade", out, "--grader", "exact")
    assert code == 0
    assert "q1, sample 0: right (equal numbers) to wrong (other spelling); answer '0.5', gold '1/2'" in out_text


def test_instructions_are_also_graded_loosely(tmp_path: Path, run: Run) -> None:
    row = {"prompt": "Write.", "instruction_id_list": ["punctuation:no_comma"], "kwargs": [{}]}
    path = tmp_path / "mine.jsonl"
    path.write_text(json.dumps(row) + "\n")
    engine = ScriptedEngine(lambda request, sample: "Sure, here it is:\nNo comma at all.")
    evaluation(tmp_path / "out", engine, str(path), None)
    graders = regraded(run, tmp_path / "out")["graders"]
    assert {name: found["block"]["pass@1"]["mean"] for name, found in graders.items()} == {"own": 0.0, "loose": 1.0}


class AwayEngine(Engine):
    """A server that is away for every second completion."""

    def stream(self, requests: Sequence[Request], sampling: SamplingParams) -> Generator[Sampled, None, None]:
        for sampled in ScriptedEngine(wrong_or_cut_off).stream(requests, sampling):
            away = InfrastructureError("the server is away", "Start it.")
            yield sampled._replace(outcome=away) if sampled.sample else sampled


def test_what_could_not_be_had_stays_not_judged_under_every_grader(tmp_path: Path, run: Run) -> None:
    with pytest.raises(InfrastructureError):
        evaluation(tmp_path, AwayEngine())
    found = regraded(run, tmp_path)
    assert found["reproduces"]
    assert {one["block"]["not_judged_rate"] for one in found["graders"].values()} == {0.5}


def test_problems_that_are_others_now_are_refused(tmp_path: Path, run: Run) -> None:
    evaluation(tmp_path, ScriptedEngine(wrong_or_cut_off))
    path = tmp_path / "rollouts.jsonl"
    path.write_text(path.read_text().replace('"prompt_sha256": "', '"prompt_sha256": "0', 1))
    code, _, err = run("regrade", tmp_path)
    assert code == 2
    assert "not asked as in the rollouts" in err
    assert run("regrade", tmp_path / "nowhere")[0] == 2
    assert run("regrade", tmp_path, "--grader", "mine")[0] == 2


@pytest.mark.parametrize("content", ["[1]", "{", '{"benchmarks": [], "sampling": {}}', '{"benchmarks": {}}'])
def test_results_that_are_none_are_said_in_one_line(content: str, tmp_path: Path, run: Run) -> None:
    evaluation(tmp_path, ScriptedEngine(wrong_or_cut_off), limit=2)
    (tmp_path / "results.json").write_text(content)
    code, _, err = run("regrade", tmp_path, "--grader", "own")
    assert (code, "results.json: not the results of an evaluation" in err) == (2, True)


def test_a_folder_without_rollouts_or_problems_is_said_in_one_line(tmp_path: Path, run: Run) -> None:
    evaluation(tmp_path, ScriptedEngine(wrong_or_cut_off), limit=2)
    (tmp_path / "problems.jsonl").unlink()
    code, _, err = run("regrade", tmp_path, "--grader", "own")
    assert (code, "problems.jsonl: not there" in err) == (2, True)
    (tmp_path / "rollouts.jsonl").write_text("")
    code, _, err = run("regrade", tmp_path, "--grader", "own")
    assert (code, "rollouts.jsonl: holds no rollouts" in err) == (2, True)
    code, _, err = run("regrade", tmp_path / "bundle.zip")
    assert (code, "bundle.zip: not there" in err) == (2, True)


def test_a_grader_that_can_judge_none_of_a_benchmark_says_so(tmp_path: Path, run: Run) -> None:
    evaluation(tmp_path, ScriptedEngine(wrong_or_cut_off), "procedural-instruct", limit=2)
    code, out, _ = run("regrade", tmp_path, "--grader", "exact")
    assert (code, "none of exact can judge it" in out) == (0, True)
