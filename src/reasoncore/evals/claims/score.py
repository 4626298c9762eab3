"""A score and how it came about, published or measured."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from typing import Any, Literal, get_args

from reasoncore.errors import DataError, UserInputError
from reasoncore.evals.score import Row, group_by_problem

Verdict = Literal["consistent", "inconsistent", "cannot tell"]
Metric = Literal["avg@k", "cons@k"]
_PRINTED = re.compile(r"[0-9]{1,3}(?:\.([0-9]{1,6}))?")


@dataclass(frozen=True, slots=True)
class ScoreProtocol:
    """How a score was made, as far as it is known.

    Attributes:
        items: Problems, None where not known.
        generations: Samples a problem, k; None where not known.
        metric: ``"avg@k"``: mean over all samples. ``"cons@k"``: one majority answer a problem.
        cap: Most tokens a completion may have; ``"none"`` for no cap below the model's own; None where not known.
        cutoff_rate: Share of the rollouts that the cap cut off, 0 to 1; None where not reported.

    Raises:
        UserInputError: A number out of its range, or an unknown metric.
    """

    items: int | None = None
    generations: int | None = None
    metric: Metric = "avg@k"
    cap: int | Literal["none"] | None = None
    cutoff_rate: float | None = None

    def __post_init__(self) -> None:
        for name in ("items", "generations", "cap"):
            value = getattr(self, name)
            if isinstance(value, int) and value < 1:
                raise UserInputError(f"{name} {value}: must be at least 1", "Leave it out where it is not known.")
        if self.cutoff_rate is not None and not 0.0 <= self.cutoff_rate <= 1.0:
            raise UserInputError(f"cut-off rate {self.cutoff_rate:g}: must be from 0 to 1", "Write 17.5 % as 0.175.")
        if self.metric not in get_args(Metric):
            raise UserInputError(f"unknown metric {self.metric!r}", f"Choose from: {', '.join(get_args(Metric))}.")

    @property
    def outcomes_an_item(self) -> int | None:
        """Zero/one outcomes that each item adds to the mean; None where not known."""
        return 1 if self.metric == "cons@k" else self.generations

    @property
    def outcomes(self) -> int | None:
        """Zero/one outcomes that the score is the mean of; None where not known."""
        if self.items is None or self.outcomes_an_item is None:
            return None
        return self.items * self.outcomes_an_item

    def as_json(self) -> dict[str, Any]:
        """The attributes; null for what is not known."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Score:
    """A score in percent.

    Attributes:
        percent: 0 to 100.
        protocol: How it was made.
        decimals: Digits after the point where it was printed; None for an exact figure.
        item_means: Share of right samples of each item, 0 to 1, where known.
        label: What it is the score of.
        source: Where it stands.
    """

    percent: float
    protocol: ScoreProtocol = field(default_factory=ScoreProtocol)
    decimals: int | None = None
    item_means: tuple[float, ...] | None = None
    label: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        if not 0.0 <= self.percent <= 100.0:
            raise UserInputError(f"score {self.percent:g}: not from 0 to 100", "Give it in percent.")

    @property
    def text(self) -> str:
        """As printed; an exact figure with two decimals."""
        return f"{self.percent:.{2 if self.decimals is None else self.decimals}f}"

    @property
    def rounding(self) -> Fraction:
        """Half of the last printed digit, in points; 0 for an exact figure."""
        return Fraction(0) if self.decimals is None else Fraction(1, 2 * 10**self.decimals)

    def as_json(self) -> dict[str, Any]:
        """Score and protocol; of the items only how many means are known."""
        return {**asdict(self), "item_means": None if self.item_means is None else len(self.item_means)}


def printed_score(text: str, protocol: ScoreProtocol | None = None, *, label: str = "", source: str = "") -> Score:
    """A score as it stands in a report, such as ``"91.4"``; its decimals are counted.

    Raises:
        UserInputError: Not a figure from 0 to 100.
    """
    match = _PRINTED.fullmatch(text.strip().removesuffix("%").strip())
    if not match or float(match[0]) > 100.0:
        raise UserInputError(f"score {text!r:.40}: not a figure from 0 to 100", "Write it as printed, such as 91.4.")
    return Score(float(match[0]), protocol or ScoreProtocol(), len(match[1] or ""), label=label, source=source)


def measured_score(
    item_means: Sequence[float],
    generations: int,
    *,
    cap: int | Literal["none"] | None = None,
    cutoff_rate: float | None = None,
    label: str = "",
) -> Score:
    """A score of one's own from the share of right samples of each item.

    Args:
        item_means: One share an item, 0 to 1.
        generations: Samples an item, k.
        cap: As in :class:`ScoreProtocol`.
        cutoff_rate: As in :class:`ScoreProtocol`.
        label: What it is the score of.

    Raises:
        UserInputError: No items, or a share outside 0 to 1.
    """
    if not item_means:
        raise UserInputError("a measurement without items", "Evaluate at least one problem.")
    if not all(0.0 <= mean <= 1.0 for mean in item_means):
        raise UserInputError("an item's mean is not from 0 to 1", "Give shares of right samples, not percent.")
    protocol = ScoreProtocol(len(item_means), generations, "avg@k", cap, cutoff_rate)
    return Score(100.0 * sum(item_means) / len(item_means), protocol, None, tuple(item_means), label)


def score_of_rollouts(rows: Iterable[Row], cap: int | Literal["none"] | None, label: str = "") -> Score:
    """The measured score of one benchmark's rows of ``rollouts.jsonl``, with its cut-off rate.

    Rollouts that were not judged are left out; k is then the smallest number of judged samples, which errs towards a
    larger standard error.

    Raises:
        DataError: As :func:`reasoncore.evals.score.group_by_problem`, or nothing was judged.
    """
    rows = list(rows)
    judged = [problem.correct for problem in group_by_problem(rows) if problem.correct]
    if not judged:
        raise DataError("rollouts: none was judged", "Mend what kept the verifier from judging, and evaluate again.")
    return measured_score(
        [sum(correct) / len(correct) for correct in judged],
        min(map(len, judged)),
        cap=cap,
        cutoff_rate=sum(row["finish"] == "length" for row in rows) / len(rows),
        label=label,
    )
