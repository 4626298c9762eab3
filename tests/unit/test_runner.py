"""Evaluations go on: nothing is sampled or judged twice, nothing is lost, nothing of another evaluation is mixed in."""

import json
from collections.abc import Generator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reasoncore.domains import DOMAINS
from reasoncore.errors import DataError, InfrastructureError, UserInputError
from reasoncore.evals.plan import EvalPlan
from reasoncore.evals.protocols import domain_sampling
from reasoncore.evals.runner import evaluate
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

    def describe(self) -> dict[str, Any]:
        return ScriptedEngine(answer).describe()

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


def test_a_completion_that_was_cut_off_gave_no_answer(tmp_path: Path) -> None:
    cut = replace(PLAN, sampling=SamplingParams(max_tokens=5))
    results, rows = measure(ScriptedEngine(answer), tmp_path, cut)
    assert {(row["correct"], row["answer"], row["finish"]) for row in rows} == {(False, None, "length")}
    block = results["benchmarks"]["procedural-math"]
    assert (block["cutoff_rate"], block["no_answer_rate"], block["not_judged_rate"]) == (1, 1, 0)


def test_the_results_say_what_can_move_a_score(tmp_path: Path) -> None:
    class Newer(ScriptedEngine):
        def describe(self) -> dict[str, Any]:
            return {"engine": "ScriptedEngine", "version": "2"}

    results, _ = measure(ScriptedEngine(answer), tmp_path)
    assert results["engines"] == [{"engine": "ScriptedEngine"}]
    block = results["benchmarks"]["procedural-math"]
    assert block["graders"] == ["math"]
    more, _ = measure(Newer(answer), tmp_path, replace(PLAN, samples=3))
    assert [engine.get("version") for engine in more["engines"]] == [None, "2"]
    assert more["benchmarks"]["procedural-math"]["prompts_sha256"] == block["prompts_sha256"]
    other, _ = measure(ScriptedEngine(answer), tmp_path / "other", replace(PLAN, limit=5))
    assert other["benchmarks"]["procedural-math"]["prompts_sha256"] != block["prompts_sha256"]


def test_instructions_are_measured_strictly_and_loosely(tmp_path: Path) -> None:
    plan = replace(PLAN, benchmarks=("procedural-instruct",), samples=1, sampling=SamplingParams(max_tokens=400))
    results, rows = measure(ScriptedEngine(lambda request, sample: "no comma here"), tmp_path, plan)
    found = results["benchmarks"]["procedural-instruct"]["instructions"]
    strict = [flag for row in rows for flag in row["details"]["strict"]]
    assert found["instruction_strict"]["mean"] == pytest.approx(sum(strict) / len(strict))
    by_prompt = sum(all(row["details"]["strict"]) for row in rows) / len(rows)
    assert found["prompt_strict"]["mean"] == by_prompt == results["benchmarks"]["procedural-instruct"]["pass@1"]["mean"]
    assert found["prompt_loose"]["mean"] >= by_prompt


def test_what_is_judged_by_something_else_now_is_judged_again(tmp_path: Path) -> None:
    file = tmp_path / "mine.jsonl"
    for gold, right in (("1", 1.0), ("2", 0.0)):
        file.write_text(json.dumps({"id": "q", "question": "How many?", "answer": gold}))
        plan = replace(PLAN, benchmarks=(str(file),), limit=None)
        engine = ScriptedEngine(lambda request, sample: r"\boxed{1}")
        results, rows = measure(engine, tmp_path / "out", plan)
        assert results["benchmarks"]["mine"]["pass@1"]["mean"] == right
        assert [row["correct"] for row in rows] == [right == 1.0] * 2
        assert len(engine.requests) == (1 if gold == "1" else 0)


def test_a_completion_cut_off_follows_no_instruction_and_instructions_have_no_vote(tmp_path: Path) -> None:
    plan = replace(PLAN, benchmarks=("procedural-instruct",), sampling=SamplingParams(max_tokens=5))
    results, rows = measure(ScriptedEngine(lambda request, sample: "x" * (4 if sample else 9)), tmp_path, plan)
    block = results["benchmarks"]["procedural-instruct"]
    assert (block["cutoff_rate"], block["no_answer_rate"], block["cons@k"]["2"]["mean"]) == (0.5, 0.5, None)
    asked = sum(len(row["details"]["strict"]) for row in rows)
    followed = sum(sum(row["details"]["loose"]) for row in rows if row["finish"] == "stop")
    assert block["instructions"]["instruction_loose"]["mean"] == pytest.approx(followed / asked)


class BackwardsEngine(Engine):
    """Finishes last what was asked first."""

    def stream(self, requests: Sequence[Request], sampling: SamplingParams) -> Generator[Sampled, None, None]:
        yield from reversed(list(ScriptedEngine(answer).stream(requests, sampling)))

    def describe(self) -> dict[str, Any]:
        return ScriptedEngine(answer).describe()


def test_scores_do_not_depend_on_which_completion_ends_first(tmp_path: Path) -> None:
    plan = replace(PLAN, limit=40, samples=3)
    forwards, backwards = (
        measure(engine, tmp_path / type(engine).__name__, plan)
        for engine in (ScriptedEngine(answer), BackwardsEngine())
    )
    assert forwards == backwards


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    files = [tmp_path / folder / "mine.jsonl" for folder in "ab"]
    for file in files:
        file.parent.mkdir()
        file.write_text(json.dumps({"question": "How many?", "answer": "1"}))
    with pytest.raises(UserInputError, match="another one is called 'mine' too"):
        measure(ScriptedEngine([]), tmp_path / "out", replace(PLAN, benchmarks=tuple(map(str, files))))
    assert not (tmp_path / "out").exists()


def test_a_protocol_may_sample_a_domain_otherwise(tmp_path: Path) -> None:
    by_domain = domain_sampling("vt1.5b", {"max_tokens": 64})
    plan = replace(PLAN, benchmarks=("procedural-math", "procedural-code"), domain_sampling=by_domain)
    engine = ScriptedEngine(answer)
    results, _ = measure(engine, tmp_path, plan)
    assert [(used.temperature, used.max_tokens) for used in engine.sampling] == [(1.0, 64), (0.6, 64)]
    assert results["benchmarks"]["procedural-code"]["sampling"]["temperature"] == 0.6
    assert domain_sampling("vt1.5b", {"temperature": 1.0})["code"].temperature == 1.0
    with pytest.raises(UserInputError, match=r"different: sampling\.code"):
        measure(engine, tmp_path, replace(plan, domain_sampling=domain_sampling("vt1.5b", {"temperature": 0.7})))
