"""Conditions: one operation or another, as the value is; on an integer or a string."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from random import Random
from typing import Any

from reasoncore.procedural.code import arithmetic, strings
from reasoncore.procedural.code.cases import Cases, choose_cases
from reasoncore.procedural.code.drafts import code_draft
from reasoncore.procedural.code.operations import (
    ARGUMENT,
    COMPARING,
    LETTER,
    LETTERS,
    LOOSE,
    NUMBER,
    POSTFIX,
    PRODUCT,
    Args,
    Choices,
    Constant,
    Op,
    Step,
    flatten,
    literal,
    parse,
    random_step,
    table,
    with_argument,
)
from reasoncore.procedural.code.pipelines import Kit, takes_argument
from reasoncore.procedural.code.render import Term, call, choice, fill, say, value_term
from reasoncore.procedural.core import Draft, Params, ProblemType

_DIVISOR: tuple[Choices, ...] = ((range(3, 10), range(3, 10)),)
_LENGTH: tuple[Choices, ...] = ((range(2, 7), range(2, 7)),)
_DIVIDING = (PRODUCT, LOOSE)

NUMBER_TESTS = table(
    Op("gt", "compare", "{0} is above {1}", "{0} > {1}", operator.gt, NUMBER, COMPARING),
    Op("lt", "compare", "{0} is below {1}", "{0} < {1}", operator.lt, NUMBER, COMPARING),
    Op("even", "divide", "{0} is even", "{0} % 2 == 0", lambda n: n % 2 == 0, (), _DIVIDING),
    Op("odd", "divide", "{0} is odd", "{0} % 2 == 1", lambda n: n % 2 == 1, (), _DIVIDING),
    Op(
        "multiple", "divide", "{0} is a multiple of {1}", "{0} % {1} == 0", lambda n, c: n % c == 0, _DIVISOR, _DIVIDING
    ),
)
STRING_TESTS = table(
    Op("longer", "length", "{0} is longer than {1}", "len({0}) > {1}", lambda s, c: len(s) > c, _LENGTH),
    Op("shorter", "length", "{0} is shorter than {1}", "len({0}) < {1}", lambda s, c: len(s) < c, _LENGTH),
    Op("starts", "letter", "{0} starts with {1}", "{0}.startswith({1})", str.startswith, LETTER, POSTFIX),
    Op("ends", "letter", "{0} ends with {1}", "{0}.endswith({1})", str.endswith, LETTER, POSTFIX),
    Op("has", "letter", "{0} has {1}", "{1} in {0}", operator.contains, LETTER, (LOOSE, LOOSE)),
)

_SHORT, _POOL = 10, 24


@dataclass(frozen=True, eq=False)
class Branches:
    """What conditional programs are made of.

    Attributes:
        kit: Where the operations and the variable's name come from.
        tests: Conditions by name.
        closing: Conditions that may come last before an "else"; of a condition and its contrary one, so that one
            function is written in one way.
        actions: Operations by name.
        value: ``(rng, constants, short) -> value``, near the constants.
        sized: ``(rng, constants, size) -> value`` of the size that tests compare.
    """

    kit: Kit
    tests: Mapping[str, Op]
    closing: tuple[str, ...]
    actions: Mapping[str, Op]
    value: Callable[[Random, Sequence[Constant], bool], Any]
    sized: Callable[[Random, Sequence[Constant], int], Any]


@dataclass(frozen=True, slots=True)
class Conditional:
    """The action of the first test that holds, else the last action; None keeps the value."""

    tests: tuple[Step, ...]
    actions: tuple[Step | None, ...]

    def pick(self, args: Args) -> int:
        """Which action is taken."""
        held = (place for place, test in enumerate(self.tests) if test.apply(args[0], args))
        return next(held, len(self.tests))

    def run(self, args: Args) -> Any:
        """What the function returns."""
        action = self.actions[self.pick(args)]
        return args[0] if action is None else action.apply(args[0], args)

    def mutants(self, branches: Branches) -> Iterator[Conditional]:
        """Programs with one action left out, one test or action for a sibling, or one constant one up."""
        for place, test in enumerate(self.tests):
            for other in test.variants(branches.tests):
                yield replace(self, tests=_with(self.tests, place, other))
        for place, action in enumerate(self.actions):
            if action is not None:
                for change in (None, *action.variants(branches.actions)):
                    yield replace(self, actions=_with(self.actions, place, change))

    def doubtful(self) -> Iterator[Conditional]:
        """Programs with one constant one down, or two actions or the tests exchanged."""
        for place, test in enumerate(self.tests):
            for other in test.lowered():
                yield replace(self, tests=_with(self.tests, place, other))
            first, second = self.actions[place : place + 2]
            yield replace(self, actions=(*self.actions[:place], second, first, *self.actions[place + 2 :]))
        for place, action in enumerate(self.actions):
            for change in action.lowered() if action else ():
                yield replace(self, actions=_with(self.actions, place, change))
        yield replace(self, tests=self.tests[::-1], actions=(*self.actions[-2::-1], self.actions[-1]))


def _with(parts: tuple[Any, ...], place: int, part: Any) -> tuple[Any, ...]:
    return (*parts[:place], part, *parts[place + 1 :])


def conditional(branches: Branches, params: Params) -> Conditional:
    """The program that parameters stand for: test, action, test, action, last action."""
    steps = parse(params, {**branches.tests, **branches.actions})
    paired = len(steps) // 2 * 2
    return Conditional(steps[:paired:2], (*steps[1:paired:2], steps[-1] if len(steps) > paired else None))


def _draw(branches: Branches, rng: Random, level: int) -> Params:
    actions = list(branches.actions.values())
    while True:
        last = branches.tests[rng.choice(branches.closing if level > 1 else tuple(branches.tests))]
        others = [test for test in branches.tests.values() if test.family != last.family]
        tests = [rng.choice(others), last] if level > 2 else [last]
        ops = [op for test in tests for op in (test, rng.choice(actions))]
        if level > 1:
            ops.append(rng.choice(actions))
        drawn = tuple(random_step(rng, op, alone=False) for op in ops)
        steps = with_argument(rng, drawn, (*branches.kit.arguments, "gt", "lt")) if level == 4 else drawn
        if steps is not None and not _merges(conditional(branches, flatten(steps))):
            return flatten(steps)


def _merges(program: Conditional) -> bool:
    """Whether a simpler program or one in another order does the same."""
    actions = [flatten([action]) if action else () for action in program.actions]
    families = [test.op.family for test in program.tests]
    if len(set(actions)) < len(actions) or len(set(families)) < len(families):
        return True
    if "divide" in families and any(action[:1] == ("mod",) for action in actions):
        return True
    return any(
        test.op.name == "has" and action[:1] in (("remove",), ("replace",)) and action[1] == test.constants[0]
        for test, action in zip(program.tests, actions, strict=False)
    )


@lru_cache(maxsize=4096)
def _cases(branches: Branches, params: Params) -> Cases | None:
    """The calls that are shown and tested; None where the program is not to be used."""
    program = conditional(branches, params)
    rng = Random(f"{branches.kit.variable}/if/{'/'.join(map(str, params))}")
    parts = [*program.tests, *filter(None, program.actions)]
    constants = [c for step in parts for c in step.constants if c != ARGUMENT]

    def arguments(values: Iterable[Any]) -> list[Args]:
        return [(value, branches.kit.argument_value(rng)) if takes_argument(parts) else (value,) for value in values]

    def drawn(count: int, short: bool) -> list[Args]:
        return arguments(branches.value(rng, constants, short) for _ in range(count))

    limits = [c + by for test in program.tests for c in test.constants if isinstance(c, int) for by in (-1, 0, 1)]
    at_limits = arguments(branches.sized(rng, constants, limit) for limit in limits * 2)
    pool = [*drawn(_POOL, short=False), *at_limits]
    outputs = [program.run(args) for args in pool]
    mutants = list(program.mutants(branches))
    if any(all(m.run(args) == output for args, output in zip(pool, outputs, strict=True)) for m in mutants):
        return None
    changed = [*mutants, *program.doubtful()]

    def others(args: Args) -> list[Any]:
        return [other.run(args) for other in changed]

    short = {program.pick(args): args for args in drawn(_SHORT, short=True) if args not in at_limits}  # one a branch
    examples = 2 if len(program.tests) == 1 else 1
    return choose_cases(program.run, others, len(mutants), list(short.values()), pool, (), examples)


def _write(branches: Branches, params: Params, variant: int) -> Draft:
    program, kit = conditional(branches, params), branches.kit
    cases = _cases(branches, params)
    assert cases is not None, params
    variable = Term(kit.variable)
    tests = [fill(test, variable, kit.argument) for test in program.tests]
    results = [fill(action, variable, kit.argument) if action else variable for action in program.actions]
    said = [say(action, kit.variable, kit.argument) if action else "keep it" for action in program.actions]
    plan = [f"if {say(test, kit.variable, kit.argument)}, {do}" for test, do in zip(program.tests, said, strict=False)]
    plan = [*plan[:1], *(f"else {line}" for line in [*plan[1:], said[-1]])]
    body = [
        line
        for test, result in zip(tests, results, strict=False)
        for line in (f"if {test.text}:", f"    return {result.text}")
    ]
    return code_draft(
        parameters=kit.parameters([*program.tests, *filter(None, program.actions)]),
        says=", ".join(plan),
        plan=plan,
        expression=choice(tests, results).text,
        body=[*body, f"return {results[-1].text}"],
        traces=[_trace(program, args) for args in cases.examples],
        run=program.run,
        cases=cases,
    )


def _trace(program: Conditional, args: Args) -> str:
    """The tests that are made of the value, what is done with it and what comes of it."""
    value, argument = value_term(args[0]), literal(args[-1])
    taken = program.pick(args)
    tests = [
        f"{fill(test, value, argument).text} is {place == taken}"
        for place, test in enumerate(program.tests[: taken + 1])
    ]
    action = program.actions[taken]
    done = [fill(action, value, argument).text] if action else []
    return " -> ".join([call(args), *tests, *done, literal(program.run(args))])


def _random_word(rng: Random, constants: Sequence[Constant], short: bool) -> str:
    return _word(rng, constants, rng.randint(1, 6 if short else 9))


def _word(rng: Random, constants: Sequence[Constant], size: int) -> str:
    """Lowercase letters, often those of the constants."""
    letters = [c for c in constants if isinstance(c, str)]
    return "".join(rng.choices(letters * 3 + rng.choices(LETTERS, k=4), k=size))


NUMBERS = Branches(
    kit=arithmetic.KIT,
    tests=NUMBER_TESTS,
    closing=("gt", "even", "multiple"),
    actions={name: arithmetic.OPS[name] for name in ("add", "sub", "rsub", "mul", "div", "mod", "square")},
    value=arithmetic.random_number,
    sized=lambda rng, constants, size: size,
)
WORDS = Branches(
    kit=strings.KIT,
    tests=STRING_TESTS,
    closing=("longer", "starts", "ends", "has"),
    actions={
        name: strings.OPS[name]
        for name in (
            "reverse",
            "upper",
            "first",
            "last",
            "skip",
            "cut",
            "repeat",
            "prepend",
            "append",
            "remove",
            "replace",
        )
    },
    value=_random_word,
    sized=_word,
)


def _problem_type(name: str, branches: Branches) -> ProblemType:
    return ProblemType(
        name, partial(_draw, branches), partial(_write, branches), lambda params: _cases(branches, params) is not None
    )


TYPES = (_problem_type("number", NUMBERS), _problem_type("word", WORDS))
