"""The in-process engine on random weights: against the learner, against transformers, and against itself."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

from reasoncore.config import HardwareSettings, OptimiserSettings
from reasoncore.infer.engine import Request, SamplingParams
from reasoncore.infer.local import LocalEngine
from reasoncore.model.checkpoint import load_checkpoint, save_checkpoint
from reasoncore.model.config import parse_config
from reasoncore.model.network import Decoder, initialise
from reasoncore.model.tokenizer import ChatTokenizer, train_tokenizer
from reasoncore.records import Completion
from reasoncore.train.learner import Learner
from reasoncore.train.packing import TrainingSequence

CONTEXT = 96
FAMILIES: dict[str, dict[str, Any]] = {
    "qwen2": {"tie_word_embeddings": True, "num_key_value_heads": 2},
    "qwen3": {"tie_word_embeddings": False, "num_key_value_heads": 1, "head_dim": 12},
    "llama": {"tie_word_embeddings": False, "num_key_value_heads": 4},
}
PROMPTS = ("2+2?", "What is three times seven, and why?", "x", "Solve 3 x + 4 = 19 for x.")


@cache
def tokenizer() -> ChatTokenizer:
    texts = ["What is 2 + 2? It is 4.", "Solve 3 x + 4 = 19 for x. x = 5", "three times seven is 21, and why not?"]
    return train_tokenizer(texts * 3, vocab_size=290)


@cache
def decoder(family: str = "qwen2") -> Decoder:
    config = {
        "model_type": family,
        "vocab_size": 300,  # more than the tokenizer has, as in real checkpoints
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "max_position_embeddings": CONTEXT,
        **FAMILIES[family],
    }
    model = Decoder(parse_config(config, "test"))
    initialise(model, seed=7, std=0.3)
    generator = torch.Generator().manual_seed(8)
    for parameter in model.parameters():
        if parameter.dim() == 1:  # make biases and norms matter
            parameter.data += 0.2 * torch.randn(parameter.shape, generator=generator)
    return model


def engine(family: str = "qwen2", **hardware: Any) -> LocalEngine:
    return LocalEngine(decoder(family), tokenizer(), HardwareSettings(device="cpu", **hardware))


def requests(prompts: Sequence[str] = PROMPTS, n: int = 3, seed: int = 1) -> list[Request]:
    return [Request(({"role": "user", "content": text},), n, seed + i) for i, text in enumerate(prompts)]


def flat(results: Sequence[tuple[Completion, ...]]) -> list[Completion]:
    return [completion for row in results for completion in row]


def token_ids(results: Sequence[tuple[Completion, ...]]) -> list[list[tuple[int, ...]]]:
    return [[completion.token_ids for completion in row] for row in results]


@pytest.mark.parametrize("temperature", [1.0, 0.7])
@pytest.mark.parametrize("family", FAMILIES)
def test_log_probs_are_the_learners(family: str, temperature: float) -> None:
    sampling = SamplingParams(temperature=temperature, max_tokens=24)
    completions = flat(engine(family, decode_rows=5).generate(requests(n=4), sampling))
    sequences = [TrainingSequence(c.prompt_token_ids + c.token_ids, len(c.prompt_token_ids)) for c in completions]
    learner = Learner(decoder(family), OptimiserSettings(learning_rate=1e-3), HardwareSettings(device="cpu"))
    expected = learner.log_probs(sequences, temperature)
    assert len({len(c.token_ids) for c in completions}) > 1 or all(len(c.token_ids) == 24 for c in completions)
    for completion, log_probs in zip(completions, expected, strict=True):
        assert len(completion.log_probs) == len(completion.token_ids) > 0
        torch.testing.assert_close(torch.tensor(completion.log_probs), log_probs, atol=1e-4, rtol=0)
    assert min(min(c.log_probs) for c in completions) < -1  # not a point mass


@pytest.mark.parametrize("family", FAMILIES)
def test_greedy_output_is_that_of_transformers(family: str, tmp_path: Path) -> None:
    save_checkpoint(tmp_path, decoder(family), tokenizer(), "a test")
    reference = transformers.AutoModelForCausalLM.from_pretrained(tmp_path).eval()
    sampling = SamplingParams(temperature=0, max_tokens=20)
    results = engine(family, decode_rows=3).generate(requests(n=1), sampling)
    for (completion,) in results:
        prompt = torch.tensor([completion.prompt_token_ids])
        output = reference.generate(prompt, attention_mask=torch.ones_like(prompt), do_sample=False, max_new_tokens=20)
        assert completion.token_ids == tuple(output[0, prompt.shape[1] :].tolist())
        assert completion.log_probs == (0.0,) * len(completion.token_ids)


def test_a_saved_checkpoint_answers_alike(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, decoder(), tokenizer(), "a test")
    loaded = LocalEngine(*load_checkpoint(tmp_path), HardwareSettings(device="cpu"))
    sampling = SamplingParams(max_tokens=12)
    assert loaded.generate(requests(), sampling) == engine().generate(requests(), sampling)


@cache
def reference_run() -> list[tuple[Completion, ...]]:
    """Many rows, enough for everything side by side; completions of unequal length."""
    results = engine(decode_rows=64).generate(requests(n=5), SamplingParams(max_tokens=40))
    assert len({len(c.token_ids) for c in flat(results)}) > 1, "the test needs rows that finish at different times"
    return results


@pytest.mark.parametrize("hardware", [{"decode_rows": 1}, {"decode_rows": 2}, {"decode_rows": 3}, {"decode_rows": 7}])
def test_results_do_not_depend_on_the_rows(hardware: dict[str, int]) -> None:
    """With fewer rows than samples of one prompt, the prompt waits in the parking row."""
    results = engine(**hardware).generate(requests(n=5), SamplingParams(max_tokens=40))
    assert token_ids(results) == token_ids(reference_run())
    for got, want in zip(flat(results), flat(reference_run()), strict=True):
        assert got.log_probs == pytest.approx(want.log_probs, abs=1e-4)
        assert (got.text, got.finish) == (want.text, want.finish)


def test_a_small_cache_or_small_prefills_change_nothing() -> None:
    sampling = SamplingParams(max_tokens=40)
    per_row = 2 * 2 * 2 * 8 * CONTEXT * 4 / 2**30  # at most: 2 tensors, layers, heads of 8 float32
    small_cache = engine(decode_rows=64, kv_cache_gib=3 * per_row).generate(requests(n=5), sampling)
    assert token_ids(small_cache) == token_ids(reference_run())
    small_prefill = engine(tokens_per_micro_batch=1).generate(requests(n=5), sampling)
    assert token_ids(small_prefill) == token_ids(reference_run())


def test_the_cache_bound_lowers_the_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    widest = []
    original = Decoder.logits
    monkeypatch.setattr(Decoder, "logits", lambda self, hidden: widest.append(len(hidden)) or original(self, hidden))
    per_row = 2 * 2 * 2 * 8 * CONTEXT * 4 / 2**30
    engine(decode_rows=64, kv_cache_gib=3 * per_row).generate(requests(PROMPTS[:1], n=12), SamplingParams(max_tokens=8))
    narrow = max(widest)
    widest.clear()
    engine(decode_rows=64).generate(requests(PROMPTS[:1], n=12), SamplingParams(max_tokens=8))
    assert narrow < max(widest) == 12


def test_results_do_not_depend_on_other_requests() -> None:
    sampling = SamplingParams(max_tokens=40)
    everyone = requests(n=5)
    for index, request in enumerate(everyone):
        alone = engine(decode_rows=2).generate([request], sampling)
        assert token_ids(alone) == [token_ids(reference_run())[index]]
    backwards = engine(decode_rows=3).generate(everyone[::-1], sampling)
    assert token_ids(backwards) == token_ids(reference_run())[::-1]
    # Fewer samples are the first of more.
    fewer = engine().generate(requests(n=2), sampling)
    assert token_ids(fewer) == [row[:2] for row in token_ids(reference_run())]


def test_a_smaller_limit_gives_the_beginning_of_the_same_completion() -> None:
    shorter = engine(decode_rows=4).generate(requests(n=5), SamplingParams(max_tokens=6))
    for got, full in zip(flat(shorter), flat(reference_run()), strict=True):
        assert got.token_ids == full.token_ids[:6]
        assert got.finish == ("stop" if len(full.token_ids) <= 6 and full.finish == "stop" else "length")


def test_the_seed_decides() -> None:
    sampling = SamplingParams(max_tokens=16)
    first = engine().generate(requests(n=2, seed=1), sampling)
    assert engine().generate(requests(n=2, seed=1), sampling) == first
    other = engine().generate(requests(n=2, seed=101), sampling)
    assert all(a.token_ids != b.token_ids for a, b in zip(flat(first), flat(other), strict=True))
    samples = [completion.token_ids for completion in first[0]]
    assert len(set(samples)) == len(samples)


def test_finish_reasons_and_lengths() -> None:
    stop_ids = tokenizer().stop_ids
    completions = flat(reference_run())
    assert {c.finish for c in completions} == {"stop", "length"}
    for completion in completions:
        assert all(token not in stop_ids for token in completion.token_ids[:-1])
        assert (completion.token_ids[-1] in stop_ids) == (completion.finish == "stop")
        assert len(completion.token_ids) == 40 or completion.finish == "stop"
        assert completion.text == tokenizer().decode([completion.token_ids])[0]
        assert "<|im_end|>" not in completion.text


@pytest.mark.parametrize("rows", [1, 64])
def test_a_stop_string_ends_the_completion_and_is_cut_off(rows: int) -> None:
    full = max(flat(reference_run()), key=lambda c: len(c.text))
    index = next(i for i, row in enumerate(reference_run()) if full in row)
    stop = full.text[len(full.text) // 2 :][:2]
    sampling = SamplingParams(max_tokens=40, stop=("never there", stop))
    results = engine(decode_rows=rows).generate(requests(n=5), sampling)
    for got, free in zip(flat(results), flat(reference_run()), strict=True):
        assert got.text == free.text.partition(stop)[0]
        assert got.token_ids == free.token_ids[: len(got.token_ids)]
        if stop in free.text:
            assert got.finish == "stop"
            # The last token brought the stop string, none came after it.
            assert stop in tokenizer().decode([got.token_ids])[0]
            assert stop not in tokenizer().decode([got.token_ids[:-1]])[0]
        else:
            assert got == free or got.token_ids == free.token_ids
    assert any(completion.finish == "stop" and completion.text != full.text for completion in results[index])


def test_the_text_is_cut_before_the_first_of_several_stop_strings() -> None:
    full = max(flat(reference_run()), key=lambda c: len(c.text)).text
    early, late = full[1:3], full[2:4]
    for stops in ((early, late), (late, early)):
        results = engine().generate(requests(n=5), SamplingParams(max_tokens=40, stop=stops))
        for got, free in zip(flat(results), flat(reference_run()), strict=True):
            places = [free.text.index(stop) for stop in stops if stop in free.text]
            assert got.text == free.text[: min(places, default=len(free.text))]


def test_a_prompt_that_fills_the_context_gets_an_empty_completion() -> None:
    prompts = ["x" * (3 * CONTEXT), PROMPTS[0]]
    results = engine().generate(requests(prompts, n=2), SamplingParams(max_tokens=10))
    for completion in results[0]:
        assert len(completion.prompt_token_ids) > CONTEXT
        assert (completion.token_ids, completion.log_probs, completion.text) == ((), (), "")
        assert completion.finish == "length"
    assert all(completion.token_ids for completion in results[1])
    # The neighbour's tokens are what they are without the long prompt.
    alone = engine().generate([requests(prompts, n=2)[1]], SamplingParams(max_tokens=10))
    assert token_ids(alone)[0] == token_ids(results)[1]
    only = engine().generate(requests(prompts[:1], n=2), SamplingParams(max_tokens=10))
    assert only[0] == results[0]


def test_a_prompt_near_the_context_is_cut_at_its_end() -> None:
    def ids_of(text: str) -> int:
        return len(tokenizer().prompt_ids([[{"role": "user", "content": text}]])[0])

    # "~" was never merged in training: one token each.
    empty = ids_of("")
    for room in (0, 1, 5):
        text = "~" * (CONTEXT - empty - room)
        assert ids_of(text) == CONTEXT - room
        (completions,) = engine().generate(requests([text], n=8), SamplingParams(max_tokens=50))
        assert max(len(c.token_ids) for c in completions) == room
        for completion in completions:
            stopped = completion.token_ids[-1:] == (tokenizer().turn_end_id,)
            assert completion.finish == ("stop" if stopped else "length")
            assert len(completion.token_ids) == room or stopped


def test_every_completion_keeps_its_own_limit_when_rows_move() -> None:
    """Rooms of 3 to 40 tokens side by side; each request alone has nobody to change places with."""
    empty = len(tokenizer().prompt_ids([[{"role": "user", "content": ""}]])[0])
    texts = ["~" * (CONTEXT - empty - room) for room in (40, 3, 25, 8)]
    mixed = requests(texts, n=3)
    together = engine(decode_rows=5).generate(mixed, SamplingParams(max_tokens=60))
    apart = [engine(decode_rows=1).generate([request], SamplingParams(max_tokens=60))[0] for request in mixed]
    assert token_ids(together) == token_ids(apart)
    assert [max(len(c.token_ids) for c in row) for row in together] == [40, 3, 25, 8]


def test_progress_counts_every_completion_once() -> None:
    told: list[int] = []
    engine(decode_rows=3).generate(requests(n=5), SamplingParams(max_tokens=12), told.append)
    assert sum(told) == 20
    assert engine().generate([], SamplingParams()) == []


def test_the_engine_follows_the_models_weights() -> None:
    model = Decoder(decoder().config)
    model.load_state_dict(decoder().state_dict())
    live = LocalEngine(model, tokenizer(), HardwareSettings(device="cpu"))
    sampling = SamplingParams(max_tokens=12)
    before = token_ids(live.generate(requests(), sampling))
    assert before == token_ids(engine().generate(requests(), sampling))
    initialise(model, seed=9, std=0.3)
    assert token_ids(live.generate(requests(), sampling)) != before
