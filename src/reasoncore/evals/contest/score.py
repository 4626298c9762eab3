"""The table of contests: right first submissions by contest and in all, with their intervals.

Every rollout is one submission in Python, judged once; x of 16 is four problems with four rollouts each. The rollouts
of one problem are not independent, since a problem that is too hard fails them all. So they are no sixteen draws, and
the exact binomial interval of x of 16 would be too narrow. The problem is the unit
(:func:`reasoncore.evals.statistics.clustered_mean`), and of a contest there are four: its interval is wide, because so
little is known. Where every problem of a contest is solved every time, or never, the interval is the exact binomial one
of four problems. Where all problems have the same share in between, the data cannot give an interval.

The total has two intervals. By problem it speaks of other problems of such contests. By contest, it allows for what the
problems of a contest share, such as an author or a week; each contest then weighs the same.

A rollout that was not judged is in no share and in no interval; it is counted apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reasoncore.errors import DataError
from reasoncore.evals.score import ProblemSamples, group_by_problem
from reasoncore.evals.statistics import Estimate, clustered_mean
from reasoncore.records import Problem

NOT_THE_JUDGES = "not the judge's own verdict"
_ROLLOUTS = 4


@dataclass(frozen=True, slots=True)
class ContestScore:
    """One contest.

    Attributes:
        contest: Its name.
        problems: Its problems.
        passed: Right rollouts.
        judged: Rollouts with a verdict.
        not_judged: Rollouts without one.
        share: Mean over problems of the share of right rollouts, interval by problem; None where nothing was judged.
    """

    contest: str
    problems: int
    passed: int
    judged: int
    not_judged: int
    share: Estimate | None

    def as_json(self) -> dict[str, Any]:
        """The attributes, with ``share`` as mean and interval."""
        return {
            "contest": self.contest,
            "problems": self.problems,
            "passed": self.passed,
            "judged": self.judged,
            "not_judged": self.not_judged,
            "share": _as_json(self.share),
        }


@dataclass(frozen=True, slots=True)
class ContestTable:
    """All contests of an evaluation.

    Attributes:
        model: What was evaluated.
        contests: A score for each.
        total: All of them as if one, its interval by problem.
        by_contest: The mean over contests of their shares, interval by contest; None where nothing was judged.
        rollouts: Fewest and most rollouts a problem.
    """

    model: str
    contests: tuple[ContestScore, ...]
    total: ContestScore
    by_contest: Estimate | None
    rollouts: tuple[int, int]

    def as_json(self) -> dict[str, Any]:
        """The attributes, and ``label``, which says what these figures are not."""
        return {
            "model": self.model,
            "label": NOT_THE_JUDGES,
            "contests": [contest.as_json() for contest in self.contests],
            "total": self.total.as_json(),
            "total_by_contest": _as_json(self.by_contest),
            "rollouts_a_problem": list(self.rollouts),
        }


def score_contests(model: str, problems: Sequence[Problem], rows: Sequence[Mapping[str, Any]]) -> ContestTable:
    """The table of a model's rollouts.

    Args:
        model: What it is called.
        problems: Every problem of the contests; ``subdomain`` is the contest.
        rows: Rollouts of an evaluation; those of other problems are passed over.

    Raises:
        DataError: A problem has no rollouts, or a row is damaged.
    """
    asked, had = {problem.id for problem in problems}, {row["problem_id"] for row in rows}
    missing = [problem.id for problem in problems if problem.id not in had]
    if missing:
        raise DataError(f"rollouts: none of problem {missing[0]!r}", "Evaluate the whole file, without --limit.")
    found = {p.problem_id: p for p in group_by_problem([row for row in rows if row["problem_id"] in asked])}
    contests: dict[str, list[ProblemSamples]] = {}
    for problem in problems:
        contests.setdefault(problem.subdomain, []).append(found[problem.id])
    shares = [share for part in contests.values() if (share := _shares(part))]
    sampled = [samples.sampled for samples in found.values()]
    return ContestTable(
        model,
        tuple(_score(name, part) for name, part in contests.items()),
        _score("total", [found[problem.id] for problem in problems]),
        _mean(shares),
        (min(sampled), max(sampled)),
    )


def _score(name: str, problems: Sequence[ProblemSamples]) -> ContestScore:
    judged = sum(len(problem.correct) for problem in problems)
    passed = sum(sum(problem.correct) for problem in problems)
    asked = sum(problem.sampled for problem in problems)
    share = _mean([[value] for value in _shares(problems)])
    return ContestScore(name, len(problems), passed, judged, asked - judged, share)


def _shares(problems: Sequence[ProblemSamples]) -> list[float]:
    """Share of right rollouts of each problem that has a judged one."""
    return [share for problem in problems if (share := problem.pass_at(1)) is not None]


def _mean(clusters: Sequence[Sequence[float]]) -> Estimate | None:
    if not clusters:
        return None
    found = clustered_mean(clusters)
    if found.ci95_low == found.ci95_high:  # nothing varies, which is no certainty
        return Estimate(found.mean, None, None, found.n_problems)
    return found


def _as_json(share: Estimate | None) -> dict[str, Any]:
    return {"mean": None, "ci95": [None, None]} if share is None else share.as_json()


def table_lines(table: ContestTable) -> list[str]:
    """The table for people, and how to read it."""
    most = table.rollouts[1]
    lines = [
        f"{table.model}: right first submissions in Python, {NOT_THE_JUDGES}",
        f"{'contest':<24}{'right':>9}{'share %':>10}  {'95 % by problem':<20}{'not judged':>10}",
        *(_line(contest) for contest in [*table.contests, table.total]),
        f"total by contest: {_text(table.by_contest)}",
        "The tests are made by the contests' own generators; no judge of a contest has seen the programs.",
        "Rollouts of one problem fail together, so the problem is the unit; a few problems leave a wide interval.",
    ]
    if table.rollouts != (_ROLLOUTS, _ROLLOUTS):
        counted = f"{most}" if table.rollouts[0] == most else f"{table.rollouts[0]} to {most}"
        lines.append(f"CAUTION: {counted} rollouts a problem, where the protocol has {_ROLLOUTS}.")
    if table.total.not_judged:
        lines.append(f"CAUTION: {table.total.not_judged} rollouts were not judged; they are neither right nor wrong.")
    return lines


def _line(score: ContestScore) -> str:
    mean, interval = _parts(score.share)
    right = f"{score.passed}/{score.judged}"
    return f"{score.contest:<24}{right:>9}{mean:>10}  {interval:<20}{score.not_judged:>10}"


def _text(share: Estimate | None) -> str:
    mean, interval = _parts(share)
    return f"{mean} % {interval}"


def _parts(share: Estimate | None) -> tuple[str, str]:
    if share is None:
        return "-", "-"
    ends = (share.ci95_low, share.ci95_high)
    low, high = ("?" if end is None else f"{100 * end:.1f}" for end in ends)
    return f"{100 * share.mean:.1f}", f"[{low}, {high}]"
