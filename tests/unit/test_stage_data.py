"""What stages train on: hard traces, verified traces, the prompts of a step."""

from collections import Counter

import pytest

from reasoncore.config import HardSettings
from reasoncore.distill.collect import verified_responses
from reasoncore.records import Completion, FinishReason, Group, Problem, Trace, Verdict
from reasoncore.rl.stage import prompts_of_step
from reasoncore.sft.hard import choose_hard, error_rate


def make_group(*rollouts: tuple[str, bool | None, FinishReason]) -> Group:
    completions = tuple(Completion((1,), (2,), (0.0,), text, finish) for text, _, finish in rollouts)
    verdicts = tuple(Verdict(correct, 0.0, None, "") for _, correct, _ in rollouts)
    return Group(Problem("p", "math", "algebra", "?", "0"), completions, verdicts)


def test_error_rate_counts_judged_rollouts_only() -> None:
    group = make_group(("a", True, "stop"), ("b", False, "stop"), ("c", False, "length"), ("d", None, "stop"))
    assert error_rate(group) == pytest.approx(2 / 3)
    assert error_rate(make_group(("a", None, "stop"))) is None


def test_hard_traces_reach_the_bound_and_unjudged_problems_are_not_hard() -> None:
    traces = [Trace(Problem(name, "math", "algebra", "?", "0"), name, "check") for name in "abcd"]
    rates = {"math/a": 0.75, "math/b": 0.74, "math/c": 1.0, "math/d": None}
    settings = HardSettings(reference="x", max_tokens=8, min_error_rate=0.75)
    assert [trace.response for trace in choose_hard(traces, rates, settings)] == ["a", "c"]


def test_verified_responses_are_right_whole_and_different() -> None:
    group = make_group(
        ("x", True, "stop"),
        ("y", False, "stop"),
        ("x", True, "stop"),
        ("cut", True, "length"),
        ("z", None, "stop"),
        ("w", True, "stop"),
    )
    assert verified_responses(group) == {"right": 3, "responses": ["x", "w"]}


def test_every_epoch_is_a_permutation_and_no_step_has_a_prompt_twice() -> None:
    steps = [prompts_of_step(step, 10, 3, seed=5) for step in range(6)]
    assert all(len(set(step)) == 3 for step in steps)
    for epoch in (steps[:3], steps[3:]):
        assert set(Counter(index for step in epoch for index in step).values()) == {1}
    assert steps[:3] != steps[3:]
    assert steps == [prompts_of_step(step, 10, 3, seed=5) for step in range(6)]


def test_a_step_takes_all_prompts_where_there_are_too_few() -> None:
    assert sorted(prompts_of_step(7, 2, 32, seed=5)) == [0, 1]
