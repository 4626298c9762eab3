"""CLR in an evaluation: its rollouts are the trajectories, their claims are checked, and the checks are kept.

Checks are asked for in rounds, one a problem that is still open, so that no check is made that cannot change an answer
(:mod:`reasoncore.test_time.stopping`). They are appended to ``checks.jsonl``: a killed evaluation goes on, and scoring
again needs no model.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from reasoncore.errors import ReasoncoreError
from reasoncore.evals.rollout_log import RolloutLog, Row
from reasoncore.evals.score import k_values
from reasoncore.evals.statistics import clustered_mean, paired_difference
from reasoncore.infer.engine import Engine, Request, SamplingParams
from reasoncore.progress import track
from reasoncore.records import Completion, Problem
from reasoncore.seeding import derive_seed
from reasoncore.test_time.claims import claims_prompt, read_claims
from reasoncore.test_time.classes import Same, answer_classes, majority_class
from reasoncore.test_time.refutation import read_verdicts, refutation_prompt
from reasoncore.test_time.reliability import AS_PUBLISHED, CountedAs, best_class, reliability
from reasoncore.test_time.stopping import next_check, settled_class


@dataclass(frozen=True, slots=True)
class ClrPlan:
    """How CLR is measured.

    Attributes:
        claims: M.
        counted: What malformed verdicts and missing claims count as.
        stop_early: Leave out checks that cannot change an answer.
    """

    claims: int = 5
    counted: CountedAs = AS_PUBLISHED
    stop_early: bool = True


@dataclass(slots=True)
class Candidate:
    """A problem's trajectories, and what is known of them.

    Attributes:
        problem: As it is without the sentence about claims.
        rows: Its judged rollouts, in sampling order.
        claims: Of each rollout.
        classes: Rollouts by answer, of the first k, by k.
        reliabilities: r of each rollout; None where it was not checked.
    """

    problem: Problem
    rows: list[Row]
    claims: list[tuple[str, ...]]
    classes: dict[int, list[list[int]]]
    reliabilities: list[Fraction | None]

    def open_check(self, left_out: Sequence[int], stop_early: bool = True) -> int | None:
        """The rollout to check next for the smallest k that is open; None when all are settled, or nothing is left."""
        for k, classes in self.classes.items():
            if not stop_early or settled_class(classes, self.reliabilities[:k], 0) is None:
                number = next_check(classes, self.reliabilities[:k], left_out)
                if number is not None:
                    return number
        return None

    def chosen(self, k: int) -> int | None:
        """CLR's answer of the first k, as the first rollout that has it."""
        classes, known = self.classes[k], self.reliabilities[:k]
        settled = settled_class(classes, known, 0)
        best = best_class(classes, known) if settled is None else settled
        return None if best is None else classes[best][0]

    def majority(self, k: int) -> int | None:
        """Cons@k's answer, likewise."""
        votes = majority_class(self.classes[k])
        return votes[0] if votes else None

    def likeliest(self, k: int) -> int | None:
        """Best of k by mean log-probability, among those with an answer."""
        answered = [number for members in self.classes[k] for number in members]
        return max(answered, key=lambda number: (self.rows[number]["mean_log_prob"], -number), default=None)


def with_claims(problems: Sequence[Problem], plan: ClrPlan) -> list[Problem]:
    """The problems as stage 1 asks them."""
    return [replace(problem, prompt=claims_prompt(problem.prompt, plan.claims)) for problem in problems]


def candidates(problems: Sequence[Problem], rows: Sequence[Row], plan: ClrPlan, same: Same) -> list[Candidate]:
    """Trajectories by problem; those that were not judged are left out.

    Args:
        problems: Without the sentence about claims.
        rows: Rollouts of one benchmark.
    """
    of: dict[str, list[Row]] = {}
    for row in rows:
        if row["correct"] is not None:
            of.setdefault(row["problem_id"], []).append(row)
    found = []
    for problem in problems:
        own = sorted(of.get(problem.id, []), key=lambda row: row["sample"])
        answers = [row["answer"] if row["finish"] == "stop" else None for row in own]
        claims = [read_claims(row["text"], plan.claims).claims if row["finish"] == "stop" else () for row in own]
        nothing_to_refute = reliability((), plan.claims, plan.counted)
        known = [None if claimed else nothing_to_refute for claimed in claims]
        classes = {k: answer_classes(answers[:k], same) for k in (k_values(len(own)) if own else [])}
        found.append(Candidate(problem, own, claims, classes, known))
    return found


class CheckLog:
    """``checks.jsonl``, in the rows of :class:`RolloutLog`."""

    def __init__(self, path: Path) -> None:
        self._log = RolloutLog(path)

    def fill(self, benchmark: str, found: Sequence[Candidate], plan: ClrPlan) -> None:
        """Take over the verdicts that are there on the same claims."""
        for candidate in found:
            for place, row in enumerate(candidate.rows):
                check = self._log.rows.get((benchmark, candidate.problem.id, row["sample"]))
                if check is not None and check["claims"] == list(candidate.claims[place]):
                    candidate.reliabilities[place] = reliability(check["verdicts"], plan.claims, plan.counted)

    def add(self, row: Row) -> None:
        """Append a check."""
        self._log.append([row])

    def of(self, benchmark: str) -> list[Row]:
        """A benchmark's checks."""
        return self._log.of(benchmark)


