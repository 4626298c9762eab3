"""The learner owns the parameters and the optimiser; it knows nothing of the algorithm.

An algorithm hands it sequences and a loss over their response tokens' log-probabilities.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from reasoncore.config import HardwareSettings, OptimiserSettings
from reasoncore.errors import StageFailedError
from reasoncore.model.attention import group_by_prompt
from reasoncore.model.network import Decoder, mixed_precision
from reasoncore.train.loss import token_log_probs
from reasoncore.train.packing import MicroBatch, TrainingSequence, pack

# (log_probs_R, micro-batch) -> (loss to add to the step's, sums to report)
TokenLoss = Callable[[Tensor, MicroBatch], tuple[Tensor, dict[str, float]]]


class Learner:
    """AdamW over a decoder, float32 parameters, bfloat16 arithmetic where the device has it."""

    def __init__(self, model: Decoder, optimiser: OptimiserSettings, hardware: HardwareSettings) -> None:
        self.device = torch.device(hardware.resolved_device())
        self.model = model.to(self.device)
        self.model.checkpoint_activations = hardware.activation_checkpointing
        self.settings = optimiser
        self.tokens_per_micro_batch = hardware.tokens_per_micro_batch
        self.fused = self.device.type in ("cpu", "cuda")
        self.optimiser = torch.optim.AdamW(
            self.model.parameters(),
            lr=optimiser.learning_rate,
            betas=optimiser.betas,
            weight_decay=optimiser.weight_decay,
            fused=self.fused,
        )

    def forward_backward(
        self, sequences: Sequence[TrainingSequence], token_loss: TokenLoss, temperature: float = 1.0
    ) -> dict[str, float]:
        """Accumulate gradients of the summed losses over micro-batches. Returns ``loss`` and the reported sums."""
        totals: defaultdict[str, float] = defaultdict(float)
        for _, micro_batch in self._micro_batches(sequences):
            loss, sums = token_loss(self._log_probs(micro_batch, temperature), micro_batch)
            loss.backward()
            totals["loss"] += loss.item()
            for name, value in sums.items():
                totals[name] += value
        return dict(totals)

    def optim_step(self, learning_rate: float) -> float:
        """Clip, update, clear. Returns the gradient norm before clipping.

        Raises:
            StageFailedError: The gradient is not finite; the weights are left as they were.
        """
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.settings.max_grad_norm)
        if not norm.isfinite():
            raise StageFailedError(
                f"the gradient norm is {float(norm)}", "Lower the learning rate, and use a new run folder."
            )
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        return float(norm)

    @torch.no_grad()
    def log_probs(self, sequences: Sequence[TrainingSequence], temperature: float = 1.0) -> list[Tensor]:
        """Log-probability of every response token, one tensor a sequence, in order."""
        out: dict[int, Tensor] = {}
        for indices, micro_batch in self._micro_batches(sequences):
            lengths = [sequence.response_length for sequence in micro_batch.sequences]
            parts = self._log_probs(micro_batch, temperature).cpu().split(lengths)
            out.update(zip(indices, parts, strict=True))
        return [out[index] for index in range(len(sequences))]

    def save_state(self, folder: Path) -> None:
        """Write the optimiser's state; the weights are saved as a checkpoint."""
        tensors: dict[str, Tensor] = {}
        steps: dict[str, float] = {}
        for name, parameter in self.model.named_parameters():
            state = self.optimiser.state.get(parameter)
            if state:
                tensors[f"{name}.exp_avg"] = state["exp_avg"].cpu()
                tensors[f"{name}.exp_avg_sq"] = state["exp_avg_sq"].cpu()
                steps[name] = float(state["step"])
        save_file(tensors, folder / "optimiser.safetensors")
        (folder / "optimiser.json").write_text(json.dumps({"steps": steps}), encoding="utf-8")

    def load_state(self, folder: Path) -> None:
        """Read what :meth:`save_state` wrote."""
        tensors = load_file(folder / "optimiser.safetensors")
        steps = json.loads((folder / "optimiser.json").read_text(encoding="utf-8"))["steps"]
        for name, parameter in self.model.named_parameters():
            if name in steps:
                self.optimiser.state[parameter] = {
                    # The fused update wants it beside the parameter.
                    "step": torch.tensor(steps[name], device=self.device if self.fused else "cpu"),
                    "exp_avg": tensors[f"{name}.exp_avg"].to(self.device),
                    "exp_avg_sq": tensors[f"{name}.exp_avg_sq"].to(self.device),
                }

    def _micro_batches(self, sequences: Sequence[TrainingSequence]) -> Iterator[tuple[list[int], MicroBatch]]:
        """Indices into ``sequences`` and the packed micro-batch; prompts together, shortest first."""
        lengths = [len(sequence.token_ids) for sequence in sequences]
        prompts = [sequence.token_ids[: sequence.prompt_length] for sequence in sequences]
        for indices in group_by_prompt(lengths, prompts, self.tokens_per_micro_batch):
            yield indices, pack([sequences[index] for index in indices], self.device)

    def _log_probs(self, batch: MicroBatch, temperature: float) -> Tensor:
        with mixed_precision(self.device):
            hidden_RC = self.model(batch.tokens_N, batch.attention.positions_N, batch.attention, batch.predicts_R)
            return token_log_probs(hidden_RC, self.model.head_weight_VC, batch.targets_R, temperature)
