"""The learner: log-probabilities and their gradient, packing, micro-batches, schedule, order of data, resuming."""

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from reasoncore.config import HardwareSettings, OptimiserSettings
from reasoncore.model.attention import group_by_length, group_by_prompt
from reasoncore.model.config import parse_config
from reasoncore.model.network import Decoder, initialise
from reasoncore.train import loss as loss_module
from reasoncore.train.learner import Learner
from reasoncore.train.loss import token_log_probs
from reasoncore.train.packing import MicroBatch, TrainingSequence, pack
from reasoncore.train.schedule import learning_rate
from reasoncore.train.supervised import batch_indices

CPU = torch.device("cpu")


def make_learner(model_type: str = "qwen2", tied: bool = True, **hardware: Any) -> Learner:
    config = {
        "model_type": model_type,
        "vocab_size": 41,
        "hidden_size": 16,
        "intermediate_size": 24,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 64,
        "tie_word_embeddings": tied,
    }
    model = Decoder(parse_config(config, "test"))
    initialise(model, seed=0, std=0.3)
    optimiser = OptimiserSettings(learning_rate=1e-2, weight_decay=0.1, max_grad_norm=0.5)
    return Learner(model, optimiser, HardwareSettings(device="cpu", **hardware))


def make_sequences(seed: int = 0, count: int = 9) -> list[TrainingSequence]:
    generator = torch.Generator().manual_seed(seed)
    sequences = []
    for index in range(count):
        prompt, response = 1 + (index * 5) % 7, 1 + (index * 3) % 8
        ids = torch.randint(0, 41, (prompt + response,), generator=generator)
        sequences.append(TrainingSequence(tuple(ids.tolist()), prompt, advantage=float(index - 4)))
    return sequences


def weighted_loss(log_probs_R: Tensor, batch: MicroBatch) -> tuple[Tensor, dict[str, float]]:
    """Different for every sequence, so that mixing two up shows."""
    advantages = torch.tensor([s.advantage for s in batch.sequences])
    return (log_probs_R * advantages[batch.sequence_R]).sum(), {"tokens": float(len(log_probs_R))}


def gradients(learner: Learner) -> list[Tensor]:
    return [parameter.grad.clone() for parameter in learner.model.parameters() if parameter.grad is not None]


# Log-probabilities


