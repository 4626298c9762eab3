"""The teacher of a build: an engine behind the request cache."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from reasoncore.config import HardwareSettings
from reasoncore.data.build.config import TeacherSettings
from reasoncore.data.build.rows import CorpusRow
from reasoncore.data.build.stage_folder import StageWriter
from reasoncore.data.request_cache import CachedEngine, CapReachedError, Limits
from reasoncore.errors import InfrastructureError, ReasoncoreError, UserInputError
from reasoncore.infer.engine import Engine, Request, SamplingParams
from reasoncore.model.folder import decisive_hashes, resolve_base
from reasoncore.progress import track
from reasoncore.records import Completion
from reasoncore.seeding import derive_seed

NO_ANSWER = "no answer from the teacher"


@dataclass(slots=True)
class Teacher:
    """Who is asked, and how.

    Attributes:
        engine: Asks nothing twice.
        sampling: Of all its answers.
        seed: Of all draws.
    """

    engine: CachedEngine
    sampling: SamplingParams
    seed: int

    def ask(self, what: str, prompts: Sequence[str], samples: int = 1) -> list[list[Completion | ReasoncoreError]]:
        """Answers to each prompt, in order; where there is none, why."""
        requests = [
            Request(({"role": "user", "content": prompt},), samples, derive_seed(self.seed, prompt))
            for prompt in prompts
        ]
        answers: list[list[Completion | ReasoncoreError | None]] = [[None] * samples for _ in prompts]
        with track(f"{what} (answers)", len(prompts) * samples) as progress:
            for index, sample, outcome in self.engine.stream(requests, self.sampling):
                answers[index][sample] = outcome
                progress.advance()
        missing = InfrastructureError("the teacher left a request without an answer", "Run the same command again.")
        return [[missing if one is None else one for one in row] for row in answers]


def why_none(error: ReasoncoreError) -> str:
    """The reason of a row that got no answer, in a few words that are the same for all of a kind."""
    return "the cap on cost" if isinstance(error, CapReachedError) else NO_ANSWER


def all_answered(
    writer: StageWriter, row: CorpusRow, answers: Sequence[Completion | ReasoncoreError]
) -> list[Completion] | None:
    """The answers on a row; where one is missing the row stays behind with the reason, and there is None."""
    missing = [one for one in answers if not isinstance(one, Completion)]
    if missing:
        writer.unanswered += len(missing)
        writer.reject(row, why_none(missing[0]), said=missing[0].message)
        return None
    return [one for one in answers if isinstance(one, Completion)]


@contextmanager
def open_teacher(
    settings: TeacherSettings, out: Path, root: Path, seed: int, own: Engine | None = None
) -> Iterator[Teacher | None]:
    """The teacher; None where the seeds' own solutions are all there is.

    Args:
        own: The engine of ``kind = "engine"``.

    Raises:
        CheckpointError, UserInputError: The checkpoint or the address cannot be used, or there is no engine.
    """
    if settings.kind == "engine" and own is None:
        raise UserInputError('teacher.kind = "engine": no engine', "Give one in Python: Build(..., engine=ENGINE).")
    if own is not None and settings.kind != "engine":
        raise UserInputError(f'teacher.kind = "{settings.kind}", and an engine is given', 'Set kind = "engine".')
    if settings.kind == "known":
        yield None
        return
    engine, model = (own, {"engine": str(settings.model)}) if own is not None else _engine(settings, root)
    limits = Limits(
        settings.usd_per_million_prompt_tokens,
        settings.usd_per_million_tokens,
        settings.most_usd,
        settings.requests_per_minute,
        4 * settings.concurrency,
    )
    sampling = SamplingParams(settings.temperature, settings.top_p, max_tokens=settings.max_tokens)
    cached = CachedEngine(engine, model, out / "requests.sqlite", limits)
    try:
        yield Teacher(cached, sampling, seed)
    finally:
        cached.close()


def _engine(settings: TeacherSettings, root: Path) -> tuple[Engine, dict[str, str]]:
    assert settings.model is not None
    if settings.kind == "endpoint":
        from reasoncore.infer.http import HttpEngine

        assert settings.endpoint is not None
        engine = HttpEngine(settings.endpoint, settings.model, concurrency=settings.concurrency)
        return engine, {"model": settings.model}
    return checkpoint_engine(settings.model, root, settings.threads)


def checkpoint_engine(name: str, root: Path, threads: int) -> tuple[Engine, dict[str, str]]:
    """The engine on a folder or hub id, and the hashes of its files; binds the process to so many threads."""
    import torch

    from reasoncore.infer.local import LocalEngine

    torch.set_num_threads(threads)
    folder = resolve_base(name, root)
    return LocalEngine.of_checkpoint(folder, HardwareSettings(threads=threads)), decisive_hashes(folder)


def prompts_of(rows: Sequence[CorpusRow]) -> list[str]:
    """The queries of rows."""
    return [row.problem.prompt for row in rows]
