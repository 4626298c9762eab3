"""What a command reads and prints, whatever bytes there are."""

from __future__ import annotations

import io
import json
from typing import Any, TextIO

from reasoncore.records import whole_characters


def print_result(value: Any, text: str, as_json: bool) -> None:
    """A command's result on stdout, as text or as JSON."""
    print(whole_characters(json.dumps(value, indent=2, ensure_ascii=False) if as_json else text))


def counted(count: int, noun: str) -> str:
    """Such as ``1 vote`` and ``2 votes``."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def read_text(stream: TextIO, most: int) -> str:
    """At most so many characters; bytes that are none are replaced."""
    _take_any_bytes(stream)
    return stream.read(most)


def read_line(stream: TextIO) -> str:
    """A line; bytes that are no characters are replaced."""
    _take_any_bytes(stream)
    return stream.readline()


def _take_any_bytes(stream: TextIO) -> None:
    # Refused once something was read, so it is done once.
    if isinstance(stream, io.TextIOWrapper) and stream.errors != "replace":
        stream.reconfigure(errors="replace")
