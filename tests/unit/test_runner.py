"""Evaluations go on: nothing is sampled or judged twice, nothing is lost, nothing of another evaluation is mixed in."""

import json
from collections.abc import Generator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reasoncore.domains import DOMAINS
from reasoncore.errors import DataError, InfrastructureError, UserInputError
from reasoncore.evals.runner import EvalPlan, evaluate
from reasoncore.infer.engine import Engine, Request, Sampled, SamplingParams
from reasoncore.infer.scripted import ScriptedEngine
from reasoncore.records import read_jsonl
from reasoncore.timing import Clock

PLAN = EvalPlan(("procedural-math",), "greedy", SamplingParams(max_tokens=64), 2, 6, None, 3, DOMAINS)


class KilledError(Exception):
    pass


def answer(request: Request, sample: int) -> str:
    return rf"\boxed{{{len(request.messages[0]['content']) % 7 + sample}}}"


def measure(
    engine: Engine, out: Path, plan: EvalPlan = PLAN, model: str = "m"
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    results = evaluate(engine, lambda: ScriptedEngine([]), "m", {"sha256": model}, plan, out, Clock())
    return results, [row for _, row in read_jsonl(out / "rollouts.jsonl")]


class FailingEngine(Engine):
    """Has no completion where ``fails`` says so, and raises at the one numbered ``kill_at``."""

    def __init__(self, fails: set[int], kill_at: int | None = None) -> None:
        self.fails, self.kill_at, self.asked = fails, kill_at, 0

    def stream(self, requests: Sequence[Request], sampling: SamplingParams) -> Generator[Sampled, None, None]:
        for sampled in ScriptedEngine(answer).stream(requests, sampling):
            if self.asked == self.kill_at:
                raise KilledError
            failed = InfrastructureError("the server is away", "Start it.")
            yield sampled._replace(outcome=failed) if self.asked in self.fails else sampled
            self.asked += 1


def test_a_killed_evaluation_goes_on_to_the_same_files(tmp_path: Path) -> None:
    whole = measure(ScriptedEngine(answer), tmp_path / "whole")
    with pytest.raises(KilledError):
        measure(FailingEngine(set(), kill_at=5), tmp_path / "killed")
    with (tmp_path / "killed" / "rollouts.jsonl").open("a") as stream:
        stream.write('{"benchmark": "procedural-m')
    engine = FailingEngine(set())
    assert measure(engine, tmp_path / "killed") == whole
    assert engine.asked == 12 - 5
    for name in ("rollouts.jsonl", "results.json"):
        assert (tmp_path / "killed" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_more_samples_and_problems_only_add(tmp_path: Path) -> None:
    _, before = measure(ScriptedEngine(answer), tmp_path)
    engine = ScriptedEngine(answer)
    results, after = measure(engine, tmp_path, replace(PLAN, samples=3, limit=7))
    assert sorted((request.first, request.n) for request in engine.requests) == [(0, 3)] + [(2, 1)] * 6
    assert [row for row in after if row in before] == before
    assert (results["benchmarks"]["procedural-math"]["n"], results["benchmarks"]["procedural-math"]["k"]) == (7, 3)
    again = ScriptedEngine([])
    assert measure(again, tmp_path, replace(PLAN, samples=3, limit=7)) == (results, after)
    assert again.requests == []


def test_what_could_not_be_had_is_no_wrong_answer_and_is_asked_for_again(tmp_path: Path) -> None:
    with pytest.raises(InfrastructureError, match="2 completions could not be had; the first: the server is away"):
        measure(FailingEngine({0, 7}), tmp_path)
    block = json.loads((tmp_path / "results.json").read_text())["benchmarks"]["procedural-math"]
    assert block["not_judged_rate"] == pytest.approx(2 / 12)
    assert block["no_answer_rate"] == 0
    engine = FailingEngine(set())
    results, rows = measure(engine, tmp_path)
    assert engine.asked == 2
    assert results["benchmarks"]["procedural-math"]["not_judged_rate"] == 0
    assert (results, rows) == measure(ScriptedEngine(answer), tmp_path / "whole")


def test_what_could_not_be_judged_is_judged_again_without_sampling(tmp_path: Path) -> None:
    whole = measure(ScriptedEngine(answer), tmp_path)
    path = tmp_path / "rollouts.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    path.write_text("".join(json.dumps(row | {"correct": None, "reason": "broken"}) + "\n" for row in rows))
    assert measure(ScriptedEngine([]), tmp_path) == whole


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"model": "other"}, "model.sha256"),
        ({"plan": replace(PLAN, seed=4)}, "seed"),
        ({"plan": replace(PLAN, sampling=SamplingParams(max_tokens=65))}, "sampling.max_tokens"),
    ],
)
def test_another_evaluation_is_refused_and_nothing_is_lost(tmp_path: Path, changed: dict[str, Any], what: str) -> None:
    measure(ScriptedEngine(answer), tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(UserInputError, match=rf"another evaluation \(different: {what}\)"):
        measure(ScriptedEngine(answer), tmp_path, **changed)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_problem_that_is_asked_differently_is_refused(tmp_path: Path) -> None:
    measure(ScriptedEngine(answer), tmp_path)
    path = tmp_path / "rollouts.jsonl"
    path.write_text(path.read_text().replace('"prompt_sha256": "', '"prompt_sha256": "0', 1))
    with pytest.raises(DataError, match="not asked as in the rollouts"):
        measure(ScriptedEngine(answer), tmp_path)
