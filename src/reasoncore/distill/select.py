"""Which verified traces teach: a band of learning potential within (domain, length bucket) ([3B] section 2.3).

Scores are never ranked across buckets: longer traces and other domains have other likelihoods. Very short traces are
left out, the extreme top of each bucket is cut, and of the rest the middle to high range stays. Edges, quantiles and
band are ours, and settings.
"""

from __future__ import annotations

import bisect
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from reasoncore.config import SelectionSettings
from reasoncore.seeding import derive_seed

Bucket = tuple[str, int]


@dataclass(frozen=True, slots=True)
class ScoredTrace:
    """A verified trace and what decides over it.

    Attributes:
        domain: The problem's domain.
        key: The problem's key.
        tokens: Length of the response.
        score: S_LP; None where prompt and response are longer than the student is trained on.
    """

    domain: str
    key: str
    prompt: str
    response: str
    tokens: int
    score: float | None


@dataclass(frozen=True, slots=True)
class Selection:
    """Indices of the traces that stay, in order, and the counts of all by bucket and fate."""

    kept: list[int]
    counts: dict[str, dict[str, int]]


def bucket_of(trace: ScoredTrace, edges: Sequence[int]) -> Bucket:
    """(domain, number of edges that the length reaches)."""
    return trace.domain, bisect.bisect_right(edges, trace.tokens)


def select(traces: Sequence[ScoredTrace], settings: SelectionSettings, seed: int) -> Selection:
    """Keep the band of each bucket. ``seed`` decides only where the choice is random.

    With n traces of a bucket ranked by score, the top round(trim_top n) are cut; of the m left, ranks
    round(low m) to round(high m) stay.
    """
    buckets: dict[Bucket, list[tuple[float, int]]] = {}
    fates: dict[Bucket, Counter[str]] = {}
    for index, trace in enumerate(traces):
        bucket = bucket_of(trace, settings.length_edges)
        fate = fates.setdefault(bucket, Counter())
        if trace.score is None:
            fate["too_long"] += 1
        elif trace.tokens < settings.min_tokens:
            fate["too_short"] += 1
        else:
            buckets.setdefault(bucket, []).append((trace.score, index))
    kept: list[int] = []
    for bucket, members in buckets.items():
        ranked = [index for _, index in sorted(members)]
        left = ranked[: len(ranked) - round(settings.trim_top * len(ranked))]
        low, high = (round(quantile * len(left)) for quantile in settings.band)
        chosen = left[low:high]
        if settings.choose == "random":
            chosen = random.Random(derive_seed(seed, "select", *map(str, bucket))).sample(ranked, len(chosen))
        kept += chosen
        fates[bucket] += Counter(
            kept=len(chosen), trimmed=len(ranked) - len(left), outside_band=len(left) - len(chosen)
        )
    counts = {f"{domain}, bucket {number}": dict(fates[domain, number]) for domain, number in sorted(fates)}
    return Selection(sorted(kept), counts)
