"""The folder of a checkpoint: which one a name means, and which of its files decide what it answers.

Imports no torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from pathlib import Path

from reasoncore.errors import CheckpointError
from reasoncore.paths import find_near
from reasoncore.run_dir import sha256_file

EMBEDDED_BASES = ("nano-base",)
_DECISIVE = (".safetensors", ".json", ".jinja")
_VOCABULARIES = ("merges.txt", "tokenizer.model")


def find_base(base: str, relative_to: Path) -> Path | None:
    """The folder of a base checkpoint that is on this machine: an embedded one, or a folder.

    A folder is looked for relative to the current folder and to ``relative_to``, the recipe's place.
    """
    if base in EMBEDDED_BASES:
        return Path(str(resources.files("reasoncore") / "assets" / base))
    return find_near(base, relative_to, Path.is_dir)


def is_hub_id(base: str) -> bool:
    """Whether a name may be that of a model on the Hugging Face hub.

    That is ``OWNER/NAME``, or ``OWNER/NAME@REVISION`` for one commit, branch or tag.
    """
    return base.count("/") == 1 and not base.startswith((".", "/"))


def resolve_base(base: str, relative_to: Path, key: str = "base", also: Sequence[str] = ()) -> Path:
    """The folder of a base checkpoint, as :func:`find_base` finds it, or fetched from the hub.

    Args:
        key: What of a recipe names it, for errors.
        also: Other names that could stand there, such as those of earlier stages.

    Raises:
        CheckpointError: There is no such folder and no such model on the hub, or the hub cannot be reached.
    """
    folder = find_base(base, relative_to)
    if folder is not None:
        return folder
    if not is_hub_id(base):
        names = ", ".join((*EMBEDDED_BASES, *also))
        raise CheckpointError(
            f"{key} {base}: no such folder",
            f"Give a checkpoint folder, a hub id such as Qwen/Qwen2.5-Coder-3B, or one of these: {names}.",
        )
    return _download(base, key)


def decisive_files(folder: Path) -> list[Path]:
    """The files of a checkpoint that decide what it answers: weights, configuration, tokenizer and chat template."""
    return sorted(path for path in folder.iterdir() if path.suffix in _DECISIVE or path.name in _VOCABULARIES)


def decisive_hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of these files by name: what tells a checkpoint from any other."""
    return {path.name: sha256_file(path) for path in decisive_files(folder)}


def _download(base: str, key: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    model_id, _, revision = base.partition("@")
    wanted = [*(f"*{suffix}" for suffix in _DECISIVE), *_VOCABULARIES, "LICENSE*"]
    try:
        return Path(snapshot_download(model_id, revision=revision or None, allow_patterns=wanted))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise CheckpointError(
            f"{key} {base}: no such folder, and the hub gave no model of that name ({reason})",
            "Check the name and the connection, or download the checkpoint and give its folder.",
        ) from error
