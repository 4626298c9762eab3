"""Which problems of a benchmark stand in training files, by the share of their word n-grams that is found there.

A high share says that the question's text is there, in whatever company; a low one is mostly a turn of phrase. It does
not see paraphrases and translations, and a question of fewer than n words cannot be looked for.
Source: the n-gram overlap of Brown et al. 2020 (arXiv 2005.14165, appendix C), with shares as in Touvron et al. 2023
(arXiv 2307.09288, appendix A.6) in place of a single collision.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from reasoncore.data.ngrams import Ngram, find_ngrams, index_ngrams
from reasoncore.data.training_text import read_documents

LEAKED_SHARE = 0.5
_SHOWN = 10


@dataclass(frozen=True, slots=True)
class FoundProblem:
    """A problem of which something stands in the training files.

    Attributes:
        share: Of its different n-grams, those that were found.
        file: Where the first of them was met.
        line: The line in there.
    """

    problem_id: str
    share: float
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Overlap:
    """A benchmark against training files.

    Attributes:
        n: Words of an n-gram.
        problems: Problems looked for.
        too_short: Problems with fewer than n words, which cannot be looked for.
        found: Those of which something was found, the largest share first.
    """

    n: int
    problems: int
    too_short: int
    found: tuple[FoundProblem, ...]

    @property
    def leaked(self) -> list[FoundProblem]:
        """Those found with at least half of their n-grams."""
        return [one for one in self.found if one.share >= LEAKED_SHARE]

    @property
    def verdict(self) -> str:
        """What was found, in words."""
        if self.leaked:
            return f"{len(self.leaked)} of {self.problems} problems stand in the training files"
        return "no problem found in the training files" if self.problems else "too short to look for"

    def as_json(self) -> dict[str, Any]:
        """The attributes and the verdict."""
        return {"verdict": self.verdict, "leaked": len(self.leaked), **asdict(self)}


def find_overlap(
    questions: Mapping[str, str], files: Sequence[Path], n: int, on_file: Callable[[], None] = lambda: None
) -> Overlap:
    """Look for questions, by problem id, in training files.

    Args:
        questions: What is asked, by problem id.
        files: As :func:`reasoncore.data.training_text.read_documents` reads them.
        n: Words of an n-gram.
        on_file: Called after each file.

    Raises:
        DataError: A file cannot be read.
    """
    index = index_ngrams(questions, n)
    seen: dict[str, set[Ngram]] = {}
    first: dict[str, tuple[str, int]] = {}
    for path in files:
        for document in read_documents(path):
            for hit in find_ngrams(index, document):
                for problem in hit.owners:
                    seen.setdefault(problem, set()).add(hit.ngram)
                    first.setdefault(problem, (str(path), hit.line))
        on_file()
    found = [FoundProblem(problem, len(met) / index.counts[problem], *first[problem]) for problem, met in seen.items()]
    short = sum(count == 0 for count in index.counts.values())
    return Overlap(n, len(questions) - short, short, tuple(sorted(found, key=lambda one: (-one.share, one.problem_id))))


def overlap_lines(found: Overlap) -> list[str]:
    """What was found, for people."""
    short = f", {found.too_short} more are too short" if found.too_short else ""
    lines = [
        f"training files: {found.verdict} ({found.n}-grams; {len(found.found)} of {found.problems} problems share at "
        f"least one{short})"
    ]
    lines += [
        f"    {one.problem_id}: {100 * one.share:.0f} % at {one.file}, line {one.line}" for one in found.found[:_SHOWN]
    ]
    return [*lines, f"    and {len(found.found) - _SHOWN} more"] if len(found.found) > _SHOWN else lines
