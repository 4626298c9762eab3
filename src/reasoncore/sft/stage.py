"""The SFT stage ([3B] section 2.1.2): cross-entropy on response tokens of packed, whole samples."""

from __future__ import annotations

from collections import Counter

from reasoncore.config import SFTStage
from reasoncore.data.problems import load_traces
from reasoncore.errors import DataError
from reasoncore.model.checkpoint import load_checkpoint
from reasoncore.run_dir import now
from reasoncore.sft.clean import clean_traces
from reasoncore.sft.hard import hard_subset
from reasoncore.stage import StageContext
from reasoncore.train.learner import Learner
from reasoncore.train.snapshot import resume_from
from reasoncore.train.supervised import fit, to_sequences


def run_sft(context: StageContext) -> None:
    """Fine-tune the starting checkpoint on traces and write the stage's checkpoint."""
    assert context.start is not None
    settings: SFTStage = context.settings
    started = now()
    snapshot = context.begin()
    model, tokenizer = load_checkpoint(context.start)
    loaded = load_traces(settings.data, context.domains, context.seed, context.root)
    clean = loaded if settings.clean is None else clean_traces(context, loaded, settings.clean)
    traces = clean if settings.hard is None else hard_subset(context, clean, settings.hard, tokenizer)
    limit = min(settings.max_length, model.config.max_position_embeddings)
    whole = to_sequences([(trace.problem.prompt, trace.response) for trace in traces], tokenizer)
    sequences = [sequence for sequence in whole if len(sequence.token_ids) <= limit]
    if not sequences:
        raise DataError(
            f"stage {context.name}: none of {len(traces)} samples is at most {limit} tokens long", "Raise max_length."
        )
    learner = Learner(model, settings.optimiser, context.hardware)
    steps = fit(
        learner,
        sequences,
        settings,
        settings.epochs,
        context,
        tokenizer,
        resume_from(snapshot, learner),
        keep_checkpoints=settings.keep_checkpoints,
    )
    summary = {
        "traces": len(clean),
        "rejected": len(loaded) - len(clean),
        "samples": len(sequences),
        "dropped_too_long": len(whole) - len(sequences),
        "tokens": sum(len(sequence.token_ids) for sequence in sequences),
        "epochs": settings.epochs,
        "steps": steps,
        **{f"domain_{name}": count for name, count in sorted(Counter(t.problem.domain for t in traces).items())},
        **{f"strategy_{name}": count for name, count in sorted(Counter(t.strategy for t in traces).items())},
    }
    context.finish(started, summary, model, tokenizer)
