"""MGPO with gamma 0 against TRL's GRPOTrainer: the same rollouts and rewards give the same loss and gradients.

TRL's own code does everything on its side: it pads, normalises rewards within groups and computes loss_type="grpo".
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch

from reasoncore.config import HardwareSettings, OptimiserSettings, RLStage
from reasoncore.model.tokenizer import train_tokenizer
from reasoncore.model.weights import hf_views, load_decoder
from reasoncore.records import Completion, Group, Problem, Verdict
from reasoncore.rl.mgpo import judged_advantages, mgpo_loss, mgpo_weight
from reasoncore.rl.step import policy_sequences, update_policy
from reasoncore.train.learner import Learner
from reasoncore.train.packing import TrainingSequence

pytest.importorskip("trl", reason="TRL is in the dev extra")
datasets = pytest.importorskip("datasets")

import transformers  # noqa: E402
from trl import GRPOConfig, GRPOTrainer  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")  # TRL's own

VOCABULARY, GROUP_SIZE, EPSILON = 290, 4, 0.2
TEMPERATURE = 0.9


def make_groups(seed: int = 0) -> list[Group]:
    """Prompts and completions of unequal length; shaped rewards; two groups without any advantage."""
    correct = [[1, 0, 0, 1], [0, 0, 0, 0], [1, 1, 1, 0], [1, 1, 1, 1], [0, 1, 0, 0]]
    rewards = [[1.0, 0.0, 0.0, 1.0], [0.0] * 4, [1.2, 1.0, 0.8, 0.0], [1.0] * 4, [0.0, 1.0, 0.1, -0.5]]
    prompt_lengths = [3, 9, 1, 5, 6]
    lengths = [[5, 1, 7, 3], [2, 2, 8, 1], [1, 4, 9, 2], [3, 3, 1, 6], [2, 10, 1, 4]]
    generator = torch.Generator().manual_seed(seed)

    def draw(count: int) -> tuple[int, ...]:
        return tuple(torch.randint(3, VOCABULARY, (count,), generator=generator).tolist())

    groups = []
    for index, prompt_length in enumerate(prompt_lengths):
        prompt = draw(prompt_length)
        completions = tuple(
            Completion(prompt, draw(length), (-1.0,) * length, "", "length") for length in lengths[index]
        )
        verdicts = tuple(Verdict(bool(c), r, None, "") for c, r in zip(correct[index], rewards[index], strict=True))
        groups.append(Group(Problem(str(index), "math", "algebra", f"prompt {index}", "0"), completions, verdicts))
    return groups


@dataclass
class TRLSide:
    """A real trainer over a random model whose rollouts and rewards are the ones given."""

    trainer: Any
    groups: list[Group]

    def batch(self, rewards: list[float | None] | None = None) -> dict[str, Any]:
        """What TRL makes of the rollouts: padded tensors and advantages. ``None``: could not be judged."""
        given = [v.reward for g in self.groups for v in g.verdicts] if rewards is None else rewards
        self.trainer.reward_funcs = [lambda **_: given]
        rows = [{"prompt": group.problem.prompt} for group in self.groups for _ in group.completions]
        batch: dict[str, Any] = self.trainer._generate_and_score_completions(rows)
        return batch

    def loss_and_gradients(self, batch: dict[str, Any]) -> tuple[float, dict[str, torch.Tensor]]:
        model = self.trainer.model
        model.zero_grad()
        loss = self.trainer.compute_loss(model, batch)
        loss.backward()
        return loss.item(), {name: parameter.grad.clone() for name, parameter in model.named_parameters()}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random Qwen2 checkpoint every tensor of which matters."""
    config = transformers.Qwen2Config(
        vocab_size=VOCABULARY,
        hidden_size=24,
        intermediate_size=40,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=64,
        tie_word_embeddings=True,
    )
    torch.manual_seed(0)
    model = transformers.Qwen2ForCausalLM(config)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    path = tmp_path_factory.mktemp("model")
    model.save_pretrained(path)
    return path


