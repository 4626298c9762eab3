"""Which files hold a checkpoint's weights: ``model.safetensors``, or shards named by an index. Imports no torch."""

from __future__ import annotations

import json
from pathlib import Path

from reasoncore.errors import CheckpointError

SINGLE_NAME = "model.safetensors"
INDEX_NAME = "model.safetensors.index.json"
REFETCH = "Fetch the checkpoint again, or give another folder."


def read_index(path: Path) -> dict[str, str]:
    """The file of each tensor, as an index says.

    Raises:
        CheckpointError: It is no index of safetensors files.
    """
    try:
        places = json.loads(path.read_text(encoding="utf-8"))["weight_map"]
        if not all(isinstance(name, str) for name in places.values()):
            raise TypeError("weight_map holds something else than names")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise CheckpointError(f"{path}: not a safetensors index ({error})", REFETCH) from error
    return dict(places)


def weight_files(folder: Path) -> list[Path]:
    """The safetensors files of a checkpoint, shards in the order of their names.

    Raises:
        CheckpointError: There are none, or the index names a file that is not there.
    """
    index = folder / INDEX_NAME
    names = sorted(set(read_index(index).values())) if index.exists() else [SINGLE_NAME]
    files = [folder / name for name in names]
    for path in files:
        if not path.is_file():
            raise CheckpointError(f"{path}: not found", REFETCH)
    return files
