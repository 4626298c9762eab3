"""Self-distillation: learning potential against a direct sum, and a selection that never ranks across buckets."""

import random

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from reasoncore.config import HardwareSettings, OptimiserSettings, SelectionSettings
from reasoncore.distill.learning_potential import learning_potentials
from reasoncore.distill.select import ScoredTrace, bucket_of, select
from reasoncore.model.config import parse_config
from reasoncore.model.network import Decoder, initialise
from reasoncore.train.learner import Learner
from reasoncore.train.packing import TrainingSequence, pack


def make_trace(score: float, tokens: int = 10, domain: str = "math") -> ScoredTrace:
    return ScoredTrace(domain, f"{domain}/{score}", "?", "!", tokens, score)


def test_learning_potential_is_the_mean_negative_log_likelihood_of_the_response() -> None:
    shape = {"model_type": "qwen2", "vocab_size": 17, "hidden_size": 16, "intermediate_size": 24}
    shape |= {"num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "tie_word_embeddings": True}
    model = Decoder(parse_config(shape, "test"))
    initialise(model, seed=0, std=0.3)
    hardware = HardwareSettings(device="cpu", tokens_per_micro_batch=16)
    learner = Learner(model, OptimiserSettings(learning_rate=1e-3), hardware)
    draw = random.Random(0)
    sequences = []
    for prompt, response in ((3, 4), (1, 9), (6, 1), (2, 2)):
        sequences.append(TrainingSequence(tuple(draw.randrange(17) for _ in range(prompt + response)), prompt))
    for sequence, potential in zip(sequences, learning_potentials(learner, sequences), strict=True):
        batch = pack([sequence], torch.device("cpu"))
        logits = model.logits(model(batch.tokens_N, batch.attention.positions_N, batch.attention)).double()
        probabilities = torch.softmax(logits, -1)
        total = 0.0
        for place in range(sequence.prompt_length, len(sequence.token_ids)):
            total += torch.log(probabilities[place - 1, sequence.token_ids[place]]).item()
        assert potential == pytest.approx(-total / sequence.response_length, rel=1e-5)


def test_selection_by_hand() -> None:
    settings = SelectionSettings(min_tokens=5, length_edges=(20,), trim_top=0.1, band=(0.5, 1.0))
    short = [make_trace(score / 10) for score in range(10)]
    long = [make_trace(5 + score, 20) for score in range(4)]
    tiny = [make_trace(99.0, 4)]
    selection = select([*short, *long, *tiny], settings, seed=0)
    # Ten short ones: the top one is cut, of the nine left ranks 4 to 9 stay (round(4.5) is 4). Four long: none is cut.
    assert selection.kept == [4, 5, 6, 7, 8, 12, 13]
    assert selection.counts["math, bucket 0"] == {"too_short": 1, "kept": 5, "trimmed": 1, "outside_band": 4}
    assert selection.counts["math, bucket 1"] == {"kept": 2, "outside_band": 2}


TRACES = st.lists(
    st.tuples(st.sampled_from(["math", "code"]), st.integers(1, 100), st.floats(0, 10)), min_size=1, max_size=60
)


@given(TRACES, st.floats(0, 0.5), st.floats(0, 0.9))
def test_what_other_buckets_hold_changes_nothing(rows: list[tuple[str, int, float]], trim: float, low: float) -> None:
    settings = SelectionSettings(min_tokens=3, length_edges=(10, 50), trim_top=trim, band=(low, 1.0))
    traces = [ScoredTrace(source, "k", "?", "!", tokens, score) for source, tokens, score in rows]
    kept = {id(traces[index]) for index in select(traces, settings, 0).kept}
    for bucket in {bucket_of(trace, settings.length_edges) for trace in traces}:
        alone = [trace for trace in traces if bucket_of(trace, settings.length_edges) == bucket]
        assert {id(alone[i]) for i in select(alone, settings, 0).kept} == kept & {id(trace) for trace in alone}
    assert all(trace.tokens >= 3 for trace in traces if id(trace) in kept)


def test_a_bucket_of_large_scores_does_not_crowd_out_another() -> None:
    settings = SelectionSettings(length_edges=(50,), trim_top=0.0, band=(0.5, 1.0))
    traces = [make_trace(score, 10) for score in (0.1, 0.2)] + [make_trace(score, 60) for score in (8.0, 9.0)]
    assert select(traces, settings, 0).kept == [1, 3]


def test_random_choice_takes_as_many_of_each_bucket_and_depends_on_the_seed() -> None:
    ranked = SelectionSettings(length_edges=(50,), trim_top=0.1, band=(0.4, 1.0))
    drawn = ranked.model_copy(update={"choose": "random"})
    traces = [make_trace(score / 7, 10 + 60 * (score % 3 == 0)) for score in range(60)]
    by_rank, first, second = select(traces, ranked, 1), select(traces, drawn, 1), select(traces, drawn, 2)

    def buckets(kept: list[int]) -> list[tuple[str, int]]:
        return sorted(bucket_of(traces[i], (50,)) for i in kept)

    assert buckets(by_rank.kept) == buckets(first.kept) == buckets(second.kept)
    assert first.kept != second.kept
    assert first == select(traces, drawn, 1)
