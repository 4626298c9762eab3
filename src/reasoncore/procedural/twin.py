"""The twin of a generated problem: the same type at the same level, with other numbers and so another exact answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from random import Random

from reasoncore.procedural.core import ProblemType, Subdomains, build, content_key, split_of
from reasoncore.records import Problem
from reasoncore.seeding import derive_seed

_DRAWS = 2000
_CANDIDATES = 10
_WORD = re.compile(r"[A-Za-z]{3,}")


def twin_of(problem: Problem, subdomains: Subdomains, seed: int) -> Problem | None:
    """A problem that differs from a held-out one in its parameters alone; a function of the arguments.

    The twin is of the test split too, so that whoever has trained on the training split has seen neither. Of ten that
    would do, the first in the same words is taken, or else the first.

    Returns:
        None where the problem has no exact answer, no type made it, or the type has too few other contents.
    """
    kind = _type_of(problem, subdomains)
    if not problem.answer or kind is None or problem.level is None:
        return None
    first: Problem | None = None
    for twin in islice(_others(problem, kind, problem.level, seed), _CANDIDATES):
        first = first or twin
        if _WORD.findall(twin.prompt) == _WORD.findall(problem.prompt):
            return twin
    return first


def _others(problem: Problem, kind: ProblemType, level: int, seed: int) -> Iterator[Problem]:
    """Problems of the same type and level with another answer."""
    rng = Random(derive_seed(seed, "twin", problem.id))
    for _ in range(_DRAWS):
        params = kind.draw(rng, level)
        if split_of(content_key(problem.subdomain, kind.name, params)) != "test" or not kind.usable(params):
            continue
        twin = build(problem.domain, problem.subdomain, kind, params, level).problem
        if twin.id != problem.id and (twin.answer, twin.reference) != (problem.answer, problem.reference):
            yield twin


def _type_of(problem: Problem, subdomains: Subdomains) -> ProblemType | None:
    """The type that made a problem; its id says which, see :func:`reasoncore.procedural.core.build`."""
    name = problem.id.removeprefix(f"{problem.subdomain}-").rpartition("-")[0]
    return next((kind for kind in subdomains.get(problem.subdomain, ()) if kind.name == name), None)
