"""``results.json`` of an evaluation, read back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from reasoncore.errors import DataError

NAME = "results.json"


def has_results(out: Path) -> bool:
    """Whether the evaluation in this folder has ended, so that its results are there."""
    return (out / NAME).is_file()


def read_results(out: Path) -> dict[str, Any]:
    """The results of the evaluation in a folder; ``benchmarks`` and ``sampling`` in them are objects.

    Raises:
        DataError: They are not there, or are not the results of an evaluation.
    """
    path = out / NAME
    try:
        results = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(
            f"{path}: cannot be read ({error.strerror})", "Name the folder of an evaluation that has ended."
        ) from error
    except ValueError:
        results = None
    if not isinstance(results, dict) or not all(
        isinstance(results.get(key), dict) for key in ("benchmarks", "sampling")
    ):
        raise DataError(f"{path}: not the results of an evaluation", "Evaluate again with the same --out.")
    return results
