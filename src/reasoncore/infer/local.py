"""The in-process engine: batched sampling on the learner's own weights."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import torch

import reasoncore
from reasoncore.config import HardwareSettings
from reasoncore.infer.decoding import Decoding, Draw
from reasoncore.infer.engine import Engine, Request, Sampled, SamplingParams
from reasoncore.infer.kv_cache import KVCache
from reasoncore.model.checkpoint import load_checkpoint
from reasoncore.model.network import Decoder, mixed_precision
from reasoncore.model.tokenizer import ChatTokenizer


class LocalEngine(Engine):
    """Samples from a decoder in this process."""

    def __init__(self, model: Decoder, tokenizer: ChatTokenizer, hardware: HardwareSettings) -> None:
        """``model`` is used as it is at each call, so a learner's updates are seen without copying."""
        self.model, self.tokenizer, self.hardware = model, tokenizer, hardware

    @classmethod
    def of_checkpoint(cls, folder: Path, hardware: HardwareSettings) -> Self:
        """An engine on a checkpoint's weights, on the device that the hardware section asks for."""
        model, tokenizer = load_checkpoint(folder)
        return cls(model.to(hardware.resolved_device()), tokenizer, hardware)

    def stream(self, requests: Sequence[Request], sampling: SamplingParams) -> Generator[Sampled, None, None]:
        """See :class:`reasoncore.infer.engine.Engine`.

        A prompt that fills the model's context leaves no room to answer: its completions are empty, cut off.
        """
        prompts = self.tokenizer.prompt_ids([request.messages for request in requests])
        context = self.model.config.max_position_embeddings
        room = [max(0, min(sampling.max_tokens, context - len(prompt))) for prompt in prompts]
        capacity = max((len(p) + r for p, r in zip(prompts, room, strict=True) if r), default=1)
        wanted = sum(request.n for request, r in zip(requests, room, strict=True) if r)
        with inference_mode(self.model):
            decoding = open_decoding(self.model, self.tokenizer, self.hardware, wanted, capacity, max(1, *room, 1))
            for index, (request, prompt) in enumerate(zip(requests, prompts, strict=True)):
                decoding.add(prompt, [Draw((index, k), request.seed, k, sampling) for k in request.samples])
        yield from _sampled(decoding)
        while decoding.unfinished:
            with inference_mode(self.model):
                decoding.advance()
            yield from _sampled(decoding)

    def describe(self) -> dict[str, Any]:
        """See :class:`reasoncore.infer.engine.Engine`."""
        return {
            "engine": "reasoncore",
            "version": reasoncore.__version__,
            "torch": torch.__version__,
            "device": self.model.device.type,
            "precision": str(self.model.compute_dtype).removeprefix("torch."),
            "quantisation": None,
            "chat_template_sha256": self.tokenizer.template_sha256,
        }


def open_decoding(
    model: Decoder, tokenizer: ChatTokenizer, hardware: HardwareSettings, wanted: int, capacity: int, width: int
) -> Decoding:
    """Rows for so many completions, as many as the hardware section allows.

    Args:
        wanted: Completions that there will be side by side at most.
        capacity, width: As in :class:`reasoncore.infer.decoding.Decoding`.
    """
    row_bytes = KVCache.bytes_per_row(model.config, capacity, model.compute_dtype)
    affordable = int(hardware.kv_cache_gib * 2**30) // row_bytes - 1
    rows = max(1, min(hardware.decode_rows, wanted, affordable))
    return Decoding(model, tokenizer, rows, capacity, width, hardware.tokens_per_micro_batch)


@contextmanager
def inference_mode(model: Decoder) -> Iterator[None]:
    """Without gradients, in the precision that a model computes in."""
    with torch.inference_mode(), mixed_precision(model.device):
        yield


def _sampled(decoding: Decoding) -> Iterator[Sampled]:
    for draw, completion in decoding.take_finished():
        index, sample = draw.key
        yield Sampled(index, sample, completion)
