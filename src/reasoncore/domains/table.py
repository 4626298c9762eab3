"""The domains: how a problem of each is asked and how its answers are judged. One row each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from reasoncore.records import Verdict
from reasoncore.verify.math import MathVerifier


class Verifier(Protocol):
    """Judges responses; may hold processes, so it is closed when done."""

    def judge_many(self, responses: Sequence[str], references: Sequence[Any]) -> list[Verdict]:
        """Verdict on ``responses[i]`` against ``references[i]``, in order.

        A reference is what the verifier at hand compares with: the trusted answer, or tests, options, constraints.
        """
        ...

    def close(self) -> None:
        """End what the verifier started."""
        ...


@dataclass(frozen=True, slots=True)
class Domain:
    """A row of the table.

    Attributes:
        name: Key in ``DOMAINS`` and value of ``Problem.domain``.
        instruction: Sentence that follows the question in a prompt; says how to mark the final answer.
        make_verifier: Makes the judge of this domain; the caller closes it.
    """

    name: str
    instruction: str
    make_verifier: Callable[[], Verifier]


DOMAINS: dict[str, Domain] = {
    "math": Domain(
        name="math",
        instruction="Let's think step by step and output the final answer within \\boxed{}.",
        make_verifier=MathVerifier,
    ),
}
