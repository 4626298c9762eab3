"""Multiple choice: golds that name no option, options that are there twice, and letters that give the answer away.

Were golds placed by chance, letter L would be right X_L times, X_L a sum over the questions of independent events of
probability 1 / (number of options), over those that have the letter. Each letter's count is held against the exact
distribution of X_L on both sides; p is the smallest, times the number of letters (Bonferroni). Where no option is to
be seen, as many are assumed as the letters of the golds say, and at least two, which makes p larger than it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from string import ascii_uppercase

import numpy as np

from reasoncore.evals.lint.finding import Finding
from reasoncore.evals.lint.items import LintItem

_LEVEL = 1e-3
_CURE = "Compare the original source; mend or delete that row."


def check_choices(benchmark: str, items: Sequence[LintItem]) -> Iterator[Finding]:
    """Findings about choices; a benchmark of bare letters counts as one, options or not."""
    lettered = [item for item in items if item.kind in ("choice", "question") and _is_letter(item.gold)]
    choices = [item for item in items if item.kind == "choice"]
    if 5 * len(lettered) < 4 * len(items):
        lettered = [item for item in lettered if item.kind == "choice"]
    for item in choices:
        yield from _options(benchmark, item)
    yield from _skew(benchmark, [item for item in lettered if not item.letters or item.gold in item.letters])


def _is_letter(gold: str) -> bool:
    return len(gold) == 1 and gold in ascii_uppercase


def _options(benchmark: str, item: LintItem) -> Iterator[Finding]:
    shown = [" ".join(option.split()) for option in item.options]
    for letter, option in zip(ascii_uppercase, shown, strict=False):
        if not option:
            yield Finding("error", benchmark, item.id, "empty option", f"option {letter}", _CURE)
    if item.letters and not (_is_letter(item.gold) and item.gold in item.letters):
        evidence = f"gold {item.gold!r:.60}, options {item.letters[0]} to {item.letters[-1]}"
        yield Finding("error", benchmark, item.id, "gold that names no option", evidence, _CURE)
    for option, count in Counter(shown).items():
        if count > 1 and option:
            letters = [letter for letter, text in zip(ascii_uppercase, shown, strict=False) if text == option]
            right = item.gold in letters
            evidence = f"{' and '.join(letters)}: {option!r:.60}{', which is the gold' if right else ''}"
            yield Finding("error" if right else "warning", benchmark, item.id, "options alike", evidence, _CURE)


def _skew(benchmark: str, items: Sequence[LintItem]) -> Iterator[Finding]:
    if not items:
        return
    highest = max(ascii_uppercase.index(item.gold) for item in items) + 1
    options = np.array([len(item.letters) or max(2, highest) for item in items])
    counts = Counter(item.gold for item in items)
    letters = ascii_uppercase[: int(options.max())]
    values = {letter: p_value(options, place, counts[letter]) for place, letter in enumerate(letters)}
    letter = min(values, key=lambda name: (values[name], -counts[name]))
    p = min(1.0, len(letters) * values[letter])
    if p >= _LEVEL:
        return
    chance = float(np.sum(1.0 / options[options > letters.index(letter)]))
    constant = counts[letter] == len(items)
    evidence = f"the gold is {letter} in {counts[letter]} of {len(items)} questions, by chance {chance:.0f}; p "
    evidence += f"{'< 1e-300' if p < 1e-300 else f'= {p:.2g}'} (exact, both sides, {len(letters)} letters)"
    yield Finding(
        "error" if constant or counts[letter] > 2 * chance else "warning",
        benchmark,
        None,
        f"every gold is {letter}" if constant else "gold letters are not spread evenly",
        evidence,
        "Shuffle the options with a seed before asking: a preference for a letter counts as knowledge otherwise.",
    )


def p_value(options: np.ndarray, place: int, count: int) -> float:
    """Two-sided p of ``count`` golds at ``place`` among questions with so many ``options`` each, by chance."""
    chance_N = 1.0 / options[options > place]
    pmf = np.ones(1)
    for chance in chance_N:
        pmf = np.convolve(pmf, [1.0 - chance, chance])
    tails = (float(pmf[count:].sum()), float(pmf[: count + 1].sum()))
    return min(1.0, 2.0 * min(tails))
