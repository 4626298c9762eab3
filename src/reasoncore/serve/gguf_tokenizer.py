"""A byte-level BPE as GGUF describes it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reasoncore.errors import CheckpointError
from reasoncore.model.tokenizer import QWEN2_SPLIT, ChatTokenizer

# How text is cut before BPE, and what llama.cpp calls that; Llama 3 takes three digits together, Qwen2 one.
_SPLITS = {QWEN2_SPLIT: "qwen2", QWEN2_SPLIT.replace(r"|\p{N}|", r"|\p{N}{1,3}|"): "llama-bpe"}


@dataclass(frozen=True, slots=True)
class GgufTokenizer:
    """What goes into the file.

    Attributes:
        pre: llama.cpp's name of the pre-tokenisation.
        tokens: By id; ids that stand for nothing have a name of their own.
        types: llama.cpp's type of each: 1 normal, 3 control, 4 user-defined, 5 unused.
        merges: In order of their ranks.
    """

    pre: str
    tokens: list[str]
    types: list[int]
    merges: list[str]


def gguf_tokenizer(tokenizer: ChatTokenizer, vocab_size: int) -> GgufTokenizer:
    """The tokenizer of a checkpoint.

    Args:
        vocab_size: Rows of the embedding, of which the last may stand for nothing.

    Raises:
        CheckpointError: It is no byte-level BPE, or cuts text in a way that llama.cpp has no name for.
    """
    content = json.loads(tokenizer.hf.backend_tokenizer.to_str())
    model = content["model"]
    if model["type"] != "BPE" or model.get("byte_fallback"):
        raise CheckpointError(
            f"the tokenizer is a {model['type']}, not a byte-level BPE", "Convert it with llama.cpp's own script."
        )
    tokens = [f"[PAD{number}]" for number in range(vocab_size)]
    types = [5] * vocab_size
    for token, number in model["vocab"].items():
        tokens[number], types[number] = token, 1
    for added in content["added_tokens"]:
        tokens[added["id"]], types[added["id"]] = added["content"], 3 if added["special"] else 4
    merges = [merge if isinstance(merge, str) else " ".join(merge) for merge in model["merges"]]
    return GgufTokenizer(_pre(content["pre_tokenizer"]), tokens, types, merges)


def _pre(pre_tokenizer: Mapping[str, Any]) -> str:
    parts = pre_tokenizer.get("pretokenizers", [pre_tokenizer])
    for part in parts:
        name = _SPLITS.get(part.get("pattern", {}).get("Regex", ""))
        if name is not None:
            return name
    if [part["type"] for part in parts] == ["ByteLevel"] and parts[0].get("use_regex", True):
        return "gpt-2"
    raise CheckpointError(
        "the tokenizer cuts text in a way that llama.cpp has no name for here",
        "Convert it with llama.cpp's own script, which knows more of them.",
    )
