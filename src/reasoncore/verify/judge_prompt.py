"""Showing hostile text to a judge model, and reading the judge's own words as data.

What is judged stands between lines that carry a fence: a word derived from the seed and the texts themselves, checked
to occur in none of them, so that no text can close its block. The judge has to repeat the fence in its verdict; an
object that it merely copied out of a block lacks it. What chat templates read as control tokens is defused.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import count, islice
from typing import Any, TypeVar

from reasoncore.records import Completion

T = TypeVar("T")

FENCE_KEY = "id"
_FENCE_HEX = 12
_MAX_COMPLETION_CHARS = 200_000
_MAX_OBJECT_CHARS = 2000
_THINK_CLOSE = "</think>"
# The tag in the middle of a line is a word about tags.
_OPEN_THOUGHT = re.compile(r"(?:\A\s*|^[ \t]*)<think>", re.MULTILINE)
# What has the shape of a chat template's token: a space inside makes it ordinary text to every tokenizer. Any mark with
# a bar, words joined by underscores, and the short words that model families use; "<div>", "vector<int>" and "[TODO]"
# are left alone.
_CONTROL = re.compile(
    r"<(?=[|｜\]])"
    r"|\[(?=[|｜])"
    r"|<(?=/?(?:\w{0,30}_\w{0,30}|0x[0-9A-F]{2}|unused\d{1,5}|s|bos|eos|unk|pad|sep|cls|mask|think|user|assistant|system|"
    r"human|bot|image|[es]op|SYS)>)"
    r"|\[(?=/?(?:[A-Z]{1,20}_[A-Z_]{1,30}|control_\d{1,5}|[a-z]?MASK|INST|CLS|SEP|PAD|UNK|BOS|EOS|SYS|IMG|AUDIO|"
    r"THINK|ARGS|PREFIX|MIDDLE|SUFFIX)\])"
)
# Part of what every judge is told.
DEFUSED_NOTE = (
    "Where a text had marks in the shape of control tokens, such as < |...|>, a space was put into them; do not count "
    "that against it."
)


def digest(text: str) -> str:
    """A hash of any text, lone surrogates included; what seeds are derived from."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """``items`` in lists of ``size``, the last one shorter; read no further ahead than one list."""
    source = iter(items)
    while chunk := list(islice(source, size)):
        yield chunk


def make_fence(seed: int, texts: Sequence[str]) -> str:
    """A word of 12 hexadecimal digits that depends on seed and texts and occurs in none of them, whatever the case."""
    folded = [text.casefold() for text in texts]
    source = "/".join([str(seed), *map(digest, texts)])
    drawn = (digest(f"{source}/{attempt}")[:_FENCE_HEX] for attempt in count())
    return next(fence for fence in drawn if not any(fence in text for text in folded))


def fenced(name: str, text: str, fence: str) -> str:
    """``text`` as a block that only the holder of the fence can open and close.

    Control tokens are defused, as :data:`DEFUSED_NOTE` tells the judge, and lone surrogates, which no tokenizer takes,
    become question marks.
    """
    text = _CONTROL.sub(lambda mark: mark[0] + " ", text).encode("utf-8", "replace").decode("utf-8")
    return f"=== {fence} BEGIN {name} ===\n{text}\n=== {fence} END {name} ==="


def shortened(text: str, limit: int) -> str:
    """At most about ``limit`` characters: the first and the last half, with a note between where some are left out."""
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]}\n[... {len(text) - 2 * half} characters left out ...]\n{text[-half:]}"


def without_thoughts(text: str) -> str | None:
    """What follows the last ``</think>``; None where a thought is still open, its tag at the start of a line."""
    rest = text.rpartition(_THINK_CLOSE)[2]
    return None if _OPEN_THOUGHT.search(rest) else rest


def last_object(completion: Completion, fence: str) -> dict[str, Any] | None:
    """The last JSON object of a judge's completion, without its fence; None where it is not this call's verdict.

    The object is flat: it holds no other object. None also where the completion was cut off, is still thinking, ends
    in an object that is open, longer than 2,000 characters or repeats a key, or has another fence.
    """
    text = without_thoughts(completion.text[-_MAX_COMPLETION_CHARS:])
    if completion.finish != "stop" or text is None:
        return None
    start, end = text.rfind("{"), text.rfind("}") + 1
    if not 0 <= start < end <= start + _MAX_OBJECT_CHARS:
        return None
    try:
        value = json.loads(text[start:end], object_pairs_hook=_unique)
    except (ValueError, RecursionError):
        return None
    return value if value.pop(FENCE_KEY, None) == fence else None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError("a key is there twice")
    return dict(pairs)
