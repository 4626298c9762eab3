"""GGUF files: transformers reads them back as the same model and the same tokenizer."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from command_line import run_cli
from gguf import GGUFReader
from test_engine import FAMILIES, PROMPTS, decoder, tokenizer
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

from reasoncore.model.checkpoint import load_checkpoint, save_checkpoint
from reasoncore.model.config import parse_config
from reasoncore.model.folder import resolve_base
from reasoncore.serve.gguf_export import _rope_factors, export_gguf

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    return lambda *words: run_cli(capsys, monkeypatch, *words)


def checkpoint(folder: Path, family: str) -> Path:
    folder.mkdir()
    save_checkpoint(folder, decoder(family), tokenizer(), "a card")
    return folder


@pytest.mark.parametrize("family", FAMILIES)
def test_transformers_reads_the_same_model(family: str, tmp_path: Path) -> None:
    folder = checkpoint(tmp_path / "ckpt", family)
    export_gguf(folder, tmp_path / "m.gguf", "f16", "m")
    expected = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    for parameter in expected.parameters():
        if parameter.dim() > 1:
            parameter.data = parameter.data.half().float()
    # transformers does not read a head's width from the file, which the file has.
    config = AutoConfig.from_pretrained(folder)
    found = AutoModelForCausalLM.from_pretrained(tmp_path, gguf_file="m.gguf", config=config, dtype=torch.float32)
    assert GGUFReader(tmp_path / "m.gguf").fields[f"{family}.attention.key_length"].contents() == config.head_dim
    tokens = torch.tensor([[5, 17, 60, 3, 250, 99, 41]])
    with torch.inference_mode():
        torch.testing.assert_close(found(tokens).logits, expected(tokens).logits, atol=1e-4, rtol=1e-4)
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["m.gguf"]


def test_the_embedded_model_and_its_tokenizer(tmp_path: Path) -> None:
    base = resolve_base("nano-base", tmp_path)
    export_gguf(base, tmp_path / "m.gguf", "f16", "nano")
    _, ours = load_checkpoint(base)
    theirs = AutoTokenizer.from_pretrained(tmp_path, gguf_file="m.gguf")
    for text in (*PROMPTS, "def f(xs):\n    return [x ** 2 for x in xs]\n", "12345 naïve — ½ 😀\t\n\n  x"):
        (expected,) = ours.response_ids([text])
        assert tuple(theirs.encode(text, add_special_tokens=False)) == expected[:-1], text
    fields = GGUFReader(tmp_path / "m.gguf").fields
    assert fields["general.name"].contents() == "nano"
    assert fields["tokenizer.ggml.pre"].contents() == "qwen2"
    assert fields["tokenizer.chat_template"].contents() == ours.hf.chat_template
    assert fields["tokenizer.ggml.eos_token_id"].contents() == ours.turn_end_id
    assert fields["qwen2.context_length"].contents() == 2048


def test_eight_bits_are_near_and_half_as_large(tmp_path: Path) -> None:
    base = resolve_base("nano-base", tmp_path)
    for kind in ("f16", "q8_0"):
        export_gguf(base, tmp_path / f"{kind}.gguf", kind, "nano")  # type: ignore[arg-type]
    sizes = {kind: (tmp_path / f"{kind}.gguf").stat().st_size for kind in ("f16", "q8_0")}
    assert sizes["q8_0"] < 0.62 * sizes["f16"]
    models = [
        AutoModelForCausalLM.from_pretrained(tmp_path, gguf_file=f"{kind}.gguf", dtype=torch.float32) for kind in sizes
    ]
    for whole, eighth in zip(*(model.parameters() for model in models), strict=True):
        bound = whole.abs().max() / 127 + 1e-6
        assert bool(((whole - eighth).abs() <= bound).all())


def test_llama_threes_scaling_by_hand() -> None:
    raw = {
        "model_type": "llama",
        "vocab_size": 8,
        "hidden_size": 8,
        "intermediate_size": 8,
        "num_hidden_layers": 1,
        "num_attention_heads": 1,
        "head_dim": 8,
        "max_position_embeddings": 64,
        "rope_theta": 10_000.0,
    }
    scaling = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0}
    scaling |= {"original_max_position_embeddings": 256, "rope_theta": 10_000.0}
    factors = _rope_factors(parse_config({**raw, "rope_parameters": scaling}, "test"))
    # Wavelengths 2 pi, 2 pi 10, 2 pi 100, 2 pi 1000: 40.7, 4.07, 0.407 and 0.041 turns in 256 positions.
    assert factors is not None
    assert np.allclose(factors, [1, 1, 8, 8])
    near = _rope_factors(
        parse_config({**raw, "rope_parameters": {**scaling, "original_max_position_embeddings": 128}}, "t")
    )
    assert near is not None
    smooth = (128 / (20 * np.pi) - 1) / 3
    assert np.allclose(near, [1, 1 / ((1 - smooth) / 8 + smooth), 8, 8])
    assert _rope_factors(parse_config(raw, "test")) is None


def test_the_command_and_what_it_refuses(tmp_path: Path, run: Run) -> None:
    folder = checkpoint(tmp_path / "ckpt", "qwen3")
    code, out, _ = run("export", "gguf", folder, "--out", tmp_path / "m.gguf")
    assert (code, "m.gguf: " in out) == (0, True)
    card = (tmp_path / "m.gguf.md").read_text(encoding="utf-8")
    assert hashlib.sha256((tmp_path / "m.gguf").read_bytes()).hexdigest() in card
    assert card.endswith((folder / "README.md").read_text(encoding="utf-8"))
    for words, said in (
        ((folder, "--out", tmp_path / "m.gguf", "--type", "q4"), "--type q4: unknown"),
        ((folder, "--out", tmp_path), "not a file"),
        ((tmp_path / "none", "--out", tmp_path / "x.gguf"), "no readable config.json"),
        ((folder, "--out", tmp_path / "x.gguf", "--type", "q8_0"), "no multiple of 32"),
    ):
        code, _, err = run("export", "gguf", *words)
        assert (code, said in err) == (2, True), err
    assert not (tmp_path / "x.gguf").exists()
