"""The domains: how a problem of each is asked, where problems come from, how answers are judged. One row each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from reasoncore.data.code_files import read_code_cases, read_humaneval, read_leetcode, read_mbpp
from reasoncore.data.files import read_open_prompts, read_questions
from reasoncore.data.instruction_files import read_ifeval
from reasoncore.domains.by_reference import ByReference
from reasoncore.infer.engine import Engine
from reasoncore.procedural import PROCEDURAL, Subdomains
from reasoncore.records import Verdict, WorkedProblem
from reasoncore.verify.choice import ChoiceTask, ChoiceVerifier
from reasoncore.verify.code import CodeVerifier
from reasoncore.verify.constraints import InstructionTask, InstructionVerifier
from reasoncore.verify.math import MathVerifier
from reasoncore.verify.rubric import RubricTask, RubricVerifier

ReadFile = Callable[[Path, str, str], list[WorkedProblem]]
"""``(path, domain, instruction) -> problems``, with the solutions that the file has."""


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
        make_verifier: Makes the judge of this domain's answers, given what makes the engine that scores open-ended
            ones; the caller closes it.
        instruction: Sentence that follows a question from a file; says how to mark the final answer.
        subdomains: Types of procedural problems by subdomain; empty where there is no generator.
        formats: Readers of files by name, the default first.
    """

    name: str
    make_verifier: Callable[[Callable[[], Engine]], Verifier]
    instruction: str = ""
    subdomains: Subdomains = field(default_factory=dict)
    formats: Mapping[str, ReadFile] = field(default_factory=lambda: {"questions": read_questions})


_BOXED = "Let's think step by step and output the final answer within \\boxed{}."


def _answers_or_options() -> Verifier:
    return ByReference({str: MathVerifier, ChoiceTask: ChoiceVerifier})


_ROWS = (
    Domain("math", lambda judge: _answers_or_options(), _BOXED, PROCEDURAL["math"]),
    Domain(
        "code",
        lambda judge: CodeVerifier(stop_at_failure=True),
        "Answer with a Python program in one code block.",
        PROCEDURAL["code"],
        {"cases": read_code_cases, "humaneval": read_humaneval, "mbpp": read_mbpp, "leetcode": read_leetcode},
    ),
    Domain(
        "stem",
        lambda judge: _answers_or_options(),
        _BOXED,
        PROCEDURAL["stem"],
    ),
    Domain(
        "instruct",
        lambda judge: ByReference({InstructionTask: InstructionVerifier, RubricTask: lambda: RubricVerifier(judge())}),
        subdomains=PROCEDURAL["instruct"],
        formats={"ifeval": read_ifeval, "prompts": read_open_prompts},
    ),
    Domain(
        "chat",
        lambda judge: RubricVerifier(judge()),
        subdomains=PROCEDURAL["chat"],
        formats={"prompts": read_open_prompts},
    ),
)
DOMAINS: dict[str, Domain] = {row.name: row for row in _ROWS}
