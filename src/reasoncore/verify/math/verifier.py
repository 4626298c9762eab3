"""Judging mathematical answers: exact arithmetic here, symbolic comparison in worker processes that can be killed.

A verdict is reached by the first of these that applies: no answer; both sides exact numbers; both numbers with a
base; equal after normalising the spelling; exact comparison of what both texts mean
(:mod:`reasoncore.verify.math.compare`); and, where that cannot tell, SymPy and math-verify in
:mod:`reasoncore.verify.math.worker`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from reasoncore.records import Verdict, required_text
from reasoncore.verify.math.answer import (
    MAX_ANSWER_CHARS,
    answers_boxed_together,
    based_number,
    exact_number,
    extract_answer,
    normalise_answer,
)
from reasoncore.verify.math.compare import same_answer
from reasoncore.verify.math.process import LIMIT_S, MEMORY_BYTES, MathWorker, Outcome
from reasoncore.verify.math.raw import may_be_mathematics
from reasoncore.verify.math.read import readings
from reasoncore.verify.math.tree import Node
from reasoncore.verify.pool import Pending, WorkerFailedError, WorkerPool, finished

_MAX_REMEMBERED = 10_000
_MAY_BE_A_LIST = re.compile(r",|;|\band\b|\bor\b|\\pm|±")
_NO_ANSWER: Outcome = (False, "no answer")


class MathVerifier:
    """Judges final answers of mathematical problems. Safe to share between threads; a fork starts its own workers.

    Worker processes are started by the first cases that need them and end with ``close()``, with the verifier, or
    with this process.

    Args:
        limit_s: CPU seconds one symbolic comparison may take before its worker is ended.
        memory_bytes: Address space a worker may use.
        workers: Most worker processes at a time; default: one for each CPU this process may use.
    """

    def __init__(self, limit_s: float = LIMIT_S, memory_bytes: int = MEMORY_BYTES, workers: int | None = None) -> None:
        self._pool = WorkerPool(lambda: MathWorker(limit_s, memory_bytes), workers)
        self._remembered: dict[tuple[str, str], Outcome] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the workers. The verifier stays usable: the next case that needs a worker starts one."""
        self._pool.close()

    def judge(self, response: str, gold: str, *, bare_answers: bool = False) -> Verdict:
        r"""Judge one response against a trusted answer.

        Args:
            response: Text of the completion; hostile input, of any length.
            gold: The trusted answer, such as ``"18"`` or ``"\\frac{1}{2}"``; a ``\boxed{...}`` around it is removed.
            bare_answers: Take a response in which no final answer is marked as being the answer itself.

        Returns:
            The last box decides. Only where the gold lists several values, and the last box is not that list, are all
            boxes of the last sentence taken for the list ("\boxed{1} and \boxed{2}"). ``correct`` is None, and the
            reason starts with "not judged", where the gold answer cannot be read or our machinery failed twice; a
            comparison that takes too long counts as incorrect. ``reward`` is 1.0 or 0.0.
        """
        answer = _final_answer(response, bare_answers)
        return _compare_numbers(answer, gold) or self._compare(response, answer, gold).result()

    def judge_many(
        self, responses: Sequence[str], golds: Sequence[str], *, bare_answers: bool = False
    ) -> list[Verdict]:
        """Judge ``responses[i]`` against ``golds[i]``; verdicts in the same order. See :meth:`judge`."""
        return list(self.stream(zip(responses, golds, strict=True), bare_answers=bare_answers))

    def stream(self, cases: Iterable[tuple[str, str]], *, bare_answers: bool = False) -> Iterator[Verdict]:
        """Verdicts on (response, gold) cases in their order; ``cases`` is read only so far ahead that no worker waits.

        See :meth:`judge`.
        """
        return self._pool.stream(self._submit(response, gold, bare_answers) for response, gold in cases)

    def equivalent(self, answer: str, other: str) -> bool | None:
        """Whether two extracted answers, neither of them trusted, say the same; None where our machinery failed.

        What cannot be read is equal only to the same spelling. The relation is symmetric.
        """
        unsure = False
        for one, two in ((answer, other), (other, answer)):
            correct, reason = self._settle(one, two)
            if correct:
                return True
            unsure = unsure or (correct is None and not reason.startswith("not judged: gold"))
        return None if unsure else False

    def _submit(self, response: str, gold: str, bare_answers: bool) -> Pending[Verdict]:
        answer = _final_answer(response, bare_answers)
        verdict = _compare_numbers(answer, gold)
        return finished(verdict) if verdict is not None else self._compare(response, answer, gold)

    def _compare(self, response: str, answer: str | None, gold: str) -> Pending[Verdict]:
        outcome = _compare_here(answer, gold)
        if (outcome is None or not outcome[0]) and answer is not None and _MAY_BE_A_LIST.search(gold):
            listed = answers_boxed_together(response)
            # Exact comparison or none: a list of boxes is not worth a second visit to a worker.
            listed_outcome = _compare_here(listed, gold) if listed is not None else None
            if listed_outcome is not None and listed_outcome[0]:
                return finished(_verdict(listed, listed_outcome))
        if outcome is not None:
            return finished(_verdict(answer, outcome))
        assert answer is not None
        return self._ask(answer, gold)

    def _settle(self, answer: str, gold: str) -> Outcome:
        outcome = _compare_here(answer, gold)
        return self._compare_symbolically(answer, gold) if outcome is None else outcome

    def _compare_symbolically(self, answer: str, gold: str) -> Outcome:
        verdict = self._ask(answer, gold).result()
        return verdict.correct, verdict.reason

    def _ask(self, answer: str, gold: str) -> Pending[Verdict]:
        """The worker's verdict, or the one remembered."""
        gold = _unboxed(gold)
        key = (answer, gold)
        remembered = self._remembered.get(key)
        if remembered is not None:
            return finished(_verdict(answer, remembered))

        def job(worker: MathWorker) -> Verdict:
            outcome = worker.compare(answer, gold)
            if outcome[0] is not None:
                if len(self._remembered) >= _MAX_REMEMBERED:
                    self._remembered.clear()
                self._remembered[key] = outcome
            return _verdict(answer, outcome)

        return _Asked(self._pool.submit(job), answer)


