"""Finding the program in a response: linear string work, nothing is parsed as Python here."""

from __future__ import annotations

import re

MAX_RESPONSE_CHARS = 1_000_000
_FENCE = re.compile(r"^[ \t]{0,3}+(`{3,}+|~{3,}+)[ \t]*+([A-Za-z0-9+#.-]*+)[^\n`]*+$", re.MULTILINE)
_PYTHON = ("python", "py", "python3", "")
_THINK_OPEN, _THINK_CLOSE = "<think>", "</think>"


def extract_code(response: str, entry_point: str | None = None) -> str | None:
    """The program a response commits to: the last fenced Python block, or everything where nothing is fenced.

    Of several blocks the last that mentions the entry point's name counts, so that an example of its use does not.
    Only what follows the last ``</think>`` is looked at; a thought never closed has no program.

    Args:
        response: Source, or a whole response; at most its last million characters are looked at.
        entry_point: As in :class:`~reasoncore.verify.code.task.CodeTask`.

    Returns:
        The source; None where there is none.
    """
    thought_end = response.rfind(_THINK_CLOSE)
    if thought_end >= 0:
        response = response[thought_end + len(_THINK_CLOSE) :]
    elif response[:100].lstrip().startswith(_THINK_OPEN):
        return None
    response = response[-MAX_RESPONSE_CHARS:]
    blocks = _fenced_blocks(response)
    if blocks:
        python = [text for language, text in blocks if language.lower() in _PYTHON]
        name = re.split(r"[(.]", entry_point)[-1] if entry_point else ""
        defining = [text for text in python if re.search(rf"\b(?:def|class)\s+{name}\b", text)] if name else []
        chosen = defining or python
        response = chosen[-1] if chosen else ""
    return response.removeprefix("\ufeff") if response.strip() else None


def _fenced_blocks(text: str) -> list[tuple[str, str]]:
    """``(language, content)`` of every fenced block; one still open where the text ends counts too."""
    blocks = []
    opened: re.Match[str] | None = None
    for fence in _FENCE.finditer(text):
        if opened is None:
            opened = fence
        elif fence[1].startswith(opened[1]) and not fence[2]:
            blocks.append((opened[2], text[opened.end() + 1 : fence.start()]))
            opened = None
    if opened is not None:
        blocks.append((opened[2], text[opened.end() + 1 :]))
    return blocks
