"""Where what a recipe names is looked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path


def find_near(name: str, root: Path, there: Callable[[Path], bool] = Path.is_file) -> Path | None:
    """A path relative to the current folder, or else to ``root``, the recipe's; None where neither is ``there``."""
    return next((path for path in (Path(name), root / name) if there(path)), None)
