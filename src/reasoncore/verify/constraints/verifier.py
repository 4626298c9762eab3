"""Judging whether a response follows its instructions: strictly, and loosely as IFEval defines it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from types import TracebackType
from typing import Self

from reasoncore.errors import ReasoncoreError
from reasoncore.records import Verdict
from reasoncore.verify.constraints.table import CONSTRAINTS
from reasoncore.verify.constraints.task import Instruction, InstructionTask

MAX_RESPONSE_CHARS = 200_000


def follows(response: str, instruction: Instruction) -> bool:
    """Whether the response follows the instruction; a blank one follows none."""
    name, arguments = instruction
    return bool(response.strip()) and CONSTRAINTS[name].check(response, **arguments)


def loose_variants(response: str) -> list[str]:
    """The response, and the seven others that the loose criterion also tries, without repetitions.

    They are the response without its first line, its last line, or both, for a preamble or a closing remark; and each
    of the four without asterisks, for markdown emphasis.
    """
    lines = response.split("\n")
    cuts = [response, *("\n".join(kept).strip() for kept in (lines[1:], lines[:-1], lines[1:-1]))]
    return list(dict.fromkeys([*cuts, *(cut.replace("*", "") for cut in cuts)]))


class InstructionVerifier:
    """Judges responses against the instructions of their prompts. Holds nothing; safe to share between threads."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Nothing to end: every check runs in this process, in time linear in the response."""

    def judge(self, response: str, task: InstructionTask) -> Verdict:
        """Judge one response.

        Args:
            response: Text of the completion; hostile input. Beyond 200,000 characters it follows nothing.
            task: From :func:`reasoncore.verify.constraints.task.read_instruction_task`.

        Returns:
            ``correct`` is whether the response as it stands follows every instruction, and ``reward`` 1.0 or 0.0.
            ``details`` has ``follow_all_strict``, ``follow_all_loose`` and the lists ``strict`` and ``loose`` with a
            bool for each instruction. ``correct`` is None, and ``details`` empty, where a check of ours failed.

        Raises:
            UserInputError: langdetect is needed and not installed.
        """
        if len(response) > MAX_RESPONSE_CHARS:
            none = [False] * len(task.instructions)
            return _verdict(none, none, f"response longer than {MAX_RESPONSE_CHARS:,} characters")
        variants = loose_variants(response)
        strict, loose = [], []
        for instruction in task.instructions:
            try:
                followed = follows(response, instruction)
                strict.append(followed)
                loose.append(followed or any(follows(variant, instruction) for variant in variants[1:]))
            except ReasoncoreError:
                raise
            except Exception as error:  # a fault of the check, which the response must not pay for
                return Verdict(
                    None, 0.0, None, f"not judged: {instruction[0]} failed ({type(error).__name__}: {error})"
                )
        failed = [name for (name, _), followed in zip(task.instructions, strict, strict=True) if not followed]
        return _verdict(strict, loose, f"not followed: {', '.join(failed)}" if failed else "all instructions followed")

    def judge_many(self, responses: Sequence[str], tasks: Sequence[InstructionTask]) -> list[Verdict]:
        """Judge ``responses[i]`` against ``tasks[i]``; verdicts in the same order. See :meth:`judge`."""
        return [self.judge(response, task) for response, task in zip(responses, tasks, strict=True)]

    def stream(self, cases: Iterable[tuple[str, InstructionTask]]) -> Iterator[Verdict]:
        """Verdicts on ``(response, task)`` in order, each as soon as it is reached. See :meth:`judge`."""
        for response, task in cases:
            yield self.judge(response, task)


def _verdict(strict: list[bool], loose: list[bool], reason: str) -> Verdict:
    details = {"follow_all_strict": all(strict), "follow_all_loose": all(loose), "strict": strict, "loose": loose}
    return Verdict(all(strict), 1.0 if all(strict) else 0.0, None, reason, details)
