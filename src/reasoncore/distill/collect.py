"""Traces of the specialists: sampled, judged, the wrong ones rejected, one of each text kept ([3B] section 2.3)."""

from __future__ import annotations

from typing import Any

from reasoncore.config import DistillStage, ProblemSource
from reasoncore.data.problems import load_problems
from reasoncore.domains import Judge
from reasoncore.domains.rollout import roll_out_in_parts
from reasoncore.infer.engine import SamplingParams
from reasoncore.progress import say, track
from reasoncore.records import read_jsonl, to_json_line
from reasoncore.run_dir import write_text_atomic
from reasoncore.seeding import derive_seed
from reasoncore.stage import StageContext


def collect_traces(context: StageContext) -> dict[str, list[dict[str, Any]]]:
    """Verified traces of every source: rows of ``key``, ``prompt`` and ``response``.

    What a source gave is kept in ``traces-NAME.jsonl``, so that an interrupted stage samples no source twice.
    """
    settings: DistillStage = context.settings
    collected = {}
    with context.judge() as judge:
        for name, source in settings.data.items():
            record = context.directory.path / f"traces-{name}.jsonl"
            if not record.exists():
                rows = _sample(context, judge, name, source)
                write_text_atomic(record, "".join(map(to_json_line, rows)))
                context.save_time()
            collected[name] = [row for _, row in read_jsonl(record)]
    return collected


def _sample(context: StageContext, judge: Judge, name: str, source: ProblemSource) -> list[dict[str, Any]]:
    settings: DistillStage = context.settings
    problems = load_problems(
        {name: source}, context.domains, "train", derive_seed(context.seed, "problems"), context.root
    )
    engine = context.engine(context.checkpoint(settings.teachers[name]))
    sampling = SamplingParams(temperature=settings.temperature, max_tokens=settings.max_tokens)
    seed = derive_seed(context.seed, "collect", name)
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    right = sampled = 0
    with track(f"{context.name}: {name} traces (samples)", len(problems) * settings.samples) as task:
        for groups in roll_out_in_parts(
            engine, judge, problems, settings.samples, sampling, seed, context.clock, task.advance
        ):
            for group in groups:
                for completion, verdict in zip(group.completions, group.verdicts, strict=True):
                    sampled += 1
                    if verdict.correct and completion.finish == "stop":
                        right += 1
                        row = {"key": group.problem.key, "prompt": group.problem.prompt, "response": completion.text}
                        rows.setdefault((row["key"], row["response"]), row)
    say(f"{context.name}: {name}: {sampled} samples, {right} right, {len(rows)} of them different")
    return list(rows.values())
