"""A request for a chat completion, checked: what OpenAI's clients send, and ``clr`` in their ``extra_body``."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from reasoncore.infer.engine import SamplingParams
from reasoncore.records import Message, whole_characters
from reasoncore.serve.problems import ApiError
from reasoncore.test_time.clr import ClrSettings
from reasoncore.test_time.reliability import CountedAs

MOST_TRAJECTORIES, MOST_CLAIMS = 256, 32
LONGEST_CONVERSATION = 4_000_000  # characters
LONGEST_COMPLETION = 2**31 - 1  # tokens
LONGEST_INSTRUCTION = 10_000  # characters


class TextPart(BaseModel):
    """A part of a message; text is the only kind."""

    type: Literal["text"]
    text: str


class ChatMessage(BaseModel):
    """One message. ``content`` of an assistant may be null."""

    model_config = ConfigDict(extra="ignore")
    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[TextPart] | None = None

    def plain(self) -> Message:
        """Role and text."""
        parts = self.content or ""
        text = parts if isinstance(parts, str) else "".join(part.text for part in parts)
        return {"role": "system" if self.role == "developer" else self.role, "content": whole_characters(text)}


class StreamOptions(BaseModel):
    """How a stream is sent."""

    model_config = ConfigDict(extra="ignore")
    include_usage: bool = False


class ClrOptions(BaseModel):
    """What ``extra_body={"clr": {...}}`` may say; see :class:`reasoncore.test_time.clr.ClrSettings`.

    ``instruction`` stands behind the question; None: the server's.
    """

    model_config = ConfigDict(extra="forbid")
    k: int = Field(8, ge=1, le=MOST_TRAJECTORIES)
    claims: int = Field(5, ge=1, le=MOST_CLAIMS)
    unparsable: Literal["valid", "refuted"] = "valid"
    padded: Literal["valid", "refuted"] = "valid"
    stop_early: bool = True
    likely: float | None = Field(None, gt=0.5, lt=1)
    instruction: str | None = Field(None, max_length=LONGEST_INSTRUCTION)

    def settings(self) -> ClrSettings:
        """The same as CLR takes it."""
        counted = CountedAs(self.unparsable == "valid", self.padded == "valid")
        return ClrSettings(self.k, self.claims, counted, self.stop_early, self.likely)


class ChatRequest(BaseModel):
    """The body of ``POST /v1/chat/completions``; what is not known here is passed over."""

    model_config = ConfigDict(extra="ignore")
    model: str
    messages: Annotated[list[ChatMessage], Field(min_length=1)]
    temperature: float | None = Field(None, ge=0, le=100)
    top_p: float | None = Field(None, gt=0, le=1)
    top_k: int | None = Field(None, ge=0)
    max_tokens: int | None = Field(None, ge=1, le=LONGEST_COMPLETION)
    max_completion_tokens: int | None = Field(None, ge=1, le=LONGEST_COMPLETION)
    n: int | None = Field(None, ge=1, le=MOST_TRAJECTORIES)
    stop: str | Annotated[list[str], Field(max_length=16)] | None = None
    seed: int | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    clr: ClrOptions = Field(default_factory=ClrOptions)

    @classmethod
    def of(cls, body: Any) -> ChatRequest:
        """Check a parsed body.

        Raises:
            ApiError: It is none; names the parameter.
        """
        try:
            asked = cls.model_validate(body)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"]) or "body"
            raise ApiError(400, f"{place}: {first['msg']}", param=place) from error
        if sum(len(message.plain()["content"]) for message in asked.messages) > LONGEST_CONVERSATION:
            raise ApiError(400, f"messages: more than {LONGEST_CONVERSATION:,} characters", param="messages")
        return asked

    @property
    def conversation(self) -> list[Message]:
        """The messages as role and text."""
        return [message.plain() for message in self.messages]

    def sampling(self, longest: int) -> SamplingParams:
        """How to sample; what was not said is as in [3B]: temperature 1.0, top-p 0.95.

        Args:
            longest: Tokens of a completion where the request does not say.
        """
        stops = [self.stop] if isinstance(self.stop, str) else self.stop or []
        return SamplingParams(
            temperature=1.0 if self.temperature is None else self.temperature,
            top_p=0.95 if self.top_p is None else self.top_p,
            top_k=self.top_k or 0,
            max_tokens=self.max_completion_tokens or self.max_tokens or longest,
            stop=tuple(text for text in stops if text),
        )
