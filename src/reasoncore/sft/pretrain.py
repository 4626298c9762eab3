"""Pretraining of a nano base: tokenizer and decoder from nothing, on plain procedural text.

Not part of the method, which starts from a published base; it makes the embedded one.
"""

from __future__ import annotations

from reasoncore.config import PretrainStage
from reasoncore.errors import DataError
from reasoncore.model.checkpoint import load_checkpoint
from reasoncore.model.config import parse_config
from reasoncore.model.network import Decoder, initialise
from reasoncore.model.tokenizer import train_tokenizer
from reasoncore.procedural import plain_text
from reasoncore.run_dir import now
from reasoncore.stage import StageContext
from reasoncore.train.learner import Learner
from reasoncore.train.packing import TrainingSequence
from reasoncore.train.snapshot import resume_from
from reasoncore.train.supervised import fit

TOKENIZER_DOCUMENTS = 20_000


def run_pretrain(context: StageContext) -> None:
    """Train the tokenizer, then the decoder, and write the stage's checkpoint."""
    settings: PretrainStage = context.settings
    started = now()
    snapshot = context.begin()
    documents = [plain_text(index, context.seed, settings.levels) for index in range(settings.documents)]
    if snapshot is None:
        shape = settings.model.model_dump(exclude={"vocab_size"})
        tokenizer = train_tokenizer(documents[:TOKENIZER_DOCUMENTS], settings.model.vocab_size)
        config = parse_config(
            {"model_type": "qwen2", "vocab_size": len(tokenizer), "tie_word_embeddings": True, **shape}, context.name
        )
        model = Decoder(config)
        initialise(model, context.seed)
    else:
        model, tokenizer = load_checkpoint(snapshot)
    sequences = [TrainingSequence(ids, 1) for ids in tokenizer.document_ids(documents)]
    sequences = [sequence for sequence in sequences if len(sequence.token_ids) <= settings.max_length]
    if not sequences:
        raise DataError(f"stage {context.name}: every document is longer than max_length", "Raise max_length.")
    learner = Learner(model, settings.optimiser, context.hardware)
    steps = fit(learner, sequences, settings, 1, context, tokenizer, resume_from(snapshot, learner))
    tokens = sum(len(sequence.token_ids) for sequence in sequences)
    summary = {
        "samples": len(sequences),
        "dropped_too_long": len(documents) - len(sequences),
        "tokens": tokens,
        "vocabulary": len(tokenizer),
    }
    context.finish(started, {**summary, "steps": steps}, model, tokenizer)
