"""LiveCodeBench's hidden tests: JSON text, or JSON text pickled, compressed and written in base64.

A pickle is a program. This one is never run: it is read instruction by instruction, and anything but the one text that
it may hold is refused. So nothing is imported and nothing is called, whatever the file says.
"""

from __future__ import annotations

import base64
import json
import pickletools
import zlib
from typing import Any

from reasoncore.errors import DataError

MAX_BYTES = 256 << 20  # of one problem's tests, unpacked; the whole packed file has half of that
_TEXT = ("SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "UNICODE")
_HARMLESS = ("PROTO", "FRAME", "MEMOIZE", "BINPUT", "LONG_BINPUT", "PUT", "STOP")
_CURE = "Use the original file; do not open it with anything that unpickles it."


def unpack_tests(text: str, where: str) -> list[dict[str, Any]]:
    """The tests, as objects.

    Args:
        text: What stands in the row: hostile.
        where: File, line and key, for messages.

    Raises:
        DataError: Not in either form, too large unpacked, or a pickle that holds anything but one text.
    """
    unpacked = text if text.lstrip().startswith("[") else _pickled_text(_inflated(text, where), where)
    try:
        tests = json.loads(unpacked)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{where}: holds no JSON ({type(error).__name__})", "Use the original file.") from None
    if not isinstance(tests, list) or not all(isinstance(test, dict) for test in tests):
        raise DataError(f"{where}: not a list of tests", "Use the original file.")
    return tests


def _inflated(text: str, where: str) -> bytes:
    stream = zlib.decompressobj()
    try:
        data = stream.decompress(base64.b64decode(text, validate=True), MAX_BYTES)
    except (ValueError, zlib.error) as error:
        raise DataError(f"{where}: neither JSON nor packed tests ({error})", "Use the original file.") from None
    if stream.unconsumed_tail:
        raise DataError(f"{where}: more than {MAX_BYTES >> 20} MiB unpacked", "Use the original file.")
    if not stream.eof:
        raise DataError(f"{where}: packed tests that are cut short", "Fetch the file again.")
    return data


def _pickled_text(pickled: bytes, where: str) -> str:
    found: list[str] = []
    try:
        for instruction, argument, _ in pickletools.genops(pickled):
            if instruction.name in _TEXT:
                found.append(str(argument))
            elif instruction.name not in _HARMLESS:
                raise DataError(f"{where}: the pickle holds {instruction.name}, not only text", _CURE)
    except (ValueError, UnicodeDecodeError) as error:
        raise DataError(f"{where}: not a pickle ({error})", "Use the original file.") from None
    if len(found) != 1:
        raise DataError(f"{where}: the pickle holds {len(found)} texts, not one", _CURE)
    return found[0]
