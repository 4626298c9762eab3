"""What sections of every kind share: frozen models that refuse unknown keys, hardware, optimiser."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from reasoncore.errors import RecipeError


class Settings(BaseModel):
    """Base of every section: frozen, and unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class HardwareSettings(Settings):
    """Where and how large the work is cut; changes speed and memory, not the method."""

    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    threads: int = Field(2, ge=1, description="CPU threads")
    tokens_per_micro_batch: int = Field(2048, ge=1, description="tokens of one forward and backward pass")
    activation_checkpointing: bool = False
    decode_rows: int = Field(512, ge=1, description="completions decoded side by side")
    kv_cache_gib: float = Field(4.0, gt=0, description="bound on the key/value cache; lowers decode_rows if needed")

    def resolved_device(self) -> str:
        """``auto`` is CUDA where there is one, then MPS, then the CPU."""
        import torch

        available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
        if self.device == "auto":
            return next(name for name, there in available.items() if there)
        if not available[self.device]:
            raise RecipeError(
                f"hardware.device = {self.device!r}: this machine has no such device", 'Use "auto" or "cpu".'
            )
        return self.device


class OptimiserSettings(Settings):
    """AdamW, gradient clipping and the learning-rate schedule."""

    learning_rate: float = Field(gt=0)
    warmup_fraction: float = Field(0.0, ge=0, le=1, description="share of the steps with a linear warm-up")
    final_learning_rate: float | None = Field(
        None, ge=0, description="floor of the cosine; none keeps the rate constant"
    )
    betas: tuple[Annotated[float, Field(ge=0, lt=1)], Annotated[float, Field(ge=0, lt=1)]] = (0.9, 0.95)
    weight_decay: float = Field(0.0, ge=0)
    max_grad_norm: float = Field(1.0, gt=0)
