"""MGPO against hand-computed numbers: the weight, the advantage, the clipped objective and its gradient."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from stage_case import rl_settings

from reasoncore.config import HardwareSettings, OptimiserSettings, RLStage
from reasoncore.model.config import parse_config
from reasoncore.model.network import Decoder, initialise
from reasoncore.records import Completion, Group, Problem, Verdict
from reasoncore.rl.advantage import group_advantages
from reasoncore.rl.mgpo import judged_advantages, max_entropy_deviation, mgpo_loss, mgpo_weight, weighted_advantages
from reasoncore.rl.mismatch import truncated_importance
from reasoncore.rl.step import policy_sequences, update_policy
from reasoncore.train.learner import Learner
from reasoncore.train.packing import TrainingSequence

PROMPT = (3, 1, 4)
# p = 1/4: D = 1/4 ln(1/2) + 3/4 ln(3/2)
D_QUARTER = 0.75 * math.log(3) - math.log(2)


def make_group(
    correct: Sequence[bool | None],
    lengths: Sequence[int] | None = None,
    rewards: Sequence[float] | None = None,
    log_prob: float = -1.0,
) -> Group:
    lengths = lengths or [2] * len(correct)
    rewards = rewards or [float(c is True) for c in correct]
    completions = tuple(
        Completion(PROMPT, tuple((5 * i + t) % 11 for t in range(n)), (log_prob,) * n, "", "stop")
        for i, n in enumerate(lengths)
    )
    verdicts = tuple(Verdict(c, r, None, "") for c, r in zip(correct, rewards, strict=True))
    return Group(Problem("id", "math", "algebra", "?", "0"), completions, verdicts)


def make_learner(micro_batch_tokens: int = 64) -> Learner:
    config = {
        "model_type": "qwen2",
        "vocab_size": 11,
        "hidden_size": 16,
        "intermediate_size": 24,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 64,
        "tie_word_embeddings": True,
    }
    model = Decoder(parse_config(config, "test"))
    initialise(model, seed=0, std=0.3)
    hardware = HardwareSettings(device="cpu", tokens_per_micro_batch=micro_batch_tokens)
    return Learner(model, OptimiserSettings(learning_rate=1e-3), hardware)


def gradients(groups: Sequence[Group], stage: RLStage) -> tuple[float, list[torch.Tensor]]:
    learner = make_learner()
    loss = update_policy(learner, groups, stage)["loss"]
    return loss, [p.grad.clone() if p.grad is not None else torch.zeros_like(p) for p in learner.model.parameters()]


def with_learner_log_probs(group: Group, offset: float, temperature: float = 1.0) -> Group:
    """The group with sampler log-probabilities ``offset`` below the learner's."""
    sequences = [TrainingSequence(c.prompt_token_ids + c.token_ids, len(PROMPT)) for c in group.completions]
    log_probs = make_learner().log_probs(sequences, temperature)
    completions = tuple(
        Completion(c.prompt_token_ids, c.token_ids, tuple((values - offset).tolist()), c.text, c.finish)
        for c, values in zip(group.completions, log_probs, strict=True)
    )
    return Group(group.problem, completions, group.verdicts)


@pytest.mark.parametrize(
    ("p", "deviation"),
    [
        (0.5, 0.0),
        (0.0, math.log(2)),
        (1.0, math.log(2)),
        (0.25, D_QUARTER),
        (0.75, D_QUARTER),
        (1e-6, math.log(2) + 1e-6 * (math.log(1e-6) - 1)),  # near 0, to first order in p
        (0.125, 0.125 * math.log(0.25) + 0.875 * math.log(1.75)),
    ],
)
def test_max_entropy_deviation(p: float, deviation: float) -> None:
    assert max_entropy_deviation(p) == pytest.approx(deviation, abs=1e-12)


def test_deviation_at_a_quarter_as_a_number() -> None:
    assert max_entropy_deviation(0.25) == pytest.approx(0.13081203594113694, abs=1e-15)


@pytest.mark.parametrize(("gamma", "weight"), [(0, 1.0), (1, 2 / 3**0.75), (2, 4 / 3**1.5), (4, 16 / 27)])
def test_weight_at_a_quarter(gamma: float, weight: float) -> None:
    # exp(-D) = 2 / 3**(3/4)
    assert mgpo_weight(0.25, gamma) == pytest.approx(weight, rel=1e-14)
    assert gamma != 0 or mgpo_weight(0.25, gamma) == 1.0


@pytest.mark.parametrize("gamma", [0, 1, 2, 4])
def test_weight_at_the_ends(gamma: float) -> None:
    assert mgpo_weight(0.5, gamma) == 1.0
    assert mgpo_weight(0.0, gamma) == pytest.approx(0.5**gamma, rel=1e-14)
    assert mgpo_weight(1.0, gamma) == pytest.approx(0.5**gamma, rel=1e-14)