@pytest.mark.parametrize("temperature", [1.0, 0.6, 2.0])
@pytest.mark.parametrize("chunk_elements", [1, 20 * 33, 37 * 33, 2**20])
def test_log_probs_and_gradients_are_those_of_log_softmax(
    chunk_elements: int, temperature: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(loss_module.CHUNK_ELEMENTS, "cpu", chunk_elements)
    generator = torch.Generator().manual_seed(0)
    hidden = torch.randn(75, 12, generator=generator)
    weight = torch.randn(33, 12, generator=generator)
    targets = torch.randint(0, 33, (75,), generator=generator)
    upstream = torch.randn(75, generator=generator)
    ours = [hidden.clone().requires_grad_(), weight.clone().requires_grad_()]
    got = token_log_probs(ours[0], ours[1], targets, temperature)
    got.backward(upstream)
    theirs = [hidden.double().requires_grad_(), weight.double().requires_grad_()]
    expected = (theirs[0] @ theirs[1].T / temperature).log_softmax(-1).gather(-1, targets[:, None]).squeeze(-1)
    expected.backward(upstream.double())
    assert got.dtype == torch.float32
    torch.testing.assert_close(got.double(), expected, atol=2e-5, rtol=1e-5)
    for mine, other in zip(ours, theirs, strict=True):
        assert mine.grad is not None
        assert other.grad is not None
        torch.testing.assert_close(mine.grad.double(), other.grad, atol=2e-4, rtol=1e-4)


def test_the_logits_gradient_sums_to_zero() -> None:
    hidden = torch.randn(40, 8, generator=torch.Generator().manual_seed(1))
    weight = torch.randn(21, 8, generator=torch.Generator().manual_seed(2)).requires_grad_()
    token_log_probs(hidden, weight, torch.zeros(40, dtype=torch.long), 0.7).sum().backward()
    # Shifting every row of W by the same vector changes no probability.
    assert weight.grad is not None
    assert weight.grad.sum(0).abs().max() < 1e-4 < weight.grad.abs().max()


class LargestTensor(TorchDispatchMode):
    """Remembers the largest tensor any operation makes."""

    def __init__(self) -> None:
        super().__init__()
        self.elements = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        for leaf in tree_leaves(out):
            if isinstance(leaf, Tensor):
                self.elements = max(self.elements, leaf.numel())
        return out


def test_all_logits_are_never_there_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    tokens, width, vocabulary = 600, 4, 200
    monkeypatch.setitem(loss_module.CHUNK_ELEMENTS, "cpu", 32 * vocabulary)
    hidden = torch.randn(tokens, width, requires_grad=True)
    weight = torch.randn(vocabulary, width, requires_grad=True)
    targets = torch.zeros(tokens, dtype=torch.long)
    with LargestTensor() as naive:
        (hidden @ weight.T).log_softmax(-1)[:, 0].sum().backward()
    assert naive.elements == tokens * vocabulary
    with LargestTensor() as forward:
        log_probs = token_log_probs(hidden, weight, targets)
    with LargestTensor() as backward:
        log_probs.sum().backward()
    assert forward.elements == 32 * vocabulary
    assert backward.elements == 32 * vocabulary


# Packing


def test_packing_by_hand() -> None:
    sequences = [
        TrainingSequence((10, 11, 12, 13, 14), 3),
        TrainingSequence((20, 21), 1),
        TrainingSequence((30, 31, 32, 33), 1),
    ]
    batch = pack(sequences, CPU)
    assert batch.tokens_N.tolist() == [10, 11, 12, 13, 20, 30, 31, 32]
    assert batch.attention.positions_N.tolist() == [0, 1, 2, 3, 0, 0, 1, 2]
    assert batch.predicts_R.tolist() == [2, 3, 4, 5, 6, 7]
    assert batch.targets_R.tolist() == [13, 14, 21, 31, 32, 33]
    assert batch.sequence_R.tolist() == [0, 0, 1, 2, 2, 2]
    assert batch.sequences == tuple(sequences)
    assert [s.response_length for s in sequences] == [2, 1, 3]


def test_a_shared_prompt_is_in_the_stream_once() -> None:
    sequences = [
        TrainingSequence((1, 2, 3, 4, 5), 3),
        TrainingSequence((9, 8), 1),
        TrainingSequence((1, 2, 3, 6), 3),
        TrainingSequence((1, 2, 3, 7, 5, 4), 3),
    ]
    batch = pack(sequences, CPU)
    assert batch.tokens_N.tolist() == [1, 2, 3, 4, 9, 7, 5]
    assert batch.attention.positions_N.tolist() == [0, 1, 2, 3, 0, 3, 4]
    assert batch.predicts_R.tolist() == [2, 3, 4, 2, 2, 5, 6]
    assert batch.targets_R.tolist() == [4, 5, 8, 6, 7, 5, 4]


@pytest.mark.parametrize(("model_type", "tied"), [("qwen2", True), ("qwen3", False), ("llama", True)])
def test_sharing_prompts_changes_no_log_probability_and_no_gradient(model_type: str, tied: bool) -> None:
    generator = torch.Generator().manual_seed(3)

    def draw(count: int) -> tuple[int, ...]:
        return tuple(torch.randint(0, 41, (count,), generator=generator).tolist())

    prompts = [draw(6), draw(2), draw(11)]
    sequences = [
        TrainingSequence(prompts[i % 3] + draw(1 + (5 * i) % 9), len(prompts[i % 3]), advantage=float(i - 5))
        for i in range(12)
    ]
    apart, together = (make_learner(model_type, tied, tokens_per_micro_batch=budget) for budget in (1, 4096))
    (_, micro_batch), *more = together._micro_batches(sequences)
    assert not more
    assert len(micro_batch.tokens_N) == sum(map(len, prompts)) + sum(s.response_length - 1 for s in sequences)
    for one, other in zip(apart.log_probs(sequences), together.log_probs(sequences), strict=True):
        torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-5)
    for learner in (apart, together):
        learner.forward_backward(sequences, weighted_loss)
    for mine, other in zip(gradients(apart), gradients(together), strict=True):
        torch.testing.assert_close(mine, other, atol=1e-4, rtol=1e-4)


@settings(deadline=None)
@given(items=st.lists(st.tuples(st.integers(1, 50), st.integers(0, 5)), max_size=40), budget=st.integers(1, 400))
def test_documents_of_a_prompt_stay_together_where_they_fit(items: list[tuple[int, int]], budget: int) -> None:
    lengths, prompts = [length for length, _ in items], [prompt for _, prompt in items]
    batches = group_by_prompt(lengths, prompts, budget)
    assert sorted(itertools.chain(*batches)) == list(range(len(items)))
    for batch in batches:
        assert len(batch) * max(lengths[i] for i in batch) <= budget or len(batch) == 1
    order = [prompts[i] for batch in batches for i in batch]
    assert len([prompt for prompt, _ in itertools.groupby(order)]) == len(set(prompts))


@pytest.mark.parametrize("prompt_length", [0, 3])
def test_a_sequence_needs_a_prompt_and_a_response(prompt_length: int) -> None:
    with pytest.raises(AssertionError):
        pack([TrainingSequence((1, 2, 3), prompt_length)], CPU)


