"""``reasoncore clr``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reasoncore.cli.output import counted, print_result

if TYPE_CHECKING:
    from reasoncore.test_time.aggregate import Aggregated


def clr_aggregate_command(
    trajectories: Path, claims: int | None, unparsable_valid: bool, padded_valid: bool, as_json: bool
) -> None:
    """Score logged trajectories again; print each problem's answer, classes and vote, and the accuracies."""
    from reasoncore.test_time.aggregate import aggregate, read_trajectories
    from reasoncore.test_time.reliability import CountedAs
    from reasoncore.verify.math import MathVerifier

    problems = read_trajectories(trajectories)
    with MathVerifier() as verifier:
        found = aggregate(problems, verifier.equivalent, CountedAs(unparsable_valid, padded_valid), claims)
    accuracies = _accuracies(found)
    result: dict[str, Any] = {"problems": [one.as_json() for one in found], **accuracies}
    lines = [line for one in found for line in _lines(one)]
    if accuracies:
        shares = "; ".join(f"{name} {100 * value:.1f} %" for name, value in accuracies["accuracy"].items())
        lines += ["", f"{counted(accuracies['graded'], 'problem')} with a gold: {shares}"]
    print_result(result, "\n".join(lines), as_json)


def _accuracies(found: Sequence[Aggregated]) -> dict[str, Any]:
    graded = [one for one in found if one.correct is not None]
    if not graded:
        return {}
    clr, votes = sum(bool(one.correct) for one in graded), sum(bool(one.majority_correct) for one in graded)
    return {"graded": len(graded), "accuracy": {"CLR": clr / len(graded), "Cons@K": votes / len(graded)}}


def _lines(found: Aggregated) -> list[str]:
    outcome = found.outcome
    said = {True: ", right", False: ", wrong", None: ""}
    lines = [
        f"{found.id}: {outcome.answer or 'no answer'}{said[found.correct]}; "
        f"Cons@{outcome.asked}: {outcome.majority or 'no answer'}{said[found.majority_correct]}"
    ]
    lines += [
        f"  {one.answer:.60}: score {one.score:.5f}, {counted(one.votes, 'vote')}"
        for one in sorted(outcome.classes, key=lambda one: -one.score)
    ]
    if outcome.by_votes:
        lines.append("  no trajectory has verdicts: the votes decide")
    if outcome.unparsable_rate or outcome.padded_rate or outcome.no_answer_rate:
        rates = (outcome.no_answer_rate, outcome.unparsable_rate, outcome.padded_rate)
        shares = ["-" if rate is None else f"{100 * rate:.0f} %" for rate in rates]
        lines.append(f"  without an answer {shares[0]}, verdicts unreadable {shares[1]}, claims missing {shares[2]}")
    return lines