class _Asked:
    """A verdict on its way; a worker that failed twice makes it "not judged"."""

    __slots__ = ("_answer", "_future")

    def __init__(self, future: Pending[Verdict], answer: str) -> None:
        self._future = future
        self._answer = answer

    def result(self) -> Verdict:
        try:
            return self._future.result()
        except WorkerFailedError as error:
            return _verdict(self._answer, (None, f"not judged: {error}"))

    def cancel(self) -> bool:
        return self._future.cancel()


def read_math_case(row: Mapping[str, Any], where: str) -> tuple[str, str]:
    """``(response, gold)`` of a row ``{"gold": ..., "answer": ...}``; an empty answer is allowed and is no answer.

    Args:
        row: The row; both values are text or numbers.
        where: What an error message calls it, such as ``"answers.jsonl, line 3"``.

    Raises:
        DataError: A key is missing or its value is of another kind.
    """
    return required_text(row, "answer", where, empty_ok=True), required_text(row, "gold", where)


def _verdict(answer: str | None, outcome: Outcome) -> Verdict:
    correct, reason = outcome
    return Verdict(correct, 1.0 if correct else 0.0, answer, reason)


def _final_answer(response: str, bare_answers: bool) -> str | None:
    answer = extract_answer(response)
    if answer is None and bare_answers and len(response) <= 2 * MAX_ANSWER_CHARS:
        answer = response.strip()
        return answer if 0 < len(answer) <= MAX_ANSWER_CHARS else None
    return answer


def _compare_numbers(answer: str | None, gold: str) -> Verdict | None:
    """The verdict where both are plain numbers, which most are; None elsewhere."""
    if answer is None:
        return None
    number, gold_number = exact_number(answer), exact_number(gold)
    if number is None or gold_number is None:
        return None
    if number == gold_number:
        return Verdict(True, 1.0, answer, "equal numbers")
    return Verdict(False, 0.0, answer, "different numbers")


def _unboxed(gold: str) -> str:
    if "\\boxed" in gold:
        gold = extract_answer(gold) or gold
    return gold.strip()


def _compare_here(answer: str | None, gold: str) -> Outcome | None:
    """What can be said without a worker; None where only a symbolic comparison can tell."""
    gold = _unboxed(gold)
    if not gold or len(gold) > MAX_ANSWER_CHARS:
        return None, f"not judged: gold is {'longer than 500 characters' if gold else 'empty'}"
    if answer is None:
        return _NO_ANSWER
    number, gold_number = exact_number(answer), exact_number(gold)
    if number is not None and gold_number is not None:
        return (True, "equal numbers") if number == gold_number else (False, "different numbers")
    based, gold_based = based_number(answer), based_number(gold)
    if based is not None or gold_based is not None:
        # A bare number is meant in the gold's base; a bare gold is in base 10, whatever base the answer brings.
        gold_based = gold_based or _in_base(gold, 10)
        based = based or _in_base(answer, gold_based[1] if gold_based else 10)
        return (True, "equal numbers") if based == gold_based else (False, "different numbers")
    if normalise_answer(answer) == normalise_answer(gold):
        return True, "same expression"
    return _compare_meaning(answer, gold)


def _in_base(text: str, base: int) -> tuple[str, int] | None:
    """A number written without its base."""
    digits = text.strip().strip("$").strip().lstrip("0")
    return (digits or "0", base) if digits.isdecimal() and digits.isascii() else None


def _compare_meaning(answer: str, gold: str) -> Outcome | None:
    if _is_unreadable(readings(gold)[0], gold):
        return None, "not judged: gold cannot be read as mathematics"
    if _is_unreadable(readings(answer)[0], answer):
        return False, "answer cannot be read as mathematics"
    same = same_answer(answer, gold, _undecided)
    if same is None:
        return None
    return (True, "equivalent (exact)") if same else (False, "not equivalent (exact)")


def _is_unreadable(tree: Node, text: str) -> bool:
    return tree.op == "raw" and not may_be_mathematics(text)


def _undecided(answer: Node, gold: Node) -> None:
    return None
