"""The commands of somebody who doubts a score, as they are typed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from command_line import run_cli

from reasoncore.domains import DOMAINS
from reasoncore.evals.plan import EvalPlan
from reasoncore.evals.runner import evaluate
from reasoncore.infer.engine import SamplingParams
from reasoncore.infer.scripted import ScriptedEngine
from reasoncore.timing import Clock

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    return lambda *words: run_cli(capsys, monkeypatch, *words)


def result(done: tuple[int, str, str]) -> Any:
    """What a command printed with --json."""
    code, out, err = done
    assert code == 0, err
    return json.loads(out)


def evaluation(out: Path, answer: str) -> None:
    plan = EvalPlan(("procedural-math",), "greedy", SamplingParams(max_tokens=64), 2, 20, None, 3, DOMAINS)
    engine = ScriptedEngine(lambda request, sample: rf"\boxed{{{answer}}}")
    evaluate(engine, lambda: ScriptedEngine([]), "m", {"answer": answer}, plan, out, Clock())


def test_a_claim_is_judged_with_its_arithmetic(run: Run) -> None:
    assert result(run("claim", "94.3", "--items", 30, "--generations", 1, "--json"))["verdict"] == "inconsistent"
    assert "123 of 128" in run("claim", "--contests")[1]


def test_a_claim_is_judged_by_a_measurement(tmp_path: Path, run: Run) -> None:
    evaluation(tmp_path, "no number")
    claim = ("claim", "91.4", "--items", 20, "--generations", 64)
    assert result(run(*claim, "--measured", tmp_path, "--json"))["verdict"] == "inconsistent"


def test_two_evaluations_are_compared(tmp_path: Path, run: Run) -> None:
    evaluation(tmp_path / "a", "1")
    evaluation(tmp_path / "b", "2")
    (found,) = result(run("compare", tmp_path / "a", tmp_path / "b", "--json"))
    assert (found["benchmark"], found["problems"]) == ("procedural-math", 20)


def test_a_file_of_problems_is_looked_over(tmp_path: Path, run: Run) -> None:
    path = tmp_path / "mine.jsonl"
    rows = [{"question": f"What is {n} + 1?", "answer": str(n + 1)} for n in range(30)]
    rows[3]["answer"] = r"\frac{1"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = result(run("lint", path, "--json"))
    assert [finding["severity"] for finding in found] == ["error"]


def test_a_budget_is_planned(run: Run) -> None:
    plan = result(run("budget", "aime25=30:12000:0.9", "--hours", 8, "--tokens-per-second", 900, "--json"))
    assert plan["chosen"][0]["k"] == 64


@pytest.mark.parametrize(
    "arguments",
    [
        ("claim",),
        ("claim", "ninety"),
        ("claim", "91.4", "--cap", "many"),
        ("claim", "--reported", "VibeThinker-3B"),
        ("lint", "no-such-benchmark"),
        ("budget", "aime25", "--hours", "8", "--tokens-per-second", "900"),
        ("compare", "/no-such-a", "/no-such-b"),
        ("eval", "--benchmarks", "procedural-math"),
        ("eval", "--benchmarks", "procedural-math", "--endpoint", "http://localhost:1"),
        ("eval", "--benchmarks", "procedural-math", "--endpoint", "localhost", "--model-name", "m"),
    ],
)
def test_wrong_input_gets_two_lines(arguments: tuple[str, ...], run: Run) -> None:
    code, _, err = run(*arguments)
    assert code == 2
    assert [line.partition(":")[0] for line in err.strip().splitlines()] == ["error", "cure"]


def test_the_folder_of_a_stage_that_trains_is_no_evaluation(tmp_path: Path, run: Run) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "rollouts.jsonl").write_text('{"step": 1, "prompt": "p", "reward": 1.0}\n')
    code, _, err = run("compare", tmp_path / "a", tmp_path / "a")
    assert code == 2
    assert "line 1, key 'benchmark': missing" in err
