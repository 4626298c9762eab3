"""Drawing tokens: the distribution, its truncations, its log-probabilities and the ends of the unit interval."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from reasoncore.infer import sampling
from reasoncore.infer.engine import SamplingParams
from reasoncore.infer.sampling import sample_tokens

LARGEST_BELOW_ONE = float(np.nextafter(np.float32(1), np.float32(0)))
# Probabilities 0.5, 0.25, 0.125, 0.125: exact in floating point, and not in order of size.
DYADIC = torch.tensor([0.125, 0.5, 0.125, 0.25]).log()


def grid(count: int) -> torch.Tensor:
    """Midpoints of ``count`` equal parts of [0, 1)."""
    return (torch.arange(count) + 0.5) / count


def draw(logits_V: torch.Tensor, params: SamplingParams, uniform: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    return sample_tokens(logits_V.expand(len(uniform), -1), params, uniform)


def drawn_shares(logits_V: torch.Tensor, params: SamplingParams, count: int = 4096) -> torch.Tensor:
    token_B, _ = draw(logits_V, params, grid(count))
    return token_B.bincount(minlength=len(logits_V)).double() / count


@pytest.mark.parametrize("temperature", [0.3, 0.7, 1.0, 2.5])
def test_shares_on_a_grid_are_the_softmax_at_the_temperature(temperature: float) -> None:
    logits_V = torch.randn(23, generator=torch.Generator().manual_seed(0)) * 2
    shares = drawn_shares(logits_V, SamplingParams(temperature=temperature))
    expected = (logits_V.double() / temperature).softmax(-1)
    # An interval of length p holds p * count grid points, one more or less.
    assert (shares - expected).abs().max() <= 1.01 / 4096


def test_random_draws_pass_a_chi_square_test() -> None:
    logits_V = torch.randn(12, generator=torch.Generator().manual_seed(1))
    uniform = torch.from_numpy(np.random.default_rng(2).random(20_000, dtype=np.float32))
    token_B, _ = draw(logits_V, SamplingParams(temperature=0.8), uniform)
    expected = (logits_V.double() / 0.8).softmax(-1) * len(uniform)
    statistic = ((token_B.bincount(minlength=12) - expected) ** 2 / expected).sum()
    assert statistic < 31.26  # 0.999 quantile for 11 degrees of freedom


@pytest.mark.parametrize(
    ("params", "kept"),
    [
        (SamplingParams(top_k=1), {1}),
        (SamplingParams(top_k=2), {1, 3}),
        (SamplingParams(top_k=4), {0, 1, 2, 3}),
        (SamplingParams(top_k=99), {0, 1, 2, 3}),
        (SamplingParams(top_p=1e-6), {1}),
        (SamplingParams(top_p=0.5), {1}),  # reached exactly: no more
        (SamplingParams(top_p=0.5001), {1, 3}),
        (SamplingParams(top_p=0.75), {1, 3}),
        (SamplingParams(top_p=0.76), {0, 1, 3}),  # of a tie, the lower token
        (SamplingParams(top_p=0.99), {0, 1, 2, 3}),
        (SamplingParams(top_k=3, top_p=0.99), {0, 1, 3}),
        # top-p looks at what top-k left: 0.5 and 0.25 become 2/3 and 1/3.
        (SamplingParams(top_k=2, top_p=0.6), {1}),
        (SamplingParams(top_k=2, top_p=0.7), {1, 3}),
        # At temperature 1/2 the squares count: 16/22, 4/22, 1/22, 1/22.
        (SamplingParams(temperature=0.5, top_p=0.7), {1}),
        (SamplingParams(temperature=0.5, top_p=0.75), {1, 3}),
    ],
)
def test_truncation_keeps_exactly_these_tokens_and_renormalises(params: SamplingParams, kept: set[int]) -> None:
    shares = drawn_shares(DYADIC, params)
    assert set(shares.nonzero().squeeze(1).tolist()) == kept
    probabilities = (DYADIC / params.temperature).softmax(-1)
    mass = sum(float(probabilities[token]) for token in kept)
    token_B, log_prob_B = draw(DYADIC, params, grid(64))
    torch.testing.assert_close(log_prob_B, (probabilities[token_B] / mass).log(), atol=1e-6, rtol=0)
    expected = torch.tensor([float(probabilities[t]) / mass if t in kept else 0.0 for t in range(4)]).double()
    assert (shares - expected).abs().max() <= 1.01 / 4096


def test_log_probs_are_those_of_the_softmax_at_the_temperature() -> None:
    logits_BV = torch.randn(64, 50, generator=torch.Generator().manual_seed(3)) * 3
    token_B, log_prob_B = sample_tokens(logits_BV, SamplingParams(temperature=0.6), grid(64))
    expected = (logits_BV / 0.6).log_softmax(-1).gather(-1, token_B[:, None]).squeeze(-1)
    torch.testing.assert_close(log_prob_B, expected, atol=1e-5, rtol=1e-5)
    assert log_prob_B.dtype == torch.float32


def test_rows_are_drawn_each_from_its_own_distribution() -> None:
    logits_BV = torch.full((3, 5), -torch.inf)
    logits_BV[torch.arange(3), torch.tensor([4, 0, 2])] = 7.0
    token_B, log_prob_B = sample_tokens(logits_BV, SamplingParams(), torch.tensor([0.0, 0.5, 0.99]))
    assert token_B.tolist() == [4, 0, 2]
    assert log_prob_B.tolist() == [0.0, 0.0, 0.0]


def test_greedy_takes_the_likeliest_and_draws_nothing() -> None:
    logits_BV = torch.randn(16, 9, generator=torch.Generator().manual_seed(4))
    for uniform in (torch.zeros(16), torch.full((16,), LARGEST_BELOW_ONE)):
        token_B, log_prob_B = sample_tokens(logits_BV, SamplingParams(temperature=0), uniform)
        assert token_B.tolist() == logits_BV.argmax(-1).tolist()
        assert log_prob_B.tolist() == [0.0] * 16


def test_ties_are_all_kept_or_cut_at_the_lower_tokens() -> None:
    equal = torch.zeros(8)
    assert drawn_shares(equal, SamplingParams()).tolist() == [0.125] * 8
    assert drawn_shares(equal, SamplingParams(top_k=3)).nonzero().squeeze(1).tolist() == [0, 1, 2]
    assert drawn_shares(equal, SamplingParams(top_p=0.25)).nonzero().squeeze(1).tolist() == [0, 1]
    assert sample_tokens(equal[None], SamplingParams(temperature=0), grid(1))[0].tolist() == [0]


@pytest.mark.parametrize("top_p", [0.5, 0.95, 0.999])
def test_ordering_the_likeliest_alone_changes_nothing(top_p: float, monkeypatch: pytest.MonkeyPatch) -> None:
    # Rounded, so that there are ties, also where the likeliest end.
    logits_BV = (torch.randn(64, 700, generator=torch.Generator().manual_seed(6)) * 12).round() / 2
    short = sample_tokens(logits_BV, SamplingParams(top_p=top_p), grid(64))
    monkeypatch.setattr(sampling, "LIKELIEST", 1)
    whole = sample_tokens(logits_BV, SamplingParams(top_p=top_p), grid(64))
    assert torch.equal(short[0], whole[0])
    torch.testing.assert_close(short[1], whole[1], atol=1e-6, rtol=1e-6)


def test_a_row_does_not_depend_on_those_beside_it() -> None:
    generator = torch.Generator().manual_seed(7)
    peaked, flat = torch.randn(8, 700, generator=generator) * 5, torch.randn(8, 700, generator=generator) * 0.1
    params, uniform_B = SamplingParams(top_p=0.95), grid(16)
    together = sample_tokens(torch.cat((peaked, flat)), params, uniform_B)
    apart = [sample_tokens(row[None], params, uniform_B[n : n + 1]) for n, row in enumerate((*peaked, *flat))]
    assert torch.equal(together[0], torch.cat([token for token, _ in apart]))
    assert torch.equal(together[1], torch.cat([log_prob for _, log_prob in apart]))


def test_the_logits_are_left_as_they_were() -> None:
    logits_BV = torch.randn(4, 9, generator=torch.Generator().manual_seed(5))
    before = logits_BV.clone()
    sample_tokens(logits_BV, SamplingParams(temperature=0.5, top_k=3, top_p=0.8), grid(4))
    assert torch.equal(logits_BV, before)


logit = st.one_of(st.floats(-80, 80, width=32), st.just(-math.inf), st.just(0.0))


@settings(max_examples=200, deadline=None)
@given(
    logits=st.lists(logit, min_size=1, max_size=40).filter(lambda row: max(row) > -math.inf),
    uniform=st.one_of(st.sampled_from([0.0, LARGEST_BELOW_ONE]), st.floats(0, LARGEST_BELOW_ONE, width=32)),
    temperature=st.sampled_from([0.1, 0.7, 1.0, 3.0]),
    top_k=st.sampled_from([0, 1, 5]),
    top_p=st.sampled_from([1.0, 0.9, 0.05]),
)
def test_no_number_ever_chooses_a_token_of_no_probability(
    logits: list[float], uniform: float, temperature: float, top_k: int, top_p: float
) -> None:
    params = SamplingParams(temperature=temperature, top_k=top_k, top_p=top_p)
    logits_V = torch.tensor(logits)
    token_B, log_prob_B = sample_tokens(logits_V[None], params, torch.tensor([uniform]))
    token = int(token_B)
    assert 0 <= token < len(logits)
    assert logits[token] > -math.inf
    assert -math.inf < float(log_prob_B) <= 1e-6
    if top_k:
        assert sum(value > logits[token] for value in logits) < top_k


@pytest.mark.parametrize("vocabulary", [1000, 50_000, 151_936])
def test_large_vocabularies_with_dead_ends_on_both_sides(vocabulary: int) -> None:
    """Rounding of a long cumulative sum must not reach the tokens of no probability behind the last one."""
    logits_V = torch.randn(vocabulary, generator=torch.Generator().manual_seed(6))
    logits_V[:10] = logits_V[-10:] = -torch.inf
    token_B, log_prob_B = draw(logits_V, SamplingParams(), torch.tensor([0.0, LARGEST_BELOW_ONE]))
    first, last = token_B.tolist()
    assert first == 10
    assert vocabulary - 1000 < last < vocabulary - 10
    assert torch.isfinite(log_prob_B).all()


@pytest.mark.parametrize("how", [{"temperature": 1e-38}, {"top_p": 1e-300}, {"temperature": 1e-4, "top_p": 1e-30}])
def test_settings_beyond_float32_take_the_likeliest(how: dict[str, float]) -> None:
    logits_V = torch.randn(200, generator=torch.Generator().manual_seed(0)) * 3
    token_B, log_prob_B = draw(logits_V, SamplingParams(**how), grid(64))
    assert set(token_B.tolist()) == {int(logits_V.argmax())}
    assert log_prob_B.abs().max() < 1e-6