@settings(deadline=None)
@given(lengths=st.lists(st.integers(1, 50), max_size=40), budget=st.integers(1, 200))
def test_micro_batches_are_a_partition_within_the_budget(lengths: list[int], budget: int) -> None:
    batches = group_by_length(lengths, budget)
    assert sorted(itertools.chain(*batches)) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) * max(lengths[i] for i in batch) <= budget or len(batch) == 1
    flat = [lengths[i] for batch in batches for i in batch]
    assert flat == sorted(flat)
    # Greedy: the first item of a batch would not have fitted in the batch before.
    for before, batch in itertools.pairwise(batches):
        assert (len(before) + 1) * lengths[batch[0]] > budget


# The learner


@pytest.mark.parametrize(("model_type", "tied"), [("qwen2", True), ("llama", False)])
def test_the_cut_into_micro_batches_and_checkpointing_change_nothing(model_type: str, tied: bool) -> None:
    sequences = make_sequences()

    def run(**hardware: Any) -> tuple[dict[str, float], list[Tensor]]:
        learner = make_learner(model_type, tied, **hardware)
        sums = learner.forward_backward(sequences, weighted_loss, 0.8)
        return sums, gradients(learner)

    expected_sums, expected = run(tokens_per_micro_batch=1)  # every sequence alone
    assert expected_sums["tokens"] == sum(s.response_length for s in sequences)
    assert len(expected) == len(list(make_learner(model_type, tied).model.parameters()))
    for hardware in (
        {"tokens_per_micro_batch": 17},
        {"tokens_per_micro_batch": 40},
        {"tokens_per_micro_batch": 4096},
        {"tokens_per_micro_batch": 40, "activation_checkpointing": True},
    ):
        sums, got = run(**hardware)
        assert sums == pytest.approx(expected_sums, rel=1e-4)
        for mine, other in zip(got, expected, strict=True):
            torch.testing.assert_close(mine, other, atol=1e-4, rtol=1e-4)


def test_checkpointing_runs_every_layer_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    layer_type = type(make_learner().model.layers[0])
    original = layer_type.forward
    monkeypatch.setattr(layer_type, "forward", lambda self, *a: calls.append(1) or original(self, *a))
    for flag, times in ((False, 2), (True, 4)):
        calls.clear()
        learner = make_learner(activation_checkpointing=flag, tokens_per_micro_batch=4096)
        learner.forward_backward(make_sequences(), weighted_loss)
        assert len(calls) == times


def test_log_probs_come_in_the_order_of_the_sequences() -> None:
    sequences = make_sequences()
    together = make_learner(tokens_per_micro_batch=4096).log_probs(sequences, 0.9)
    apart = [make_learner().log_probs([sequence], 0.9)[0] for sequence in sequences]
    assert [len(values) for values in together] == [sequence.response_length for sequence in sequences]
    for one, other in zip(together, apart, strict=True):
        torch.testing.assert_close(one, other, atol=1e-5, rtol=0)
        assert not one.requires_grad


def test_prompt_tokens_carry_no_loss_but_are_seen() -> None:
    learner = make_learner()
    base = TrainingSequence((1, 2, 3, 4, 5), 3)
    model, ids = learner.model, torch.tensor(base.token_ids)
    batch = pack([base], CPU)
    logits = model.logits(model(ids[:-1], torch.arange(4), batch.attention))
    expected = logits.log_softmax(-1)[[2, 3], [4, 5]]
    torch.testing.assert_close(learner.log_probs([base])[0], expected.detach(), atol=1e-5, rtol=0)
    other = TrainingSequence((9, 2, 3, 4, 5), 3)
    assert not torch.allclose(learner.log_probs([base])[0], learner.log_probs([other])[0], atol=1e-4)


def test_an_update_clips_applies_the_rate_and_clears() -> None:
    learner, reference = make_learner(), make_learner()
    optimiser = torch.optim.AdamW(reference.model.parameters(), lr=9.9, betas=(0.9, 0.95), weight_decay=0.1)
    for rate in (1e-2, 3e-3):
        learner.forward_backward(make_sequences(), weighted_loss)
        reference.forward_backward(make_sequences(), weighted_loss)
        norm = torch.sqrt(sum((g**2).sum() for g in gradients(reference)))
        assert learner.optim_step(rate) == pytest.approx(float(norm), rel=1e-5)
        assert norm > 0.5
        for parameter in reference.model.parameters():
            assert parameter.grad is not None
            parameter.grad *= 0.5 / norm
        optimiser.param_groups[0]["lr"] = rate
        optimiser.step()
        optimiser.zero_grad()
        assert not gradients(learner)
        for mine, other in zip(learner.model.parameters(), reference.model.parameters(), strict=True):
            torch.testing.assert_close(mine, other, atol=1e-5, rtol=1e-4)


