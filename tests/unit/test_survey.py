"""Surveys: a row of each problem, none made twice, whatever a kill has left."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from stage_case import stage_context

import reasoncore.survey
from reasoncore.domains import DOMAINS, Judge
from reasoncore.domains.rollout import roll_out
from reasoncore.errors import InfrastructureError, StageFailedError
from reasoncore.infer.engine import Request, SamplingParams
from reasoncore.infer.scripted import ScriptedEngine
from reasoncore.records import Completion, Group, Problem, Verdict
from reasoncore.stage import StageContext
from reasoncore.survey import survey
from reasoncore.timing import Clock

PROBLEMS = [Problem(f"p{number}", "math", "algebra", f"Say {number}.", str(number)) for number in range(7)]


class KilledError(Exception):
    pass


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StageContext:
    monkeypatch.setattr(reasoncore.survey, "PROBLEMS_AT_ONCE", 2)
    return stage_context(tmp_path)


def echo(request: Request, sample: int) -> str:
    """The right answer in the first sample, a wrong one in the second."""
    number = request.messages[0]["content"].split()[1].rstrip(".")
    return rf"\boxed{{{number if sample == 0 else -1}}}"


def killed_at_five(request: Request, sample: int) -> str:
    if "5" in request.messages[0]["content"]:
        raise KilledError
    return echo(request, sample)


def ask(context: StageContext, engine: ScriptedEngine, problems: list[Problem] = PROBLEMS) -> list[dict[str, Any]]:
    def row_of(group: Group) -> dict[str, Any]:
        return {"accuracy": group.accuracy}

    with Judge(DOMAINS, lambda: ScriptedEngine([])) as judge:
        return survey(context, "accuracies", lambda: engine, judge, problems, 2, SamplingParams(max_tokens=50), row_of)


def test_a_survey_goes_on_where_it_was_killed(context: StageContext) -> None:
    with pytest.raises(KilledError):
        ask(context, ScriptedEngine(killed_at_five))
    record = context.directory.path / "accuracies.jsonl"
    assert record.read_text().count("\n") == 4
    with record.open("a") as stream:
        stream.write('{"key": "math/p4", "accu')  # a kill in the middle of a line
    engine = ScriptedEngine(echo)
    rows = ask(context, engine)
    assert rows == [{"key": problem.key, "accuracy": 0.5} for problem in PROBLEMS]
    assert [request.messages[0]["content"] for request in engine.requests] == ["Say 4.", "Say 5.", "Say 6."]
    assert ask(context, ScriptedEngine([])) == rows


def test_other_problems_are_refused(context: StageContext) -> None:
    ask(context, ScriptedEngine(echo), PROBLEMS[:3])
    with pytest.raises(StageFailedError, match=r"not those that accuracies\.jsonl"):
        ask(context, ScriptedEngine(echo), PROBLEMS[1:])


def test_a_problem_that_nobody_can_judge_is_not_written_down(
    context: StageContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would never be judged again, and count as one that nobody solves."""
    unjudged = Verdict(None, 0.0, None, "the worker died")
    with monkeypatch.context() as broken:
        broken.setattr(Judge, "judge", lambda self, problems, texts: [unjudged for _ in texts])
        with pytest.raises(StageFailedError, match="no rollout could be judged"):
            ask(context, ScriptedEngine(echo))
    assert len(ask(context, ScriptedEngine(echo))) == len(PROBLEMS)


def test_a_verifier_that_leaves_one_out_is_named() -> None:
    class Short:
        def judge_many(self, responses: list[str], references: list[Any]) -> list[Verdict]:
            return [Verdict(True, 1.0, "1", "")] * (len(responses) - 1)

        def close(self) -> None: ...

    domain = replace(DOMAINS["math"], make_verifier=lambda open_ended: Short())
    with (
        Judge({"math": domain}, lambda: ScriptedEngine([])) as judge,
        pytest.raises(InfrastructureError, match="domain math gave 1 verdicts on 2 responses"),
    ):
        judge.judge(PROBLEMS[:2], ["1", "2"])


def test_what_was_cut_off_is_wrong_whatever_stands_in_it() -> None:
    """As in an evaluation: the same answers, one of them cut off behind its box."""
    problem = PROBLEMS[3]
    texts = ("\\boxed{3}", "\\boxed{3} and so on")
    finishes = ("stop", "length")

    class Cuts(ScriptedEngine):
        def generate(self, *given: Any) -> list[list[Completion]]:
            pairs = zip(texts, finishes, strict=True)
            return [[Completion((1,), (2,), (0.0,), text, finish) for text, finish in pairs]]  # type: ignore[arg-type]

    with Judge(DOMAINS, lambda: ScriptedEngine([])) as judge:
        (group,) = roll_out(Cuts([]), judge, [problem], 2, SamplingParams(max_tokens=50), 1, Clock())
    assert [verdict.correct for verdict in group.verdicts] == [True, False]
    assert group.accuracy == 0.5
