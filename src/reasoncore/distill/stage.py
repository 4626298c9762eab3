"""Offline self-distillation ([3B] section 2.3): collect verified traces, select by learning potential, fine-tune."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from reasoncore.config import DistillStage
from reasoncore.distill.collect import CollectedTrace, collect_traces
from reasoncore.distill.learning_potential import learning_potentials
from reasoncore.distill.select import ScoredTrace, select
from reasoncore.errors import StageFailedError
from reasoncore.model.checkpoint import load_checkpoint
from reasoncore.model.tokenizer import ChatTokenizer
from reasoncore.progress import say
from reasoncore.records import read_jsonl, to_json_line
from reasoncore.run_dir import now, write_json_atomic, write_text_atomic
from reasoncore.stage import StageContext
from reasoncore.train.learner import Learner
from reasoncore.train.snapshot import resume_from
from reasoncore.train.supervised import fit, to_sequences


def run_distill(context: StageContext) -> None:
    """Fine-tune the student on the specialists' traces that teach it most, and write the stage's checkpoint.

    The traces that were kept, with their scores, are in ``selected.jsonl``; counts by bucket in ``selection.json``.

    Raises:
        StageFailedError: Nothing is left after verification and selection.
    """
    assert context.start is not None
    settings: DistillStage = context.settings
    started = now()
    snapshot = context.begin()
    model, tokenizer = load_checkpoint(context.start)
    learner = Learner(model, settings.optimiser, context.hardware)
    limit = min(settings.max_length, model.config.max_position_embeddings)
    selected = _selected(context, learner, tokenizer, limit)
    sequences = to_sequences([(row["prompt"], row["response"]) for row in selected], tokenizer)
    steps = fit(learner, sequences, settings, settings.epochs, context, tokenizer, resume_from(snapshot, learner))
    by_domain = Counter(row["domain"] for row in selected)
    summary = {
        "selected": len(selected),
        **{f"selected_{name}": count for name, count in sorted(by_domain.items())},
        "epochs": settings.epochs,
        "steps": steps,
    }
    context.finish(started, summary, model, tokenizer)


def _selected(context: StageContext, learner: Learner, tokenizer: ChatTokenizer, limit: int) -> list[dict[str, Any]]:
    """The rows of ``selected.jsonl``, made before the first step and kept: the student's scores change afterwards."""
    settings: DistillStage = context.settings
    record = context.directory.path / "selected.jsonl"
    if not record.exists():
        scored = _score(context, collect_traces(context), learner, tokenizer, limit)
        selection = select(scored, settings.selection, context.seed)
        say(f"{context.name}: {len(scored)} verified traces, {len(selection.kept)} kept")
        if not selection.kept:
            raise StageFailedError(
                f"stage {context.name}: of {len(scored)} verified traces none is kept: {selection.counts}",
                "Widen selection.band, lower selection.min_tokens or sample more, in a new run folder.",
            )
        write_json_atomic(context.directory.path / "selection.json", selection.counts)
        write_text_atomic(record, "".join(to_json_line(scored[index]) for index in selection.kept))
        context.save_time()
    return [row for _, row in read_jsonl(record)]


def _score(
    context: StageContext, traces: Sequence[CollectedTrace], learner: Learner, tokenizer: ChatTokenizer, limit: int
) -> list[ScoredTrace]:
    """Every trace, and the score of each that fits, under the student as it starts."""
    sequences = to_sequences([(trace.problem.prompt, trace.response) for trace in traces], tokenizer)
    fitting = [sequence for sequence in sequences if len(sequence.token_ids) <= limit]
    with context.clock.time("scoring") as spent:
        scores = iter(learning_potentials(learner, fitting))
        spent.tokens = sum(len(sequence.token_ids) for sequence in fitting)
    return [
        ScoredTrace(
            trace.problem.domain,
            trace.problem.key,
            trace.problem.prompt,
            trace.response,
            sequence.response_length,
            next(scores) if len(sequence.token_ids) <= limit else None,
        )
        for trace, sequence in zip(traces, sequences, strict=True)
    ]
