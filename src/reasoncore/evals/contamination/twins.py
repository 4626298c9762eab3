"""Problems against twins with other numbers and an exact answer: who can solve the one can solve the other.

A model that knows a benchmark's answers and not how to get them falls on the twins. So may one that is honest where the
new numbers are harder, so read the twins of the largest changes. Idea: Mirzadeh et al. 2024, GSM-Symbolic (arXiv
2410.05229), whose templates were written by hand; here a generator makes the twin, or the worked solution's arithmetic
is replayed, and problems for which neither is possible are counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reasoncore.domains import DOMAINS
from reasoncore.evals.contamination.asking import Asker
from reasoncore.evals.contamination.items import Item
from reasoncore.evals.contamination.pairs import Pairs, compare_pairs
from reasoncore.evals.contamination.word_twin import word_twin
from reasoncore.procedural.twin import twin_of
from reasoncore.records import Problem
from reasoncore.seeding import derive_seed

_ATTEMPTS = 8
_WORDS = ("higher on the originals than on their twins", "lower on the originals than on their twins")


def make_twins(items: Sequence[Item], seed: int) -> dict[str, Problem]:
    """A twin of each problem that has one, by the problem's id; none is itself among the problems."""
    originals = {item.problem.prompt for item in items}
    twins: dict[str, Problem] = {}
    for item in items:
        drawn = (_twin(item, derive_seed(seed, attempt) if attempt else seed) for attempt in range(_ATTEMPTS))
        twin = next((one for one in drawn if one is None or one.prompt not in originals), None)
        if twin is not None:
            twins[item.problem.id] = twin
    return twins


def _twin(item: Item, seed: int) -> Problem | None:
    generated = twin_of(item.problem, DOMAINS[item.problem.domain].subdomains, seed)
    if generated is not None or item.problem.reference is not None:
        return generated
    return word_twin(item.problem, item.question, item.solution, seed)


def measure_twins(benchmark: str, items: Sequence[Item], twins: Mapping[str, Problem], asker: Asker) -> Pairs:
    """Ask the problems that have twins, and the twins.

    Raises:
        ReasoncoreError: A completion could not be had.
    """
    originals = [item.problem for item in items if item.problem.id in twins]
    own = asker.ask(f"{benchmark}, originals", originals)
    other = asker.ask(f"{benchmark}, twins", [twins[problem.id] for problem in originals])
    return compare_pairs(benchmark, own, [[samples] for samples in other], len(items) - len(originals), _WORDS)
