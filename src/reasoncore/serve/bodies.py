"""Chat completions as OpenAI's clients read them: whole, and as a stream of events."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass, field
from typing import Any

from reasoncore.errors import ReasoncoreError
from reasoncore.serve.pieces import Ended, Piece, Usage
from reasoncore.serve.problems import ApiError
from reasoncore.test_time.outcome import ClrOutcome

DONE = b"data: [DONE]\n\n"


@dataclass(slots=True)
class Reply:
    """One reply: its id, the time, and the model that it is by."""

    model: str
    id: str = field(default_factory=lambda: f"chatcmpl-{secrets.token_hex(12)}")
    created: int = field(default_factory=lambda: int(time.time()))

    async def whole(self, pieces: AsyncIterator[Piece | Ended]) -> dict[str, Any]:
        """The body of a reply that is not streamed."""
        content: dict[int, list[str]] = {}
        finish: dict[int, str] = {}
        body = self._head("chat.completion")
        async for item in pieces:
            if isinstance(item, Ended):
                body |= {"usage": _usage(item.usage), **_clr(item.outcome)}
                continue
            content.setdefault(item.index, []).append(item.content)
            if item.finish is not None:
                finish[item.index] = item.finish
        body["choices"] = [
            {
                "index": index,
                "message": {"role": "assistant", "content": "".join(content[index])},
                "finish_reason": finish[index],
                "logprobs": None,
            }
            for index in sorted(content)
        ]
        return body

    async def events(self, pieces: AsyncIterator[Piece | Ended], include_usage: bool) -> AsyncIterator[bytes]:
        """The events of a reply that is streamed; an error in the middle is its last one."""
        begun: set[int] = set()
        try:
            async for item in pieces:
                if isinstance(item, Ended):
                    last: dict[str, Any] = {"choices": [], "usage": _usage(item.usage) if include_usage else None}
                    if include_usage or item.outcome is not None:
                        yield _event({**self._head("chat.completion.chunk"), **last, **_clr(item.outcome)})
                    continue
                delta: dict[str, Any] = {} if item.index in begun else {"role": "assistant", "content": ""}
                begun.add(item.index)
                if item.reasoning:
                    delta["reasoning_content"] = item.reasoning
                if item.content:
                    delta["content"] = item.content
                choice = {"index": item.index, "delta": delta, "finish_reason": item.finish, "logprobs": None}
                more = {} if item.trajectory is None else {"clr_trajectory": asdict(item.trajectory)}
                yield _event({**self._head("chat.completion.chunk"), "choices": [choice], **more})
        except ReasoncoreError as error:
            yield _event(ApiError.of(error).as_json())
        except ApiError as error:
            yield _event(error.as_json())
        yield DONE

    def _head(self, kind: str) -> dict[str, Any]:
        return {"id": self.id, "object": kind, "created": self.created, "model": self.model}


def _event(body: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(body).encode() + b"\n\n"


def _usage(usage: Usage) -> dict[str, int]:
    total = usage.prompt + usage.completion
    return {"prompt_tokens": usage.prompt, "completion_tokens": usage.completion, "total_tokens": total}


def _clr(outcome: ClrOutcome | None) -> dict[str, Any]:
    """What CLR found beyond the answer; trajectories without their whole texts."""
    if outcome is None:
        return {}
    found = outcome.as_json()
    for trajectory in found["trajectories"]:
        del trajectory["text"], trajectory["check_text"]
    return {"clr": found}