@settings(deadline=None)
@given(p=st.floats(0, 1), gamma=st.floats(0, 8))
def test_weight_is_bounded_and_symmetric(p: float, gamma: float) -> None:
    weight = mgpo_weight(p, gamma)
    assert 2**-gamma * (1 - 1e-12) <= weight <= 1 + 1e-12
    assert weight == pytest.approx(mgpo_weight(1 - p, gamma), rel=1e-9)


@settings(deadline=None)
@given(correct=st.integers(0, 16), further=st.integers(0, 16), gamma=st.floats(0.1, 8))
def test_weight_falls_with_distance_from_one_half(correct: int, further: int, gamma: float) -> None:
    near, far = sorted((correct / 16, further / 16), key=lambda p: abs(p - 0.5))
    assert mgpo_weight(far, gamma) <= mgpo_weight(near, gamma)
    if abs(near - 0.5) < abs(far - 0.5):
        assert mgpo_weight(far, gamma) < mgpo_weight(near, gamma)


def test_advantages_of_a_hand_computed_group() -> None:
    # mean 1/4; sample variance (0.75**2 + 3 * 0.25**2) / 3 = 1/4, so std 1/2 and the guard makes it 0.5001.
    advantages = group_advantages(np.array([1.0, 0.0, 0.0, 0.0]))
    np.testing.assert_allclose(advantages, np.array([0.75, -0.25, -0.25, -0.25]) / 0.5001, rtol=1e-14)


@pytest.mark.parametrize("rewards", [[1.0], [0.3, 0.3, 0.3], [0.0, 0.0], [0.1 + 0.2, 0.1 + 0.2]])
def test_equal_rewards_have_no_advantage_at_all(rewards: list[float]) -> None:
    assert group_advantages(np.array(rewards)).tolist() == [0.0] * len(rewards)


@settings(deadline=None)
@given(st.lists(st.floats(-2, 2), min_size=2, max_size=32))
def test_advantages_sum_to_zero_and_keep_the_order(rewards: list[float]) -> None:
    advantages = group_advantages(np.array(rewards))
    assert abs(advantages.sum()) < 1e-8
    order = np.argsort(rewards, kind="stable")
    assert (np.diff(advantages[order]) >= 0).all()
    assert np.abs(advantages).max() <= (len(rewards) - 1) / math.sqrt(len(rewards)) + 1e-9


def test_gamma_zero_is_exactly_the_plain_group_advantage() -> None:
    correct, rewards = [True, False, False, True, False], [1.0, 0.0, 0.1, 0.9, 0.0]
    assert weighted_advantages(correct, rewards, 0.0).tolist() == group_advantages(np.array(rewards)).tolist()


def test_the_weight_is_on_the_advantage_and_not_on_the_reward() -> None:
    """On the reward it would cancel: A(w r) = w (r - m) / (w s + guard) = A(r), but for the guard of 1e-4."""
    correct, rewards, gamma = [True, False, False, False], [1.0, 0.0, 0.0, 0.0], 4.0
    weight = (2 / 3**0.75) ** 4
    plain = group_advantages(np.array(rewards))
    on_reward = group_advantages(weight * np.array(rewards))
    np.testing.assert_allclose(on_reward, plain, rtol=1e-3)
    weighted = weighted_advantages(correct, rewards, gamma)
    np.testing.assert_allclose(weighted, weight * np.array([0.75, -0.25, -0.25, -0.25]) / 0.5001, rtol=1e-14)
    assert abs(weighted[0] - on_reward[0]) > 0.5


def test_p_comes_from_correctness_whatever_shaping_did_to_the_rewards() -> None:
    correct, shaped = [True, True, False, False], [1.2, 0.8, 0.0, 0.0]  # p = 1/2, though one reward only is above 1
    np.testing.assert_array_equal(weighted_advantages(correct, shaped, 4.0), group_advantages(np.array(shaped)))
    # All right, yet shaped rewards differ: the smallest weight and an advantage.
    weighted = weighted_advantages([True, True], [1.1, 0.9], 1.0)
    np.testing.assert_allclose(weighted, 0.5 * group_advantages(np.array([1.1, 0.9])), rtol=1e-14)
    assert judged_advantages(make_group([True, True], rewards=[1.1, 0.9]), 1.0) == pytest.approx(weighted.tolist())