def train(learner: Learner, steps: Sequence[int]) -> None:
    for step in steps:
        learner.forward_backward(make_sequences(seed=step), weighted_loss)
        learner.optim_step(1e-2 / (1 + step))


def test_a_resumed_learner_goes_on_bit_for_bit(tmp_path: Path) -> None:
    straight = make_learner()
    train(straight, range(3))
    straight.save_state(tmp_path)
    weights = {name: tensor.clone() for name, tensor in straight.model.state_dict().items()}
    train(straight, range(3, 6))

    resumed = make_learner()
    resumed.model.load_state_dict(weights)
    resumed.load_state(tmp_path)
    train(resumed, range(3, 6))
    assert all(torch.equal(a, b) for a, b in zip(straight.model.parameters(), resumed.model.parameters(), strict=True))

    forgetful = make_learner()
    forgetful.model.load_state_dict(weights)
    train(forgetful, range(3, 6))
    assert not torch.equal(forgetful.model.embed_tokens.weight, straight.model.embed_tokens.weight)


def test_the_state_of_a_learner_that_never_stepped(tmp_path: Path) -> None:
    make_learner().save_state(tmp_path)
    learner, fresh = make_learner(), make_learner()
    learner.load_state(tmp_path)
    train(learner, range(2))
    train(fresh, range(2))
    assert torch.equal(learner.model.embed_tokens.weight, fresh.model.embed_tokens.weight)


# Schedule and order


@pytest.mark.parametrize(
    ("step", "rate"),
    [
        (0, 0.25),
        (1, 0.5),
        (2, 0.75),
        (3, 1.0),
        (4, 1.0),
        (6, 0.1 + 0.9 * 0.75),
        (7, 0.55),
        (8, 0.1 + 0.9 * 0.25),
        (10, 0.1),
    ],
)
def test_warm_up_then_cosine_to_the_floor(step: int, rate: float) -> None:
    # 11 steps, a warm-up of 4; the cosine goes from step 4 to step 10: a third of the way at 6, half at 7.
    assert learning_rate(step, 11, peak=1.0, warmup_fraction=4 / 11, floor=0.1) == pytest.approx(rate)


def test_schedules_without_warm_up_or_without_decay() -> None:
    assert [learning_rate(step, 5, 2.0, 0.0, 2.0) for step in range(5)] == [2.0] * 5
    assert [learning_rate(step, 4, 2.0, 0.5, 2.0) for step in range(4)] == [1.0, 2.0, 2.0, 2.0]
    assert [learning_rate(step, 3, 2.0, 0.0, 0.0) for step in range(3)] == pytest.approx([2.0, 1.0, 0.0])
    assert [learning_rate(step, 4, 2.0, 1.0, 0.0) for step in range(4)] == [0.5, 1.0, 1.5, 2.0]
    assert learning_rate(0, 1, 2.0, 0.0, 0.5) == 2.0


@settings(deadline=None)
@given(count=st.integers(1, 30), batch_size=st.integers(1, 40), seed=st.integers(0, 9), epochs=st.integers(1, 4))
def test_every_item_comes_exactly_once_an_epoch(count: int, batch_size: int, seed: int, epochs: int) -> None:
    steps = -(-epochs * count // batch_size)
    batches = [batch_indices(count, batch_size, step, seed, epochs) for step in range(steps)]
    assert all(len(batch) == batch_size for batch in batches[:-1])
    assert 1 <= len(batches[-1]) <= batch_size
    stream = list(itertools.chain(*batches))
    assert len(stream) == epochs * count
    for epoch in range(epochs):
        assert sorted(stream[epoch * count : (epoch + 1) * count]) == list(range(count))


def test_the_order_of_data_is_a_function_of_seed_and_epoch() -> None:
    def stream(batch_size: int, seed: int, epochs: int = 2) -> list[int]:
        steps = -(-epochs * 20 // batch_size)
        return [i for step in range(steps) for i in batch_indices(20, batch_size, step, seed, epochs)]

    assert stream(6, 1) == stream(6, 1)
    assert stream(6, 1) == stream(7, 1) == stream(40, 1)  # the batch size only cuts it
    assert stream(6, 1) != stream(6, 2)
    assert stream(6, 1)[:20] != stream(6, 1)[20:]
    assert stream(6, 1) != list(range(20)) * 2
    # Six and two: the fourth batch of 6 takes the last two of the first epoch and four of the next.
    assert batch_indices(20, 6, 3, 1, 2) == stream(20, 1)[18:24]
