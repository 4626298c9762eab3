"""What a server sent, read as choices. The bytes decide what it is, whatever its content type claims."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from reasoncore.infer.http.words import error_words, plain
from reasoncore.records import Completion

# Events carry one token each in a few hundred bytes of JSON; a model's own text is far below this.
_BYTES_PER_TOKEN = 1024
_BYTES_BESIDE = 2**20
_MOST_TOKENS = 2**53
# Ends which are the server's doing and not the model's, although the rest of the answer looks whole.
_GIVEN_UP = ("abort", "error")


class BadAnswerError(Exception):
    """Not a whole, readable answer: a failure of the server's, which says nothing of the model."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice, whole.

    Attributes:
        reasoning: What the server's reasoning parser took out of the content; empty where it has none.
        finish_reason: The server's word; None where a whole document left it out.
        token_count: Tokens sampled, as counted by the server; None where it did not say for this choice alone.
        prompt_token_count: Tokens of the prompt, likewise counted.
    """

    content: str
    reasoning: str
    finish_reason: str | None
    token_count: int | None
    prompt_token_count: int | None = None


def to_completion(choice: Choice, stop: tuple[str, ...]) -> Completion:
    """The completion of a choice, its reasoning put back in front as ``<think>``.

    Text servers say no token ids and no log-probabilities: both are empty. The content ends before the first stop
    string; most servers have cut it there.
    """
    content, finish_reason = choice.content, choice.finish_reason
    found = [content.find(text) for text in stop if text in content]
    if found:
        content, finish_reason = content[: min(found)], "stop"
    thought = f"<think>\n{choice.reasoning}" if choice.reasoning else ""
    if thought and (choice.content or finish_reason != "length"):
        thought += "\n</think>\n\n"
    return Completion(
        prompt_token_ids=(),
        token_ids=(),
        log_probs=(),
        text=thought + content,
        finish="length" if finish_reason == "length" else "stop",
        counted_tokens=choice.token_count,
        counted_prompt_tokens=choice.prompt_token_count,
    )


class ChoiceReader:
    """Reads an answer as it comes, a stream of events or one JSON document. All methods raise :class:`BadAnswerError`.

    Args:
        n: Choices asked for; what claims to be a further one is passed over.
        max_tokens: Longest completion asked for; bounds the size of the answer.
        on_text: Told what comes of the first choice, reasoning and content, piece by piece.

    Attributes:
        done: Whether the server said that it has sent everything.
    """

    def __init__(self, n: int, max_tokens: int, on_text: Callable[[str], None] | None = None) -> None:
        self._n, self._on_text = n, on_text
        self._left = _BYTES_BESIDE + n * max_tokens * _BYTES_PER_TOKEN
        self._buffer = bytearray()
        self._is_document: bool | None = None
        self._drafts: dict[int, _Draft] = {}
        self._prompt_tokens: int | None = None
        self.done = False

    @property
    def begun(self) -> bool:
        """Whether some of a choice is there."""
        return bool(self._drafts)

    def feed(self, data: bytes) -> None:
        """Take in the next bytes."""
        self._left -= len(data)
        if self._left < 0:
            raise BadAnswerError("an answer far longer than what was asked for")
        self._buffer += data
        if self._is_document is None:
            self._buffer = self._buffer.lstrip()
            self._is_document = self._buffer.startswith(b"{") if self._buffer else None
        if not self._is_document and b"\n" in data:
            *lines, self._buffer = self._buffer.split(b"\n")
            for line in lines:
                self._read_line(line)

    def finish(self) -> list[Choice]:
        """The choices, in the order of their indices, now that all bytes are in; at least one and at most ``n``."""
        if self._is_document:
            answer = _parse_object(self._buffer)
            if not isinstance(answer.get("choices"), list):
                raise BadAnswerError(f"JSON without choices: {error_words(self._buffer)}")
            self._add(answer, "message")
        else:
            self._read_line(self._buffer)
        if not self._drafts:
            raise BadAnswerError("an answer without any choice")
        whole = [draft.whole(bool(self._is_document)) for _, draft in sorted(self._drafts.items())]
        return [replace(choice, prompt_token_count=self._prompt_tokens) for choice in whole]

    def _read_line(self, line: bytes | bytearray) -> None:
        name, _, data = line.strip().partition(b":")
        if name not in (b"", b"data", b"event", b"id", b"retry"):
            raise BadAnswerError(f"neither JSON nor a stream of events: {plain(line[:500].decode('utf-8', 'replace'))}")
        if name != b"data" or self.done:
            return
        if data.strip() == b"[DONE]":
            self.done = True
            return
        event = _parse_object(data)
        if event.get("error"):
            raise BadAnswerError(f"an error in the middle of the answer: {error_words(data)}")
        self._add(event, "delta")

    def _add(self, answer: dict[str, Any], key: str) -> None:
        choices = answer.get("choices") or []
        if not isinstance(choices, list):
            raise BadAnswerError("choices that are not a list")
        named: list[_Draft] = []
        for position, choice in enumerate(choices):
            index = choice.get("index", position) if isinstance(choice, dict) else None
            if type(index) is not int:
                raise BadAnswerError("a choice of an unknown form")
            if 0 <= index < self._n:
                draft = self._drafts.setdefault(index, _Draft())
                new = draft.add(choice.get(key), choice.get("finish_reason"))
                named.append(draft)
                if index == 0 and new and self._on_text is not None:
                    self._on_text(new)
        usage = answer.get("usage")
        usage = usage if isinstance(usage, dict) else {}
        count, prompt = usage.get("completion_tokens"), usage.get("prompt_tokens")
        if _is_count(prompt):
            self._prompt_tokens = prompt
        counted = named if choices else list(self._drafts.values())
        if _is_count(count) and len(counted) == 1:
            counted[0].token_count = count


@dataclass(slots=True)
class _Draft:
    """A choice as far as it has come."""

    content: list[str] = field(default_factory=list)
    reasoning: list[str] = field(default_factory=list)
    finish_reason: str | None = None
    token_count: int | None = None

    def add(self, part: object, finish_reason: object) -> str:
        """Append a part, and return its text as :func:`to_completion` has it; none after the end of the choice."""
        if self.finish_reason is not None:
            return ""
        if not isinstance(part, dict | None) or not isinstance(finish_reason, str | None):
            raise BadAnswerError("a choice of an unknown form")
        part = part or {}
        content, reasoning = _text(part, "content"), _text(part, "reasoning") or _text(part, "reasoning_content")
        opening = "<think>\n" if reasoning and not any(self.reasoning) else ""
        closing = "\n</think>\n\n" if content and any([*self.reasoning, reasoning]) and not any(self.content) else ""
        self.content.append(content)
        self.reasoning.append(reasoning)
        self.finish_reason = finish_reason
        return _joined([opening, reasoning, closing, content])

    def whole(self, is_document: bool) -> Choice:
        """The choice, if it is one that the model ended or that reached its length."""
        content, reasoning = _joined(self.content), _joined(self.reasoning)
        if self.finish_reason in _GIVEN_UP:
            raise BadAnswerError(f"a completion which the server gave up (finish_reason {self.finish_reason!r})")
        if self.finish_reason is None and not is_document:
            raise BadAnswerError("a stream that ends in the middle of a completion")
        if not content and self.finish_reason not in ("stop", "length"):
            raise BadAnswerError(f"an empty completion with finish_reason {plain(repr(self.finish_reason))}")
        return Choice(content, reasoning, self.finish_reason, self.token_count)


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value < _MOST_TOKENS


def _text(part: dict[str, Any], key: str) -> str:
    value = part.get(key)
    if not isinstance(value, str | None):
        raise BadAnswerError(f"{key} that is not text")
    return value or ""


def _joined(parts: list[str]) -> str:
    """One text; halves of a character that came escaped in two events are one again, a lone half is replaced."""
    return "".join(parts).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _parse_object(data: bytes | bytearray) -> dict[str, Any]:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise BadAnswerError(f"JSON that cannot be read ({plain(str(error))})") from error
    if not isinstance(value, dict):
        raise BadAnswerError("JSON that is not an object")
    return value
