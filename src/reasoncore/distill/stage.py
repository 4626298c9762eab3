"""Offline self-distillation ([3B] section 2.3): collect verified traces, select by learning potential, fine-tune."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reasoncore.config import DistillStage
from reasoncore.distill.collect import collect_traces
from reasoncore.distill.learning_potential import learning_potentials
from reasoncore.distill.select import ScoredTrace, select
from reasoncore.errors import StageFailedError
from reasoncore.model.checkpoint import load_checkpoint
from reasoncore.model.tokenizer import ChatTokenizer
from reasoncore.progress import say
from reasoncore.records import to_json_line
from reasoncore.run_dir import now, write_json_atomic, write_text_atomic
from reasoncore.stage import StageContext
from reasoncore.train.learner import Learner
from reasoncore.train.packing import TrainingSequence
from reasoncore.train.snapshot import resume_from
from reasoncore.train.supervised import fit


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
    collected = collect_traces(context)
    model, tokenizer = load_checkpoint(context.start)
    learner = Learner(model, settings.optimiser, context.hardware)
    limit = min(settings.max_length, model.config.max_position_embeddings)
    scored, sequences = _score(context, collected, learner, tokenizer, limit)
    selection = select(scored, settings.selection, context.seed)
    say(f"{context.name}: {len(scored)} verified traces, {len(selection.kept)} kept")
    if not selection.kept:
        raise StageFailedError(
            f"stage {context.name}: of {len(scored)} verified traces none is kept: {selection.counts}",
            "Widen selection.band, lower selection.min_tokens or sample more, in a new run folder.",
        )
    folder = context.directory.path
    write_text_atomic(folder / "selected.jsonl", "".join(to_json_line(scored[index]) for index in selection.kept))
    write_json_atomic(folder / "selection.json", selection.counts)
    chosen = [sequences[index] for index in selection.kept]
    steps = fit(learner, chosen, settings, settings.epochs, context, tokenizer, resume_from(snapshot, learner))
    summary = {
        "verified": len(scored),
        "selected": len(chosen),
        **{f"selected_{name}": sum(scored[i].source == name for i in selection.kept) for name in settings.data},
        "epochs": settings.epochs,
        "steps": steps,
    }
    context.finish(started, summary, model, tokenizer)


def _score(
    context: StageContext,
    collected: Mapping[str, Sequence[Mapping[str, Any]]],
    learner: Learner,
    tokenizer: ChatTokenizer,
    limit: int,
) -> tuple[list[ScoredTrace], list[TrainingSequence]]:
    """Every trace that fits, scored by the student as it starts, and its tokens."""
    rows = [(source, row) for source, part in collected.items() for row in part]
    prompts = tokenizer.prompt_ids([[{"role": "user", "content": row["prompt"]}] for _, row in rows])
    responses = tokenizer.response_ids([row["response"] for _, row in rows])
    fitting = [
        (source, row, TrainingSequence(prompt + response, len(prompt)))
        for (source, row), prompt, response in zip(rows, prompts, responses, strict=True)
        if len(prompt) + len(response) <= limit
    ]
    sequences = [sequence for _, _, sequence in fitting]
    with context.clock.time("scoring") as spent:
        scores = learning_potentials(learner, sequences)
        spent.tokens = sum(len(sequence.token_ids) for sequence in sequences)
    scored = [
        ScoredTrace(source, row["key"], row["prompt"], row["response"], sequence.response_length, score)
        for (source, row, sequence), score in zip(fitting, scores, strict=True)
    ]
    return scored, sequences
