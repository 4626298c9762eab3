"""Procedural code: programs, examples and traces are run here as text, and judged by the tests they come with."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from hashlib import sha256
from itertools import combinations
from random import Random
from typing import Any

import pytest

from reasoncore.procedural import LEVELS, SPLITS, STRATEGIES, WorkedProblem, sample_problems
from reasoncore.procedural.code import DRILLS, SUBDOMAINS, arithmetic, conditions, lists, strings
from reasoncore.procedural.code.operations import Constant, Step, flatten, parse
from reasoncore.procedural.code.pipelines import Kit, doubtful_of, mutants_of
from reasoncore.procedural.code.render import Term, choice, fill, nested
from reasoncore.verify.code import CodeVerifier
from reasoncore.verify.code.extract import extract_code

KITS: dict[str, Kit] = {"arithmetic": arithmetic.KIT, "lists": lists.KIT, "strings": strings.KIT}
BRANCHES = {"number": conditions.NUMBERS, "word": conditions.WORDS}
_SHOWN = re.compile(r"f\((.*?)\) == (.*?)(?=, f\(|\.$)")


@pytest.fixture(scope="module")
def problems() -> list[WorkedProblem]:
    return sample_problems("code", SUBDOMAINS, LEVELS, "train", 1600, seed=3)


def define(source: str) -> Callable[..., Any]:
    """Our own program's ``f``; nobody else's comes here."""
    names: dict[str, Any] = {}
    exec(source, names)
    return names["f"]


def program(worked: WorkedProblem, strategy: str) -> Callable[..., Any]:
    source = extract_code(worked.solutions[strategy], "f")
    assert source is not None
    assert "```" not in source
    return define(source)


def passes(function: Callable[..., Any], worked: WorkedProblem) -> bool:
    return all(function(*test.input) == test.output for test in worked.problem.reference.tests)


def parts_of(worked: WorkedProblem) -> tuple[str, tuple[Constant, ...]]:
    """Type name and parameters, read from the content key."""
    name, _, rest = worked.content.partition(":")
    return name.rpartition("-")[2], tuple(int(p) if p.isdigit() else p for p in rest.split(","))


@cache
def battery(variable: str) -> tuple[tuple[Any, ...], ...]:
    rng = Random(7)
    if variable == "n":
        return tuple((n, m) for n in range(-150, 400) for m in (rng.randint(2, 9),))
    if variable == "xs":
        drawn = [rng.choices(range(-12, 25), k=rng.randint(0, 9)) for _ in range(250)]
        dense = [rng.choices(range(-3, 12), k=rng.randint(4, 14)) for _ in range(250)]
        return tuple((xs, rng.randint(2, 9)) for xs in [*drawn, *dense, *([i] for i in range(110))])
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = ["".join(rng.choices([*rng.sample(letters, 3), "a", "e"], k=rng.randint(0, 11))) for _ in range(900)]
    return tuple((s, rng.choice("aeiou")) for s in [*words, *letters])


def behaviour(function: Callable[..., Any], variable: str, two_arguments: bool) -> str:
    return repr([function(*(args if two_arguments else args[:1])) for args in battery(variable)])


def test_every_solution_passes_the_hidden_tests(problems: list[WorkedProblem]) -> None:
    for worked in problems:
        assert set(worked.solutions) == set(STRATEGIES)
        task = worked.problem.reference
        assert (len(task.tests), task.entry_point, worked.problem.answer) == (3, "f", "")
        assert len({repr(test.input) for test in task.tests}) == 3
        for strategy in STRATEGIES:
            assert passes(program(worked, strategy), worked), (worked.content, strategy)


def test_strategies_differ_as_they_should(problems: list[WorkedProblem]) -> None:
    for worked in problems:
        direct, steps, check = (worked.solutions[strategy] for strategy in STRATEGIES)
        assert direct.count("\n") == 3
        assert check.startswith(steps + "\nCheck: ")
        plan = steps.partition("\n```")[0].split("\n")
        assert all(line.startswith(f"{number}. ") for number, line in enumerate(plan, start=1))
        if worked.problem.subdomain != "conditions":
            statements = extract_code(steps, "f").strip().split("\n")[1:]
            assert len(statements) == len(plan)


def test_real_sandbox_accepts_solutions_and_refuses_those_of_others(problems: list[WorkedProblem]) -> None:
    chosen = problems[::54]
    assert len(chosen) == 30
    right = [worked.solutions[STRATEGIES[i % 3]] for i, worked in enumerate(chosen)]
    wrong = [worked.solutions["steps"] for worked in (*chosen[4:], *chosen[:4])]
    tasks = [worked.problem.reference for worked in chosen]
    with CodeVerifier(workers=2) as verifier:
        assert all(verdict.correct for verdict in verifier.judge_many(right, tasks))
        assert not any(verdict.correct for verdict in verifier.judge_many(wrong[:8], tasks[:8]))


def test_examples_are_true_and_not_among_the_hidden_tests(problems: list[WorkedProblem]) -> None:
    for worked in problems:
        function = program(worked, "direct")
        shown = _SHOWN.findall(worked.problem.prompt.partition("xample")[2])
        assert len(shown) == (2 if worked.problem.subdomain == "conditions" and worked.problem.level < 3 else 1)
        hidden = [test.input for test in worked.problem.reference.tests]
        for arguments, result in shown:
            args = eval(f"[{arguments}]")
            assert args not in hidden
            assert function(*args) == eval(result)


def test_traces_are_true(problems: list[WorkedProblem]) -> None:
    for worked in problems:
        traces = worked.solutions["check"].split("\nCheck: ")[1:]
        statements = extract_code(worked.solutions["steps"], "f").strip().split("\n")
        for trace in traces:
            called, *parts, result = trace.split(" -> ")
            assert eval(called, {"f": program(worked, "steps")}) == eval(result)
            assert f"{called} == {result}" in worked.problem.prompt
            if worked.problem.subdomain == "conditions":
                for part in parts:
                    tested, _, holds = part.partition(" is ")
                    assert repr(eval(tested)) == holds if holds else eval(tested) == eval(result)
                continue
            for place, part in enumerate([*parts, result], start=1):
                upto = statements[: place + 1]
                upto[-1] = re.sub(r"^    (\w+ = |return )", "    return ", upto[-1])
                assert eval(called, {"f": define("\n".join(upto))}) == eval(part)


def neighbours(worked: WorkedProblem) -> Iterator[tuple[str, bool]]:
    """Expressions of programs that differ in one place, and whether they may still do the same."""
    kind, params = parts_of(worked)
    if worked.problem.subdomain != "conditions":
        kit = KITS[worked.problem.subdomain]
        steps = parse(params, kit.ops)
        for changes, may in ((mutants_of(steps, kit.ops), False), (doubtful_of(steps), True)):
            for place, tail in changes:
                yield nested((*steps[:place], *tail), Term(kit.variable), kit.argument).text, may
        return
    branches = BRANCHES[kind]
    whole = conditions.conditional(branches, params)
    for others, may in ((whole.mutants(branches), False), (whole.doubtful(), True)):
        for other in others:
            yield written(branches, other), may


def written(branches: conditions.Branches, program: conditions.Conditional) -> str:
    variable = Term(branches.kit.variable)

    def text(step: Step | None) -> Term:
        return fill(step, variable, branches.kit.argument) if step else variable

    return choice([text(test) for test in program.tests], [text(action) for action in program.actions]).text


def test_hidden_tests_tell_the_solution_from_every_neighbour(problems: list[WorkedProblem]) -> None:
    told = alike = 0
    for worked in problems[::3]:
        first = extract_code(worked.solutions["direct"], "f").split("\n")[0]
        variable, two = re.search(r"\((\w+)(, \w+)?\)", first).groups()
        for expression, may_be_alike in neighbours(worked):
            other = define(f"{first}\n    return {expression}")
            if not passes(other, worked):
                told += 1
            else:
                assert may_be_alike, (worked.content, expression)
                same = behaviour(other, variable, bool(two)) == behaviour(
                    program(worked, "direct"), variable, bool(two)
                )
                alike += not same
    assert told > 4000
    assert alike < told / 500  # differ somewhere, but for no value that the tests were chosen from


def test_different_contents_are_different_functions() -> None:
    seen: Counter[tuple[str, str]] = Counter()
    for worked in sample_problems("code", SUBDOMAINS, (1, 2, 3), "train", 1200, seed=8):
        variable = re.search(r"def f\((\w+)\)", worked.solutions["direct"]).group(1)
        seen[worked.problem.subdomain + variable, behaviour(program(worked, "direct"), variable, False)] += 1
    assert sum(count - 1 for count in seen.values()) <= 4


def test_equivalent_orders_and_idle_steps_are_no_problems() -> None:
    of_lists, of_numbers, of_strings = lists.TYPES[0], arithmetic.TYPES[0], strings.TYPES[0]
    assert of_lists.usable(("even", "gt", 5)) != of_lists.usable(("gt", 5, "even"))
    assert not of_lists.usable(("even", "even"))
    assert not lists.TYPES[1].usable(("sort", "sum"))
    assert not of_numbers.usable(("mod", 3, "min", 7))
    assert not of_strings.usable(("upper", "remove", "a"))
    drawn = [of_numbers.draw(Random(f"{i}"), 2) for i in range(500)]
    assert not any({name for name in params if isinstance(name, str)} <= {"add", "sub"} for params in drawn)


@pytest.mark.parametrize("module", [arithmetic, lists, strings])
def test_parameters_survive_being_written_and_read(module: Any) -> None:
    for kind in module.TYPES:
        for level in LEVELS:
            params = kind.draw(Random(level), level)
            assert flatten(parse(params, module.KIT.ops)) == params


@pytest.mark.parametrize("split", ["probe", "test"])
def test_small_splits_have_enough_of_every_level(split: Any) -> None:
    for subdomain in SUBDOMAINS:
        for level in (1, 2, 3):
            sample_problems("code", SUBDOMAINS, (level,), split, 25, 1, chosen=[subdomain])
    assert len(sample_problems("code", SUBDOMAINS, (1, 2, 3), split, 200, 1)) == 200


def test_splits_share_nothing() -> None:
    by_split = [sample_problems("code", SUBDOMAINS, (1, 2, 3), split, 300, seed=2) for split in SPLITS]
    for one, two in combinations(by_split, 2):
        for key in (
            lambda w: w.content,
            lambda w: w.problem.prompt.partition(": ")[2],
            lambda w: w.problem.id,
            lambda w: w.solutions["direct"],
        ):
            assert not {key(w) for w in one} & {key(w) for w in two}
    everything = [worked for part in by_split for worked in part]
    assert len({worked.problem.id for worked in everything}) == len(everything)
    assert len({worked.problem.prompt for worked in everything}) == len(everything)


def test_a_sample_is_the_same_bytes_everywhere(problems: list[WorkedProblem]) -> None:
    text = "\n".join(
        f"{w.content}|{w.problem.id}|{w.problem.prompt}|{dict(w.solutions)}|{w.problem.reference}"
        for w in problems[:400]
    )
    assert sha256(text.encode()).hexdigest()[:16] == "5985450f852d1b09"


def test_texts_are_short_plain_and_regular(problems: list[WorkedProblem]) -> None:
    at_most = {"prompt": 200, "direct": 140, "steps": 300, "check": 420}
    on_average = {"prompt": 125, "direct": 85, "steps": 170, "check": 250}
    texts = {"prompt": [w.problem.prompt for w in problems]}
    texts |= {strategy: [w.solutions[strategy] for w in problems] for strategy in STRATEGIES}
    for name, written_out in texts.items():
        assert all(text.isascii() for text in written_out)
        assert max(map(len, written_out)) <= at_most[name]
        assert sum(map(len, written_out)) / len(written_out) <= on_average[name]
    words = Counter(
        word for text in texts["prompt"] for word in re.findall(r"[A-Za-z]{3,}", re.sub(r'"\w+"', "", text))
    )
    assert len(words) < 90


def test_drills_are_true() -> None:
    for drill in DRILLS:
        for seed in range(60):
            text = "\n".join(drill(Random(seed), 1 + seed % 3))
            assert text.isascii()
            lines = text.split("\n")
            if lines[0].startswith("def "):
                assert eval(lines[2], {"f": define("\n".join(lines[:2]))}), text
            elif len(lines) > 2:
                names: dict[str, Any] = {}
                exec("\n".join(lines[:-1]), names)
                assert eval(lines[-1], names), text
            elif " is " in lines[-1] and len(lines) == 2:
                tested, _, holds = lines[1].rpartition(" is ")
                assert repr(eval(tested)) == holds, text
            elif ": " in text and " == " not in text.partition(": ")[0]:
                compile(text.partition(": ")[2], "<drill>", "eval")
            else:
                assert eval(text), text
