"""Continuous batching: completions are rows that come and go while the others are decoded.

A prompt is prefilled once for all its completions. Completions are rows of the key/value cache; a finished row leaves
at once, the last active row moves into its place, and waiting completions fill the free end. Every draw uses a number
that depends on (seed, sample, position) only, so a completion does not depend on its neighbours.

Shapes: R rows, B of them active, V vocabulary, W tokens of the longest completion.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import numpy as np
import torch
from torch import Tensor

from reasoncore.infer.engine import SamplingParams
from reasoncore.infer.kv_cache import DecodeAttention, KVCache, PrefillAttention
from reasoncore.infer.sampling import sample_tokens
from reasoncore.model.attention import PackedAttention, end_to_end, group_by_length
from reasoncore.model.network import Decoder
from reasoncore.model.tokenizer import ChatTokenizer
from reasoncore.records import Completion
from reasoncore.seeding import derive_seed

Prompt = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Draw:
    """One completion to be sampled.

    Attributes:
        key: What the caller knows it by; hashable.
        seed: With ``sample`` it decides every draw.
        sample: Its number.
        sampling: How.
    """

    key: Any
    seed: int
    sample: int
    sampling: SamplingParams


@dataclass(frozen=True, slots=True)
class _Row:
    """A draw, the number of its prompt, and how many tokens it may have."""

    draw: Draw
    prompt: int
    limit: int


class Decoding:
    """Rows on a model; used with gradients off.

    Args:
        model, tokenizer: What is sampled from.
        rows: Most completions side by side.
        capacity: Most tokens of a prompt with its completion.
        width: Most tokens of a completion.
        prefill_tokens: Most prompt tokens of one forward pass, where no prompt alone is longer.
    """

    def __init__(
        self, model: Decoder, tokenizer: ChatTokenizer, rows: int, capacity: int, width: int, prefill_tokens: int
    ) -> None:
        self.model, self.tokenizer = model, tokenizer
        self.rows, self.capacity, self.width, self.prefill_tokens = rows, capacity, width, prefill_tokens
        self._numbers = count()
        self.prompts: dict[int, Prompt] = {}
        self._open: dict[int, int] = {}  # completions of each prompt that have not finished
        self.waiting: deque[_Row] = deque()
        self.active: list[_Row] = []
        self.finished: list[tuple[Draw, Completion]] = []

        device = model.device
        # One more row holds the prompt whose completions do not all fit yet.
        self.cache = KVCache(model.config, rows + 1, capacity, device, model.compute_dtype)
        self.parked: tuple[int, Tensor] | None = None
        self.token_R = torch.zeros(rows, dtype=torch.long, device=device)
        self.position_R = torch.zeros(rows, dtype=torch.long, device=device)
        self.count_R = torch.zeros(rows, dtype=torch.long, device=device)
        self.limit_R = torch.zeros(rows, dtype=torch.long, device=device)
        self.uniform_RW = torch.zeros(rows, width, device=device)
        self.tokens_RW = torch.zeros(rows, width, dtype=torch.long, device=device)
        self.log_probs_RW = torch.zeros(rows, width, device=device)
        self.is_stop_V = torch.zeros(model.config.vocab_size, dtype=torch.bool, device=device)
        self.is_stop_V[list(tokenizer.stop_ids)] = True

    @property
    def unfinished(self) -> bool:
        """Whether there is something to do."""
        return bool(self.active or self.waiting)

    def add(self, prompt: Prompt, draws: Sequence[Draw]) -> None:
        """Completions of one prompt. One that leaves no room to answer has empty completions, cut off."""
        number = next(self._numbers)
        room = self.capacity - len(prompt)
        if room <= 0:
            self.finished += [(draw, self._completion(prompt, draw.sampling, [], [], "")) for draw in draws]
            return
        self.prompts[number], self._open[number] = prompt, len(draws)
        limits = (min(draw.sampling.max_tokens, room, self.width) for draw in draws)
        self.waiting += [_Row(draw, number, limit) for draw, limit in zip(draws, limits, strict=True)]

    def cancel(self, key: Hashable) -> None:
        """Sample no more of a completion; it does not finish."""
        dropped = [row for row in self.waiting if row.draw.key == key]
        self.waiting = deque(row for row in self.waiting if row.draw.key != key)
        places = [place for place, row in enumerate(self.active) if row.draw.key == key]
        dropped += [self.active[place] for place in places]
        if places:
            self._close_gaps(places)
        for row in dropped:
            self._forget(row)

    def advance(self) -> None:
        """Admit waiting completions if enough rows are free, or else decode one token a row."""
        free = self.rows - len(self.active)
        if self.waiting and (not self.active or free >= max(1, self.rows // 8)):
            self._admit(free)
        else:
            self._decode()
        self._retire()

    def take_finished(self) -> list[tuple[Draw, Completion]]:
        """What has finished since it was last asked."""
        taken, self.finished = self.finished, []
        return taken

    def tokens_of(self, key: Hashable, start: int) -> list[int]:
        """Tokens of an active completion from a place on; none where it is not active."""
        place = next((place for place, row in enumerate(self.active) if row.draw.key == key), None)
        return [] if place is None else self.tokens_RW[place, start : int(self.count_R[place])].tolist()

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
        token_B, log_prob_B = self._sample(logits_BV, [row.draw.sampling for row in self.active[rows]], uniform_B)
        self.token_R[rows] = token_B
        self.tokens_RW[rows].scatter_(1, count_B1, token_B[:, None])
        self.log_probs_RW[rows].scatter_(1, count_B1, log_prob_B[:, None])
        self.count_R[rows] += 1

    def _sample(
        self, logits_BV: Tensor, samplings: Sequence[SamplingParams], uniform_B: Tensor
    ) -> tuple[Tensor, Tensor]:
        first = samplings[0]
        if all(sampling is first for sampling in samplings):
            return sample_tokens(logits_BV, first, uniform_B)
        rows_of: dict[SamplingParams, list[int]] = {}
        for place, sampling in enumerate(samplings):
            rows_of.setdefault(sampling, []).append(place)
        token_B = torch.zeros(len(samplings), dtype=torch.long, device=logits_BV.device)
        log_prob_B = torch.zeros(len(samplings), device=logits_BV.device)
        for sampling, places in rows_of.items():
            some = torch.tensor(places, device=logits_BV.device)
            token_B[some], log_prob_B[some] = sample_tokens(logits_BV[some], sampling, uniform_B[some])
        return token_B, log_prob_B

    def _admit(self, free: int) -> None:
        """Prefill waiting prompts into free rows and sample each row's first token."""
        first_row = len(self.active)
        new = [self.waiting.popleft() for _ in range(min(free, len(self.waiting)))]
        rows_of: dict[int, list[int]] = {}
        for place, row in enumerate(new, start=first_row):
            rows_of.setdefault(row.prompt, []).append(place)
        logits_of: dict[int, Tensor] = {}
        fresh = list(rows_of)
        device = self.model.device
        if self.parked is not None and self.parked[0] == fresh[0]:
            index, logits_of[fresh[0]] = self.parked
            target_M = torch.tensor(rows_of[index], device=device)
            self.cache.move_rows(torch.full_like(target_M, self.rows), target_M, len(self.prompts[index]))
            fresh = fresh[1:]
        still_waiting = self.waiting[0].prompt if self.waiting else None
        for batch in group_by_length([len(self.prompts[i]) for i in fresh], self._prefill_tokens(fresh)):
            indices = [fresh[i] for i in batch]
            copies = {i: rows_of[i] + ([self.rows] if i == still_waiting else []) for i in indices}
            logits_of.update(self._prefill(indices, copies))
        if still_waiting in rows_of:
            self.parked = (still_waiting, logits_of[still_waiting])

        self.active.extend(new)
        rows = slice(first_row, len(self.active))
        lengths = [len(self.prompts[row.prompt]) for row in new]
        self.position_R[rows] = torch.tensor(lengths, device=device)
        self.count_R[rows] = 0
        self.limit_R[rows] = torch.tensor([row.limit for row in new], device=device)
        uniform = np.stack([_uniforms(row.draw.seed, row.draw.sample, self.width) for row in new])
        self.uniform_RW[rows] = torch.from_numpy(uniform).to(device)
        self._record(torch.stack([logits_of[row.prompt] for row in new]), first_row)

    def _prefill_tokens(self, prompts: Sequence[int]) -> int:
        return max([self.prefill_tokens, *(len(self.prompts[i]) for i in prompts)])

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
        last_P = torch.from_numpy(starts[1:] - 1).to(device)
        hidden_PC = self.model(tokens_N, packed.positions_N, attention, last_P)
        return dict(zip(indices, self.model.logits(hidden_PC), strict=True))

    def _retire(self) -> None:
        """Take finished rows out and close the gaps."""
        rows = len(self.active)
        done_B = self.is_stop_V[self.token_R[:rows]] | (self.count_R[:rows] >= self.limit_R[:rows])
        if any(row.draw.sampling.stop for row in self.active):
            done_B |= self._met_stop_string()
        done = done_B.nonzero().squeeze(1).tolist()
        if not done:
            return
        counts = self.count_R[done].tolist()
        tokens, log_probs = self.tokens_RW[done].tolist(), self.log_probs_RW[done].tolist()
        ids = [row[:length] for row, length in zip(tokens, counts, strict=True)]
        texts = self.tokenizer.decode(ids)
        for place, own, values, text in zip(done, ids, log_probs, texts, strict=True):
            row = self.active[place]
            prompt, sampling = self.prompts[row.prompt], row.draw.sampling
            self.finished.append((row.draw, self._completion(prompt, sampling, own, values[: len(own)], text)))
            self._forget(row)
        self._close_gaps(done)

    def _forget(self, row: _Row) -> None:
        self._open[row.prompt] -= 1
        if not self._open[row.prompt]:
            del self._open[row.prompt], self.prompts[row.prompt]
            if self.parked is not None and self.parked[0] == row.prompt:
                self.parked = None

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

    def _met_stop_string(self) -> Tensor:
        stopping = [(place, row.draw.sampling.stop) for place, row in enumerate(self.active) if row.draw.sampling.stop]
        counts = self.count_R[: len(self.active)].tolist()
        ids = []
        for place, stops in stopping:
            # A stop string of n characters spans at most n tokens of a byte-level tokenizer, partial characters aside.
            tail = 4 * max(map(len, stops))
            ids.append(self.tokens_RW[place, max(0, counts[place] - tail) : counts[place]].tolist())
        met_B = torch.zeros(len(self.active), dtype=torch.bool, device=self.model.device)
        for (place, stops), text in zip(stopping, self.tokenizer.decode(ids), strict=True):
            met_B[place] = any(stop in text for stop in stops)
        return met_B

    def _completion(
        self, prompt: Prompt, sampling: SamplingParams, ids: list[int], log_probs: list[float], text: str
    ) -> Completion:
        ended = bool(ids) and ids[-1] in self.tokenizer.stop_ids
        for stop in sampling.stop:
            before, met, _ = text.partition(stop)
            if met:
                text, ended = before, True
        return Completion(
            prompt_token_ids=prompt,
            token_ids=tuple(ids),
            log_probs=tuple(log_probs),
            text=text,
            finish="stop" if ended else "length",
            counted_tokens=len(ids),
        )


def _uniforms(seed: int, sample: int, count: int) -> np.ndarray:
    """``count`` numbers in [0, 1), float32, from (seed, sample) alone."""
    return np.random.Generator(np.random.Philox(key=derive_seed(seed, sample))).random(count, dtype=np.float32)
