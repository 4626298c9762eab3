"""Judging multiple-choice answers: the question as data, and the verifier. Nothing here starts a process.

How a choice is found in a response is told in :mod:`reasoncore.verify.choice.answer`; shuffling and printing options
in :mod:`reasoncore.verify.choice.options`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from string import ascii_uppercase
from types import TracebackType
from typing import Any, Self

from reasoncore.errors import DataError
from reasoncore.records import Verdict, required_text
from reasoncore.verify.choice.answer import extract_choice

MIN_OPTIONS, MAX_OPTIONS = 2, 26


@dataclass(frozen=True, slots=True)
class ChoiceTask:
    """What a response to a multiple-choice question is judged with.

    Attributes:
        gold: Letter of the right option, ``"A"`` to ``"Z"``.
        options: Texts of the options, A first; empty where only the letters are known.
    """

    gold: str
    options: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        assert self.gold in tuple(ascii_uppercase), self.gold
        assert not self.options or ascii_uppercase.index(self.gold) < len(self.options) <= MAX_OPTIONS, self


def read_choice_case(row: Mapping[str, Any], where: str) -> tuple[str, ChoiceTask]:
    """``(response, task)`` of a row ``{"gold": "C", "answer": "... the answer is (C)", "options": ["..", ".."]}``.

    ``answer`` is a whole response and may be empty; ``options`` may be absent or null.

    Raises:
        DataError: A key is missing or of the wrong kind, or gold and options do not fit; see :func:`choice_task`.
    """
    gold = required_text(row, "gold", where)
    response = required_text(row, "answer", where, empty_ok=True)
    return response, choice_task(gold, row.get("options"), where)


def choice_task(gold: str, options: Any, where: str) -> ChoiceTask:
    """A task from data as it is found: ``gold`` is a letter or, exactly, an option's text.

    Args:
        gold: Upper-case letter, or the text of one option (needs options).
        options: List of 2 to 26 different texts or numbers, A first; None where there are none.
        where: File and line, or what else finds the row again; for messages.

    Raises:
        DataError: Options that are no such list, a gold that is neither, or that is a letter and another option's text.
    """
    texts = _option_texts(options, where) if options is not None else ()
    gold = gold.strip()
    known = ascii_uppercase[: len(texts) or MAX_OPTIONS]
    by_letter = gold if len(gold) == 1 and gold in known else None
    by_text = ascii_uppercase[texts.index(gold)] if gold in texts else None
    if by_letter and by_text and by_letter != by_text:
        raise DataError(
            f"{where}, key 'gold': {gold!r} is a letter and also the text of option {by_text}",
            "Say which is meant by giving the letter, with options whose texts are no letters of other options.",
        )
    letter = by_letter or by_text
    if letter is None:
        also = ", or exactly the text of an option" if texts else ""
        raise DataError(
            f"{where}, key 'gold': {gold[:60]!r} names no option", f"Give a letter from A to {known[-1]}{also}."
        )
    return ChoiceTask(letter, texts)


def _option_texts(options: Any, where: str) -> tuple[str, ...]:
    place = f"{where}, key 'options'"
    if not isinstance(options, list | tuple) or not MIN_OPTIONS <= len(options) <= MAX_OPTIONS:
        what = f"{len(options)} of them" if isinstance(options, list | tuple) else "not a list"
        raise DataError(f"{place}: {what}", f"Give a list of {MIN_OPTIONS} to {MAX_OPTIONS} texts, or leave it out.")
    texts: list[str] = []
    for letter, option in zip(ascii_uppercase, options, strict=False):
        is_number = isinstance(option, int | float) and not isinstance(option, bool) and math.isfinite(option)
        text = str(option) if is_number else option
        if not isinstance(text, str) or not text.strip():
            raise DataError(
                f"{place}: option {letter} is empty, or neither text nor a finite number", "Mend or delete that line."
            )
        if text.strip() in texts:
            first = ascii_uppercase[texts.index(text.strip())]
            raise DataError(f"{place}: options {first} and {letter} are the same", "Mend or delete that line.")
        texts.append(text.strip())
    return tuple(texts)


class ChoiceVerifier:
    """Judges multiple-choice answers: correct where the response commits to the gold letter and to no other."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Nothing to end; here because every verifier can be closed."""

    def judge(self, response: str, task: ChoiceTask) -> Verdict:
        """Judge one response; hostile input, of any length.

        Returns:
            ``answer`` is the letter, ``"none"``, or None where there is no single answer. ``reward`` is 1.0 or 0.0.
        """
        choice = extract_choice(response, task.options)
        correct = choice.letter == task.gold
        return Verdict(correct, float(correct), choice.letter, choice.reason)

    def judge_many(self, responses: Sequence[str], tasks: Sequence[ChoiceTask]) -> list[Verdict]:
        """Judge ``responses[i]`` with ``tasks[i]``; verdicts in the same order."""
        return list(self.stream(zip(responses, tasks, strict=True)))

    def stream(self, cases: Iterable[tuple[str, ChoiceTask]]) -> Iterator[Verdict]:
        """Verdicts of ``(response, task)`` pairs as they come."""
        return (self.judge(response, task) for response, task in cases)
