"""Reads files of a run folder that may be missing, damaged, or still being written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from reasoncore.evals.report.scores import mapping


def rows(path: Path) -> Iterator[dict[str, Any] | None]:
    """The objects of a JSONL file that may still be being written; None for each line that is not one."""
    with path.open(encoding="utf-8", errors="replace") as stream:
        for line in stream:
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except (ValueError, RecursionError):
                row = None
            yield row if isinstance(row, dict) else None


def read_object(path: Path, troubles: list[str]) -> dict[str, Any]:
    """The object in a JSON file; empty, and a line in ``troubles``, where there is none."""
    shown = f"{path.parent.name}/{path.name}"
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        troubles.append(f"{shown} is missing")
        return {}
    except (OSError, ValueError, RecursionError):
        troubles.append(f"{shown} could not be read")
        return {}
    if not isinstance(value, dict):
        troubles.append(f"{shown} is not a JSON object")
    return mapping(value)


def read_optional(path: Path, troubles: list[str]) -> dict[str, Any]:
    """Like :func:`read_object`, for a file that need not be there."""
    return read_object(path, troubles) if path.is_file() else {}
