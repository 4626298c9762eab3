"""The benchmarks: which file holds each, how its rows become problems, how they are asked. One row each."""

from __future__ import annotations

import difflib
import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from reasoncore.data.files import nonempty, read_parquet, read_questions, with_instruction
from reasoncore.domains import DOMAINS, Domain
from reasoncore.errors import DataError, UserInputError
from reasoncore.procedural import sample_problems
from reasoncore.records import Problem, required_text, to_json_line

DATA_VARIABLE = "REASONCORE_DATA"
PROCEDURAL_COUNT = 400
PROCEDURAL_SEED = 1
PROCEDURAL_PREFIX = "procedural-"
# Open-ended prompts have a reward and no right answer; they are a benchmark of their own.
_OPEN_SUBDOMAINS = {"instruct": ("open",), "chat": ("smalltalk", "facts", "help")}
HARD_COUNT, OPEN_COUNT = 320, 120  # the test split has not many more of some
_MATH_INSTRUCTION = DOMAINS["math"].instruction


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A row of the table.

    Attributes:
        name: What a user types.
        file_name: File in the data folder, None for generated problems.
        load: ``(benchmark, path, limit) -> problems``; ``path`` is None for generated problems.
        domain: Row of the domain table.
        default_samples: Samples a problem when the user does not say.
        instruction: Sentence appended to every question; empty where the questions already carry it.
        note: One line for the benchmark list.
        count: Problems made unless a limit says otherwise; None for a file.
    """

    name: str
    file_name: str | None
    load: Callable[[Benchmark, Path | None, int | None], list[Problem]]
    domain: str
    default_samples: int
    instruction: str
    note: str
    count: int | None = None


def load_benchmark(
    name: str,
    data_dir: Path | None = None,
    limit: int | None = None,
    domains: Mapping[str, Domain] = DOMAINS,
) -> list[Problem]:
    """The problems of a benchmark, in file order, the first ``limit`` of them.

    Args:
        name: Key of :func:`benchmarks_of`.
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
    return benchmark.load(benchmark, benchmark_file(benchmark, data_dir), limit)


def find_benchmark(name: str, domains: Mapping[str, Domain] = DOMAINS) -> Benchmark:
    """Row of :func:`benchmarks_of`.

    Raises:
        UserInputError: There is none of that name; the message has the nearest.
    """
    table = benchmarks_of(domains)
    if name in table:
        return table[name]
    near = difflib.get_close_matches(name, table, n=1, cutoff=0.0)
    raise UserInputError(f"unknown benchmark {name!r}; nearest: {near[0]!r}", f"Choose from: {', '.join(table)}.")


def benchmarks_of(domains: Mapping[str, Domain]) -> dict[str, Benchmark]:
    """The benchmarks by name: those in files, and the generated ones of each domain that has a generator."""
    rows = list(_ROWS)
    for domain in domains.values():
        if domain.subdomains:
            rows += _generated(domain)
    return {row.name: row for row in rows}


def benchmark_file(benchmark: Benchmark, data_dir: Path | None = None) -> Path | None:
    """Path of the benchmark's data file, None for generated problems.

    Raises:
        UserInputError: The data folder was not given or is not there.
    """
    if benchmark.file_name is None:
        return None
    given = data_dir or (Path(os.environ[DATA_VARIABLE]) if os.environ.get(DATA_VARIABLE) else None)
    if given is None:
        raise UserInputError(
            f"benchmark {benchmark.name!r} needs the data file {benchmark.file_name} and no data folder is given",
            f"Name the folder that holds it with --data, or set {DATA_VARIABLE}.",
        )
    if not given.is_dir():
        raise UserInputError(
            f"data folder {given}: not there", f"Name the folder that holds {benchmark.file_name} with --data."
        )
    return given / benchmark.file_name


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
        raise _unreadable(path, error) from error


