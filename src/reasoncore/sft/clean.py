"""What SFT leaves out: traces that are no use as text, and those in which a benchmark's problem stands.

The filters are those of ``reasoncore data build``, here for the traces that a recipe generates or reads itself.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from reasoncore.config import CleanSettings
from reasoncore.data.decontaminate import ItemText, Match, ProtectedIndex, scan_texts
from reasoncore.data.text_quality import why_not
from reasoncore.domains import Domain
from reasoncore.errors import StageFailedError
from reasoncore.evals.benchmarks import load_benchmark
from reasoncore.paths import find_near
from reasoncore.progress import say
from reasoncore.records import Trace, to_json_line
from reasoncore.run_dir import write_json_atomic, write_text_atomic
from reasoncore.stage import StageContext


class Refused(NamedTuple):
    """A trace that is not learned from.

    Attributes:
        reason: In a few words; the same for all of a kind.
        match: The words that it shares with a benchmark's problem, where that is the reason.
    """

    trace: Trace
    reason: str
    match: Match | None = None

    def as_row(self) -> dict[str, Any]:
        """For ``rejected.jsonl``."""
        trace, match = self.trace, self.match
        shared = {} if match is None else {"item": match.item.item, "words": " ".join(match.words)}
        return {"problem": trace.problem.key, "reason": self.reason, **shared, "response": trace.response}


def clean_traces(context: StageContext, traces: Sequence[Trace], settings: CleanSettings) -> list[Trace]:
    """The traces to learn from; the others are in the stage's ``rejected.jsonl``, each with its reason.

    Raises:
        StageFailedError: None is left, or the benchmarks' problems are not those that the stage began with.
    """
    prompts = benchmark_prompts(settings, context.domains, context.root)
    index = ProtectedIndex.of(_as_before(context, list(prompts)), settings.ngram, settings.common)
    kept, refused = sift(traces, settings, index)
    lines = [to_json_line(one.as_row()) for one in refused]
    write_text_atomic(context.directory.path / "rejected.jsonl", "".join(lines))
    reasons = Counter(one.reason for one in refused)
    counts = "".join(f"; {reason}: {count}" for reason, count in reasons.most_common())
    say(f"{context.name}: {len(traces)} traces, {len(kept)} kept{counts}")
    if not kept:
        raise StageFailedError(
            f"stage {context.name}: none of {len(traces)} traces is kept{counts}", "Loosen clean, or take other data."
        )
    return kept


def _as_before(context: StageContext, prompts: list[ItemText]) -> list[ItemText]:
    """The same prompts, if they are those of the first time: other ones would leave other traces to go on with."""
    record = context.directory.path / "clean.json"
    found = {"prompts": len(prompts), "sha256": hashlib.sha256(repr(prompts).encode("utf-8", "replace")).hexdigest()}
    if not record.exists():
        write_json_atomic(record, found)
    elif json.loads(record.read_text(encoding="utf-8")) != found:
        raise StageFailedError(
            f"stage {context.name}: the problems of clean.benchmarks are not those that it began with",
            "Put the benchmarks' files back as they were, or use a new run folder.",
        )
    return prompts


def benchmark_prompts(
    settings: CleanSettings, domains: Mapping[str, Domain], root: Path, limit: int | None = None
) -> Iterator[ItemText]:
    """The prompts of the benchmarks' problems, or of the first ``limit`` of each.

    Raises:
        UserInputError: A benchmark that there is not, or whose file cannot be read.
    """
    data_dir = None
    if settings.data_dir is not None:
        data_dir = find_near(settings.data_dir, root, Path.is_dir) or root / settings.data_dir
    for name in settings.benchmarks:
        for problem in load_benchmark(name, data_dir, limit, domains):
            yield ItemText(name, problem.id, problem.prompt)


def sift(traces: Sequence[Trace], settings: CleanSettings, index: ProtectedIndex) -> tuple[list[Trace], list[Refused]]:
    """Traces to learn from, and the others, both in order."""
    texts = [text for trace in traces for text in (trace.problem.prompt, trace.response)]
    shared: dict[int, Match] = {}
    for match in scan_texts(texts, index):
        shared.setdefault(match.text // 2, match)
    kept, refused = [], []
    for number, trace in enumerate(traces):
        found = shared.get(number)
        reason = why_not(trace.response, settings) or (f"stands in {found.item.source}" if found else "")
        if reason:
            refused.append(Refused(trace, reason, found))
        else:
            kept.append(trace)
    return kept, refused
