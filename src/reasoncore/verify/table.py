"""The kinds of verifier: how a case of each is read from a JSONL row, and who judges it. One row each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from reasoncore.records import Verdict
from reasoncore.sandbox import ForkSandbox
from reasoncore.verify.choice import ChoiceVerifier, read_choice_case
from reasoncore.verify.code import CodeVerifier, read_code_case
from reasoncore.verify.constraints import InstructionVerifier, read_instruction_case
from reasoncore.verify.math import MathVerifier, read_math_case


class CaseJudge(Protocol):
    """Judges cases one after another; may hold processes, so it is closed when done."""

    def stream(self, cases: Iterable[tuple[str, Any]]) -> Iterator[Verdict]:
        """Verdicts on (response, reference) in order; cases are read only a little ahead."""
        ...

    def close(self) -> None:
        """End what it started."""
        ...


@dataclass(frozen=True, slots=True)
class VerifierKind:
    """A row of the table.

    Attributes:
        name: What a user types.
        read_case: ``(row, where) -> (response, reference)``; raises a DataError that names ``where`` and the key.
        make: Makes the judge: ``make(isolate)``; ``isolate`` False runs programs without a sandbox.
        shows_answer: Whether verdicts are printed with the answer that was found.
    """

    name: str
    read_case: Callable[[Mapping[str, Any], str], tuple[str, Any]]
    make: Callable[[bool], CaseJudge]
    shows_answer: bool


class _BareMathVerifier(MathVerifier):
    """Takes a response in which no answer is marked as being the answer itself."""

    def stream(self, cases: Iterable[tuple[str, str]], *, bare_answers: bool = True) -> Iterator[Verdict]:
        return super().stream(cases, bare_answers=bare_answers)


_ROWS = (
    VerifierKind("math", read_math_case, lambda isolate: _BareMathVerifier(), shows_answer=True),
    VerifierKind("choice", read_choice_case, lambda isolate: ChoiceVerifier(), shows_answer=True),
    VerifierKind("code", read_code_case, lambda isolate: CodeVerifier(partial(ForkSandbox, isolate)), False),
    VerifierKind("instructions", read_instruction_case, lambda isolate: InstructionVerifier(), shows_answer=False),
)
VERIFIERS: dict[str, VerifierKind] = {row.name: row for row in _ROWS}