@pytest.fixture
def trl_side(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TRLSide:
    monkeypatch.setenv("TRL_EXPERIMENTAL_SILENCE", "1")
    groups = make_groups()
    rollouts = [completion for group in groups for completion in group.completions]
    config = GRPOConfig(
        output_dir=str(tmp_path),
        per_device_train_batch_size=len(rollouts),
        num_generations=GROUP_SIZE,
        loss_type="grpo",
        scale_rewards="group",
        importance_sampling_level="token",
        epsilon=EPSILON,
        beta=0.0,
        temperature=TEMPERATURE,
        max_completion_length=16,
        use_cpu=True,
        bf16=False,
        report_to="none",
        seed=0,
    )
    trainer = GRPOTrainer(
        model=transformers.Qwen2ForCausalLM.from_pretrained(folder, dtype=torch.float32),
        reward_funcs=lambda **_: [],
        args=config,
        train_dataset=datasets.Dataset.from_list([{"prompt": group.problem.prompt} for group in groups]),
        processing_class=train_tokenizer(["a b c"], VOCABULARY).hf,
        rollout_func=lambda prompts, _: {
            "prompt_ids": [list(c.prompt_token_ids) for c in rollouts],
            "completion_ids": [list(c.token_ids) for c in rollouts],
            "logprobs": [list(c.log_probs) for c in rollouts],
        },
    )
    trainer.model.train()
    trainer.current_gradient_accumulation_steps = 1
    return TRLSide(trainer, groups)


def make_learner(folder: Path, tokens_per_micro_batch: int = 24) -> Learner:
    hardware = HardwareSettings(device="cpu", tokens_per_micro_batch=tokens_per_micro_batch)
    return Learner(load_decoder(folder), OptimiserSettings(learning_rate=1e-3), hardware)


def stage(gamma: float) -> RLStage:
    return RLStage.model_validate(
        {
            "kind": "rl",
            "optimiser": {"learning_rate": 1e-3},
            "data": {"math": {"count": 1}},
            "steps": 1,
            "max_tokens": 16,
            "gamma": gamma,
            "clip_epsilon": EPSILON,
            "temperature": TEMPERATURE,
            "importance_cap": 1e9,
        }
    )


def sampled_by(learner: Learner, groups: list[Group]) -> list[Group]:
    """The groups as if this learner had sampled them: the importance weight is 1."""
    out = []
    for group in groups:
        sequences = [
            TrainingSequence(c.prompt_token_ids + c.token_ids, len(c.prompt_token_ids)) for c in group.completions
        ]
        values = learner.log_probs(sequences, TEMPERATURE)
        completions = tuple(
            Completion(c.prompt_token_ids, c.token_ids, tuple(v.tolist()), c.text, c.finish)
            for c, v in zip(group.completions, values, strict=True)
        )
        out.append(Group(group.problem, completions, group.verdicts))
    return out


def our_loss_and_gradients(
    learner: Learner, groups: list[Group], gamma: float
) -> tuple[float, dict[str, torch.Tensor]]:
    loss = update_policy(learner, sampled_by(learner, groups), stage(gamma))["loss"]
    return loss, named_gradients(learner)


def named_gradients(learner: Learner) -> dict[str, torch.Tensor]:
    """Gradients under Hugging Face's names. They take the place of the weights, which ``hf_views`` knows to name."""
    with torch.no_grad():
        for parameter in learner.model.parameters():
            assert parameter.grad is not None
            parameter.copy_(parameter.grad)
    return {name: view.detach().clone() for name, view in hf_views(learner.model)}


def assert_same_gradients(ours: dict[str, torch.Tensor], theirs: dict[str, torch.Tensor]) -> None:
    assert ours.keys() == theirs.keys()
    for name, gradient in theirs.items():
        assert gradient.abs().max() > 1e-4 or name.endswith("k_proj.bias"), name  # softmax ignores a bias on the keys
        torch.testing.assert_close(ours[name], gradient, atol=1e-5, rtol=1e-4, msg=lambda m, name=name: f"{name}: {m}")


def test_advantages_agree(trl_side: TRLSide) -> None:
    batch = trl_side.batch()
    ours = [a for group in trl_side.groups for a in judged_advantages(group, 0.0)]
    assert batch["advantages"].tolist() == pytest.approx(ours, abs=1e-5)
    assert sum(a == 0 for a in ours) == 2 * GROUP_SIZE
    # Left-padded prompts and right-padded completions, as TRL makes them.
    assert batch["prompt_mask"][:, 0].tolist() == [0] * 4 + [1] * 4 + [0] * 12
    assert batch["completion_mask"].sum(1).tolist() == [
        len(c.token_ids) for g in trl_side.groups for c in g.completions
    ]


def test_advantages_agree_when_rollouts_could_not_be_judged(trl_side: TRLSide) -> None:
    """TRL leaves such a rollout out of mean and deviation, and gives it no advantage. So do we."""
    missing = {1, 8, 11, 16}
    rewards = [v.reward for g in trl_side.groups for v in g.verdicts]
    batch = trl_side.batch([None if i in missing else r for i, r in enumerate(rewards)])
    ours: list[float | None] = []
    for number, group in enumerate(trl_side.groups):
        verdicts = tuple(
            Verdict(None, 99.0, None, "") if number * GROUP_SIZE + i in missing else v
            for i, v in enumerate(group.verdicts)
        )
        ours += judged_advantages(Group(group.problem, group.completions, verdicts), 0.0)
    assert {i for i, a in enumerate(ours) if a is None} == missing
    assert batch["advantages"].tolist() == pytest.approx([a or 0.0 for a in ours], abs=1e-5)


@pytest.mark.parametrize("tokens_per_micro_batch", [24, 4096])
def test_loss_and_gradients_agree_with_gamma_zero(trl_side: TRLSide, folder: Path, tokens_per_micro_batch: int) -> None:
    """Groups without advantage never go through our learner; every denominator counts them all the same."""
    expected_loss, expected = trl_side.loss_and_gradients(trl_side.batch())
    loss, got = our_loss_and_gradients(make_learner(folder, tokens_per_micro_batch), trl_side.groups, 0.0)
    assert loss == pytest.approx(expected_loss, abs=1e-5)
    assert_same_gradients(got, expected)
    sequences, _ = policy_sequences(trl_side.groups, stage(0.0))
    assert len(sequences) == 3 * GROUP_SIZE


def test_the_gamma_weight_is_a_factor_on_trls_advantages(trl_side: TRLSide, folder: Path) -> None:
    batch = trl_side.batch()
    _, plain = trl_side.loss_and_gradients(batch)
    weights = [mgpo_weight(sum(v.correct is True for v in g.verdicts) / GROUP_SIZE, 2.0) for g in trl_side.groups]
    batch["advantages"] = batch["advantages"] * torch.tensor(weights).repeat_interleave(GROUP_SIZE)
    expected_loss, expected = trl_side.loss_and_gradients(batch)
    loss, got = our_loss_and_gradients(make_learner(folder), trl_side.groups, 2.0)
    assert loss == pytest.approx(expected_loss, abs=1e-5)
    assert_same_gradients(got, expected)
    assert any((expected[name] - plain[name]).abs().max() > 1e-3 for name in plain)


def test_clipping_agrees_off_policy(trl_side: TRLSide, folder: Path) -> None:
    """rho far from 1 on both sides: TRL gets old log-probabilities, our loss the same ones."""
    learner = make_learner(folder, 4096)
    sequences, weights = policy_sequences(trl_side.groups, stage(0.0))
    generator = torch.Generator().manual_seed(5)
    shifts = {id(s): torch.randn(s.response_length, generator=generator) * 0.4 for s in sequences}
    old = {id(s): v + shifts[id(s)] for s, v in zip(sequences, learner.log_probs(sequences, TEMPERATURE), strict=True)}
    rho = torch.cat([(-shift).exp() for shift in shifts.values()])
    assert (rho > 1 + EPSILON).any()
    assert (rho < 1 - EPSILON).any()

    def token_loss(log_probs_R: torch.Tensor, micro_batch: Any) -> tuple[torch.Tensor, dict[str, float]]:
        members = micro_batch.sequences
        weight_of = {id(s): w for s, w in zip(sequences, weights, strict=True)}
        loss = mgpo_loss(
            log_probs_R,
            torch.cat([old[id(s)] for s in members]),
            torch.tensor([s.advantage for s in members])[micro_batch.sequence_R],
            torch.tensor([weight_of[id(s)] for s in members])[micro_batch.sequence_R],
            torch.ones_like(log_probs_R),
            EPSILON,
        )
        return loss, {}

    loss = learner.forward_backward(sequences, token_loss, TEMPERATURE)["loss"]
    got = named_gradients(learner)

    batch = trl_side.batch()
    batch["old_per_token_logps"] = torch.zeros_like(batch["completion_mask"], dtype=torch.float32)
    remaining = iter(sequences)
    for row, advantage in enumerate(batch["advantages"].tolist()):
        if advantage:
            values = old[id(next(remaining))]
            batch["old_per_token_logps"][row, : len(values)] = values
    expected_loss, expected = trl_side.loss_and_gradients(batch)
    assert math.isfinite(expected_loss)
    assert loss == pytest.approx(expected_loss, abs=1e-5)
    assert_same_gradients(got, expected)
