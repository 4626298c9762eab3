"""Single problems by index, and sets of distinct problems of one split, balanced over subdomains, levels and types."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import product
from random import Random

from reasoncore.errors import UserInputError
from reasoncore.procedural.core import (
    LEVELS,
    SPLIT_SHARES,
    SPLITS,
    Params,
    ProblemType,
    Split,
    Subdomains,
    build,
    content_key,
    split_of,
)
from reasoncore.records import WorkedProblem

_PATIENCE = 60


def generate(
    domain: str, subdomains: Subdomains, subdomain: str, seed: int, index: int, levels: Sequence[int] = LEVELS
) -> WorkedProblem:
    """The problem number ``index`` of a subdomain's stream, of any split; depends on nothing but the arguments.

    Raises:
        UserInputError: There is no such subdomain or level.
    """
    _require("subdomain", [subdomain], subdomains)
    _require("level", levels, LEVELS)
    rng = Random(f"{subdomain}/{seed}/{index}")
    level = rng.choice(levels)
    kind = rng.choice(subdomains[subdomain])
    while not kind.usable(params := kind.draw(rng, level)):
        pass
    return build(domain, subdomain, kind, params, level)


def training_problem(domain: str, subdomains: Subdomains, rng: Random, level: int) -> WorkedProblem:
    """Any problem of the training split."""
    subdomain = rng.choice(tuple(subdomains))
    kind = rng.choice(subdomains[subdomain])
    while True:
        params = kind.draw(rng, level)
        if split_of(content_key(subdomain, kind.name, params)) == "train" and kind.usable(params):
            return build(domain, subdomain, kind, params, level)


def sample_problems(
    domain: str,
    subdomains: Subdomains,
    levels: Sequence[int],
    split: Split,
    count: int,
    seed: int,
    chosen: Sequence[str] | None = None,
) -> list[WorkedProblem]:
    """``count`` distinct problems of one split, the subdomains in turn.

    Within a subdomain the combinations of level and type take turns until one has (nearly) run out of new problems,
    after which the others go on without it. Asking for more with the same other arguments only appends.

    Args:
        domain: What the problems say they belong to.
        subdomains: The domain's problem types by subdomain.
        levels: Difficulty levels to draw from.
        split: ``"train"``, ``"probe"`` or ``"test"``; they never share a problem.
        count: How many problems.
        seed: Which sample.
        chosen: Only these subdomains; None takes all.

    Raises:
        UserInputError: An unknown subdomain, level or split, or fewer than ``count`` distinct problems were found.
    """
    names = tuple(subdomains) if chosen is None else tuple(dict.fromkeys(chosen))
    _require("subdomain", names, subdomains)
    _require("level", levels, LEVELS)
    _require("split", [split], SPLITS)
    decks = [_Deck(domain, name, subdomains[name], levels, split, seed) for name in names]
    drawn: list[WorkedProblem] = []
    while len(drawn) < count:
        deck = decks[len(drawn) % len(decks)]
        worked = deck.next()
        if worked is None:
            raise UserInputError(
                f"procedural problems: only {len(deck.seen)} distinct {deck.subdomain} problems found in split "
                f"{split!r} at levels {sorted(set(levels))}; {count} problems over {len(decks)} subdomain(s) wanted",
                f"Ask for at most {len(drawn)} problems, or add levels (there are {_listed(LEVELS)}).",
            )
        drawn.append(worked)
    return drawn


class _Deck:
    """Distinct problems of one subdomain and split, combination of level and type by turns."""

    def __init__(
        self,
        domain: str,
        subdomain: str,
        types: Sequence[ProblemType],
        levels: Sequence[int],
        split: Split,
        seed: int,
    ) -> None:
        self.domain, self.subdomain = domain, subdomain
        self.seen: set[str] = set()
        self._split = split
        self._patience = int(_PATIENCE / SPLIT_SHARES[split])
        self._turn = 0
        self._cells = [
            (kind, level, Random(f"{subdomain}/{kind.name}/{level}/{split}/{seed}"))
            for level, kind in product(sorted(set(levels)), types)
        ]
        Random(f"{subdomain}/{seed}").shuffle(self._cells)

    def next(self) -> WorkedProblem | None:
        """A problem not seen before, or None when every combination has run out."""
        while self._cells:
            self._turn %= len(self._cells)
            kind, level, rng = self._cells[self._turn]
            params = self._new_params(kind, level, rng)
            if params is not None:
                self._turn += 1
                return build(self.domain, self.subdomain, kind, params, level)
            del self._cells[self._turn]
        return None

    def _new_params(self, kind: ProblemType, level: int, rng: Random) -> Params | None:
        for _ in range(self._patience):
            params = kind.draw(rng, level)
            content = content_key(self.subdomain, kind.name, params)
            if content not in self.seen and split_of(content) == self._split and kind.usable(params):
                self.seen.add(content)
                return params
        return None


def _require(what: str, given: Sequence[object], valid: Collection[object]) -> None:
    """Raise unless ``given`` is not empty and all of it is valid."""
    if not given:
        raise UserInputError(f"procedural problems: no {what} given", f"Name at least one of: {_listed(valid)}.")
    for value in given:
        if value not in valid:
            raise UserInputError(f"procedural problems: unknown {what} {value!r}", f"Use one of: {_listed(valid)}.")


def _listed(values: Collection[object]) -> str:
    return ", ".join(map(str, values))
