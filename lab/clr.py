"""What claim-level reliability is worth: CLR@K beside the votes of K and of 2K, on the same samples, every seed shown.

    python lab/clr.py runs/nano runs/seed2 runs/seed3 --claims 3 --out runs/clr

Each run's final checkpoint answers held-out problems 32 times, stating its claims, and all of these are checked. Then
the exact stopping rules are played on the checks for each K: what they would have asked for, and that the answer is the
same. Prints Markdown; goes on where it was interrupted. Intervals are 95 %, clustered by problem.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from statistics import mean
from typing import Any

from reasoncore.cli.asked_model import AskedModel
from reasoncore.config import PROCEDURAL_JUDGE
from reasoncore.domains import DOMAINS
from reasoncore.domains.open_ended import open_ended_judge
from reasoncore.evals.claim_checks import Candidate, CheckLog, ClrPlan, candidates
from reasoncore.evals.plan import EvalPlan
from reasoncore.evals.protocols import domain_sampling, find_protocol
from reasoncore.evals.rollout_log import RolloutLog
from reasoncore.evals.runner import evaluate
from reasoncore.evals.statistics import Estimate, clustered_mean, paired_difference
from reasoncore.seeding import derive_seed
from reasoncore.test_time.reliability import best_class
from reasoncore.test_time.stopping import majority_is_likely, next_check, settled_class
from reasoncore.timing import Clock
from reasoncore.verify.math import MathVerifier

BENCHMARKS = ("procedural-math", "procedural-stem")
SIZES = (8, 16)
SAMPLES = 2 * max(SIZES)
LIKELY = 0.95

Scores = Mapping[str, list[float]]
"""By problem."""


@dataclass(frozen=True, slots=True)
class Played:
    """CLR of the first K of a problem's trajectories.

    Attributes:
        chosen: First trajectory with the answer; None without any answer.
        checked: Trajectories that were checked.
    """

    chosen: int | None
    checked: tuple[int, ...]


def main() -> None:
    """Measure what is missing, then print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN")
    parser.add_argument("--claims", type=int, default=3, help="M (default 3)")
    parser.add_argument("--limit", type=int, default=300, help="problems of each benchmark (default 300)")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads (default 2)")
    parser.add_argument("--out", type=Path, default=Path("runs/clr"))
    given = parser.parse_args()
    lines: list[str] = []
    likely: list[str] = []
    for run in given.runs:
        seed = json.loads((run / "run.json").read_text(encoding="utf-8"))["seed"]
        found = measure(run / "final", seed, given.out / f"seed{seed}", given.claims, given.limit, given.threads)
        lines += found[0]
        likely += found[1]
    print(
        "| benchmark | K | seed | Pass@1 | likeliest of K | Cons@K | CLR@K | Cons@2K | CLR@K - Cons@K "
        "| CLR@K - Cons@2K | tokens: K samples | their checks | with stopping |"
    )
    print("|---" * 13 + "|")
    print("\n".join(sorted(lines)))
    print(f"\nAlso stopping where the vote's leader is {LIKELY:.0%} likely to stay it, which can change the answer:\n")
    print("| benchmark | K | seed | with it - CLR@K, points | samples | checks |\n" + "|---" * 6 + "|")
    print("\n".join(sorted(likely)))


def measure(model: Path, seed: int, out: Path, claims: int, limit: int, threads: int) -> tuple[list[str], list[str]]:
    """Rows of one model: of the rules that are exact, and of the one that is not."""
    asked = AskedModel(model, None, None, 1, "cpu", threads)
    given = {"max_tokens": 256}
    plan = EvalPlan(
        BENCHMARKS,
        "vt3b",
        replace(find_protocol("vt3b"), **given),
        SAMPLES,
        limit,
        None,
        derive_seed(seed, "clr"),
        DOMAINS,
        domain_sampling("vt3b", given),
        ClrPlan(claims, stop_early=False),
    )
    judge = partial(open_ended_judge, PROCEDURAL_JUDGE, Path(), asked.hardware)
    results = evaluate(asked.engine(), judge, model.parent.name, asked.identity(), plan, out, Clock())
    lines: list[str] = []
    likely: list[str] = []
    log, checks = RolloutLog(out / "rollouts.jsonl"), CheckLog(out / "checks.jsonl")
    with MathVerifier() as verifier:
        for name, task in plan.tasks.items():
            assert plan.clr is not None
            found = candidates(task.own, log.of(name), plan.clr, verifier.equivalent)
            checks.fill(name, found, plan.clr)
            lengths = {(row["problem_id"], row["sample"]): row["token_count"] for row in checks.of(name)}
            lines += [row_of(name, seed, k, found, lengths) for k in SIZES]
            likely += [likely_row(name, seed, k, found) for k in SIZES]
            block, made = results["benchmarks"][name]["clr"], checks.of(name)
            print(
                f"{name}, seed {seed}: verdicts unreadable {block['unparsable_rate']:.1%}, claims missing "
                f"{block['padded_rate']:.1%}; claims refuted of right answers {refuted(found, made, right=True):.1%}, "
                f"of wrong ones {refuted(found, made, right=False):.1%}\n"
            )
    return lines, likely


