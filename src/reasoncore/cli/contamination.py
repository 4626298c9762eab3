"""``reasoncore contamination``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reasoncore.cli.asked_model import AskedModel
from reasoncore.cli.output import print_result
from reasoncore.errors import UserInputError

if TYPE_CHECKING:
    from reasoncore.evals.contamination import Asker, Contamination, Item


def contamination_command(
    benchmarks: Sequence[str],
    data: Path | None,
    limit: int | None,
    train: Sequence[Path],
    ngram: int,
    rollouts: Path | None,
    dates: Path | None,
    cutoff: str | None,
    model: AskedModel,
    samples: int,
    protocol: str,
    sampling_overrides: dict[str, Any],
    seed: int,
    out: Path,
    as_json: bool,
) -> None:
    """Run every part that the inputs allow; write contamination.json, print what was found."""
    from reasoncore.evals.comparison import read_samples
    from reasoncore.evals.contamination import ask_model, contamination_lines, look_at_files, read_date

    has_model = model.checkpoint is not None or model.endpoint is not None
    if not train and not has_model and (rollouts is None or cutoff is None):
        raise UserInputError(
            "contamination: nothing to look at",
            "Give --train FILE, or --rollouts OUT with --cutoff DATE, or --model or --endpoint; or several of them.",
        )
    if has_model or model.served_name is not None:
        model.check("contamination")
    day = None if cutoff is None else read_date(cutoff, "--cutoff")
    measured = {} if rollouts is None else read_samples(rollouts)
    items_of = _load(benchmarks, data, limit, dates)
    out.mkdir(parents=True, exist_ok=True)
    found = {
        name: look_at_files(name, items, train, ngram, measured.get(name), day) for name, items in items_of.items()
    }
    _write(out, found)
    if has_model:
        sampling = {name: value for name, value in sampling_overrides.items() if value is not None}
        asker = _asker(model, samples, protocol, sampling, seed, out)
        with asker.judge:
            for name, items in items_of.items():
                found[name] = ask_model(found[name], items, asker)
                _write(out, found)
    lines = [line for one in found.values() for line in contamination_lines(one)]
    print_result(_json(found), "\n".join([*lines, "", f"written: {out / 'contamination.json'}"]), as_json)


def _load(benchmarks: Sequence[str], data: Path | None, limit: int | None, dates: Path | None) -> dict[str, list[Item]]:
    """The items of each benchmark by its name; dates of a file of dates come before the problems' own."""
    from reasoncore.evals.benchmarks import find_benchmark
    from reasoncore.evals.contamination import load_items, read_dates

    given = {} if dates is None else read_dates(dates)
    return {
        find_benchmark(name).name: [
            replace(item, date=given.get(item.problem.id, item.date)) for item in load_items(name, data, limit)
        ]
        for name in benchmarks
    }


def _asker(model: AskedModel, samples: int, protocol: str, sampling: dict[str, Any], seed: int, out: Path) -> Asker:
    from reasoncore.config import PROCEDURAL_JUDGE
    from reasoncore.domains import DOMAINS, Judge
    from reasoncore.domains.open_ended import open_ended_judge
    from reasoncore.evals.contamination import Asker
    from reasoncore.evals.protocols import find_protocol

    judge = Judge(DOMAINS, partial(open_ended_judge, PROCEDURAL_JUDGE, Path(), model.hardware))
    log = out / "contamination-rollouts.jsonl"
    log.unlink(missing_ok=True)
    return Asker(model.engine(), judge, samples, replace(find_protocol(protocol), **sampling), seed, log)


def _write(out: Path, found: dict[str, Contamination]) -> None:
    from reasoncore.run_dir import write_json_atomic

    write_json_atomic(out / "contamination.json", _json(found))


def _json(found: dict[str, Contamination]) -> dict[str, Any]:
    return {"benchmarks": {name: one.as_json() for name, one in found.items()}}
