"""Finding the program in a response: linear string work, nothing is parsed as Python here."""

from __future__ import annotations

import re
from typing import NamedTuple

MAX_RESPONSE_CHARS = 400_000
_FENCE = re.compile(r"^([ \t]*+)(`{3,}+|~{3,}+)[ \t]*+([A-Za-z0-9+#.-]*+)[^\n`]*+$", re.MULTILINE)
_PYTHON = re.compile(r"py(?:thon)?[\d.]*", re.IGNORECASE)
_CODE_INDENT = 4  # Markdown's: a fence so deep is text, such as a docstring's, unless it says that it is Python
_HEADING_CHARS = 100
_THINK_OPEN, _THINK_CLOSE = "<think>", "</think>"
_THINK_CLOSE_LINE = re.compile(r"^[ \t]*+</think>[ \t\r]*+$", re.MULTILINE)


class _Block(NamedTuple):
    """A fenced block that may be the program: whether it says so, how far its fence is indented, its content."""

    labelled: bool
    indent: int
    text: str


def extract_code(response: str, entry_point: str | None = None) -> str | None:
    """The program a response commits to: the last fenced Python block, or everything where nothing is fenced.

    Blocks that define the entry point's name come before others, so that an example of its use does not count, and
    blocks that say they are Python before those that say nothing. A last block that is only part of the longest one is
    an excerpt of it. Only what follows the last ``</think>`` is looked at, which without a ``<think>`` must have a line
    of its own; a thought never closed has no program.

    Args:
        response: Source, or a whole response; at most its last 400,000 characters are looked at.
        entry_point: As in :class:`~reasoncore.verify.code.task.CodeTask`.

    Returns:
        The source; None where there is none.
    """
    answer = _after_thought(response)
    if answer is None:
        return None
    answer = answer[-MAX_RESPONSE_CHARS:]
    blocks = _fenced_blocks(answer)
    if blocks is not None:
        answer = _chosen(blocks, re.split(r"[(.]", entry_point)[-1] if entry_point else None)
    return answer.removeprefix("\ufeff") if answer.strip() else None


def _after_thought(response: str) -> str | None:
    """What follows the thought, None where it never ends."""
    opened, end = response.find(_THINK_OPEN), response.rfind(_THINK_CLOSE)
    if 0 <= opened < end:
        return response[end + len(_THINK_CLOSE) :]
    closings = list(_THINK_CLOSE_LINE.finditer(response))
    if closings:
        return response[closings[-1].end() :]
    return None if response[:100].lstrip().startswith(_THINK_OPEN) else response


def _chosen(blocks: list[_Block], name: str | None) -> str:
    defines = re.compile(rf"\b(?:def|class)\s+{name}\b|^[ \t]*+{name}\s*(?::[^=\n]*)?=(?!=)", re.MULTILINE)
    defining = [block for block in blocks if name and defines.search(block.text)]
    candidates = defining or blocks
    candidates = [block for block in candidates if block.labelled] or candidates
    if not candidates:
        return ""
    last, longest = candidates[-1], max(candidates, key=lambda block: len(block.text))
    chosen = longest if f"\n{last.text.strip()}\n" in f"\n{longest.text}\n" else last  # whole lines of it
    return re.sub(rf"^[ \t]{{1,{chosen.indent}}}", "", chosen.text, flags=re.M) if chosen.indent else chosen.text


def _fenced_blocks(text: str) -> list[_Block] | None:
    """Every fenced block that may be the program; None where nothing is fenced.

    A block still open where the text ends counts too; one with another language or below a heading "Output" does not.
    """
    blocks: list[_Block] = []
    opened: re.Match[str] | None = None

    def add(fence: re.Match[str], content: str) -> None:
        labelled = _is_python(fence[3])
        if labelled or not (fence[3] or _is_below_output(text, fence.start())):
            blocks.append(_Block(labelled, len(fence[1]), content))

    fenced = False
    for fence in _FENCE.finditer(text):
        indent, marks, language = fence.groups()
        if opened is None:
            if not indent or len(indent.expandtabs(_CODE_INDENT)) < _CODE_INDENT or _is_python(language):
                opened = fence
                fenced = True
        elif not language and marks.startswith(opened[2]) and len(indent) <= max(_CODE_INDENT - 1, len(opened[1])):
            add(opened, text[opened.end() + 1 : fence.start()])
            opened = None
    if opened is not None:
        add(opened, text[opened.end() + 1 :])
    return blocks if fenced else None


def _is_python(language: str) -> bool:
    return language != "" and _PYTHON.fullmatch(language) is not None


def _is_below_output(text: str, start: int) -> bool:
    heading = text[max(0, start - _HEADING_CHARS) : start].rstrip("\r\n :*_#").lower()
    return heading.endswith(("output", "outputs"))
