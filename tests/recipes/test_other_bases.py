"""A Hugging Face folder of any supported family can be the base of a stage that stands alone."""

from pathlib import Path

import pytest
from small import RECIPES
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    LlamaConfig,
    LlamaForCausalLM,
    PretrainedConfig,
    PreTrainedModel,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
)

from reasoncore.config import load_recipe, only_stages, sources_of
from reasoncore.model.folder import resolve_base
from reasoncore.pipeline import run_recipe
from reasoncore.run_dir import RunDir

SHAPE = {"vocab_size": 1024, "hidden_size": 512, "intermediate_size": 1408, "num_hidden_layers": 7}
SHAPE |= {"num_attention_heads": 8, "num_key_value_heads": 2, "max_position_embeddings": 1024}
BROAD = load_recipe(RECIPES / "nano.toml").stages["sft-broad"]
SHORT = [f"stages.sft-broad.{source}.count=4" for source in sources_of(BROAD)] + ["stages.sft-broad.batch_size=20"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "config"),
    [
        (Qwen2ForCausalLM, Qwen2Config(**SHAPE, tie_word_embeddings=True)),
        (Qwen3ForCausalLM, Qwen3Config(**SHAPE, head_dim=64, tie_word_embeddings=True)),
        (LlamaForCausalLM, LlamaConfig(**SHAPE, tie_word_embeddings=False)),
    ],
    ids=["qwen2", "qwen3", "llama"],
)
def test_a_random_base_of_twenty_million_parameters(
    kind: type[PreTrainedModel], config: PretrainedConfig, tmp_path: Path
) -> None:
    base = tmp_path / "base"
    model = kind(config)
    assert 18e6 < model.num_parameters() < 24e6
    model.save_pretrained(base)
    AutoTokenizer.from_pretrained(resolve_base("nano-base", tmp_path)).save_pretrained(base)
    recipe = only_stages(load_recipe(RECIPES / "nano.toml", SHORT), ["sft-broad"], str(base))
    run_recipe(recipe, RunDir(tmp_path / "run"), tmp_path)
    final = tmp_path / "run" / "final"
    assert isinstance(AutoModelForCausalLM.from_pretrained(final), kind)
    assert (final / "generation_config.json").is_file()
