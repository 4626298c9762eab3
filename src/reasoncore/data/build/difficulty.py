"""How hard each query is for a named reference model: error rate = wrong / judged rollouts ([3B] section 2.1.2)."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from reasoncore.data.build.config import ReferenceSettings
from reasoncore.data.build.rows import read_rows
from reasoncore.data.build.stage_folder import StageWriter
from reasoncore.data.build.teacher import checkpoint_engine
from reasoncore.data.request_cache import CachedEngine
from reasoncore.domains import Judge
from reasoncore.domains.rollout import roll_out
from reasoncore.infer.engine import SamplingParams
from reasoncore.model.folder import decisive_hashes, resolve_base
from reasoncore.progress import track
from reasoncore.seeding import derive_seed
from reasoncore.timing import Clock


def reference_hashes(settings: ReferenceSettings, root: Path) -> dict[str, str]:
    """What tells the reference from any other model."""
    return decisive_hashes(resolve_base(settings.checkpoint, root))


def measure_difficulty(
    writer: StageWriter, rows: Path, settings: ReferenceSettings, cache: Path, root: Path, seed: int, judge: Judge
) -> None:
    """Every row goes on, and knows its query's error rate; None where no rollout could be judged.

    Raises:
        ReasoncoreError: A rollout could not be had; those that were are in the cache.
    """
    problems = list({row.problem.key: row.problem for row in read_rows(rows)}.values())
    sampling = SamplingParams(temperature=settings.temperature, max_tokens=settings.max_tokens)
    own = derive_seed(seed, "difficulty")
    engine = CachedEngine(*checkpoint_engine(settings.checkpoint, root, settings.threads), cache)
    with closing(engine), track("difficulty (rollouts)", len(problems) * settings.rollouts) as progress:
        groups = roll_out(engine, judge, problems, settings.rollouts, sampling, own, Clock(), progress.advance)
    accuracy = {group.problem.key: group.accuracy for group in groups}
    for row in read_rows(rows):
        share = accuracy[row.problem.key]
        writer.keep(row.knowing(error_rate=None if share is None else 1 - share))