def problems_sha256(problems: Sequence[Problem]) -> str:
    """SHA-256 over the prompts, answers and references in order, in hexadecimal."""
    digest = hashlib.sha256()
    for problem in problems:
        asked = {"prompt": problem.prompt, "answer": problem.answer}
        if problem.reference is not None:
            asked["reference"] = repr(problem.reference)
        digest.update(to_json_line(asked).encode())
    return digest.hexdigest()


def _load_jsonl(benchmark: Benchmark, path: Path | None, limit: int | None) -> list[Problem]:
    assert path is not None
    worked = read_questions(path, benchmark.domain, benchmark.instruction, subdomain=benchmark.name, limit=limit)
    return [item.problem for item in worked]


def _load_parquet(benchmark: Benchmark, path: Path | None, limit: int | None) -> list[Problem]:
    """Rows of ``prompt`` (a chat) and ``reward_model.ground_truth``, as VibeThinker's evaluation files have them."""
    assert path is not None
    problems = []
    for number, row in enumerate(read_parquet(path)):
        where = f"{path}, row {number + 1}"
        chat, reward_model = row.get("prompt"), row.get("reward_model")
        if not isinstance(chat, list) or not chat or not isinstance(chat[-1], dict):
            raise DataError(f"{where}, key 'prompt': not a list of messages", "Use the original file.")
        if not isinstance(reward_model, dict):
            raise DataError(f"{where}: no key 'reward_model'", "Use the original file.")
        prompt = with_instruction(required_text(chat[-1], "content", f"{where}, key 'prompt'"), benchmark.instruction)
        answer = required_text(reward_model, "ground_truth", f"{where}, key 'reward_model'").strip()
        problem_id = f"{benchmark.name}-{number}"
        problems.append(Problem(problem_id, benchmark.domain, benchmark.name, prompt, answer))
    return nonempty(problems, path)[:limit]


def _generated(domain: Domain) -> list[Benchmark]:
    """Generated problems of a domain: levels 1 to 3, level 4, and the open-ended ones where there are any."""
    opened = [name for name in domain.subdomains if name in _OPEN_SUBDOMAINS.get(domain.name, ())]
    closed = [name for name in domain.subdomains if name not in opened]
    name = f"{PROCEDURAL_PREFIX}{domain.name}"

    def row(suffix: str, subdomains: Sequence[str], levels: tuple[int, ...], note: str, count: int) -> Benchmark:
        def load(benchmark: Benchmark, path: Path | None, limit: int | None) -> list[Problem]:
            worked = sample_problems(
                domain.name, domain.subdomains, levels, "test", limit or count, PROCEDURAL_SEED, subdomains
            )
            return [item.problem for item in worked]

        return Benchmark(f"{name}{suffix}", None, load, domain.name, 8, "", f"generated, test split, {note}", count)

    rows = [row("-open", opened, (1, 2, 3), "open-ended", OPEN_COUNT)] if opened else []
    if closed:
        rows.append(row("", closed, (1, 2, 3), "levels 1 to 3", PROCEDURAL_COUNT))
        rows.append(row("-hard", closed, (4,), "level 4", HARD_COUNT))
    return rows


def _unreadable(path: Path, error: OSError) -> DataError:
    return DataError(f"{path}: cannot be read ({error.strerror or error})", "Check the path.")


_ROWS = (
    Benchmark("gsm8k", "gsm8k_test.jsonl", _load_jsonl, "math", 4, _MATH_INSTRUCTION, "grade school, 1319"),
    Benchmark("gsm8k-train", "gsm8k_train.jsonl", _load_jsonl, "math", 1, _MATH_INSTRUCTION, "training split, 7473"),
    Benchmark("math500", "math500.jsonl", _load_jsonl, "math", 4, _MATH_INSTRUCTION, "competition maths, 500"),
    Benchmark("aime24", "aime24.parquet", _load_parquet, "math", 64, "", "30; questions carry the instruction"),
    Benchmark("aime25", "aime25.parquet", _load_parquet, "math", 64, "", "30; questions carry the instruction"),
)
