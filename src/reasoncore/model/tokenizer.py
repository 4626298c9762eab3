"""Tokenizer and chat template: any Hugging Face tokenizer, and a small byte-level BPE trained as Qwen2's is."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import zip_longest
from pathlib import Path
from typing import Any

from reasoncore.errors import CheckpointError
from reasoncore.records import Message

# Qwen2's pre-tokenisation: single digits, words with their leading space, punctuation runs, line breaks.
QWEN2_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
SPECIAL_TOKENS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


class ChatTokenizer:
    """A Hugging Face tokenizer seen as a stage needs it: prompts and responses to token ids, ids to text."""

    def __init__(self, hf_tokenizer: Any) -> None:
        self.hf = hf_tokenizer

    def __len__(self) -> int:
        return len(self.hf)

    @cached_property
    def turn_end_id(self) -> int:
        """The token that closes an assistant's turn in the chat template, ``<|im_end|>`` in ChatML."""
        question, answer = [{"role": "user", "content": "Q"}], {"role": "assistant", "content": "A"}
        opened = self._render(question, add_generation_prompt=True)
        closed = self._render([*question, answer], add_generation_prompt=False)
        tail = closed[closed.rindex("A", len(opened) - 1) + 1 :]
        ids = self._encode([tail])[0]
        return ids[0] if ids else self.end_of_text_id

    @property
    def end_of_text_id(self) -> int:
        """The tokenizer's own end token, which separates documents in plain text."""
        return int(self.hf.eos_token_id)

    @cached_property
    def stop_ids(self) -> tuple[int, ...]:
        """Tokens that end a completion."""
        return tuple(sorted({self.turn_end_id, self.end_of_text_id}))

    @property
    def template_sha256(self) -> str:
        """SHA-256 of the chat template, in hexadecimal."""
        return hashlib.sha256(str(self.hf.chat_template).encode()).hexdigest()

    def prompt_ids(self, conversations: Sequence[Sequence[Message]]) -> list[tuple[int, ...]]:
        """Each conversation through the chat template, up to where the assistant starts to write.

        A special token's name in a message is text: nobody but the template opens and closes turns.
        """
        rendered = self._encode(
            ["" if self._has_mark(one) else self._render(one, add_generation_prompt=True) for one in conversations]
        )
        return [
            self._guarded_ids(one) if self._has_mark(one) else ids
            for one, ids in zip(conversations, rendered, strict=True)
        ]

    def response_ids(self, responses: Sequence[str]) -> list[tuple[int, ...]]:
        """Assistant turns, each with its closing token. A special token's name in a text is text, and ends nothing."""
        return [(*ids, self.turn_end_id) for ids in self._encode_plain(responses)]

    def document_ids(self, documents: Sequence[str]) -> list[tuple[int, ...]]:
        """Plain texts, each between two end-of-text tokens: one to start from, one to learn to stop."""
        end = self.end_of_text_id
        return [(end, *ids, end) for ids in self._encode_plain(documents)]

    def decode(self, batch: Sequence[Sequence[int]]) -> list[str]:
        """Token ids to text, special tokens left out."""
        return self.hf.backend_tokenizer.decode_batch([list(ids) for ids in batch], skip_special_tokens=True)

    def save(self, folder: Path) -> None:
        """Write the tokenizer's files and chat template in Hugging Face's layout."""
        for name in ("is_local", "local_files_only"):  # how it was loaded here, not what it is
            self.hf.init_kwargs.pop(name, None)
        self.hf.save_pretrained(folder)

    @cached_property
    def _marks(self) -> tuple[str, ...]:
        """How the special tokens are written."""
        return tuple(token.content for token in self.hf.added_tokens_decoder.values() if token.special)

    def _has_mark(self, messages: Sequence[Message]) -> bool:
        return any(mark in message["content"] for message in messages for mark in self._marks)

    def _guarded_ids(self, messages: Sequence[Message]) -> tuple[int, ...]:
        """The template's own parts with their special tokens, the messages' contents without any."""
        held = {f"\ue000{number}\ue001": message["content"] for number, message in enumerate(messages)}
        masked = [{**message, "content": place} for message, place in zip(messages, held, strict=True)]
        parts = re.split("(\ue000\\d+\ue001)", self._render(masked, add_generation_prompt=True))
        frame, contents = self._encode(parts[::2]), self._encode_plain([held[place] for place in parts[1::2]])
        return tuple(token for own, text in zip_longest(frame, contents, fillvalue=()) for token in (*own, *text))

    def _render(self, messages: Sequence[Message], add_generation_prompt: bool) -> str:
        return self.hf.apply_chat_template(list(messages), tokenize=False, add_generation_prompt=add_generation_prompt)

    def _encode_plain(self, texts: Sequence[str]) -> list[tuple[int, ...]]:
        backend = self.hf.backend_tokenizer
        backend.encode_special_tokens = True
        try:
            return self._encode(texts)
        finally:
            backend.encode_special_tokens = False

    def _encode(self, texts: Sequence[str]) -> list[tuple[int, ...]]:
        encodings = self.hf.backend_tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return [tuple(encoding.ids) for encoding in encodings]


