"""Problems and worked solutions for training, from a domain's procedural generator or a file of one's own."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from pathlib import Path

from reasoncore.config import PROCEDURAL, ProblemSource, TraceSource
from reasoncore.data.corpus_files import read_corpus
from reasoncore.domains.table import Domain
from reasoncore.errors import DataError
from reasoncore.paths import find_near
from reasoncore.procedural import LEVELS, Split, sample_problems
from reasoncore.procedural.core import STRATEGIES
from reasoncore.records import Problem, Trace, WorkedProblem
from reasoncore.seeding import derive_seed
from reasoncore.test_time.teaching import as_check, with_claims

Domains = Mapping[str, Domain]


def load_problems(
    sources: Mapping[str, ProblemSource], domains: Domains, split: Split, seed: int, root: Path
) -> list[Problem]:
    """Problems with trusted answers, source after source, each in a fixed order; one that comes again is left out.

    Args:
        split: For procedural problems; a file is what it is.
        root: A relative path in a source is relative to this folder, or to the current one.

    Raises:
        DataError: Two different problems have one id.
    """
    problems: dict[str, Problem] = {}
    for name, source in sources.items():
        for worked in load_worked(source, domains, split, seed, root):
            _check_same(problems.setdefault(worked.problem.key, worked.problem), worked.problem, name)
    return list(problems.values())


def load_traces(sources: Mapping[str, TraceSource], domains: Domains, seed: int, root: Path) -> list[Trace]:
    """Problems with one worked solution each, in the form that the source teaches.

    Procedural ones are by a strategy drawn with the source's weights.

    Raises:
        DataError: A file's problem has no worked solution, or two different problems have one id.
    """
    traces: list[Trace] = []
    seen: dict[str, Problem] = {}
    for name, source in sources.items():
        own = seed if source.teaches == "solutions" else derive_seed(seed, source.teaches)
        for worked in load_worked(source, domains, "train", own, root):
            _check_same(seen.setdefault(worked.problem.key, worked.problem), worked.problem, name)
            trace = _as_taught(_trace(worked, source, own), source, own)
            if trace is not None:
                traces.append(trace)
    return traces


def load_worked(source: ProblemSource, domains: Domains, split: Split, seed: int, root: Path) -> list[WorkedProblem]:
    """One source's problems with what solutions are known."""
    domain = domains[source.domain]
    if source.source == PROCEDURAL:
        assert source.count is not None
        return sample_problems(
            domain.name, domain.subdomains, source.levels, split, source.count, seed, source.subdomains
        )
    path = find_file(source.source, root)
    if path.is_dir():
        return read_corpus(path, domain.name)[: source.count]
    read = domain.formats[source.format or next(iter(domain.formats))]
    return read(path, domain.name, domain.instruction)[: source.count]


def check_rows(source: ProblemSource, domains: Domains, root: Path) -> None:
    """Find out before any work whether the file of a source, if it has one, can be used.

    Raises:
        UserInputError: No such file, or a row that cannot be used.
    """
    if source.source != PROCEDURAL:
        for worked in load_worked(source, domains, "train", 0, root):
            if isinstance(source, TraceSource) and not worked.solutions:
                raise _no_solution(worked, source)


def check_source_names(key: str, source: ProblemSource, domains: Domains) -> None:
    """Find out whether a source names what there is, without a look at its file.

    Args:
        key: What of a recipe or build it is, for errors.

    Raises:
        DataError: An unknown domain, format, subdomain, level or strategy.
    """
    _check_known(key, "domain", [source.domain], tuple(domains))
    domain = domains[source.domain]
    if source.source != PROCEDURAL:
        _check_known(key, "format", [source.format] if source.format else [], tuple(domain.formats))
        return
    if not domain.subdomains:
        raise DataError(
            f"{key}: domain {domain.name!r} generates no problems", "Give the path of a file as the source."
        )
    check_levels(key, source.levels)
    _check_known(key, "subdomain", source.subdomains or (), tuple(domain.subdomains))
    _check_known(key, "strategy", tuple(source.strategies) if isinstance(source, TraceSource) else (), STRATEGIES)


def check_levels(key: str, levels: Sequence[int]) -> None:
    """Raise a :class:`DataError` for a level of difficulty that there is not."""
    _check_known(key, "level", levels, LEVELS)


def find_file(name: str, root: Path) -> Path:
    """A data file or the folder of a corpus, relative to ``root`` or to the current folder."""
    path = find_near(name, root, Path.exists)
    if path is None:
        cure = f'Give the path of a file, or source = "procedural". Looked in {root}.'
        raise DataError(f"{name}: no such file", cure)
    return path


def _trace(worked: WorkedProblem, source: TraceSource, seed: int) -> Trace:
    if not worked.solutions:
        raise _no_solution(worked, source)
    weights = {name: source.strategies.get(name, 0.0) for name in worked.solutions}
    if source.source != PROCEDURAL or not any(weights.values()):  # what there is, then
        weights = dict.fromkeys(worked.solutions, 1.0)
    draw = random.Random(derive_seed(seed, "strategy", worked.problem.id))
    strategy = draw.choices(tuple(weights), tuple(weights.values()))[0]
    return Trace(worked.problem, worked.solutions[strategy], strategy)


def _as_taught(trace: Trace, source: TraceSource, seed: int) -> Trace | None:
    """The exercise that a source makes of a trace; None where its solution does not give one."""
    match source.teaches:
        case "solutions":
            return trace
        case "claims":
            return with_claims(trace, source.claims)
        case "checks":
            return as_check(trace, source.claims, random.Random(derive_seed(seed, "spoil", trace.problem.id)))


def _check_same(first: Problem, again: Problem, source: str) -> None:
    if first.prompt != again.prompt or first.answer != again.answer or first.reference != again.reference:
        raise DataError(
            f"data {source}: problem {again.id} of domain {again.domain} is another one elsewhere in the data",
            "Give every problem an id of its own.",
        )


def _no_solution(worked: WorkedProblem, source: ProblemSource) -> DataError:
    return DataError(
        f"{source.source}, problem {worked.problem.id}: no worked solution", 'Every row for SFT needs a "response".'
    )


def _check_known(key: str, what: str, given: Sequence[object], valid: Sequence[object]) -> None:
    for name in given:
        if name not in valid:
            raise DataError(f"{key}: unknown {what} {name!r}", f"Use {', '.join(map(str, valid))}.")
