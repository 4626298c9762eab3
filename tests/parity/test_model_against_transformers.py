"""The decoder against Hugging Face's, on random weights: logits, both ways through the files."""

from pathlib import Path

import pytest
import torch
import transformers
from safetensors.torch import load_file

from reasoncore.errors import CheckpointError
from reasoncore.model.attention import PackedAttention, end_to_end
from reasoncore.model.weights import load_decoder, save_weights

SHAPE = {
    "vocab_size": 151,
    "hidden_size": 48,
    "intermediate_size": 80,
    "num_hidden_layers": 3,
    "num_attention_heads": 6,
    "max_position_embeddings": 512,
}
LLAMA3_ROPE = {
    "rope_type": "llama3",
    "rope_theta": 500000.0,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 64,
}
CASES = {
    "qwen2-tied-gqa": ("Qwen2", {"tie_word_embeddings": True, "num_key_value_heads": 2}),
    "qwen2-untied-mha": ("Qwen2", {"tie_word_embeddings": False, "num_key_value_heads": 6}),
    "qwen3-tied-gqa": ("Qwen3", {"tie_word_embeddings": True, "num_key_value_heads": 3, "head_dim": 16}),
    "qwen3-untied-bias": (
        "Qwen3",
        {"tie_word_embeddings": False, "num_key_value_heads": 1, "head_dim": 10, "attention_bias": True},
    ),
    "llama-untied-mqa": ("Llama", {"tie_word_embeddings": False, "num_key_value_heads": 1, "attention_bias": False}),
    "llama-tied-bias": ("Llama", {"tie_word_embeddings": True, "num_key_value_heads": 2, "attention_bias": True}),
    "llama3-rope": ("Llama", {"tie_word_embeddings": False, "num_key_value_heads": 2, "rope_parameters": LLAMA3_ROPE}),
}


def reference_model(case: str) -> transformers.PreTrainedModel:
    family, flags = CASES[case]
    config = getattr(transformers, f"{family}Config")(**SHAPE, **flags)
    torch.manual_seed(0)
    model = getattr(transformers, f"{family}ForCausalLM")(config).eval()
    for parameter in model.parameters():  # biases and norms start constant: make every tensor matter
        torch.nn.init.normal_(parameter, std=0.2)
    return model


@torch.no_grad()
@pytest.mark.parametrize("case", CASES)
def test_logits_agree_both_ways(case: str, tmp_path: Path) -> None:
    reference = reference_model(case)
    reference.save_pretrained(tmp_path / "theirs")
    ours = load_decoder(tmp_path / "theirs")
    documents = [torch.randint(0, SHAPE["vocab_size"], (n,)) for n in (1, 90, 33, 90)]
    attention = PackedAttention(end_to_end([len(d) for d in documents]), torch.device("cpu"))
    logits_NV = ours.logits(ours(torch.cat(documents), attention.positions_N, attention))
    expected_NV = torch.cat([reference(d[None]).logits[0] for d in documents])
    torch.testing.assert_close(logits_NV, expected_NV, atol=1e-4, rtol=0)
    wanted_R = torch.tensor([0, 91, 90, 213, 91])
    wanted_RV = ours.logits(ours(torch.cat(documents), attention.positions_N, attention, wanted_R))
    torch.testing.assert_close(wanted_RV, expected_NV[wanted_R], atol=1e-4, rtol=0)

    (tmp_path / "ours").mkdir()
    save_weights(ours, tmp_path / "ours")
    theirs = load_file(tmp_path / "theirs" / "model.safetensors")
    written = load_file(tmp_path / "ours" / "model.safetensors")
    assert written.keys() == theirs.keys()
    assert all(torch.equal(written[name], theirs[name]) for name in theirs)


@torch.no_grad()
def test_sharded_checkpoint_is_read_whole(tmp_path: Path) -> None:
    reference = reference_model("qwen2-tied-gqa")
    reference.save_pretrained(tmp_path / "sharded", max_shard_size="40KB")
    assert len(list((tmp_path / "sharded").glob("*.safetensors"))) > 1
    ours, theirs = load_decoder(tmp_path / "sharded"), reference.state_dict()
    assert torch.equal(ours.layers[2].down_proj.weight, theirs["model.layers.2.mlp.down_proj.weight"])
    (tmp_path / "sharded" / "model-00001-of-00002.safetensors").unlink(missing_ok=True)
    victim = sorted((tmp_path / "sharded").glob("*.safetensors"))[-1]
    victim.unlink()
    with pytest.raises(CheckpointError, match="not found"):
        load_decoder(tmp_path / "sharded")


def test_truncated_weights_are_a_user_error(tmp_path: Path) -> None:
    reference_model("qwen2-tied-gqa").save_pretrained(tmp_path)
    path = tmp_path / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(CheckpointError, match="damaged or cut short"):
        load_decoder(tmp_path)


def test_packed_documents_do_not_see_each_other() -> None:
    torch.manual_seed(1)
    attention = PackedAttention(end_to_end([5, 9, 2]), torch.device("cpu"))
    q, k, v = torch.randn(16, 4, 8), torch.randn(16, 2, 8), torch.randn(16, 2, 8)
    before = attention(0, q, k, v)
    k[5:14], v[5:14] = 100.0, 100.0
    after = attention(0, q, k, v)
    assert torch.equal(before[:5], after[:5])
    assert torch.equal(before[14:], after[14:])
    assert not torch.equal(before[5:14], after[5:14])
