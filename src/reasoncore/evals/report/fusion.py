"""What a fuse stage found: who became a specialist, and whether the average beats them on problems of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reasoncore.evals.report.scores import Estimate, estimate, mapping, number, text

FUSED = "fused"


@dataclass(frozen=True, slots=True)
class Specialist:
    """The checkpoint chosen for a subdomain, with its score there and the last checkpoint's, in [0, 1]."""

    subdomain: str
    checkpoint: str
    score: float | None
    last: float | None


@dataclass(frozen=True, slots=True)
class Fusion:
    """A fuse stage's comparison, on the half of the probing set that no choice has seen.

    Attributes:
        metric: ``"Pass@8"``.
        averaged: How many different checkpoints were averaged.
        macro: Score of each model compared, mean over subdomains.
        best, last, winner: Names of models.
        minus_best, minus_last: Fused minus that model, paired by problem.
    """

    metric: str
    averaged: int
    candidates: int
    specialists: tuple[Specialist, ...]
    macro: dict[str, float]
    best: str
    last: str
    winner: str
    minus_best: Estimate | None
    minus_last: Estimate | None


def parse_fusion(content: dict[str, Any]) -> Fusion | None:
    """From ``fusion.json``; None while the comparison is not there."""
    compared = mapping(content.get("compared"))
    scores = {
        name: value for name, item in mapping(compared.get("macro")).items() if (value := number(item)) is not None
    }
    best, last = text(compared.get("best_specialist")), text(compared.get("last"))
    if FUSED not in scores or best is None or last is None:
        return None
    candidates = mapping(content.get("candidates"))
    specialists = [
        Specialist(
            name,
            str(checkpoint),
            number(mapping(candidates.get(str(checkpoint))).get(name)),
            number(mapping(candidates.get(last)).get(name)),
        )
        for name, checkpoint in mapping(content.get("specialists")).items()
    ]
    return Fusion(
        metric=str(content.get("metric") or "pass@k").capitalize(),
        averaged=len(mapping(content.get("weights"))),
        candidates=len(candidates),
        specialists=tuple(specialists),
        macro=scores,
        best=best,
        last=last,
        winner=text(compared.get("winner")) or max(scores, key=lambda name: scores[name]),
        minus_best=estimate(compared.get("fused_minus_best_specialist")),
        minus_last=estimate(compared.get("fused_minus_last")),
    )


def outcome(fusion: Fusion) -> tuple[str, str]:
    """``("good", "Fusion beat the best single specialist and the last checkpoint.")``: a tone and a sentence."""
    if fusion.averaged == 1:
        return "open", "One checkpoint was every subdomain's specialist, so nothing was averaged."
    rivals = {"the best single specialist": fusion.minus_best, "the last checkpoint": fusion.minus_last}
    if fusion.best == fusion.last:
        rivals = {"the last checkpoint, which is also the best single specialist": fusion.minus_last}
    found = {name: _against(difference) for name, difference in rivals.items()}
    verbs = list(dict.fromkeys(found.values()))
    tone = "bad" if LOST in verbs else "good" if verbs == [BEAT] else "open" if UNKNOWN in verbs else "unsure"
    if verbs == [LEVEL] and len(found) == 2:
        return tone, f"Fusion beat neither {' nor '.join(found)}: both intervals include zero."
    if len(verbs) == 1:
        return tone, f"Fusion {verbs[0]} {' and '.join(found)}{_why(verbs[0])}."
    return tone, f"Fusion {', but '.join(f'{verb} {name}{_why(verb)}' for name, verb in found.items())}."


BEAT, LOST, LEVEL, UNKNOWN = "beat", "was worse than", "did not beat", "was not compared, with an interval, to"


def _against(difference: Estimate | None) -> str:
    if difference is None or difference.low is None or difference.high is None:
        return UNKNOWN
    return BEAT if difference.low > 0 else LOST if difference.high < 0 else LEVEL


def _why(verb: str) -> str:
    return " (the interval includes zero)" if verb == LEVEL else ""
