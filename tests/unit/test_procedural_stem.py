"""Procedural STEM: every printed equality and answer is recomputed here, by ways the generators do not use."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from fractions import Fraction
from hashlib import sha256
from itertools import combinations
from random import Random

import pytest

from reasoncore.procedural.core import LEVELS, SPLITS, STRATEGIES, split_of
from reasoncore.procedural.sampling import generate, sample_problems
from reasoncore.procedural.stem import DRILLS, SUBDOMAINS
from reasoncore.records import WorkedProblem
from reasoncore.verify.choice import ChoiceTask, ChoiceVerifier
from reasoncore.verify.choice.options import format_options
from reasoncore.verify.math import MathVerifier

_SI = {
    **{"m": 1, "km": 1000, "s": 1, "min": 60, "h": 3600, "m/s": 1, "m/s^2": 1, "km/h": Fraction(5, 18)},
    **{"V": 1, "kV": 1000, "A": 1, "ohm": 1, "kohm": 1000, "W": 1, "kW": 1000, "J": 1, "kJ": 1000},
    **{"g": 1, "cm^3": 1, "L": 1000, "g/cm^3": 1, "g/L": 1, "mol": 1, "g/mol": 1, "atoms": 1, "molecules": 1},
}
_UNIT = r"(?P<unit>" + "|".join(re.escape(unit) for unit in sorted(_SI, key=len, reverse=True)) + ")"
_QUANTITY = re.compile(rf"(?P<number>\d+) {_UNIT}(?![\w^/])")
_EXPRESSION = r"(?P<expression>[-+*/^() \d]*\d[-+*/^() \d]*?)"
_PART = re.compile(rf"{_EXPRESSION}(?: {_UNIT}| atoms of [\w ]+| [A-Z]\w*)?")
_SYMBOLS = re.compile(r"M of \w+|[A-Za-z()+\-*/^2 ]+")
_TOKEN = re.compile(r"\d+|[-+*/^()]")
_ATOMIC = {"H": 1, "C": 12, "N": 14, "O": 16, "F": 19, "P": 31, "S": 32}
_FORMULA = re.compile(r"\b(?:[A-Z]\d*)+\b")


def evaluate(text: str) -> Fraction:
    """Value of integers with ``+ - * / ^`` and parentheses, by turning the expression into postfix."""
    tokens = _TOKEN.findall(text)
    assert "".join(tokens) == text.replace(" ", ""), text
    rank = {"+": 1, "-": 1, "*": 2, "/": 2, "^": 3}
    waiting: list[str] = []
    values: list[Fraction] = []

    def apply() -> None:
        operator, b, a = waiting.pop(), values.pop(), values.pop()
        values.append({"+": a + b, "-": a - b, "*": a * b}[operator] if operator in "+-*" else _power(a, b, operator))

    for token in tokens:
        if token.isdigit():
            values.append(Fraction(int(token)))
        elif token == "(":
            waiting.append(token)
        elif token == ")":
            while waiting[-1] != "(":
                apply()
            waiting.pop()
        else:
            while waiting and waiting[-1] != "(" and rank[waiting[-1]] >= rank[token]:
                apply()
            waiting.append(token)
    while waiting:
        apply()
    (value,) = values
    return value


def _power(a: Fraction, b: Fraction, operator: str) -> Fraction:
    return a / b if operator == "/" else a ** int(b)


def equality_chains(text: str) -> Iterator[list[tuple[Fraction, str]]]:
    """``(value, unit)`` of the parts of every equality with at least two numbers; the unit is often empty."""
    for line in text.split("\n"):
        for clause in re.split(r", |: ", line):
            texts = clause.split(" = ")
            found = [_PART.fullmatch(part) for part in texts]
            if len(texts) > 1:
                assert all(match or _SYMBOLS.fullmatch(part) for match, part in zip(found, texts, strict=True)), line
            parts = [(evaluate(match["expression"]), match["unit"] or "") for match in found if match]
            if len(parts) > 1:
                yield parts


def assert_true_equalities(text: str) -> int:
    """Numbers without a unit agree with each other and with the last number; those with units agree in value."""
    chains = list(equality_chains(text))
    for chain in chains:
        assert len({value for value, unit in chain if not unit} | {chain[-1][0]}) == 1, (chain, text)
        assert len({value * _SI[unit] for value, unit in chain if unit}) <= 1, (chain, text)
    return len(chains)


def question_of(worked: WorkedProblem) -> str:
    return worked.problem.prompt.split("\nA) ")[0]


def right_answer(worked: WorkedProblem) -> str:
    """The answer with its unit, whatever the form."""
    task = worked.problem.reference
    return worked.problem.answer if task is None else task.options["ABCD".index(task.gold)]


def quantities(text: str) -> dict[str, list[Fraction]]:
    """Values in the base unit, by base unit, of the quantities of a text."""
    base = {"km": "m", "min": "s", "km/h": "m/s", "kV": "V", "kohm": "ohm", "kW": "W", "kJ": "J", "L": "cm^3"}
    found: dict[str, list[Fraction]] = {}
    for match in _QUANTITY.finditer(text):
        unit = match["unit"]
        found.setdefault(base.get(unit, unit), []).append(int(match["number"]) * Fraction(_SI[unit]))
    return found


def law_solver(whole: str, one: str, other: str) -> Callable[[str], Fraction]:
    """Of ``whole = one*other``, the one whose unit the question does not give, by exponents of the other two."""

    def solve(question: str) -> Fraction:
        value = Fraction(1)
        given = quantities(question)
        assert len(given) == 2, question
        for unit, exponent in ((whole, 1), (one, -1), (other, -1)):
            value *= given[unit][0] ** exponent if unit in given else 1
        return 1 / value if whole not in given else value

    return solve


def solve_acceleration(question: str) -> Fraction:
    """By walking through the seconds."""
    given = quantities(question)
    speeds = sorted(given["m/s"]) if "m/s" in given else []
    if "from rest" in question:
        speeds.insert(0, Fraction(0))
    if "acceleration in" in question:
        return (speeds[1] - speeds[0]) / given["s"][0]
    speed, seconds = speeds[0], 0
    while seconds < given["s"][0] if "s" in given else speed < speeds[1]:
        speed += given["m/s^2"][0]
        seconds += 1
    return speed if "s" in given else Fraction(seconds)


def solve_path(question: str) -> Fraction:
    """By adding up the mean speeds of the seconds."""
    given = quantities(question)
    speed = given.get("m/s", [Fraction(0)])[0]
    halves = [Fraction(2 * i + 1, 2) for i in range(int(given["s"][0]))]
    if "m" in given:
        return given["m"][0] / sum(halves)
    return sum((speed + given["m/s^2"][0] * half for half in halves), Fraction(0))


def solve_meeting(question: str) -> Fraction:
    speeds = [int(v) for v in re.findall(r"(\d+) km/h", question)]
    hours, path = re.search(r"(\d+) h\b", question), re.search(r"(\d+) km\b(?!/)", question)
    if hours:
        return Fraction(sum(v * int(hours[1]) for v in speeds))
    return Fraction(int(path[1]), sum(speeds)) if path else Fraction(sum(speeds))


def solve_series(question: str) -> Fraction:
    volts = re.search(r"(\d+) V", question)
    at = re.search(r"at the (\d+) ohm", question)
    ohms = [int(r) for r in re.findall(r"(\d+) ohm", question.split("at the")[0])]
    if volts is None:
        return Fraction(sum(ohms))
    return Fraction(int(volts[1]) * (int(at[1]) if at else 1), sum(ohms))


def solve_solution(question: str) -> Fraction:
    numbers = {unit: [int(n) for n in re.findall(rf"(\d+) {unit}(?![\w/])", question)] for unit in ("g", "g/L", "L")}
    if numbers["g"]:
        return Fraction(numbers["g"][0], (numbers["g/L"] or numbers["L"])[0])
    if "filled up" not in question and "added" not in question:
        return Fraction(numbers["g/L"][0] * numbers["L"][0])
    salt = numbers["g/L"][0] * numbers["L"][0]
    if len(numbers["L"]) == 2:
        return Fraction(salt, numbers["L"][1])
    volume = Fraction(salt, numbers["g/L"][1])
    return volume - numbers["L"][0] if "added" in question else volume


def atoms_in(formula: str) -> Counter[str]:
    atoms: Counter[str] = Counter()
    for element, count in re.findall(r"([A-Z])(\d*)", formula):
        atoms[element] += int(count or 1)
    return atoms


def solve_atoms(question: str) -> Fraction:
    element = re.search(r"\b([A-Z]) atoms", question)[1]
    groups = re.findall(r"(\d+) molecules of (\w+)", question)
    return Fraction(sum(int(n) * atoms_in(formula)[element] for n, formula in groups))


def solve_molar(question: str) -> Fraction:
    mass = re.search(r"(\d+) g\b(?!/)", question)
    amount = re.search(r"(\d+) mol\b", question)
    formula = re.search(r"(?:mol|g) of ((?:[A-Z]\d*)+)", question)[1]
    for element, value in re.findall(r"\b([A-Z]) (\d+)", question.split(". ")[0]):
        assert _ATOMIC[element] == int(value)
    molar = sum(_ATOMIC[element] * count for element, count in atoms_in(formula).items())
    stated = re.search(r"(\d+) g/mol", question)
    assert stated is None or int(stated[1]) == molar
    return Fraction(int(mass[1]), molar) if mass else Fraction(int(amount[1]) * molar)


def solve_reaction(question: str) -> Fraction:
    """By the coefficients of the equation, which must balance."""
    equation = re.search(r"((?:\d+ )?[A-Z]\w*(?: \+ (?:\d+ )?[A-Z]\w*)*) -> ([^.]+)\.", question)
    sides = [[(int(n or 1), f) for n, f in re.findall(r"(?:(\d+) )?([A-Z]\w*)", side)] for side in equation.groups()]
    totals = []
    for side in sides:
        total: Counter[str] = Counter()
        for n, formula in side:
            for element, count in atoms_in(formula).items():
                total[element] += n * count
        totals.append(total)
    assert totals[0] == totals[1], question
    left, right = ({formula for _, formula in side} for side in sides)
    coefficient = {formula: n for side in sides for n, formula in side}
    asked, relation, amount, given = re.search(
        r"molecules of (\w+) (react with|form from|form with|make) (\d+) molecules of (\w+)", question
    ).groups()
    assert (asked in left, given in left) == {
        **{"react with": (True, True), "form from": (False, True)},
        **{"form with": (False, False), "make": (True, False)},
    }[relation]
    assert {asked, given} <= left | right
    return Fraction(int(amount) * coefficient[asked], coefficient[given])


SOLVERS: dict[str, Callable[[str], Fraction]] = {
    "kinematics-motion": law_solver("m", "m/s", "s"),
    "kinematics-acceleration": solve_acceleration,
    "kinematics-path": solve_path,
    "kinematics-meeting": solve_meeting,
    "electricity-ohm": law_solver("V", "ohm", "A"),
    "electricity-power": law_solver("W", "V", "A"),
    "electricity-energy": law_solver("J", "W", "s"),
    "electricity-series": solve_series,
    "matter-density": law_solver("g", "g/cm^3", "cm^3"),
    "matter-solution": solve_solution,
    "matter-atoms": solve_atoms,
    "matter-molar": solve_molar,
    "matter-reaction": solve_reaction,
}


def type_of(worked: WorkedProblem) -> str:
    return worked.content.split(":")[0]


@pytest.fixture(scope="module")
def sample() -> list[WorkedProblem]:
    return sample_problems("stem", SUBDOMAINS, LEVELS, "train", 6000, seed=11)


@pytest.fixture(scope="module")
def with_options(sample: list[WorkedProblem]) -> list[WorkedProblem]:
    return [worked for worked in sample if worked.problem.reference is not None]


def test_every_type_level_and_form_is_sampled(sample: list[WorkedProblem]) -> None:
    cells = Counter(
        (type_of(worked), worked.problem.level, worked.problem.reference is not None)
        for worked in sample
        if worked.problem.domain == "stem"
    )
    assert {name for name, _, _ in cells} == set(SOLVERS)
    assert len(cells) == 2 * len(LEVELS) * len(SOLVERS)
    assert Counter(worked.problem.subdomain for worked in sample) == dict.fromkeys(SUBDOMAINS, 2000)


def test_answers_agree_with_an_independent_solution_of_the_prompt(sample: list[WorkedProblem]) -> None:
    for worked in sample:
        question = question_of(worked)
        number, unit = right_answer(worked).split(" ")
        assert SOLVERS[type_of(worked)](question) == int(number), worked
        assert re.search(rf"(?:\bin|[Hh]ow many|[A-Z]) {re.escape(unit)}(?![\w/^])", question), worked


def test_every_printed_equality_is_true(sample: list[WorkedProblem]) -> None:
    checked = sum(assert_true_equalities(text) for worked in sample for text in worked.solutions.values())
    assert checked > 24_000


def test_the_checker_itself_catches_errors() -> None:
    assert evaluate("2 + 3*(10 - 4)/2^2") == Fraction(13, 2)
    assert list(equality_chains("Check: 2*3 = 6 m, x = 7")) == [[(6, ""), (6, "m")]]
    assert assert_true_equalities("72 km/h = 72/18*5 m/s = 4*5 m/s = 20 m/s\nU = R*I = 4*3 = 12 V") == 2
    for wrong in ("U = R*I = 4*3 = 13 V", "3 min = 3*60 s = 18 s", "m = 23*7 = 140 + 22 = 161 g"):
        with pytest.raises(AssertionError):
            assert_true_equalities(wrong)


def test_solutions_end_with_the_boxed_answer_and_the_check_reaches_it(sample: list[WorkedProblem]) -> None:
    for worked in sample:
        answer = right_answer(worked)
        number = answer.split(" ")[0]
        assert tuple(worked.solutions) == STRATEGIES
        for strategy, text in worked.solutions.items():
            *lines, last = text.split("\n")
            assert text.isascii()
            assert last == f"\\boxed{{{worked.problem.answer}}}"
            assert text.count("\\boxed") == 1
            assert bool(lines) == (strategy != "direct")
            assert not lines or re.search(rf"= {number}\b", text), text
            if lines and worked.problem.reference is not None:
                assert lines[-1] == f"{answer} is option {worked.problem.answer}"


def test_gold_is_accepted_and_other_numbers_and_units_are_rejected(sample: list[WorkedProblem]) -> None:
    numeric = [worked for worked in sample if worked.problem.reference is None]
    other_unit = {"m": "s", "m/s": "m", "s": "m", "V": "W", "A": "V", "g": "L", "L": "g", "mol": "g", "ohm": "V"}
    responses, golds, expected = [], [], []
    for worked in numeric:
        gold = worked.problem.answer
        number, unit = gold.split(" ")
        cases = [(text, True) for text in worked.solutions.values()]
        wrong = [f"{int(number) + 1} {unit}", f"{int(number) - 1} {unit}", f"{number}0 {unit}"]
        cases += [(f"\\boxed{{{text}}}", False) for text in [*wrong, f"{number} {other_unit.get(unit, 'V/s')}"]]
        for text, right in cases:
            responses.append(text)
            golds.append(gold)
            expected.append(right)
    with MathVerifier() as verifier:
        verdicts = verifier.judge_many(responses, golds)
    for response, gold, verdict, right in zip(responses, golds, verdicts, expected, strict=True):
        assert verdict.correct is right, (response, gold, verdict)


def test_the_gold_option_is_accepted_and_the_others_are_rejected(with_options: list[WorkedProblem]) -> None:
    verifier = ChoiceVerifier()
    for worked in with_options:
        task = worked.problem.reference
        assert isinstance(task, ChoiceTask)
        assert worked.problem.answer == task.gold
        for text in worked.solutions.values():
            assert verifier.judge(text, task).correct, text
        for letter, option in zip("ABCD", task.options, strict=True):
            right = letter == task.gold
            assert verifier.judge(f"\\boxed{{{letter}}}", task).correct is right
            assert verifier.judge(f"\\boxed{{{option}}}", task).correct is right, task


def test_options_are_four_different_positive_values_of_one_unit(with_options: list[WorkedProblem]) -> None:
    for worked in with_options:
        options = worked.problem.reference.options
        values = [int(option.split(" ")[0]) for option in options]
        assert min(values) > 0
        assert len(set(values)) == 4
        assert len({option.split(" ")[1] for option in options}) == 1
        assert worked.problem.prompt == f"{question_of(worked)}\n{format_options(options)}"


def test_neither_letter_nor_rank_gives_the_right_option_away(
    sample: list[WorkedProblem], with_options: list[WorkedProblem]
) -> None:
    assert 0.48 < len(with_options) / len(sample) < 0.52
    letters = Counter(worked.problem.answer for worked in with_options)
    assert all(0.22 < letters[letter] / len(with_options) < 0.28 for letter in "ABCD")
    ranks: Counter[int] = Counter()
    for worked in with_options:
        values = [int(option.split(" ")[0]) for option in worked.problem.reference.options]
        ranks[sorted(values).index(values["ABCD".index(worked.problem.answer)])] += 1
    assert all(0.15 < ranks[rank] / len(with_options) < 0.35 for rank in range(4)), ranks


def test_lengths_are_bounded_and_strategies_grow(sample: list[WorkedProblem]) -> None:
    mean = dict.fromkeys(STRATEGIES, 0.0)
    for worked in sample:
        assert len(question_of(worked)) <= 130
        assert len(worked.problem.prompt) <= 220
        assert len(worked.solutions["direct"]) <= 25
        assert len(worked.solutions["steps"]) <= 110
        assert len(worked.solutions["check"]) <= 240
        for strategy in STRATEGIES:
            mean[strategy] += len(worked.solutions[strategy]) / len(sample)
    assert mean["steps"] < 70
    assert 2 * mean["direct"] < mean["steps"] < mean["check"]


def test_generation_is_the_same_in_every_process() -> None:
    rows = [generate("stem", SUBDOMAINS, name, 3, i) for name in SUBDOMAINS for i in range(50)]
    rows += sample_problems("stem", SUBDOMAINS, (2, 3), "probe", 50, seed=9)
    text = "\n".join(f"{row.problem} {row.solutions}" for row in rows)
    rng = Random(1)
    text += "".join("\n".join(drill(rng, level)) for drill in DRILLS for level in LEVELS)
    assert sha256(text.encode()).hexdigest()[:16] == "150a683d9941f41e"


@pytest.mark.parametrize("subdomain", list(SUBDOMAINS))
def test_there_are_at_least_7000_distinct_problems_up_to_level_3(subdomain: str) -> None:
    rows = sample_problems("stem", SUBDOMAINS, (1, 2, 3), "train", 7000, 0, [subdomain])
    assert len({row.content for row in rows}) == 7000
    assert len({row.problem.id for row in rows}) == 7000
    assert len({row.problem.prompt for row in rows}) == 7000


def test_splits_never_meet() -> None:
    counts = {"train": 3000, "probe": 300, "test": 300}
    rows = {split: sample_problems("stem", SUBDOMAINS, (1, 2, 3), split, counts[split], 1) for split in SPLITS}
    for one, other in combinations(SPLITS, 2):
        assert not {row.content for row in rows[one]} & {row.content for row in rows[other]}
        assert not {question_of(row) for row in rows[one]} & {question_of(row) for row in rows[other]}
        assert not {row.problem.id for row in rows[one]} & {row.problem.id for row in rows[other]}
    assert all(split_of(row.content) == split for split in SPLITS for row in rows[split])


def test_the_same_numbers_in_another_order_are_one_problem() -> None:
    """Symmetric twins have one prompt between them, so they cannot be split, nor come in both forms."""
    prompts: dict[tuple[str, ...], set[str]] = {}
    for i in range(9000):
        row = generate("stem", SUBDOMAINS, ("kinematics", "electricity", "matter")[i % 3], 2, i, (1, 3))
        question = question_of(row)
        if type_of(row) in ("kinematics-meeting", "electricity-series", "matter-atoms"):
            numbers = re.findall(r"\d+ (?:molecules of \w+|[\w/]+)", question)
            element = re.findall(r"\w atoms", question)
            unit = right_answer(row).split(" ")[1]
            prompts.setdefault((type_of(row), unit, *element, *sorted(numbers)), set()).add(row.problem.prompt)
    assert len(prompts) > 1500
    assert max(map(len, prompts.values())) == 1


def test_asking_for_more_only_appends() -> None:
    few = sample_problems("stem", SUBDOMAINS, (1, 2), "train", 100, seed=4)
    assert sample_problems("stem", SUBDOMAINS, (1, 2), "train", 200, seed=4)[:100] == few


def test_drills_are_short_true_and_varied() -> None:
    rng = Random(5)
    for drill in DRILLS:
        lines: set[str] = set()
        for i in range(300):
            for line in drill(rng, LEVELS[i % 4]):
                assert line.isascii()
                assert 4 < len(line) <= 110, line
                assert_true_equalities(line)
                lines.add(line)
        assert len(lines) >= 10, drill


def test_drills_say_true_things_of_molecules() -> None:
    rng = Random(6)
    facts = 0
    for _ in range(300):
        for drill in DRILLS:
            for line in drill(rng, 2):
                for formula, listed in re.findall(r"^(?:1 )?(\w+) (?:has|is [a-z ]+:) (.*)$", line):
                    assert Counter({e: int(n) for n, e in re.findall(r"(\d+) ([A-Z])", listed)}) == atoms_in(formula)
                    facts += 1
                for formula, molar in re.findall(r"^M of (\w+) = .* = (\d+) g/mol$", line):
                    assert sum(_ATOMIC[e] * n for e, n in atoms_in(formula).items()) == int(molar)
                    facts += 1
                for n, element, k, formula in re.findall(r"= (\d+) atoms of (\w) in (\d+) (\w+)$", line):
                    assert atoms_in(formula)[element] * int(k) == int(n)
                    facts += 1
    assert facts > 1000
