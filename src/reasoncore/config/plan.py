"""What the plan of a run assumes: a device, the base's shape, rates and lengths. Nothing here changes what is run."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from reasoncore.config.settings import Settings

Share = Annotated[float, Field(gt=0, le=1)]
Count = Annotated[int, Field(ge=1)]


class PlanDevice(Settings):
    """One device, and how fast it is taken to be at this work."""

    name: str
    memory_gib: float = Field(gt=0)
    devices: int = Field(1, ge=1, description="how many there are; divides the days, not the device-hours")
    usd_per_hour: float = Field(ge=0, description="price of one device")
    peak_tflops: float = Field(gt=0, description="10^12 dense bfloat16 FLOP/s")
    training_utilisation: Share = Field(
        description="share of the peak that training sustains, recomputed activations counted as work"
    )
    decode_tokens_per_second: float = Field(gt=0, description="sampled tokens, all completions of a device together")
    prefill_tokens_per_second: float = Field(gt=0, description="tokens that are read and not trained on")


class PlanModel(Settings):
    """The base's shape under Hugging Face's names, for a base that is not on this machine."""

    model_type: Literal["qwen2", "qwen3", "llama"] = "qwen2"
    vocab_size: Count
    hidden_size: Count
    intermediate_size: Count
    num_hidden_layers: Count
    num_attention_heads: Count
    num_key_value_heads: Count
    head_dim: Count | None = Field(None, description="none divides hidden_size by the heads")
    max_position_embeddings: Count
    tie_word_embeddings: bool = False


class PlanSettings(Settings):
    """Assumptions by name. Where a table is keyed by stage, a stage's own name goes before its kind."""

    device: PlanDevice
    model: PlanModel | None = Field(None, description="none reads config.json of a base that is a folder or embedded")
    prompt_tokens: int = Field(300, ge=1, description="mean length of a prompt")
    response_tokens: dict[str, Count] = Field(
        default_factory=dict, description="mean length of a response, by stage or kind; none takes the longest allowed"
    )
    trained_share: dict[str, Share] = Field(
        default_factory=dict,
        description="share of a stage's traces or rollouts left to train on after its filters, by stage or kind; none "
        "takes them all",
    )
    count: dict[str, Count] = Field(
        default_factory=dict, description="rows of a data file, by its path, or of a benchmark; for those not here yet"
    )
    published_device_hours: float | None = Field(None, gt=0, description="what a report gives, to compare with")
