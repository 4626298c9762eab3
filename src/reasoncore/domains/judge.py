"""Judging problems of several domains: each domain's verifier, made when it is first needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from reasoncore.domains.table import Domain, Verifier
from reasoncore.errors import InfrastructureError
from reasoncore.infer.engine import Engine
from reasoncore.records import Problem, Verdict
from reasoncore.verify.constraints import InstructionTask


def cut_off(problem: Problem) -> Verdict:
    """The verdict on a completion that was cut off: no answer, whatever stands in it; no instruction is followed."""
    details: dict[str, Any] = {}
    if isinstance(problem.reference, InstructionTask):
        none = [False] * len(problem.reference.instructions)
        details = {"follow_all_strict": False, "follow_all_loose": False, "strict": none, "loose": none}
    return Verdict(False, 0.0, None, "cut off at the token limit: no answer", details)


class Judge:
    """The verifiers of a table of domains. Closed when done; it stays usable.

    Args:
        domains: The table.
        open_ended: Makes the engine that scores open-ended answers.
    """

    def __init__(self, domains: Mapping[str, Domain], open_ended: Callable[[], Engine]) -> None:
        self._domains, self._open_ended = domains, open_ended
        self._verifiers: dict[str, Verifier] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def judge(self, problems: Sequence[Problem], responses: Sequence[str]) -> list[Verdict]:
        """Verdict on ``responses[i]`` to ``problems[i]``, in order. The same response to a problem is judged once.

        Raises:
            InfrastructureError: A verifier does not give one verdict a response.
        """
        cases: dict[str, dict[tuple[str, str], Problem]] = {}
        for problem, response in zip(problems, responses, strict=True):
            cases.setdefault(problem.domain, {}).setdefault((problem.id, response), problem)
        verdicts: dict[tuple[str, str, str], Verdict] = {}
        for domain, distinct in cases.items():
            references = [
                problem.answer if problem.reference is None else problem.reference for problem in distinct.values()
            ]
            judged = self._verifier(domain).judge_many([response for _, response in distinct], references)
            if len(judged) != len(distinct):
                raise InfrastructureError(
                    f"the verifier of domain {domain} gave {len(judged)} verdicts on {len(distinct)} responses",
                    "judge_many must return one verdict for each response, in their order.",
                )
            verdicts.update(((domain, *case), verdict) for case, verdict in zip(distinct, judged, strict=True))
        return [
            verdicts[problem.domain, problem.id, response]
            for problem, response in zip(problems, responses, strict=True)
        ]

    def close(self) -> None:
        """End what the verifiers started."""
        for verifier in self._verifiers.values():
            verifier.close()

    def _verifier(self, domain: str) -> Verifier:
        if domain not in self._verifiers:
            self._verifiers[domain] = self._domains[domain].make_verifier(self._open_ended)
        return self._verifiers[domain]
