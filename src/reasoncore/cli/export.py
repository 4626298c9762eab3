"""``reasoncore export``."""

from __future__ import annotations

from pathlib import Path

from reasoncore.cli.output import print_result
from reasoncore.errors import UserInputError


def export_gguf_command(folder: Path, out: Path, file_type: str, name: str | None, as_json: bool) -> None:
    """Write a checkpoint as a GGUF file."""
    from reasoncore.serve.gguf_export import export_gguf

    if file_type not in ("f16", "q8_0"):
        raise UserInputError(f"--type {file_type}: unknown", "Use f16 or q8_0.")
    if out.is_dir() or not out.parent.is_dir():
        raise UserInputError(f"--out {out}: not a file in a folder that is there", "Name a file such as nano.gguf.")
    called = name or "-".join(folder.resolve().parts[-2:])
    export_gguf(folder, out, file_type, called)  # type: ignore[arg-type]
    size = out.stat().st_size
    result = {"file": str(out), "type": file_type, "name": called, "bytes": size}
    print_result(result, f"{out}: {called}, {file_type}, {size / 1e6:,.1f} MB", as_json)