def row_of(name: str, seed: int, k: int, found: Sequence[Candidate], lengths: Mapping[tuple[str, int], int]) -> str:
    """A row of the table."""
    full = {c.problem.id: play(c, k, stop_early=False) for c in found}
    stopped = {c.problem.id: play(c, k, stop_early=True) for c in found}
    for c in found:
        assert full[c.problem.id].chosen == stopped[c.problem.id].chosen, "the rules changed an answer"
    clr = scores(found, lambda c: full[c.problem.id].chosen)
    votes = {size: scores(found, lambda c, size=size: c.majority(size)) for size in (k, 2 * k)}
    single = {c.problem.id: [mean(float(row["correct"]) for row in c.rows[:k])] for c in found}
    likeliest = scores(found, lambda c: c.likeliest(k))
    sampled = sum(row["token_count"] for c in found for row in c.rows[:k])
    spent = [
        sum(
            lengths[c.problem.id, c.rows[place]["sample"]]
            for c in found
            for place in played[c.problem.id].checked
            if c.claims[place]
        )
        for played in (full, stopped)
    ]
    cells = [percent(clustered_mean(list(s.values()))) for s in (single, likeliest, votes[k], clr, votes[2 * k])]
    cells += [points(paired_difference(clr, votes[size], proportion=False)) for size in (k, 2 * k)]
    cells += [f"{sampled:,}", f"{spent[0]:,}", f"{spent[1]:,} ({spent[1] / spent[0] - 1:+.0%})"]
    return f"| {name.removeprefix('procedural-')} | {k:2} | {seed} | {' | '.join(cells)} |"


def likely_row(name: str, seed: int, k: int, found: Sequence[Candidate]) -> str:
    """A row of the second table: samples one after another, checks only where no vote was likely enough."""
    chosen: dict[str, int | None] = {}
    samples = checked = 0
    exact = {c.problem.id: play(c, k, stop_early=True) for c in found}
    for c in found:
        stop, leader = likely_stop(c, k)
        samples += stop
        chosen[c.problem.id] = exact[c.problem.id].chosen if leader is None else leader
        checked += len(exact[c.problem.id].checked) if leader is None else 0
    difference = paired_difference(
        scores(found, lambda c: chosen[c.problem.id]),
        scores(found, lambda c: exact[c.problem.id].chosen),
        proportion=False,
    )
    every = sum(len(one.checked) for one in exact.values())
    cells = [points(difference), f"{samples:,} ({samples / (k * len(found)) - 1:+.0%})"]
    cells.append(f"{checked:,} ({checked / every - 1:+.0%})" if every else "0")
    return f"| {name.removeprefix('procedural-')} | {k:2} | {seed} | {' | '.join(cells)} |"


def likely_stop(candidate: Candidate, k: int) -> tuple[int, int | None]:
    """After how many samples the vote is likely enough, and its first trajectory; k and None where it never is."""
    for count in range(1, k + 1):
        classes = [[place for place in members if place < count] for members in candidate.classes[k]]
        votes = [len(members) for members in classes]
        if any(votes) and majority_is_likely(votes, LIKELY):
            return count, classes[votes.index(max(votes))][0]
    return k, None


def play(candidate: Candidate, k: int, *, stop_early: bool) -> Played:
    """CLR's choice among the first k, checks uncovered one by one."""
    classes, known = candidate.classes[k], candidate.reliabilities[:k]
    # A trajectory without claims costs no check.
    shown = [r if not claims else None for r, claims in zip(known, candidate.claims[:k], strict=True)]
    checked: list[int] = []
    while not stop_early or settled_class(classes, shown, 0) is None:
        number = next_check(classes, shown, ())
        if number is None:
            break
        shown[number] = known[number]
        checked.append(number)
    settled = settled_class(classes, shown, 0) if stop_early else None
    best = best_class(classes, shown) if settled is None else settled
    return Played(None if best is None else classes[best][0], tuple(checked))


def scores(found: Sequence[Candidate], choose: Any) -> Scores:
    """Whether each problem's chosen trajectory is right."""
    chosen = {c.problem.id: (c, choose(c)) for c in found}
    return {key: [0.0 if number is None else float(c.rows[number]["correct"])] for key, (c, number) in chosen.items()}


def refuted(found: Sequence[Candidate], checks: Sequence[Mapping[str, Any]], *, right: bool) -> float:
    """Share of claims refuted, of trajectories with a right or a wrong answer."""
    correct = {(c.problem.id, row["sample"]): row["correct"] for c in found for row in c.rows if row["answer"]}
    verdicts = [
        v for check in checks if correct.get((check["problem_id"], check["sample"])) is right for v in check["verdicts"]
    ]
    return mean(verdict is False for verdict in verdicts) if verdicts else float("nan")


def percent(estimate: Estimate) -> str:
    return f"{100 * estimate.mean:.1f}"


def points(estimate: Estimate) -> str:
    ends = "" if estimate.ci95_low is None else f" ({100 * estimate.ci95_low:+.1f} to {100 * estimate.ci95_high:+.1f})"
    return f"{100 * estimate.mean:+.1f}{ends}"


if __name__ == "__main__":
    main()
