"""Prompts: empty, cut off, or there twice.

A question of mathematics is cut off where LaTeX that it opens is still open at its end, or where it ends in an operator
or in a word that another must follow. What most prompts of a benchmark end with, such as how to mark the answer, is
set aside first. A dollar sign may be money, so one left open counts only with LaTeX and hardly a word after it.

Two prompts are the same where they differ in case, space, punctuation and LaTeX layout alone.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import takewhile

from reasoncore.evals.lint.finding import Finding
from reasoncore.evals.lint.items import LintItem, letters_in
from reasoncore.verify.math.answer import exact_number, normalise_answer

_SUFFIX_CHARS = 30
_PROSE_WORDS = 4
_MATH_CHARS = re.compile(r"[\\^_{}]")
_PROSE_WORD = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{3,}")
_OPEN_END = re.compile(r"(?:[=+*/^_({\[<]|\\[A-Za-z]*|\\left\W?)\s*$")
_OPEN_WORD = re.compile(r"\b(?:the|an|of|and|or|with|for|is|are|that|by|from|if|such|let|where)\s*$")
_SPACING = re.compile(r"\\(?:left|right|displaystyle|quad|qquad|,|;|!|:| )(?![A-Za-z])|\\[()\[\]]")
_KEPT = re.compile(r"\d+(?:\.\d+)?|\w|[-+*/=<>^_|&%!\\]")


def check_prompts(benchmark: str, items: Sequence[LintItem]) -> Iterator[Finding]:
    """Findings about prompts."""
    ending = common_ending([item.prompt for item in items])
    for item in items:
        asked = item.prompt.removesuffix(ending).strip()
        if not asked:
            yield Finding("error", benchmark, item.id, "empty prompt", f"{item.prompt!r:.80}", "Fetch the file again.")
        elif item.kind in ("question", "choice"):
            why = cut_off(asked, lists_options=bool(letters_in(asked)))
            if why:
                evidence = f"{why}: ...{asked[-60:]!r}"
                yield Finding("warning", benchmark, item.id, "prompt seems cut off", evidence, "Compare its source.")
    yield from _repeated(benchmark, items)


def common_ending(prompts: Sequence[str]) -> str:
    """What at least half of the different prompts, and at least four, end with, or "".

    It begins at a word, unless a prompt is nothing else, and is no part of a formula.
    """
    different = set(prompts)
    counts = Counter(prompt[-_SUFFIX_CHARS:] for prompt in different if len(prompt) >= _SUFFIX_CHARS)
    if not counts:
        return ""
    tail, count = counts.most_common(1)[0]
    if count < 4 or 2 * count < len(different):
        return ""
    # The first and the last in order differ soonest.
    backwards = [prompt[::-1] for prompt in different if prompt.endswith(tail)]
    pairs = zip(min(backwards), max(backwards), strict=False)
    shared = "".join(one for one, _ in takewhile(lambda pair: pair[0] == pair[1], pairs))[::-1]
    if shared not in different:
        shared = re.sub(r"^\S+", "", shared)
    return "" if shared.count("$") % 2 or shared.count("{") != shared.count("}") else shared


def cut_off(text: str, *, lists_options: bool = False) -> str | None:
    """What is left open at the end of a question, None where nothing is; an option may end anyhow."""
    plain = re.sub(r"\\[{}$\\]", "  ", text)
    tail = plain[plain.rfind("$") + 1 :] if plain.count("$") % 2 else ""
    if tail and _MATH_CHARS.search(tail) and len(_PROSE_WORD.findall(tail)) < _PROSE_WORDS:
        return "a formula is not closed"
    for opened, closed in (("\\(", "\\)"), ("\\[", "\\]")):
        if plain.rfind(opened) > plain.rfind(closed):
            return f"{opened} is not closed"
    if text.count("\\begin{") > text.count("\\end{"):
        return "an environment is not closed"
    if lists_options:
        return None
    if _OPEN_END.search(plain):
        return "ends in the middle of a formula"
    return "ends in the middle of a sentence" if _OPEN_WORD.search(plain) else None


def normalised_prompt(prompt: str) -> str:
    """The spelling that prompts share which ask the same in other typography."""
    text = unicodedata.normalize("NFKC", prompt).casefold()
    text = _SPACING.sub(" ", text).replace("dfrac", "frac").replace("tfrac", "frac")
    return " ".join(_KEPT.findall(text))


def _repeated(benchmark: str, items: Sequence[LintItem]) -> Iterator[Finding]:
    first: dict[str, LintItem] = {}
    for item in items:
        key = "\n".join(map(normalised_prompt, (item.prompt, *sorted(item.options))))
        earlier = first.setdefault(key, item)
        if earlier is item or not key.strip():
            continue
        same = "the same text" if item.prompt == earlier.prompt else "the same but for typography"
        evidence = f"as {earlier.id}, {same}: {item.prompt.strip()[:80]!r}"
        if not same_gold(earlier, item):
            yield Finding(
                "error",
                benchmark,
                item.id,
                "a question that is there twice, with two golds",
                f"{evidence}; {earlier.gold!r:.40} and {item.gold!r:.40}",
                "Find out which gold is right and delete the other row.",
            )
        else:
            cure = "Delete one: it counts twice, and the interval is too narrow."
            yield Finding("warning", benchmark, item.id, "a question that is there twice", evidence, cure)


def same_gold(one: LintItem, other: LintItem) -> bool:
    """Whether two golds are equal as numbers or in spelling, or name options of the same text."""
    a, b = (_gold_text(item) for item in (one, other))
    number = exact_number(a)
    return (number is not None and number == exact_number(b)) or normalise_answer(a) == normalise_answer(b)


def _gold_text(item: LintItem) -> str:
    place = item.letters.find(item.gold) if item.gold else -1
    return item.options[place] if item.kind == "choice" and 0 <= place < len(item.options) else item.gold
