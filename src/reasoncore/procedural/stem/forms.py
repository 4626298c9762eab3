"""The two forms of a problem, a number with its unit or four options, and types whose higher levels ask for more."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from string import ascii_uppercase

from reasoncore.procedural.core import Draft, Params, ProblemType
from reasoncore.verify.choice import ChoiceTask
from reasoncore.verify.choice.options import format_options

_FORMS = 2


def two_form_draft(
    prompts: Sequence[str],
    value: int,
    unit: str,
    mistakes: Sequence[int],
    steps: Sequence[str],
    check: Sequence[str],
    variant: int,
) -> Draft:
    """A draft in the form that the variant, and so the content, selects.

    Args:
        prompts: Phrasings of the question, without options.
        value: The right value, at least 2.
        unit: Its unit.
        mistakes: Values that typical mistakes give; what is less than 2, or right after all, is left out.
        steps: Lines of the short solution, without the answer.
        check: Lines of the fine-grained, self-checking solution, without the answer.
        variant: Decides form, distractors and the order of the options.
    """
    if variant % _FORMS == 0:
        return _draft(prompts, f"{value} {unit}", steps, check)
    rng = Random(variant)
    values = [value, *_distractors(value, mistakes, rng)]
    rng.shuffle(values)
    options = tuple(f"{option} {unit}" for option in values)
    letter = ascii_uppercase[values.index(value)]
    choice = f"{value} {unit} is option {letter}"
    return _draft(
        [f"{prompt}\n{format_options(options)}" for prompt in prompts],
        letter,
        [*steps, choice],
        [*check, choice],
        ChoiceTask(letter, options),
    )


def _draft(
    prompts: Sequence[str], answer: str, steps: Sequence[str], check: Sequence[str], reference: ChoiceTask | None = None
) -> Draft:
    boxed = f"\\boxed{{{answer}}}"
    solutions = {"direct": boxed, "steps": "\n".join([*steps, boxed]), "check": "\n".join([*check, boxed])}
    return Draft(tuple(prompts), answer, solutions, reference)


def _distractors(value: int, mistakes: Sequence[int], rng: Random) -> list[int]:
    """A typical mistake, and both values off by the same amount, a power of ten.

    The mistake is as likely smaller as larger where there are both, and so is what is off: the options alone say
    little about which of them is right.
    """
    wrong = sorted({mistake for mistake in mistakes if mistake > 1} - {value})
    sides = [side for side in ([w for w in wrong if w < value], [w for w in wrong if w > value]) if side]
    mistake = rng.choice(rng.choice(sides))
    shift = _shift(min(value, mistake), abs(value - mistake), rng)
    return [mistake, value + shift, mistake + shift]


def _shift(smaller: int, gap: int, rng: Random) -> int:
    """A power of ten, or at most 2 where a value is too small for that; it leaves four different values."""
    powers = [10**i for i in range(1, len(str(smaller))) if 10**i not in (smaller, gap)]
    if powers:
        return rng.choice((1, -1)) * rng.choice(powers)
    return rng.choice([shift for shift in (-2, -1, 1, 2) if smaller + shift > 0 and abs(shift) != gap])


def by_level(name: str, easy: ProblemType, hard: ProblemType) -> ProblemType:
    """A type that asks ``easy`` questions at levels 1 and 2, and ``hard`` ones above."""
    parts = {part.name: part for part in (easy, hard)}

    def draw(rng: Random, level: int) -> Params:
        part = easy if level <= 2 else hard
        return (part.name, *part.draw(rng, level))

    def write(params: Params, variant: int) -> Draft:
        return parts[params[0]].write(params[1:], variant)

    return ProblemType(name, draw, write)
