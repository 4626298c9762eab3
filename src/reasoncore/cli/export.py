"""``reasoncore export``."""

from __future__ import annotations

from pathlib import Path

from reasoncore.cli.output import print_result
from reasoncore.errors import UserInputError
from reasoncore.run_dir import sha256_file, write_text_atomic


def export_gguf_command(folder: Path, out: Path, file_type: str, name: str | None, as_json: bool) -> None:
    """Write a checkpoint as a GGUF file."""
    from reasoncore.serve.gguf_export import export_gguf

    if file_type not in ("f16", "q8_0"):
        raise UserInputError(f"--type {file_type}: unknown", "Use f16 or q8_0.")
    if out.is_dir() or not out.parent.is_dir():
        raise UserInputError(f"--out {out}: not a file in a folder that is there", "Name a file such as nano.gguf.")
    called = name or "-".join(folder.resolve().parts[-2:])
    export_gguf(folder, out, file_type, called)  # type: ignore[arg-type]
    size, card = out.stat().st_size, out.with_name(f"{out.name}.md")
    write_text_atomic(card, _card(folder, called, file_type, out))
    result = {"file": str(out), "card": str(card), "type": file_type, "name": called, "bytes": size}
    print_result(result, f"{out}: {called}, {file_type}, {size / 1e6:,.1f} MB\nmodel card: {card}", as_json)


def _card(folder: Path, name: str, file_type: str, file: Path) -> str:
    """The checkpoint's own card, and what the file is."""
    from reasoncore.model.folder import decisive_hashes

    weights = "float16" if file_type == "f16" else "8 bits in blocks of 32 (Q8_0)"
    own = folder / "README.md"
    hashes = [f"- {file}: {sha256}" for file, sha256 in decisive_hashes(folder).items()]
    return "\n".join(
        [
            f"# {name}, {file_type}",
            "",
            f"A GGUF file of the checkpoint below for llama.cpp, Ollama and LM Studio: matrices in {weights},",
            "vectors in float32, tokenizer and chat template included. Made by `reasoncore export gguf`.",
            "",
            f"SHA-256 of {file.name}: {sha256_file(file)}. Of the files it was made from:",
            "",
            *hashes,
            "",
            "---",
            "",
            own.read_text(encoding="utf-8") if own.is_file() else "The checkpoint had no card.",
        ]
    )
