"""Long2Short against hand-computed numbers and its properties."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stage_case import rl_settings, stage_context

from reasoncore.domains import DOMAINS, Judge
from reasoncore.infer.engine import Request, SamplingParams
from reasoncore.infer.scripted import ScriptedEngine
from reasoncore.records import Completion, Group, Problem, Verdict
from reasoncore.rl.long2short import long2short_rewards
from reasoncore.rl.mgpo import judged_advantages, mgpo_weight
from reasoncore.rl.prompt_filter import PromptAccuracy, filter_prompts
from reasoncore.rl.stage import kept_problems
from reasoncore.rl.step import policy_sequences, rollout_rows

GROUPS = st.lists(st.tuples(st.booleans(), st.integers(1, 5000), st.floats(0, 1)), min_size=1, max_size=16)


def make_group(correct: list[bool | None], lengths: list[int], name: str = "p") -> Group:
    completions = tuple(Completion((1,), (2,) * n, (-1.0,) * n, "", "stop") for n in lengths)
    verdicts = tuple(Verdict(c, float(c is True), None, "") for c in correct)
    return Group(Problem(name, "math", "algebra", "?", "0"), completions, verdicts)


def test_by_hand() -> None:
    # s = 1/10, 1/20, 1/40 for the right ones: mean 7/120, centred 5/120, -1/120, -4/120, largest 5/120.
    shaped = long2short_rewards([1.0, 0.0, 1.0, 1.0], [True, False, True, True], [10, 5, 20, 40], 0.2)
    np.testing.assert_allclose(shaped, [1 + 0.2, 0.0, 1 - 0.2 / 5, 1 - 0.2 * 4 / 5], rtol=1e-12)


def test_two_right_answers_get_the_whole_of_lambda() -> None:
    shaped = long2short_rewards([1.0, 1.0], [True, True], [30, 31], 0.2)
    np.testing.assert_allclose(shaped, [1.2, 0.8], rtol=1e-12)


@given(GROUPS, st.floats(0, 1))
def test_shifts_sum_to_zero_over_the_right_and_leave_the_wrong_alone(
    group: list[tuple[bool, int, float]], lam: float
) -> None:
    correct, lengths, rewards = (list(column) for column in zip(*group, strict=True))
    shift = long2short_rewards(rewards, correct, lengths, lam) - np.array(rewards)
    right = np.array(correct)
    assert abs(shift[right].sum()) < 1e-9
    assert (shift[~right] == 0).all()
    assert np.abs(shift).max() <= lam + 1e-12
    if right.sum() > 1 and len(set(np.array(lengths)[right])) > 1 and lam:
        assert np.abs(shift).max() == pytest.approx(lam)
        # Shorter is never paid less.
        order = np.argsort(np.array(lengths)[right])
        assert (np.diff(shift[right][order]) <= 1e-12).all()


@given(st.lists(st.booleans(), min_size=1, max_size=16), st.integers(1, 5000), st.floats(0, 1))
def test_equal_lengths_change_nothing_at_all(correct: list[bool], length: int, lam: float) -> None:
    rewards = [float(c) for c in correct]
    assert long2short_rewards(rewards, correct, [length] * len(correct), lam).tolist() == rewards


def test_lambda_zero_and_a_single_right_answer_change_nothing() -> None:
    assert long2short_rewards([1.0, 1.0], [True, True], [1, 9], 0.0).tolist() == [1.0, 1.0]
    assert long2short_rewards([1.0, 0.0], [True, False], [1, 9], 0.2).tolist() == [1.0, 0.0]


def test_an_all_correct_group_learns_to_be_short() -> None:
    group = make_group([True, True, True, True], [10, 20, 30, 40])
    assert judged_advantages(group, 1.0) == [0.0] * 4
    advantages = judged_advantages(group, 1.0, 0.2)
    assert sorted(advantages, reverse=True) == advantages
    assert advantages[0] > 0 > advantages[-1]


def test_p_is_that_of_correctness_and_not_of_shaped_rewards() -> None:
    group = make_group([True, True, False, False], [10, 20, 5, 5])
    shaped = np.array([1.2, 0.8, 0.0, 0.0])
    expected = (shaped - shaped.mean()) / (shaped.std(ddof=1) + 1e-4)  # p = 1/2, so w = 1 whatever gamma
    np.testing.assert_allclose(judged_advantages(group, 4.0, 0.2), expected, rtol=1e-12)
    assert mgpo_weight(0.5, 4.0) == 1.0


def test_what_could_not_be_judged_takes_no_part() -> None:
    group = make_group([True, None, True], [10, 1, 20])
    advantages = judged_advantages(group, 1.0, 0.2)
    assert advantages[1] is None
    np.testing.assert_allclose(
        [advantages[0], advantages[2]], 0.5 * np.array([1, -1]) * 0.2 / (0.2 * np.sqrt(2) + 1e-4), rtol=1e-9
    )


def test_the_filter_keeps_prompts_that_are_always_right_where_length_is_paid_for() -> None:
    groups = [make_group([True, True], [1, 2], "a"), make_group([True, False], [1, 2], "b")]
    groups += [make_group([False, False], [1, 2], "c"), make_group([None, None], [1, 2], "d")]
    kept, counts = filter_prompts([PromptAccuracy.of(group) for group in groups])
    assert kept == ["math/b"]
    assert (counts.kept, counts.all_correct, counts.all_wrong, counts.not_judged) == (1, 1, 1, 1)
    kept, counts = filter_prompts([PromptAccuracy.of(group) for group in groups], keep_always_right=True)
    assert kept == ["math/a", "math/b"]
    assert (counts.kept, counts.all_correct) == (2, 1)


def test_graded_rewards_that_differ_are_kept_whatever_the_threshold_says() -> None:
    group = make_group([False, False, False], [1, 1, 1])
    verdicts = tuple(Verdict(False, reward, None, "") for reward in (0.1, 0.4, 0.65))
    graded = Group(group.problem, group.completions, verdicts)
    assert filter_prompts([PromptAccuracy.of(graded)])[0] == ["math/p"]


def test_p_counts_right_answers_and_not_rewards() -> None:
    group = make_group([True, False, False, False], [1, 1, 1, 1])
    rewards = (0.8, 0.5, 0.4, 0.3)
    verdicts = tuple(Verdict(v.correct, r, None, "") for v, r in zip(group.verdicts, rewards, strict=True))
    graded = Group(group.problem, group.completions, verdicts)
    plain = (np.array(rewards) - 0.5) / (np.std(rewards, ddof=1) + 1e-4)  # the mean reward is 1/2, p is 1/4
    np.testing.assert_allclose(judged_advantages(graded, 4.0), mgpo_weight(0.25, 4.0) * plain, rtol=1e-9)


def test_a_step_learns_from_the_shaped_rewards_and_records_them() -> None:
    group = make_group([True, True], [10, 20])
    expected = judged_advantages(group, 1.0, 0.2)
    shaped = rl_settings(long2short=0.2)
    sequences, _ = policy_sequences([group], shaped)
    assert [sequence.advantage for sequence in sequences] == expected
    assert [row["advantage"] for row in rollout_rows(1, [group], shaped)] == expected
    assert policy_sequences([group], rl_settings()) == ([], [])


@pytest.mark.parametrize(
    ("settings", "kept"),
    [
        ({}, ["p1"]),
        ({"long2short": 0.2}, ["p0", "p1"]),
        ({"long2short": 0.2, "keep_always_right": False}, ["p1"]),
        ({"keep_always_right": True}, ["p0", "p1"]),
    ],
)
def test_a_stage_keeps_what_is_always_right_where_it_pays_for_length(
    settings: dict[str, float], kept: list[str], tmp_path: Path
) -> None:
    problems = [Problem(f"p{number}", "math", "algebra", f"Say {number}.", "1") for number in range(3)]

    def answer(request: Request, sample: int) -> str:
        always, sometimes = ("Say 0." in request.messages[0]["content"], "Say 1." in request.messages[0]["content"])
        return rf"\boxed{{{int(always or (sometimes and sample == 0))}}}"

    context = stage_context(tmp_path, rl_settings(filter_rollouts=2, **settings))
    with Judge(DOMAINS, lambda: ScriptedEngine([])) as judge:
        found, _ = kept_problems(context, ScriptedEngine(answer), judge, problems, SamplingParams(max_tokens=50))
    assert [problem.id for problem in found] == kept
