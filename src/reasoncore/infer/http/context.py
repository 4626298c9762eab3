"""Signs that a server's context is too small, which servers do not always call an error.

llama.cpp, vLLM and others end a completion where the context is full, with the same word as at the length asked for.
Ollama leaves out the beginning of a prompt that is longer than its context, whatever a request says of ``num_ctx``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reasoncore.infer.http.choices import Choice
from reasoncore.infer.http.endpoint import Server
from reasoncore.progress import say

# Ordinary text has three to five characters a token. A long prompt alone tells: beside it templates do not count.
_MOST_CHARACTERS_PER_TOKEN = 16
_LONG_PROMPT = 4_000

_CURE = "raise it at the server (llama-server: --ctx-size; Ollama: OLLAMA_CONTEXT_LENGTH; vLLM: --max-model-len)"


def say_if_context_is_small(server: Server, body: Mapping[str, Any], choices: Sequence[Choice]) -> None:
    """Tell the person watching, once for each sign and server."""
    for sign in filter(None, (_cut_completion(body, choices), _cut_prompt(body, choices))):
        kind = sign.partition(":")[0]
        if kind not in server.said:
            server.said.add(kind)
            say(f"{server.root}: {sign}; {_CURE}")


def _cut_completion(body: Mapping[str, Any], choices: Sequence[Choice]) -> str | None:
    for choice in choices:
        sampled = choice.token_count
        if choice.finish_reason == "length" and sampled is not None and sampled < body["max_tokens"]:
            return f"its context is full: a completion was cut off after {sampled:,} of {body['max_tokens']:,} tokens"
    return None


def _cut_prompt(body: Mapping[str, Any], choices: Sequence[Choice]) -> str | None:
    characters = sum(len(message["content"]) for message in body["messages"])
    read = choices[0].prompt_token_count if choices else None
    if read is None or characters < max(_LONG_PROMPT, _MOST_CHARACTERS_PER_TOKEN * read):
        return None
    return f"a prompt may be cut: it counts {read:,} tokens in one of {characters:,} characters"
