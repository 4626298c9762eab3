"""``reasoncore fuse``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from reasoncore.cli.output import print_result
from reasoncore.errors import UserInputError
from reasoncore.model.fusion import fuse


def fuse_command(checkpoints: Sequence[Path], weights: str | None, out: Path, as_json: bool) -> None:
    """Average checkpoints into a new one; print what went into it."""
    parsed = [1 / len(checkpoints)] * len(checkpoints) if weights is None else _parse(weights)
    record = fuse(checkpoints, parsed, out)
    parts = [f"{part['weight']:.9g} x {part['path']}" for part in record["inputs"]]
    print_result({"checkpoint": str(out), **record}, "\n".join([*parts, f"checkpoint: {out}"]), as_json)


def _parse(weights: str) -> list[float]:
    words = weights.split(",")
    try:
        return [float(word) for word in words]
    except ValueError:
        raise UserInputError(
            f"--weights {weights}: not numbers", "Give numbers separated by commas, such as 0.5,0.3,0.2."
        ) from None
