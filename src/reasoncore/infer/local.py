"""The in-process engine: batched sampling on the learner's own weights.

A prompt is prefilled once for all its samples. Completions are rows of the key/value cache; a finished row leaves at
once, the last active row moves into its place, and waiting completions fill the free end. Every draw uses a number
that depends on (request seed, sample, position) only, so a completion does not depend on its neighbours.

Shapes: R rows, B of them active, V vocabulary.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

import reasoncore
from reasoncore.config import HardwareSettings
from reasoncore.infer.engine import Engine, Request, Sampled, SamplingParams
from reasoncore.infer.kv_cache import DecodeAttention, KVCache, PrefillAttention
from reasoncore.infer.sampling import sample_tokens
from reasoncore.model.attention import PackedAttention, end_to_end, group_by_length
from reasoncore.model.checkpoint import load_checkpoint
from reasoncore.model.network import Decoder, mixed_precision
from reasoncore.model.tokenizer import ChatTokenizer
from reasoncore.records import Completion
from reasoncore.seeding import derive_seed

Sample = tuple[int, int]  # (request, number of the completion)


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
        with self._mode():
            decoding = _Decoding(self.model, self.tokenizer, self.hardware, requests, prompts, sampling)
        yield from decoding.take_finished()
        while decoding.unfinished:
            with self._mode():
                decoding.advance()
            yield from decoding.take_finished()

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

    @contextmanager
    def _mode(self) -> Iterator[None]:
        with torch.inference_mode(), mixed_precision(self.model.device):
            yield


class _Decoding:
    """The state of one call."""

    def __init__(
        self,
        model: Decoder,
        tokenizer: ChatTokenizer,
        hardware: HardwareSettings,
        requests: Sequence[Request],
        prompts: list[tuple[int, ...]],
        sampling: SamplingParams,
    ) -> None:
        self.model, self.tokenizer, self.sampling = model, tokenizer, sampling
        self.requests, self.prompts = requests, prompts
        self.prefill_tokens = max(hardware.tokens_per_micro_batch, max(map(len, prompts), default=1))
        context = model.config.max_position_embeddings
        self.room = [min(sampling.max_tokens, context - len(prompt)) for prompt in prompts]
        self.finished: dict[Sample, tuple[list[int], list[float]]] = {}
        self.waiting: deque[Sample] = deque()
        for index, request in enumerate(requests):
            for sample in request.samples:
                if self.room[index] > 0:
                    self.waiting.append((index, sample))
                else:
                    self.finished[index, sample] = ([], [])

        device, dtype = model.device, model.compute_dtype
        longest = max((len(p) + max(0, r) for p, r in zip(prompts, self.room, strict=True)), default=1)
        row_bytes = KVCache.bytes_per_row(model.config, longest, dtype)
        affordable = int(hardware.kv_cache_gib * 2**30) // row_bytes - 1
        self.rows = max(1, min(hardware.decode_rows, len(self.waiting), affordable))
        # One more row holds the prompt of a request whose samples do not all fit yet.
        self.cache = KVCache(model.config, self.rows + 1, longest, device, dtype)
        self.parked: tuple[int, Tensor] | None = None

        width = max(1, max(self.room, default=1))
        self.active: list[Sample] = []
        self.token_R = torch.zeros(self.rows, dtype=torch.long, device=device)
        self.position_R = torch.zeros(self.rows, dtype=torch.long, device=device)
        self.count_R = torch.zeros(self.rows, dtype=torch.long, device=device)
        self.limit_R = torch.zeros(self.rows, dtype=torch.long, device=device)
        self.uniform_RW = torch.zeros(self.rows, width, device=device)
        self.tokens_RW = torch.zeros(self.rows, width, dtype=torch.long, device=device)
        self.log_probs_RW = torch.zeros(self.rows, width, device=device)
        self.is_stop_V = torch.zeros(model.config.vocab_size, dtype=torch.bool, device=device)
        self.is_stop_V[list(tokenizer.stop_ids)] = True

    @property
    def unfinished(self) -> bool:
        return bool(self.active or self.waiting)

    def advance(self) -> None:
        """Admit waiting samples if enough rows are free, or else decode one token a row."""
        free = self.rows - len(self.active)
        if self.waiting and (not self.active or free >= max(1, self.rows // 8)):
            self._admit(free)
        else:
            self._decode()
        self._retire()

    def _decode(self) -> None:
        rows = len(self.active)
        position_B = self.position_R[:rows]
        attention = DecodeAttention(self.cache, position_B, int(position_B.max()) + 1)
        hidden_BC = self.model(self.token_R[:rows], position_B, attention)
        self.position_R[:rows] += 1
        self._record(self.model.logits(hidden_BC), 0)

    def _record(self, logits_BV: Tensor, first_row: int) -> None:
        """Sample the next token of rows from ``first_row`` on."""
        rows = slice(first_row, first_row + len(logits_BV))
        count_B1 = self.count_R[rows, None]
        uniform_B = self.uniform_RW[rows].gather(1, count_B1).squeeze(1)
        token_B, log_prob_B = sample_tokens(logits_BV, self.sampling, uniform_B)
        self.token_R[rows] = token_B
        self.tokens_RW[rows].scatter_(1, count_B1, token_B[:, None])
        self.log_probs_RW[rows].scatter_(1, count_B1, log_prob_B[:, None])
        self.count_R[rows] += 1

    def _admit(self, free: int) -> None:
        """Prefill waiting prompts into free rows and sample each row's first token."""
        first_row = len(self.active)
        samples = [self.waiting.popleft() for _ in range(min(free, len(self.waiting)))]
        rows_of: dict[int, list[int]] = {}
        for row, (index, _) in enumerate(samples, start=first_row):
            rows_of.setdefault(index, []).append(row)
        logits_of: dict[int, Tensor] = {}
        fresh = list(rows_of)
        device = self.model.device
        if self.parked is not None and self.parked[0] == fresh[0]:
            index, logits_of[fresh[0]] = self.parked
            target_M = torch.tensor(rows_of[index], device=device)
            self.cache.move_rows(torch.full_like(target_M, self.rows), target_M, len(self.prompts[index]))
            fresh = fresh[1:]
        still_waiting = self.waiting[0][0] if self.waiting else None
        for batch in group_by_length([len(self.prompts[i]) for i in fresh], self.prefill_tokens):
            indices = [fresh[i] for i in batch]
            copies = {i: rows_of[i] + ([self.rows] if i == still_waiting else []) for i in indices}
            logits_of.update(self._prefill(indices, copies))
        if still_waiting in rows_of:
            self.parked = (still_waiting, logits_of[still_waiting])

        self.active.extend(samples)
        rows = slice(first_row, len(self.active))
        lengths = [len(self.prompts[index]) for index, _ in samples]
        self.position_R[rows] = torch.tensor(lengths, device=device)
        self.count_R[rows] = 0
        self.limit_R[rows] = torch.tensor([self.room[index] for index, _ in samples], device=device)
        width = self.uniform_RW.shape[1]
        uniform = np.stack([_uniforms(self.requests[i].seed, sample, width) for i, sample in samples])
        self.uniform_RW[rows] = torch.from_numpy(uniform).to(device)
        self._record(torch.stack([logits_of[index] for index, _ in samples]), first_row)

    def _prefill(self, indices: list[int], copies: dict[int, list[int]]) -> dict[int, Tensor]:
        """Run prompts packed, write their keys and values to the rows of ``copies``; next-token logits of each."""
        device = self.model.device
        lengths = [len(self.prompts[i]) for i in indices]
        starts = np.cumsum([0, *lengths])
        source = np.concatenate(
            [np.tile(np.arange(length), len(copies[i])) + start for i, length, start in zip(indices, lengths, starts)]  # noqa: B905
        )
        row = np.concatenate([np.repeat(copies[i], length) for i, length in zip(indices, lengths, strict=True)])
        position = np.concatenate(
            [np.tile(np.arange(length), len(copies[i])) for i, length in zip(indices, lengths, strict=True)]
        )
        slots_X = self.cache.slots(torch.from_numpy(row).to(device), torch.from_numpy(position).to(device))
        packed = PackedAttention(end_to_end(lengths), device)
        attention = PrefillAttention(self.cache, packed, torch.from_numpy(source).to(device), slots_X)
        tokens_N = torch.tensor([token for i in indices for token in self.prompts[i]], device=device)
        hidden_NC = self.model(tokens_N, packed.positions_N, attention)
        last_P = torch.from_numpy(starts[1:] - 1).to(device)
        return dict(zip(indices, self.model.logits(hidden_NC[last_P]), strict=True))

    def _retire(self) -> None:
        """Take finished rows out and close the gaps."""
        rows = len(self.active)
        done_B = self.is_stop_V[self.token_R[:rows]] | (self.count_R[:rows] >= self.limit_R[:rows])
        if self.sampling.stop:
            done_B |= self._met_stop_string(rows)
        done = done_B.nonzero().squeeze(1).tolist()
        if not done:
            return
        counts = self.count_R[done].tolist()
        tokens, log_probs = self.tokens_RW[done].tolist(), self.log_probs_RW[done].tolist()
        for row, count, ids, values in zip(done, counts, tokens, log_probs, strict=True):
            self.finished[self.active[row]] = (ids[:count], values[:count])
        self._close_gaps(done)

    def _close_gaps(self, done: list[int]) -> None:
        kept = len(self.active) - len(done)
        gone = set(done)
        holes = [row for row in done if row < kept]
        movers = [row for row in range(kept, len(self.active)) if row not in gone]
        if holes:
            source_M, target_M = (torch.tensor(r, device=self.model.device) for r in (movers, holes))
            self.cache.move_rows(source_M, target_M, int(self.position_R[source_M].max()))
            for state in (self.token_R, self.position_R, self.count_R, self.limit_R):
                state[target_M] = state[source_M]
            for state in (self.uniform_RW, self.tokens_RW, self.log_probs_RW):
                state[target_M] = state[source_M]
            for source, target in zip(movers, holes, strict=True):
                self.active[target] = self.active[source]
        del self.active[kept:]

    def _met_stop_string(self, rows: int) -> Tensor:
        counts = self.count_R[:rows].tolist()
        # A stop string of n characters spans at most n tokens of a byte-level tokenizer, but for partial characters.
        tail = 4 * max(map(len, self.sampling.stop))
        ids = [self.tokens_RW[row, max(0, count - tail) : count].tolist() for row, count in enumerate(counts)]
        texts = self.tokenizer.decode(ids)
        met = [any(stop in text for stop in self.sampling.stop) for text in texts]
        return torch.tensor(met, device=self.model.device)

    def take_finished(self) -> list[Sampled]:
        """What has finished since it was last asked."""
        texts = self.tokenizer.decode([ids for ids, _ in self.finished.values()]) if self.finished else []
        taken = [
            Sampled(index, sample, self._completion(index, ids, log_probs, text))
            for ((index, sample), (ids, log_probs)), text in zip(self.finished.items(), texts, strict=True)
        ]
        self.finished.clear()
        return taken

    def _completion(self, index: int, ids: list[int], log_probs: list[float], text: str) -> Completion:
        ended = bool(ids) and ids[-1] in self.tokenizer.stop_ids
        for stop in self.sampling.stop:
            before, met, _ = text.partition(stop)
            if met:
                text, ended = before, True
        return Completion(
            prompt_token_ids=self.prompts[index],
            token_ids=tuple(ids),
            log_probs=tuple(log_probs),
            text=text,
            finish="stop" if ended else "length",
            counted_tokens=len(ids),
        )


def _uniforms(seed: int, sample: int, count: int) -> np.ndarray:
    """``count`` numbers in [0, 1), float32, from (seed, sample) alone."""
    return np.random.Generator(np.random.Philox(key=derive_seed(seed, sample))).random(count, dtype=np.float32)
