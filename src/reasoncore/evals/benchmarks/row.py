"""What a row of the table of benchmarks says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from reasoncore.data.livecodebench_files import Window
from reasoncore.domains import DOMAINS
from reasoncore.domains.table import ReadFile
from reasoncore.records import Problem


@dataclass(frozen=True, slots=True)
class Pin:
    """A file at a commit of a public repository, and its hash: what ``--fetch`` may download.

    Attributes:
        host: GitHub, or the data sets of the Hugging Face hub.
        repository: Owner and name.
        revision: Git commit.
        path: Of the file in the repository.
        sha256: Of the file, in hexadecimal.
    """

    host: Literal["github", "huggingface"]
    repository: str
    revision: str
    path: str
    sha256: str

    @property
    def page(self) -> str:
        """Address of the file for a person."""
        site = "https://github.com" if self.host == "github" else "https://huggingface.co/datasets"
        return f"{site}/{self.repository}/blob/{self.revision}/{self.path}"


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A row of the table.

    Attributes:
        name: What a user types.
        file_name: File in the data folder, or the absolute path of a file of the user's own; None for generated
            problems.
        load: ``(benchmark, path, limit) -> problems``; ``path`` is None for generated problems.
        domain: Row of the domain table.
        default_samples: Samples a problem when the user does not say.
        count: Its problems; None where nobody has counted them.
        source: Where the file is from: a pin, or a place in words, to fetch it from by hand; empty for other rows.
        note: One line for the benchmark list: what the other columns do not say.
        also: Other names that the file may have.
        verified: This project has read the real file: number of problems, and reference answers where it has them.
        in_all: Part of ``all-local``; training splits and what is judged elsewhere are not.
        window: First and last day of the contests that count; None where problems have no date.
    """

    name: str
    file_name: str | None
    load: Callable[[Benchmark, Path | None, int | None], list[Problem]]
    domain: str
    default_samples: int
    count: int | None
    source: Pin | str
    note: str
    also: tuple[str, ...] = ()
    verified: bool = False
    in_all: bool = True
    window: Window | None = None

    @property
    def where(self) -> str:
        """Where a person finds the file."""
        return self.source.page if isinstance(self.source, Pin) else self.source


def reading(read: ReadFile) -> Callable[[Benchmark, Path | None, int | None], list[Problem]]:
    """What loads a benchmark with a reader of files."""

    def load(benchmark: Benchmark, path: Path | None, limit: int | None) -> list[Problem]:
        assert path is not None
        worked = read(path, benchmark.domain, DOMAINS[benchmark.domain].instruction)[:limit]
        return [_named(item.problem, path.stem, benchmark.name) for item in worked]

    return load


def _named(problem: Problem, stem: str, name: str) -> Problem:
    """Readers call the subdomain of a row that names none by the file, and files may be called anything."""
    return replace(problem, subdomain=name) if problem.subdomain == stem else problem
