"""A trajectory of CLR: a completion with its answer and claims, and what its check found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self

from reasoncore.records import Completion
from reasoncore.test_time.claims import read_claims
from reasoncore.test_time.reliability import ClaimVerdict

ReadAnswer = Callable[[str], str | None]
"""The final answer in a solution, by the domain's rules; None where there is none."""


@dataclass(frozen=True, slots=True)
class Trajectory:
    """One of the K.

    Attributes:
        number: Its place in sampling order.
        text: The whole completion.
        answer: Its final answer; None where there is none, or the completion was cut off.
        claims: The claims it gave, at most M.
        verdicts: One a claim; None where it was not checked.
        tokens: Of the completion; None where it is not known.
        check_text: What the check said; empty where it was not checked.
        check_tokens: Of the check.
        mean_log_prob: Mean log-probability of its tokens; None where the engine does not say them.
    """

    number: int
    text: str
    answer: str | None
    claims: tuple[str, ...]
    verdicts: tuple[ClaimVerdict, ...] | None = None
    tokens: int | None = None
    check_text: str = ""
    check_tokens: int | None = None
    mean_log_prob: float | None = None

    @classmethod
    def of(cls, number: int, completion: Completion, claims: int, read_answer: ReadAnswer) -> Self:
        """What a completion of stage 1 says; one that was cut off gave no answer."""
        said = read_claims(completion.text, claims)
        whole = completion.finish == "stop"
        return cls(
            number,
            completion.text,
            read_answer(said.solution) if whole else None,
            said.claims if whole else (),
            tokens=completion.token_count,
            mean_log_prob=completion.mean_log_prob,
        )

    def checked(self, verdicts: tuple[ClaimVerdict, ...], check: Completion | None = None) -> Self:
        """The same with verdicts; without a completion where there was nothing to ask."""
        text, tokens = ("", 0) if check is None else (check.text, check.token_count)
        return replace(self, verdicts=verdicts, check_text=text, check_tokens=tokens)
