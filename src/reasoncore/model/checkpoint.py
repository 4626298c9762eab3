"""A checkpoint: a plain folder in Hugging Face layout that ``transformers`` loads as it is."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path

from reasoncore.errors import CheckpointError
from reasoncore.model.config import read_config
from reasoncore.model.network import Decoder
from reasoncore.model.tokenizer import ChatTokenizer, load_tokenizer
from reasoncore.model.weights import load_decoder, save_weights
from reasoncore.paths import find_near
from reasoncore.run_dir import sha256_file

EMBEDDED_BASES = ("nano-base",)
_DECISIVE = (".safetensors", ".json", ".jinja")
_VOCABULARIES = ("merges.txt", "tokenizer.model")


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


def resolve_base(base: str, relative_to: Path) -> Path:
    """The folder of a base checkpoint: an embedded one, a folder, or a model on the Hugging Face hub.

    A folder is looked for relative to ``relative_to``, the recipe's place, and to the current folder. A model on the
    hub is ``OWNER/NAME``, or ``OWNER/NAME@REVISION`` for one commit, branch or tag.

    Raises:
        CheckpointError: There is no such folder and no such model on the hub, or the hub cannot be reached.
    """
    if base in EMBEDDED_BASES:
        return Path(str(resources.files("reasoncore") / "assets" / base))
    folder = find_near(base, relative_to, Path.is_dir)
    if folder is not None:
        return folder
    if base.count("/") != 1 or base.startswith((".", "/")):
        raise CheckpointError(
            f"base {base}: no such folder",
            f"Give a checkpoint folder, a hub id such as Qwen/Qwen2.5-Coder-3B, or {' or '.join(EMBEDDED_BASES)}.",
        )
    return _download(base)


def decisive_files(folder: Path) -> list[Path]:
    """The files of a checkpoint that decide what it answers: weights, configuration, tokenizer and chat template."""
    return sorted(path for path in folder.iterdir() if path.suffix in _DECISIVE or path.name in _VOCABULARIES)


def decisive_hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of these files by name: what tells a checkpoint from any other."""
    return {path.name: sha256_file(path) for path in decisive_files(folder)}


def _download(base: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    model_id, _, revision = base.partition("@")
    wanted = [*(f"*{suffix}" for suffix in _DECISIVE), *_VOCABULARIES, "LICENSE*"]
    try:
        return Path(snapshot_download(model_id, revision=revision or None, allow_patterns=wanted))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise CheckpointError(
            f"base {base}: no such folder, and the hub gave no model of that name ({reason})",
            "Check the name and the connection, or download the checkpoint and give its folder.",
        ) from error


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
