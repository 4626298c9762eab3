"""Seed problems from their sources: JSONL, Parquet, CSV, hub data sets, procedural generators, reasoning-gym.

Only what has a reliable signal is a seed ([3B] section 2.1.1): a trusted answer, tests, options or constraints.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from reasoncore.config import ProblemSource
from reasoncore.data.build.config import GYM_PREFIX, PROCEDURAL, SourceSettings
from reasoncore.data.build.reasoning_gym_source import gym_problems, package_version
from reasoncore.data.build.rows import CorpusRow
from reasoncore.data.build.stage_folder import StageWriter
from reasoncore.data.files import read_question_rows
from reasoncore.data.problems import check_source_names, find_file, load_worked
from reasoncore.data.table_files import read_table
from reasoncore.domains import DOMAINS
from reasoncore.errors import DataError
from reasoncore.records import WorkedProblem
from reasoncore.run_dir import sha256_file

_HUB = "hf://datasets/"


def source_file(source: SourceSettings, root: Path) -> Path | None:
    """The file of a source, fetched from the hub where it is one of the hub's; None for generated problems.

    Raises:
        DataError: There is no such file.
    """
    if source.is_generated:
        return None
    if not source.path.startswith(_HUB):
        return find_file(source.path, root)
    from huggingface_hub import hf_hub_download

    owner, _, rest = source.path.removeprefix(_HUB).partition("/")
    name, _, file = rest.partition("/")
    if not file:
        raise DataError(f"{source.path}: no file", f"Write {_HUB}OWNER/NAME/FILE.")
    try:
        return Path(hf_hub_download(f"{owner}/{name}", file, repo_type="dataset"))
    except Exception as error:  # the hub's own, requests' and the disk's
        raise DataError(
            f"{source.path}: cannot be fetched ({type(error).__name__}: {error})"[:500], "Fetch it yourself."
        ) from error


def source_hash(source: SourceSettings, file: Path | None) -> str:
    """Of what is in the file; generated problems follow from the settings, and from the package they are of."""
    if file is not None:
        return sha256_file(file)
    return PROCEDURAL if source.path == PROCEDURAL else f"{GYM_PREFIX}{package_version()}"


def seed_problems(name: str, source: SourceSettings, file: Path | None, seed: int) -> list[WorkedProblem]:
    """The problems of a source.

    Raises:
        UserInputError: An unknown domain or format, or a row that cannot be used; names file and row.
    """
    asked = ProblemSource(
        domain=source.domain, source=source.path, format=source.format, count=source.count, levels=source.levels
    )
    check_source_names(f"sources.{name}", asked, DOMAINS)
    domain = DOMAINS[source.domain]
    if source.path.startswith(GYM_PREFIX):
        assert source.count is not None
        return gym_problems(source.path.removeprefix(GYM_PREFIX), source.count, domain, seed)
    if file is None:
        return load_worked(asked, DOMAINS, "train", seed, Path())
    if source.format not in (None, "questions") or "questions" not in domain.formats:
        read = domain.formats[source.format or next(iter(domain.formats))]
        return read(file, domain.name, domain.instruction)[: source.count]
    columns = list(source.fields.values())
    rows = ((where, _renamed(row, source.fields, where)) for where, row in read_table(file, columns))
    return read_question_rows(rows, file, domain.name, domain.instruction, limit=source.count)


def write_seeds(writer: StageWriter, name: str, worked: list[WorkedProblem]) -> None:
    """Keep what has a signal; a prompt that comes again stays behind."""
    seen: set[str] = set()
    for one in worked:
        row = CorpusRow(one.problem, name, solutions=dict(one.solutions))
        if not one.problem.answer and one.problem.reference is None:
            writer.reject(row, "no trusted answer, tests or constraints")
        elif one.problem.prompt in seen:
            writer.reject(row, "the same prompt again")
        else:
            writer.keep(row)
        seen.add(one.problem.prompt)


def _renamed(row: Mapping[str, object], fields: Mapping[str, str], where: str) -> dict[str, object]:
    """A row under our names."""
    for ours, theirs in fields.items():
        if theirs not in row:
            near = ", ".join(map(str, row))
            raise DataError(f"{where}: no column {theirs!r}, which {ours!r} is to be read from", f"It has: {near}.")
    theirs_of = set(fields.values())
    return {
        **{key: value for key, value in row.items() if key not in theirs_of},
        **{o: row[t] for o, t in fields.items()},
    }
