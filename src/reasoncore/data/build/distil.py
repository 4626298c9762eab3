"""Multi-path distillation ([3B] section 2.1.1): several traces a query, the correct ones that are distinct kept.

Distinctness is ours: the Jaccard similarity of two traces' sets of word 3-grams, at most a bound with each one kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from reasoncore.data.build.config import DistilSettings
from reasoncore.data.build.rows import CorpusRow
from reasoncore.data.build.stage_folder import StageWriter
from reasoncore.data.build.teacher import Teacher, prompts_of, why_none
from reasoncore.data.words import shingles
from reasoncore.domains import Judge
from reasoncore.errors import ReasoncoreError
from reasoncore.records import Completion, Verdict

_SHINGLE = 3
_AT_ONCE = 512


def distil(
    writer: StageWriter, rows: Sequence[CorpusRow], settings: DistilSettings, teacher: Teacher | None, judge: Judge
) -> int:
    """Traces of each query; the number of those that were looked at.

    Without a teacher the traces are the seeds' own worked solutions.
    """
    looked_at = 0
    for start in range(0, len(rows), _AT_ONCE):
        part = rows[start : start + _AT_ONCE]
        if teacher is None:
            traces = [
                [replace(row, response=text).knowing(strategy=name) for name, text in row.solutions.items()]
                for row in part
            ]
        else:
            traces = []
            for row, answers in zip(part, teacher.ask("traces", prompts_of(part), settings.samples), strict=True):
                traces.append([_answered(writer, row, answer) for answer in answers])
        flat = [(row, trace) for own, row in zip(traces, part, strict=True) for trace in own]
        looked_at += len(flat)
        verdicts = iter(judge.judge([trace.problem for _, trace in flat], [trace.response for _, trace in flat]))
        for row, own in zip(part, traces, strict=True):
            judged = [(trace, next(verdicts)) for trace in own]
            _choose(writer, judged, settings, rolled_out=teacher is not None)
            if not own:
                looked_at += 1
                writer.reject(row, "no trace")
    return looked_at


def similarity(one: str, other: str) -> float:
    """Jaccard similarity of the sets of word 3-grams; 1 of two texts with the same words."""
    a, b = shingles(one, _SHINGLE), shingles(other, _SHINGLE)
    return len(a & b) / len(a | b) if a | b else 1.0


def nearest_of(text: str, others: Sequence[str]) -> float:
    """The similarity to the likest of the others; 0 where there are none."""
    return max((similarity(text, other) for other in others), default=0.0)


def _answered(writer: StageWriter, row: CorpusRow, answer: Completion | ReasoncoreError) -> CorpusRow:
    if not isinstance(answer, Completion):
        writer.unanswered += 1
        return row.knowing(missing=why_none(answer))
    return replace(row, response=answer.text).knowing(**({} if answer.finish == "stop" else {"cut_off": True}))


def _choose(
    writer: StageWriter, judged: Sequence[tuple[CorpusRow, Verdict]], settings: DistilSettings, *, rolled_out: bool
) -> None:
    """Keep the first distinct correct traces; ``rolled_out`` where their share says how hard the query is."""
    counted = [
        v.correct and not t.facts.get("cut_off")
        for t, v in judged
        if v.correct is not None and "missing" not in t.facts
    ]
    error_rate = 1 - sum(counted) / len(counted) if counted and rolled_out else None
    kept: list[str] = []
    for number, (given, verdict) in enumerate(judged):
        trace = given.knowing(error_rate=error_rate, trace=number)
        if "missing" in trace.facts:
            writer.reject(trace, trace.facts["missing"])
        elif trace.facts.get("cut_off"):
            writer.reject(trace, "cut off")
        elif verdict.correct is None:
            writer.reject(trace, "not judged", said=verdict.reason)
        elif not verdict.correct:
            writer.reject(trace, "wrong", said=verdict.reason)
        elif (nearest := nearest_of(trace.response, kept)) > settings.max_similarity:
            writer.reject(trace, "like another trace of its query", similarity=nearest)
        elif len(kept) == settings.keep:
            writer.reject(trace, "more traces than are kept")
        else:
            kept.append(trace.response)
            writer.keep(trace.knowing(similarity=nearest))
