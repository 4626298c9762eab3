"""A checkpoint: a plain folder in Hugging Face layout that ``transformers`` loads as it is."""

from __future__ import annotations

import json
from pathlib import Path

from reasoncore.model.config import read_config
from reasoncore.model.network import Decoder
from reasoncore.model.tokenizer import ChatTokenizer, load_tokenizer
from reasoncore.model.weights import load_decoder, save_weights


def load_checkpoint(folder: Path) -> tuple[Decoder, ChatTokenizer]:
    """Network (float32, on the CPU) and tokenizer of a checkpoint folder.

    Raises:
        CheckpointError: Missing, damaged or unfitting files.
    """
    tokenizer = load_tokenizer(folder, read_config(folder).vocab_size)
    return load_decoder(folder), tokenizer


def save_checkpoint(folder: Path, model: Decoder, tokenizer: ChatTokenizer, card: str) -> None:
    """Write a checkpoint into an existing folder. ``card``: the text of its README.md."""
    save_weights(model, folder)
    end_of_text, turn_end = tokenizer.end_of_text_id, tokenizer.turn_end_id
    config = {**model.config.to_hf(), "eos_token_id": turn_end, "dtype": "float32"}
    _write_json(folder / "config.json", config)
    generation = {"do_sample": True, "temperature": 1.0, "top_p": 0.95, "eos_token_id": sorted({turn_end, end_of_text})}
    if tokenizer.hf.pad_token_id is not None:
        generation["pad_token_id"] = tokenizer.hf.pad_token_id
    _write_json(folder / "generation_config.json", generation)
    tokenizer.save(folder)
    (folder / "README.md").write_text(card, encoding="utf-8")


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