def test_rollouts_that_could_not_be_judged_are_left_out_of_p_and_of_the_mean() -> None:
    masked = make_group([True, None, False, None, False, False], rewards=[1.0, 9.0, 0.0, -9.0, 0.0, 0.0])
    advantages = judged_advantages(masked, 2.0)
    assert [a is None for a in advantages] == [False, True, False, True, False, False]
    expected = (2 / 3**0.75) ** 2 * np.array([0.75, -0.25, -0.25, -0.25]) / 0.5001
    np.testing.assert_allclose([a for a in advantages if a is not None], expected, rtol=1e-14)
    assert judged_advantages(make_group([None, None]), 1.0) == [None, None]
    assert judged_advantages(make_group([None, True]), 1.0) == [None, 0.0]


def test_rollouts_that_could_not_be_judged_change_no_loss_and_no_gradient() -> None:
    lengths = [2, 5, 3, 4]
    masked = make_group([True, None, False, None], lengths, rewards=[1.0, 5.0, 0.0, -5.0])
    without = Group(masked.problem, masked.completions[::2], masked.verdicts[::2])
    nothing_judged = make_group([None, None])
    other = make_group([True, False, False], [1, 3, 2])
    loss, grads = gradients([masked, other, nothing_judged], rl_settings(gamma=2.0))
    expected_loss, expected = gradients([without, other], rl_settings(gamma=2.0))
    assert loss == pytest.approx(expected_loss, abs=1e-7)
    assert max(g.abs().max() for g in expected) > 1e-3
    for got, want in zip(grads, expected, strict=True):
        torch.testing.assert_close(got, want, atol=1e-7, rtol=1e-5)


def test_denominators_keep_groups_and_rollouts_without_gradient() -> None:
    groups = [
        make_group([True, False, False], [4, 2, 0]),  # the empty completion still counts in G
        make_group([True, True], [3, 3]),  # no advantage, still a group
        make_group([None, None, None]),  # not judged: no group
    ]
    sequences, weights = policy_sequences(groups, rl_settings(gamma=1.0))
    assert [s.response_length for s in sequences] == [4, 2]
    assert weights == pytest.approx([1 / (2 * 3 * 4), 1 / (2 * 3 * 2)])
    assert policy_sequences([make_group([True, True])], rl_settings(gamma=1.0)) == ([], [])
    assert update_policy(make_learner(), [make_group([False, False])], rl_settings())["loss"] == 0.0


def test_loss_and_gradient_of_a_hand_computed_case_with_clipping() -> None:
    """Two groups of 2 and 4 rollouts, gamma 2, epsilon 0.2; every token's rho is given."""
    groups = [make_group([True, False], [2, 3]), make_group([False, True, False, False], [1, 4, 1, 2])]
    sequences, weights = policy_sequences(groups, rl_settings(gamma=2.0))
    a, b = 0.5 / (math.sqrt(0.5) + 1e-4), (4 / 3**1.5) / 0.5001  # p = 1/2: w = 1;  p = 1/4: w = 4 / 3**1.5
    # (rho, w A, 1 / (2 G |y|), importance, value of the min, does the gradient pass)
    tokens = [
        (1.5, a, 1 / 8, 1.0, 1.2 * a, False),  # above 1 + eps, A > 0: clipped
        (0.5, a, 1 / 8, 1.0, 0.5 * a, True),  # below 1 - eps, A > 0: the minimum is not clipped
        (1.5, -a, 1 / 12, 1.0, -1.5 * a, True),  # above, A < 0: not clipped
        (0.5, -a, 1 / 12, 1.0, -0.8 * a, False),  # below, A < 0: clipped
        (1.1, -a, 1 / 12, 0.5, -1.1 * a, True),
        (0.9, -0.25 * b, 1 / 8, 2.0, -0.225 * b, True),
        (1.3, 0.75 * b, 1 / 32, 1.5, 0.9 * b, False),
        (1.0, 0.75 * b, 1 / 32, 1.0, 0.75 * b, True),
        (0.7, 0.75 * b, 1 / 32, 0.25, 0.525 * b, True),
        (1.19, 0.75 * b, 1 / 32, 1.0, 0.8925 * b, True),
        (0.79, -0.25 * b, 1 / 8, 1.0, -0.2 * b, False),
        (2.0, -0.25 * b, 1 / 16, 1.0, -0.5 * b, True),
        (0.81, -0.25 * b, 1 / 16, 1.0, -0.2025 * b, True),
    ]
    rho, advantage, token_weight, importance, minimum, passes = (list(column) for column in zip(*tokens, strict=True))
    lengths = torch.tensor([s.response_length for s in sequences])
    advantages_R = torch.tensor([s.advantage for s in sequences], dtype=torch.float64).repeat_interleave(lengths)
    weights_R = torch.tensor(weights, dtype=torch.float64).repeat_interleave(lengths)
    assert advantages_R.tolist() == pytest.approx(advantage, rel=1e-12)
    assert weights_R.tolist() == pytest.approx(token_weight, rel=1e-12)

    old_R = torch.linspace(-3, -0.1, len(tokens), dtype=torch.float64)
    log_probs_R = (old_R + torch.tensor(rho, dtype=torch.float64).log()).requires_grad_()
    importance_R = torch.tensor(importance, dtype=torch.float64)
    loss = mgpo_loss(log_probs_R, old_R, advantages_R, weights_R, importance_R, 0.2)
    loss.backward()
    assert loss.item() == pytest.approx(
        -sum(w * i * m for w, i, m in zip(token_weight, importance, minimum, strict=True)), rel=1e-12
    )
    # d/d log pi of rho is rho.
    expected = [
        -w * i * r * x * p for r, x, w, i, p in zip(rho, advantage, token_weight, importance, passes, strict=True)
    ]
    assert log_probs_R.grad is not None
    assert log_probs_R.grad.tolist() == pytest.approx(expected, rel=1e-12, abs=1e-15)


