"""From a benchmark's name to its row, its file and its problems."""

from __future__ import annotations

import difflib
import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from reasoncore.data.livecodebench_files import Window
from reasoncore.domains import DOMAINS, Domain
from reasoncore.errors import DataError, UserInputError
from reasoncore.evals.benchmarks.generated import generated
from reasoncore.evals.benchmarks.own import SUFFIX, own_benchmark
from reasoncore.evals.benchmarks.row import Benchmark, Pin
from reasoncore.evals.benchmarks.table import ROWS
from reasoncore.records import Problem, has_half_character, to_json_line

DATA_VARIABLE = "REASONCORE_DATA"


def load_benchmark(
    name: str,
    data_dir: Path | None = None,
    limit: int | None = None,
    domains: Mapping[str, Domain] = DOMAINS,
) -> list[Problem]:
    """The problems of a benchmark, in file order, the first ``limit`` of them.

    Args:
        name: As :func:`find_benchmark` takes it.
        data_dir: Folder of the data files; default: environment variable ``REASONCORE_DATA``.
        limit: At most this many problems; for generated problems, exactly this many.
        domains: The table of domains, those of one's own included.

    Raises:
        UserInputError: Unknown name, data folder not given or not there, or a limit below 1.
        DataError: The file is not there, empty, or has a row that cannot be used; says which file, line and key.
    """
    benchmark = find_benchmark(name, domains)
    if limit is not None and limit < 1:
        raise UserInputError(f"limit {limit}: must be at least 1", "Leave it out to use every problem.")
    path = benchmark_file(benchmark, data_dir)
    if path is not None and not path.is_file():
        raise DataError(f"{path}: cannot be read (no such file)", how_to_get(benchmark, path))
    problems = benchmark.load(benchmark, path, limit)
    for problem in problems:
        if has_half_character(problem.prompt):
            raise DataError(
                f"{path or name}, problem {problem.id}: half a character (a lone surrogate) in the question", "Mend it."
            )
    return problems


def find_benchmark(name: str, domains: Mapping[str, Domain] = DOMAINS) -> Benchmark:
    """The row of a name: of the table, of the table with other dates (``NAME@FIRST..LAST``), or of one's own file.

    Raises:
        UserInputError: There is none of that name; the message has the nearest. Or the dates are none.
        DataError: It is a path that ends in ``.jsonl``, and the file cannot be used.
    """
    if name.endswith(SUFFIX):
        return own_benchmark(Path(name))
    table = benchmarks_of(domains)
    known, _, dates = name.partition("@")
    if known not in table:
        near = difflib.get_close_matches(known, table, n=1, cutoff=0.0)
        message = f"unknown benchmark {name!r}; nearest: {near[0]!r}"
        raise UserInputError(message, f"Choose from: {', '.join(table)}. Or give a file of your own, FILE{SUFFIX}.")
    row = table[known]
    return replace(row, name=name, count=None, window=_window(row, name, dates)) if dates else row


def benchmarks_of(domains: Mapping[str, Domain]) -> dict[str, Benchmark]:
    """The benchmarks by name: those in files, and the generated ones of each domain that has a generator."""
    made = [row for domain in domains.values() if domain.subdomains for row in generated(domain)]
    return {**ROWS, **{row.name: row for row in made}}


def local_benchmarks(data_dir: Path | None) -> list[str]:
    """Names of the benchmarks whose file is in the data folder, without training splits and what is judged elsewhere.

    Raises:
        UserInputError: The data folder was not given or is not there, or holds none.
    """
    folder = data_folder(data_dir, "all-local takes the benchmarks whose files are in the data folder")
    found = [name for name, row in ROWS.items() if row.in_all and _file_in(folder, row).is_file()]
    if not found:
        raise UserInputError(f"data folder {folder}: holds no benchmark", "`reasoncore eval --list` names the files.")
    return found


def benchmark_file(benchmark: Benchmark, data_dir: Path | None = None) -> Path | None:
    """Path of the benchmark's data file, there or not; None for generated problems.

    Raises:
        UserInputError: The data folder was not given or is not there.
    """
    if benchmark.file_name is None:
        return None
    if Path(benchmark.file_name).is_absolute():
        return Path(benchmark.file_name)
    return _file_in(data_folder(data_dir, f"{benchmark.name!r} needs the data file {benchmark.file_name}"), benchmark)


def data_folder(data_dir: Path | None, need: str) -> Path:
    """The folder given, or else the one in the environment.

    Args:
        data_dir: As given.
        need: What it is for, for messages.

    Raises:
        UserInputError: There is neither, or it is not there.
    """
    given = data_dir or (Path(os.environ[DATA_VARIABLE]) if os.environ.get(DATA_VARIABLE) else None)
    if given is None:
        raise UserInputError(
            f"benchmark {need}, and no data folder is given", f"Name it with --data, or set {DATA_VARIABLE}."
        )
    if not given.is_dir():
        raise UserInputError(f"data folder {given}: not there ({need})", "Name the folder that holds it with --data.")
    return given


def how_to_get(benchmark: Benchmark, path: Path) -> str:
    """What to do about a file that is missing."""
    if isinstance(benchmark.source, Pin):
        return f"Add --fetch to download it, or take it from {benchmark.where}."
    return f"Fetch it by hand from {benchmark.where}, and save it as {path.name}; its SHA-256 goes into the results."


def benchmark_sha256(benchmark: Benchmark, data_dir: Path | None, problems: Sequence[Problem]) -> str:
    """Hash of what is asked: of the data file, or of the prompts and answers of generated problems."""
    path = benchmark_file(benchmark, data_dir)
    return problems_sha256(problems) if path is None else data_sha256(path)


def data_sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal.

    Raises:
        DataError: The file cannot be read.
    """
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})", "Check the path.") from error


def problems_sha256(problems: Sequence[Problem]) -> str:
    """SHA-256 over the prompts, answers and references in order, in hexadecimal."""
    digest = hashlib.sha256()
    for problem in problems:
        asked = {"prompt": problem.prompt, "answer": problem.answer}
        if problem.reference is not None:
            asked["reference"] = repr(problem.reference)
        digest.update(to_json_line(asked).encode())
    return digest.hexdigest()


def _file_in(folder: Path, benchmark: Benchmark) -> Path:
    """The first of the file's names that is there, or else its own name."""
    assert benchmark.file_name is not None
    paths = [folder / name for name in (benchmark.file_name, *benchmark.also)]
    return next((path for path in paths if path.is_file()), paths[0])


def _window(row: Benchmark, name: str, dates: str) -> Window:
    first, _, last = dates.partition("..")
    try:
        window = (date.fromisoformat(first), date.fromisoformat(last))
    except ValueError:
        window = None
    if row.window is None or window is None or window[0] > window[1]:
        dated = next(known for known, other in ROWS.items() if other.window is not None)
        what = "its problems have no dates" if row.window is None else f"{dates!r} is no stretch of time"
        raise UserInputError(f"benchmark {name!r}: {what}", f"Example: {dated}@2025-02-01..2025-05-31")
    return window
