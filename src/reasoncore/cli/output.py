"""What a command prints."""

from __future__ import annotations

import json
from typing import Any


def print_result(value: Any, text: str, as_json: bool) -> None:
    """A command's result on stdout, as text or as JSON."""
    print(json.dumps(value, indent=2, ensure_ascii=False) if as_json else text)