def run_checks(
    engine: Engine,
    log: CheckLog,
    benchmark: str,
    found: Sequence[Candidate],
    plan: ClrPlan,
    sampling: SamplingParams,
    seed: int,
) -> list[ReasoncoreError]:
    """Check claims until every problem is settled at every k; what could not be had is returned.

    Raises:
        ReasoncoreError: No check can be had.
    """
    log.fill(benchmark, found, plan)
    failures: list[ReasoncoreError] = []
    failed: dict[int, list[int]] = {}
    most = sum(sum(r is None for r in c.reliabilities) for c in found)
    with track(f"{benchmark} (checks, at most)", most) as progress:
        while True:
            numbers = [c.open_check(failed.get(place, []), plan.stop_early) for place, c in enumerate(found)]
            wave = [(place, number) for place, number in enumerate(numbers) if number is not None]
            if not wave:
                return failures
            requests = [_request(found[place], number, seed) for place, number in wave]
            with closing(engine.stream(requests, sampling)) as finished:
                for sampled in finished:
                    place, number = wave[sampled.request]
                    if not isinstance(sampled.outcome, Completion):
                        failures.append(sampled.outcome)
                        failed.setdefault(place, []).append(number)
                        continue
                    log.add(_check(benchmark, found[place], number, sampled.outcome, plan))
                    progress.advance()


def _request(candidate: Candidate, number: int, seed: int) -> Request:
    prompt = refutation_prompt(candidate.problem.prompt, candidate.claims[number])
    own = derive_seed(seed, candidate.problem.id, "check")
    return Request(({"role": "user", "content": prompt},), 1, own, candidate.rows[number]["sample"])


def _check(benchmark: str, candidate: Candidate, number: int, had: Completion, plan: ClrPlan) -> dict[str, Any]:
    """The row of a check, whose reliability the candidate now knows."""
    claims = candidate.claims[number]
    verdicts = read_verdicts(had.text if had.finish == "stop" else "", len(claims))
    candidate.reliabilities[number] = reliability(verdicts, plan.claims, plan.counted)
    return {
        "benchmark": benchmark,
        "problem_id": candidate.problem.id,
        "sample": candidate.rows[number]["sample"],
        "claims": list(claims),
        "verdicts": list(verdicts),
        "text": had.text,
        "token_count": had.token_count,
        "finish": had.finish,
    }


def clr_block(found: Sequence[Candidate], checks: Sequence[Row], plan: ClrPlan) -> dict[str, Any]:
    """The scores: CLR@k and Cons@k of the same trajectories, their paired difference, and what it cost.

    ``spared`` is the share of checks that could not have changed an answer, and were not made.
    """
    whole = [candidate for candidate in found if candidate.rows]
    k_of = sorted({k for candidate in whole for k in candidate.classes})
    clr: dict[str, Any] = {}
    cons: dict[str, Any] = {}
    gain: dict[str, Any] = {}
    likeliest: dict[str, Any] = {}
    has_log_probs = all(row.get("mean_log_prob") is not None for c in whole for row in c.rows)
    for k in k_of:
        having = {c.problem.id: c for c in whole if k in c.classes}
        scored = {name: [_right(c, c.chosen(k))] for name, c in having.items()}
        voted = {name: [_right(c, c.majority(k))] for name, c in having.items()}
        clr[str(k)] = clustered_mean(list(scored.values())).as_json()
        cons[str(k)] = clustered_mean(list(voted.values())).as_json()
        gain[str(k)] = paired_difference(scored, voted, proportion=False).as_json()
        if has_log_probs:
            likeliest[str(k)] = clustered_mean([[_right(c, c.likeliest(k))] for c in having.values()]).as_json()
    verdicts = [verdict for check in checks for verdict in check["verdicts"]]
    pairs = [pair for c in whole for pair in zip(c.rows, c.claims, strict=True)]
    with_answer = [claims for row, claims in pairs if row["answer"] is not None]
    wanted = sum(bool(claims) for claims in with_answer)
    return {
        "claims": plan.claims,
        "clr@k": clr,
        "cons@k": cons,
        "clr_minus_cons@k": gain,
        "best_log_prob@k": likeliest,
        "checks": len(checks),
        "spared": 1 - len(checks) / wanted if wanted else None,
        "unparsable_rate": _share([verdict is None for verdict in verdicts]),
        "padded_rate": _share([place >= len(claims) for claims in with_answer for place in range(plan.claims)]),
        "tokens": _total([row["token_count"] for c in whole for row in c.rows]),
        "check_tokens": _total([check["token_count"] for check in checks]),
    }


def can_vote(problem: Problem) -> bool:
    """Whether its responses end in an answer that others can agree with."""
    from reasoncore.domains import grader_of

    return grader_of(problem) in ("math", "choice")


def _right(candidate: Candidate, number: int | None) -> float:
    return 0.0 if number is None else float(candidate.rows[number]["correct"])


def _share(flags: Sequence[bool]) -> float | None:
    return sum(flags) / len(flags) if flags else None


def _total(counts: Sequence[int | None]) -> int | None:
    return sum(count or 0 for count in counts) if None not in counts else None