def test_truncated_importance_is_capped_and_has_no_gradient() -> None:
    learner = torch.tensor([-1.0, -1.0, -1.0, -1.0], requires_grad=True)
    sampler = torch.tensor([-1.0, -1.0 + math.log(2), -1.0 - math.log(1.5), -1.0 - math.log(8)])
    weights = truncated_importance(learner, sampler, 2.0)
    torch.testing.assert_close(weights, torch.tensor([1.0, 0.5, 1.5, 2.0]))
    assert not weights.requires_grad


@pytest.mark.parametrize(("ratio", "factor"), [(1.0, 1.0), (0.5, 0.5), (1.5, 1.5), (8.0, 2.0)])
def test_importance_scales_the_policy_gradient(ratio: float, factor: float) -> None:
    stage = rl_settings(gamma=1.0, importance_cap=2.0, temperature=0.8)
    group = make_group([True, False, False], [3, 1, 4])
    matched = with_learner_log_probs(group, 0.0, 0.8)
    shifted = with_learner_log_probs(group, math.log(ratio), 0.8)
    _, reference = gradients([matched], stage)
    _, got = gradients([shifted], stage)
    for g, r in zip(got, reference, strict=True):
        torch.testing.assert_close(g, factor * r, atol=1e-6, rtol=1e-4)
    row = update_policy(make_learner(), [shifted], stage)
    assert row["sampling/importance_sampling_ratio/mean"] == pytest.approx(factor, rel=1e-5)
    assert row["sampling/sampling_logp_difference/mean"] == pytest.approx(abs(math.log(ratio)), abs=1e-5)
    assert row["sampling/sampling_logp_difference/max"] == pytest.approx(abs(math.log(ratio)), abs=1e-5)


def test_update_is_the_gradient_of_equation_three_by_plain_autograd() -> None:
    """gamma 2, temperature 0.7, two groups: against sum over tokens of -w A / (2 G |y|) grad log pi."""
    groups = [make_group([True, False], [2, 3]), make_group([False, True, False, False], [1, 4, 1, 2])]
    groups = [with_learner_log_probs(group, 0.0, 0.7) for group in groups]
    _, got = gradients(groups, rl_settings(gamma=2.0, temperature=0.7))
    learner = make_learner()
    objective = torch.zeros(())
    for group in groups:
        for completion, advantage in zip(group.completions, judged_advantages(group, 2.0), strict=True):
            assert advantage is not None
            ids = torch.tensor(completion.prompt_token_ids + completion.token_ids)
            logits = learner.model.logits(learner.model(ids[:-1], torch.arange(len(ids) - 1), plain_attention))
            log_probs = (logits / 0.7).log_softmax(-1).gather(-1, ids[1:, None]).squeeze(-1)[len(PROMPT) - 1 :]
            objective = objective + advantage * log_probs.mean() / (2 * len(group.completions))
    (-objective).backward()
    for g, parameter in zip(got, learner.model.parameters(), strict=True):
        torch.testing.assert_close(g, parameter.grad, atol=1e-6, rtol=1e-4)


def plain_attention(layer: int, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    """Causal attention of one document, written out."""
    group = query.shape[1] // key.shape[1]
    key, value = key.repeat_interleave(group, dim=1), value.repeat_interleave(group, dim=1)
    scores = torch.einsum("qhd,khd->hqk", query, key) / query.shape[-1] ** 0.5
    ahead = torch.ones(scores.shape[1:], dtype=torch.bool).triu(1)
    return torch.einsum("hqk,khd->qhd", scores.masked_fill(ahead, -torch.inf).softmax(-1), value)
