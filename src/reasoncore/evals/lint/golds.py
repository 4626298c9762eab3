r"""Trusted answers of questions: missing, damaged, unlike all the others, or unlike the solution beside them.

On its own, a gold is damaged where it is empty, holds control characters (``\f`` of an unescaped ``\frac``), stands for
"no value", leaves braces, ``\left`` or a list open, is too long for an answer, or cannot be read as
mathematics (:mod:`reasoncore.verify.math.read`).

Against the others: where at least 90 % of at least 10 golds are whole numbers, one that is not stands out; an error
where it is no number at all. Where whole numbers look bounded by 0 and 999, as those of AIME are, one outside does. A
benchmark called AIME has these bounds. Others seem to where at most one in ten golds, and at most three, lie outside,
and at least three times as many, at least five, and at least one in six lie from 500 to 999: golds without a bound thin
out towards larger numbers (of GSM8K's, one in ten is above 999, and hardly more from 500 to 999).

A wrong gold that is a number like the others cannot be seen here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction

from reasoncore.evals.lint.finding import Finding, Severity
from reasoncore.evals.lint.items import LintItem
from reasoncore.verify.math.answer import MAX_ANSWER_CHARS, exact_number, extract_answer
from reasoncore.verify.math.compare import same_answer
from reasoncore.verify.math.read import readings

_NO_VALUE = re.compile(r"(?:nan|none|null|nil|n/?a|todo|tbd|undefined value|unknown|error|\?+|-+|\.+)", re.IGNORECASE)
_CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f\ufffd]|\n(?=eq|abla|u\\b)")  # what \frac, \times and \neq may leave
_OPEN_END = re.compile(r"[,;_]$")
_MIN_GOLDS, _MOST, _SHARE = 10, 3, 0.9
_TOP = 999
_CURE = "Compare the original source; mend or delete that row."


def check_golds(benchmark: str, items: Sequence[LintItem]) -> Iterator[Finding]:
    """Findings about the golds of questions."""
    asked = [item for item in items if item.kind == "question"]
    judged = len(asked) + sum(item.kind == "choice" for item in items)
    for item in items:
        if item.kind == "open" and 2 * judged > len(items):
            yield Finding("error", benchmark, item.id, "no gold", "the row has none, and others have", _CURE)
    sound = []
    for item in asked:
        why = damage(item.gold)
        if why is None:
            sound.append(item)
        else:
            yield Finding("error", benchmark, item.id, "damaged gold", f"{item.gold!r:.80}: {why}", _CURE)
    yield from _outliers(benchmark, asked, sound)
    for item in sound:
        yield from _against_solution(benchmark, item)


def damage(gold: str) -> str | None:
    """Why a gold cannot be a final answer, None where it can."""
    if not gold.strip():
        return "empty"
    if len(gold) > MAX_ANSWER_CHARS:
        return f"longer than {MAX_ANSWER_CHARS} characters, which no answer may be"
    if exact_number(gold) is not None:
        return None
    if _CONTROL.search(gold):
        return "holds control characters, as an unescaped backslash leaves them"
    if _NO_VALUE.fullmatch(gold):
        return "stands for no value"
    plain = re.sub(r"\\[{}$\\]", "  ", gold)
    if plain.count("{") != plain.count("}"):
        return f"{plain.count('{')} opening and {plain.count('}')} closing braces"
    if len(re.findall(r"\\left(?![A-Za-z])", gold)) != len(re.findall(r"\\right(?![A-Za-z])", gold)):
        return "\\left and \\right do not pair"
    if plain.count("$") % 2 or gold.count("\\begin{") != gold.count("\\end{"):
        return "a formula is not closed"
    if _OPEN_END.search(gold.rstrip()):
        return "ends in the middle of a list or an index"
    return "cannot be read as mathematics" if readings(gold)[0].op == "raw" else None


def _outliers(benchmark: str, asked: Sequence[LintItem], sound: Sequence[LintItem]) -> Iterator[Finding]:
    whole: dict[str, Fraction] = {}
    others = []
    for item in sound:
        number = exact_number(item.gold)
        if number is not None and number.denominator == 1:
            whole[item.id] = number
        else:
            others.append(item)
    if len(whole) < max(_MIN_GOLDS, _SHARE * len(asked)):
        return
    for item in others:
        text = readings(item.gold)[0].op == "text"
        evidence = f"{item.gold!r:.80}, where {len(whole)} of {len(asked)} golds are whole numbers"
        what = "gold that is no number" if text else "gold that is no whole number"
        yield Finding("error" if text else "warning", benchmark, item.id, what, evidence, _CURE)
    outside = [item for item in sound if item.id in whole and not 0 <= whole[item.id] <= _TOP]
    named = "aime" in benchmark.lower()
    if not named and not _looks_bounded(list(whole.values()), len(outside)):
        return
    for item in outside:
        evidence = f"{item.gold!r:.80}, where all {len(whole) - len(outside)} others are from 0 to {_TOP}"
        severity: Severity = "error" if named else "warning"
        yield Finding(severity, benchmark, item.id, f"gold outside 0 to {_TOP}", evidence, _CURE)


def _looks_bounded(numbers: Sequence[Fraction], outside: int) -> bool:
    upper = sum(_TOP // 2 < number <= _TOP for number in numbers)
    return outside <= min(_MOST, (1 - _SHARE) * len(numbers)) and upper >= max(5, 3 * outside, len(numbers) / 6)


def _against_solution(benchmark: str, item: LintItem) -> Iterator[Finding]:
    answer = extract_answer(item.solution) if "\\boxed" in item.solution else None
    if answer is not None and same_answer(answer, item.gold, lambda one, other: None) is False:
        evidence = f"gold {item.gold!r:.60}, and its solution ends with {answer!r:.60}"
        yield Finding("error", benchmark, item.id, "gold that its own solution contradicts", evidence, _CURE)
