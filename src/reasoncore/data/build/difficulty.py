"""How hard each query is for a named reference model: error rate = wrong / judged rollouts ([3B] section 2.1.2)."""

from __future__ import annotations

from pathlib import Path

from reasoncore.config import HardwareSettings
from reasoncore.data.build.config import ReferenceSettings
from reasoncore.data.build.rows import read_rows
from reasoncore.data.build.stage_folder import StageWriter
from reasoncore.data.request_cache import CachedEngine
from reasoncore.domains import Judge, cut_off
from reasoncore.infer.engine import Request, SamplingParams
from reasoncore.infer.local import LocalEngine
from reasoncore.model.checkpoint import decisive_files, resolve_base
from reasoncore.progress import track
from reasoncore.records import Completion, Problem
from reasoncore.run_dir import sha256_file
from reasoncore.seeding import derive_seed


def reference_hashes(settings: ReferenceSettings, root: Path) -> dict[str, str]:
    """What tells the reference from any other model."""
    return {path.name: sha256_file(path) for path in decisive_files(resolve_base(settings.checkpoint, root))}


def measure_difficulty(
    writer: StageWriter, rows: Path, settings: ReferenceSettings, cache: Path, root: Path, seed: int, judge: Judge
) -> None:
    """Every row goes on, and knows its query's error rate; None where no rollout could be judged."""
    problems: dict[str, Problem] = {row.problem.key: row.problem for row in read_rows(rows)}
    rates = _error_rates(list(problems.values()), settings, cache, root, seed, judge)
    for row in read_rows(rows):
        writer.keep(row.knowing(error_rate=rates[row.problem.key]))


def _error_rates(
    problems: list[Problem], settings: ReferenceSettings, cache: Path, root: Path, seed: int, judge: Judge
) -> dict[str, float | None]:
    import torch

    torch.set_num_threads(settings.threads)
    folder = resolve_base(settings.checkpoint, root)
    local = LocalEngine.of_checkpoint(folder, HardwareSettings(threads=settings.threads))
    engine = CachedEngine(local, reference_hashes(settings, root), cache)
    sampling = SamplingParams(temperature=settings.temperature, max_tokens=settings.max_tokens)
    requests = [
        Request(({"role": "user", "content": one.prompt},), settings.rollouts, derive_seed(seed, "difficulty", one.key))
        for one in problems
    ]
    answers: list[list[Completion]] = [[] for _ in problems]
    try:
        with track("difficulty (rollouts)", len(problems) * settings.rollouts) as progress:
            for index, _, outcome in engine.stream(requests, sampling):
                if isinstance(outcome, Completion):
                    answers[index].append(outcome)
                progress.advance()
    finally:
        engine.close()
    flat = [(one, had) for one, own in zip(problems, answers, strict=True) for had in own if had.finish == "stop"]
    verdicts = judge.judge([one for one, _ in flat], [had.text for _, had in flat])
    judged: dict[str, list[bool]] = {one.key: [] for one in problems}
    for one, own in zip(problems, answers, strict=True):
        judged[one.key] += [bool(cut_off(one).correct) for had in own if had.finish != "stop"]
    for (one, _), verdict in zip(flat, verdicts, strict=True):
        if verdict.correct is not None:
            judged[one.key].append(verdict.correct)
    return {key: 1 - sum(right) / len(right) if right else None for key, right in judged.items()}
