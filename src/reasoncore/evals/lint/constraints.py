"""Prompts with verifiable instructions: sets of constraints that no response can follow.

Looked at are ranges whose lower end is above the upper, letter case that excludes itself, a paragraph beyond the last,
what a response has to hold (words, a text to repeat or to end with) and another constraint forbids by its own check,
and arguments that are missing for a constraint this project knows. Strict scoring is meant: loose scoring also looks
at a response without its first line, where a text to be repeated often stands.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeGuard

from reasoncore.evals.lint.finding import Finding
from reasoncore.evals.lint.items import Instruction, LintItem
from reasoncore.verify.constraints import CONSTRAINTS

_CURE = "Delete one of the two constraints, or that row: no response follows both."
# Counts with a relation: the argument that counts, the relation, and what else must agree for two to be of one kind.
_COUNTS: dict[str, tuple[str, str, str | None]] = {
    "length_constraints:number_words": ("num_words", "relation", None),
    "length_constraints:number_sentences": ("num_sentences", "relation", None),
    "keywords:frequency": ("frequency", "relation", "keyword"),
    "keywords:letter_frequency": ("let_frequency", "let_relation", "letter"),
    "change_case:capital_word_frequency": ("capital_frequency", "capital_relation", None),
}
_RANGES = (("min_words", "max_words"), ("n_start", "n_end"))
_CASES = ("change_case:english_capital", "change_case:english_lowercase")
# Where such a check fails on a part of a response, it fails on the whole; the three with counts if "less than".
_FORBIDDING = (
    "punctuation:no_comma",
    "keywords:forbidden_words",
    "keywords:frequency",
    "keywords:letter_frequency",
    "length_constraints:number_words",
)
_STARTS = {"startend:quotation": ('"',), "detectable_format:json_format": ("{", "[", '"', "```")}
_REPEAT = "combination:repeat_prompt"
_HELD = ("end_phrase", "first_word", "postscript_marker", "keyword")


def check_constraints(benchmark: str, items: Sequence[LintItem]) -> Iterator[Finding]:
    """Findings about instructions."""
    for item in items:
        if item.kind != "instructions":
            continue
        if not item.instructions:
            yield Finding("error", benchmark, item.id, "no constraints", "nothing can be judged", "Delete that row.")
        for evidence in contradictions(item.instructions):
            yield Finding("error", benchmark, item.id, "constraints that contradict each other", evidence, _CURE)
        for name, given in item.instructions:
            missing = [key for key in CONSTRAINTS[name].arguments if key not in given] if name in CONSTRAINTS else []
            if missing:
                evidence, cure = f"{name} lacks {', '.join(missing)}", "Compare the original source."
                yield Finding("error", benchmark, item.id, "a constraint without its arguments", evidence, cure)


def contradictions(instructions: Sequence[Instruction]) -> Iterator[str]:
    """What in a set of constraints excludes what else, in words."""
    names = {name for name, _ in instructions}
    if set(_CASES) <= names:
        yield " and ".join(_CASES)
    for name, given in instructions:
        for low, high in _RANGES:
            least, most = given.get(low), given.get(high)
            if _is_number(least) and _is_number(most) and least > most:
                yield f"{name}: {low} {least} is above {high} {most}"
        paragraphs, nth = given.get("num_paragraphs"), given.get("nth_paragraph")
        if _is_number(paragraphs) and _is_number(nth) and nth > paragraphs:
            yield f"{name}: paragraph {nth} of {paragraphs}"
        if names & set(_CASES) and given.get("language", "en") != "en":
            yield f"{name} {given['language']}, and letter case of English"
        repeated = str(given.get("prompt_to_repeat", "")).lstrip() if name == _REPEAT else ""
        for other, starts in _STARTS.items():
            if other in names and repeated and not repeated.startswith(starts):
                yield f"{other}, and {name} wants it to start with {repeated[:60]!r}"
    yield from _empty_ranges(instructions)
    yield from _forbidden(instructions)


def _empty_ranges(instructions: Sequence[Instruction]) -> Iterator[str]:
    least: dict[tuple[str, str], float] = {}
    below: dict[tuple[str, str], float] = {}
    for name, given in instructions:
        if name not in _COUNTS:
            continue
        count, relation, of = _COUNTS[name]
        if not _is_number(given.get(count)):
            continue
        key = name, str(given.get(of)).lower() if of else ""
        if given.get(relation) == "at least":
            least[key] = max(least.get(key, 0), given[count])
        elif given.get(relation) == "less than":
            below[key] = min(below.get(key, given[count]), given[count])
    if any(name == "change_case:english_lowercase" for name, _ in instructions):
        below.setdefault(("change_case:capital_word_frequency", ""), 1)
    for (name, of), low in least.items():
        high = below.get((name, of))
        if high is not None and low >= high:
            yield f"{name}{f' of {of!r}' if of else ''}: at least {low:g} and less than {high:g}"


def _forbidden(instructions: Sequence[Instruction]) -> Iterator[str]:
    for name, given in instructions:
        for text in _held(name, given):
            for other, arguments in instructions:
                if other != name and other in _FORBIDDING and _excludes(other, arguments, text):
                    yield f"{other} {dict(arguments)!r:.80}, and {name} wants {text[:60]!r}"


def _held(name: str, given: Mapping[str, Any]) -> list[str]:
    """Texts that a response has to hold."""
    keys = ("prompt_to_repeat",) if name == _REPEAT else _HELD
    texts = [str(given[key]) for key in keys if key in given and given.get("relation") != "less than"]
    listed = given.get("keywords")
    return texts + [str(word) for word in listed] if isinstance(listed, list | tuple) else texts


def _excludes(name: str, given: Mapping[str, Any], text: str) -> bool:
    relation = next((str(given[key]) for key in ("relation", "let_relation") if key in given), "less than")
    constraint = CONSTRAINTS[name]
    try:
        arguments = {key: read(given.get(key)) for key, read in constraint.arguments.items()}
    except ValueError:
        return False
    return relation == "less than" and not constraint.check(text, **arguments)


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
