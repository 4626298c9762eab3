"""Reading a TOML file whose mistakes are said in one line and a cure."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from reasoncore.errors import RecipeError


def read_toml(path: Path, missing: str, cure: str) -> dict[str, Any]:
    """The table of a file.

    Args:
        missing: What to say where there is no file to read.
        cure: What to do then.

    Raises:
        RecipeError: It cannot be read, or is not TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RecipeError(f"{path}: {missing} ({error.strerror})", cure) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path}: not valid TOML ({error})", "Mend the syntax at that place.") from error
