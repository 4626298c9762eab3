"""A server's own words, made safe to print: one short line without control characters."""

from __future__ import annotations

import json
from typing import Any

_LONGEST = 300


def plain(text: str) -> str:
    """One line of at most 300 printable characters."""
    printable = "".join(char if char.isprintable() else " " for char in text[: 8 * _LONGEST])
    line = " ".join(printable.split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


def error_words(body: bytes | bytearray) -> str:
    """What the body of an error answer says, wherever this server puts it."""
    try:
        return plain(_message(json.loads(body)))
    except (ValueError, RecursionError):
        return plain(body.decode("utf-8", "replace"))


def _message(answer: Any) -> str:
    for key in ("error", "message", "detail"):
        if isinstance(answer, dict) and answer.get(key):
            return _message(answer[key])
    return answer if isinstance(answer, str) else json.dumps(answer)