def load_tokenizer(folder: Path, vocab_size: int) -> ChatTokenizer:
    """Load a checkpoint's tokenizer and check that it fits the embedding.

    Raises:
        CheckpointError: No tokenizer, neither a chat template nor ChatML's tokens, or more entries than the embedding
            has rows.
    """
    from transformers import AutoTokenizer

    if not any((folder / name).is_file() for name in ("tokenizer.json", "vocab.json", "tokenizer.model")):
        # transformers would make an empty one up.
        raise CheckpointError(
            f"{folder}: its tokenizer cannot be loaded (no tokenizer.json)",
            "The folder needs tokenizer.json and tokenizer_config.json beside config.json.",
        )
    try:
        hf_tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    except Exception as error:  # tokenizers raises bare Exceptions
        reason = str(error).strip().splitlines()[0]
        raise CheckpointError(
            f"{folder}: its tokenizer cannot be loaded ({reason})",
            "The folder needs tokenizer.json and tokenizer_config.json beside config.json.",
        ) from error
    if len(hf_tokenizer) > vocab_size:
        raise CheckpointError(
            f"{folder}: the tokenizer has {len(hf_tokenizer)} entries but the embedding only {vocab_size} rows",
            "Tokenizer and weights come from different checkpoints; use the tokenizer that belongs to these weights.",
        )
    if hf_tokenizer.chat_template is None:
        if any(len(hf_tokenizer.encode(mark, add_special_tokens=False)) != 1 for mark in SPECIAL_TOKENS[1:]):
            raise CheckpointError(
                f"{folder}: the tokenizer has no chat template and not the special tokens of ChatML",
                "Use a checkpoint with a chat template, such as its instruction-tuned sibling, or add one.",
            )
        hf_tokenizer.chat_template = CHATML
    if hf_tokenizer.eos_token_id is None or not hf_tokenizer.is_fast:
        raise CheckpointError(
            f"{folder}: the tokenizer has no end token or no tokenizer.json", "Use a tokenizer in the fast format."
        )
    return ChatTokenizer(hf_tokenizer)


def train_tokenizer(texts: Iterable[str], vocab_size: int) -> ChatTokenizer:
    """Train a byte-level BPE of ``vocab_size`` entries, special tokens included, with Qwen2's pre-tokenisation."""
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
    from transformers import Qwen2TokenizerFast

    bpe = Tokenizer(models.BPE())
    bpe.normalizer = normalizers.NFC()
    bpe.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(QWEN2_SPLIT), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    bpe.train_from_iterator(texts, trainer)
    hf_tokenizer = Qwen2TokenizerFast(
        tokenizer_object=bpe,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        clean_up_tokenization_spaces=False,
        model_max_length=2048,
    )
    hf_tokenizer.chat_template = CHATML
    return ChatTokenizer(hf_tokenizer)
