"""The hard subset of curriculum SFT's second stage ([3B] section 2.1.2): long traces of problems rarely solved.

error rate = wrong / judged rollouts of the reference model,   kept where it is at least the bound
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reasoncore.config import HardSettings
from reasoncore.errors import StageFailedError
from reasoncore.infer.engine import SamplingParams
from reasoncore.model.tokenizer import ChatTokenizer
from reasoncore.progress import say
from reasoncore.records import Group, Trace
from reasoncore.stage import StageContext
from reasoncore.survey import survey


def error_rate(group: Group) -> float | None:
    """Share of wrong rollouts among the judged ones; None when none was judged."""
    judged = group.judged
    return (len(judged) - sum(judged)) / len(judged) if judged else None


def choose_hard(
    traces: Sequence[Trace], error_rates: Mapping[str, float | None], settings: HardSettings
) -> list[Trace]:
    """Traces whose problem's error rate, by ``DOMAIN/ID``, reaches the bound."""
    rates = [error_rates[trace.problem.key] for trace in traces]
    return [t for t, rate in zip(traces, rates, strict=True) if rate is not None and rate >= settings.min_error_rate]


def hard_subset(
    context: StageContext, traces: Sequence[Trace], settings: HardSettings, tokenizer: ChatTokenizer
) -> list[Trace]:
    """The hard ones of a stage's traces; error rates are kept in ``error-rates.jsonl``.

    Raises:
        StageFailedError: None is hard.
    """
    lengths = [len(ids) for ids in tokenizer.response_ids([trace.response for trace in traces])]
    long = [trace for trace, length in zip(traces, lengths, strict=True) if length >= settings.min_tokens]
    rates = _measure(context, long, settings)
    kept = choose_hard(long, rates, settings)
    say(f"{context.name}: {len(traces)} traces, {len(long)} long, {len(kept)} of them hard")
    if not kept:
        raise StageFailedError(
            f"stage {context.name}: none of {len(traces)} traces is hard: {len(long)} have {settings.min_tokens} "
            f"tokens or more, none of those an error rate of {settings.min_error_rate:g} or more",
            "Lower hard.min_tokens or hard.min_error_rate, or take a weaker reference, in a new run folder.",
        )
    return kept


def _measure(context: StageContext, traces: Sequence[Trace], settings: HardSettings) -> dict[str, float | None]:
    reference = context.checkpoint(settings.reference)
    problems = list({trace.problem.key: trace.problem for trace in traces}.values())
    sampling = SamplingParams(temperature=settings.temperature, max_tokens=settings.max_tokens)
    with context.judge() as judge:
        rows = survey(
            context,
            "error-rates",
            lambda: context.engine(reference),
            judge,
            problems,
            settings.rollouts,
            sampling,
            lambda group: {"error_rate": error_rate(group)},
        )
    return {row["key"]: row["error_rate"] for row in rows}
