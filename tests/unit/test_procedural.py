"""Procedural maths: every printed equality and answer is recomputed here, by ways the generators do not use."""

from __future__ import annotations

import re
from collections import Counter
from fractions import Fraction
from functools import cache
from hashlib import sha256
from itertools import combinations

import pytest

from reasoncore.errors import UserInputError
from reasoncore.procedural import LEVELS, PROCEDURAL, SPLITS, STRATEGIES, WorkedProblem, plain_text, split_of
from reasoncore.procedural import generate as generate_of
from reasoncore.procedural import sample_problems as sample_of

SUBDOMAINS = PROCEDURAL["math"]


def sample_problems(
    subdomains: tuple[str, ...], levels: tuple[int, ...], split: str, count: int, seed: int
) -> list[WorkedProblem]:
    return sample_of("math", SUBDOMAINS, levels, split, count, seed, subdomains)


def generate(subdomain: str, seed: int, index: int, levels: tuple[int, ...] = LEVELS) -> WorkedProblem:
    return generate_of("math", SUBDOMAINS, subdomain, seed, index, levels)


_TOKEN = re.compile(r"\d+|[-+*/^()x]")
_NUMERIC = re.compile(r"[-+*/^() \d]*\d[-+*/^() \d]*")
_BOXED = re.compile(r"\\boxed\{(-?\d+(?:/\d+)?)\}")


def evaluate(text: str, x: Fraction = Fraction(0)) -> Fraction:
    """Value of a small expression: integers, ``x``, ``+ - * / ^``, parentheses, juxtaposition as in ``3x^2``."""
    tokens = _TOKEN.findall(text)
    assert "".join(tokens) == text.replace(" ", ""), text
    position = 0

    def peek() -> str:
        return tokens[position] if position < len(tokens) else ""

    def take() -> str:
        nonlocal position
        position += 1
        return tokens[position - 1]

    def total() -> Fraction:
        value = -term() if peek() == "-" and take() else term()
        while peek() in ("+", "-"):
            value = value + term() if take() == "+" else value - term()
        return value

    def term() -> Fraction:
        value = factor()
        while peek() in ("*", "/", "x", "("):
            if peek() in ("x", "(") or take() == "*":
                value *= factor()
            else:
                value /= factor()
        return value

    def factor() -> Fraction:
        token = take()
        if token == "(":
            value = total()
            assert take() == ")", text
        else:
            value = x if token == "x" else Fraction(int(token))
        if peek() == "^":
            take()
            value = value ** int(take())
        return value

    value = total()
    assert position == len(tokens), text
    return value


def equality_chains(text: str) -> list[list[str]]:
    """Every chain of at least two numeric expressions joined by ``=`` on one line of a text."""
    chains = []
    for line in text.split("\n"):
        for clause in re.split(r", |: ", line):
            numeric = [part for part in clause.split(" = ") if _NUMERIC.fullmatch(part)]
            if len(numeric) > 1:
                chains.append(numeric)
    return chains


def integers(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"-?\d+", text)]


def polynomial_of(text: str, degree: int = 3) -> list[Fraction]:
    """Coefficients, constant first, by interpolation of the values at 0, 1, 2, ..."""
    points = [Fraction(i) for i in range(degree + 1)]
    coefficients = [Fraction(0)] * (degree + 1)
    for i, at in enumerate(points):
        basis = [Fraction(1)]
        for j, other in enumerate(points):
            if i != j:
                basis = [a - other * b for a, b in zip([Fraction(0), *basis], [*basis, Fraction(0)], strict=True)]
                basis = [c / (at - other) for c in basis]
        coefficients = [c + evaluate(text, at) * b for c, b in zip(coefficients, basis, strict=True)]
    return coefficients


def solve_equation(prompt: str) -> Fraction:
    left, right = re.search(r"([-+\dx ]+) = ([-+\dx ]+)", prompt).groups()

    def gap(x: int) -> Fraction:
        return evaluate(left.strip(), Fraction(x)) - evaluate(right.strip(), Fraction(x))

    return -gap(0) / (gap(1) - gap(0))


def solve_function_value(prompt: str) -> Fraction:
    text = re.search(r"f\(x\) = ([-+\dx^ ]+?)(?:\.|,| at)", prompt).group(1)
    at = re.search(r"f\((-?\d+)\)|x = (-?\d+)", prompt)
    return evaluate(text, Fraction(at.group(1) or at.group(2)))


def solve_system(prompt: str) -> Fraction:
    s, second, t = re.search(r"x \+ y = (-?\d+)(?: and|,) ([-+\dxy ]+) = (-?\d+)", prompt).groups()
    a = evaluate(re.sub(r"\d*y", "0", second), Fraction(1))
    b = evaluate(re.sub(r"\d*x", "0", second).replace("y", "x"), Fraction(1))
    return (int(t) - b * int(s)) / (a - b)


def solve_missing_side(prompt: str) -> Fraction:
    if "with area" in prompt or "has area" in prompt:
        area, side = integers(prompt)
        return 2 * (Fraction(area, side) + side)
    perimeter, side = integers(prompt)
    return (Fraction(perimeter, 2) - side) * side


def solve_l_shape(prompt: str) -> Fraction:
    a, b, c, d = integers(prompt)
    assert c < a
    assert d < b
    return Fraction(sum(1 for i in range(a) for j in range(b) if not (i < c and j < d)))


def solve_trapezoid(prompt: str) -> Fraction:
    a, b, height = integers(prompt)
    return Fraction(sum((a + b) for _ in range(height)), 2)


def solve_box(prompt: str) -> Fraction:
    return Fraction(2 * sum(p * q for p, q in combinations(integers(prompt), 2)))


def solve_derivative(prompt: str) -> Fraction:
    text = re.search(r"f\(x\) = ([-+\dx^ ]+?)(?:\. | at)", prompt).group(1)
    at = re.search(r"f'\((-?\d+)\)|x = (-?\d+)", prompt)
    x = int(at.group(1) or at.group(2))
    return sum((i * c * x ** (i - 1) for i, c in enumerate(polynomial_of(text)) if i), Fraction(0))


def solve_integral(prompt: str) -> Fraction:
    text = re.search(r"(?:integral of|Integrate) ([-+\dx^ ]+) from", prompt).group(1)
    start, end = (int(v) for v in re.search(r"from (?:x = )?(-?\d+) to (?:x = )?(-?\d+)", prompt).groups())
    return sum(
        (c * (end ** (i + 1) - start ** (i + 1)) / (i + 1) for i, c in enumerate(polynomial_of(text))), Fraction(0)
    )


def solve_tangent(prompt: str) -> Fraction:
    text = re.search(r"y = ([-+\dx^ ]+) at", prompt).group(1)
    x = int(re.search(r"at x = (-?\d+)", prompt).group(1))
    slope = (evaluate(text, Fraction(x + 1)) - evaluate(text, Fraction(x - 1))) / 2
    return evaluate(text, Fraction(x)) - slope * x


def solve_limit(prompt: str) -> Fraction:
    top, bottom = re.search(r"\(([^()]+)\)/\(([^()]+)\)", prompt).groups()
    k = int(re.search(r"(?:goes to|approaches) (-?\d+)", prompt).group(1))
    assert evaluate(top, Fraction(k)) == evaluate(bottom, Fraction(k)) == 0

    def slope(text: str) -> Fraction:
        return (evaluate(text, Fraction(k + 1)) - evaluate(text, Fraction(k - 1))) / 2

    return slope(top) / slope(bottom)


def solve_mean(prompt: str) -> Fraction:
    numbers = integers(prompt)
    return Fraction(sum(numbers), len(numbers))


def solve_median(prompt: str) -> Fraction:
    numbers = sorted(integers(prompt))
    return Fraction(numbers[(len(numbers) - 1) // 2] + numbers[len(numbers) // 2], 2)


def solve_expected(prompt: str) -> Fraction:
    cards = [int(v) for many, v in re.findall(r"(\d+) cards? worth (\d+)", prompt) for _ in range(int(many))]
    return Fraction(sum(cards), len(cards))


@cache
def _chance(balls: str, drawn: int, wanted: str) -> Fraction:
    outcomes = Counter("".join(sorted(pair)) for pair in combinations(balls, drawn))
    good = sum(n for outcome, n in outcomes.items() if (outcome != "r" if wanted == "not r" else outcome == wanted))
    return Fraction(good, sum(outcomes.values()))


def solve_probability(prompt: str) -> Fraction:
    counts = re.findall(r"(\d+) (red|blue|green)", prompt)
    balls = "".join(colour[0] * int(many) for many, colour in counts)
    wanted = (
        "not r" if "not red" in prompt else "rr" if "both are red" in prompt else "br" if "one is" in prompt else "r"
    )
    return _chance(balls, 1 if wanted in ("r", "not r") else 2, wanted)


SOLVERS = {
    "algebra-linear": solve_equation,
    "algebra-both_sides": solve_equation,
    "algebra-polynomial": solve_function_value,
    "algebra-system": solve_system,
    "geometry-missing_side": solve_missing_side,
    "geometry-l_shape": solve_l_shape,
    "geometry-trapezoid": solve_trapezoid,
    "geometry-box": solve_box,
    "calculus-derivative": solve_derivative,
    "calculus-integral": solve_integral,
    "calculus-tangent": solve_tangent,
    "calculus-limit": solve_limit,
    "statistics-mean": solve_mean,
    "statistics-median": solve_median,
    "statistics-expected": solve_expected,
    "statistics-probability": solve_probability,
}


def type_of(worked: WorkedProblem) -> str:
    return worked.content.split(":")[0]


@pytest.fixture(scope="module")
def sample() -> list[WorkedProblem]:
    return sample_problems(tuple(SUBDOMAINS), LEVELS, "train", 6000, seed=11)


def test_every_type_and_level_is_sampled(sample: list[WorkedProblem]) -> None:
    cells = Counter((type_of(worked), worked.problem.level) for worked in sample)
    assert {name for name, _ in cells} == set(SOLVERS)
    assert len(cells) == 4 * len(SOLVERS)
    assert Counter(worked.problem.subdomain for worked in sample) == dict.fromkeys(SUBDOMAINS, 1500)


def test_answers_agree_with_an_independent_solution_of_the_prompt(sample: list[WorkedProblem]) -> None:
    for worked in sample:
        assert SOLVERS[type_of(worked)](worked.problem.prompt) == Fraction(worked.problem.answer), worked


def test_answers_are_in_lowest_terms_and_every_solution_ends_with_the_boxed_answer(sample: list[WorkedProblem]) -> None:
    for worked in sample:
        answer = worked.problem.answer
        assert str(Fraction(answer)) == answer
        assert tuple(worked.solutions) == STRATEGIES
        for text in worked.solutions.values():
            assert text.isascii()
            assert _BOXED.findall(text) == [answer], text
            assert text.endswith(f"\\boxed{{{answer}}}")


def test_every_printed_equality_is_true(sample: list[WorkedProblem]) -> None:
    checked = 0
    for worked in sample:
        for text in worked.solutions.values():
            for chain in equality_chains(text):
                assert len({evaluate(part) for part in chain}) == 1, (chain, text)
                assert len(set(chain)) == len(chain), (chain, text)
                checked += 1
    assert checked > 40_000


def test_equalities_with_x_hold_too(sample: list[WorkedProblem]) -> None:
    """Solved equations hold at the answer; factorisations and derivatives hold at several points."""
    for worked in sample:
        kind, text = type_of(worked), "\n".join(worked.solutions.values())
        if kind in ("algebra-linear", "algebra-both_sides"):
            for left, right in re.findall(r"^([-\dx ]+x) = (\d*x|[-+\d ]+)(?: =.*)?$", text, re.M):
                x = Fraction(worked.problem.answer)
                assert evaluate(left, x) == evaluate(right.strip(), x), text
        for left, right in re.findall(r"^(\d*x\^2[^=]*) = (.*)$", text, re.M):
            for x in (Fraction(2), Fraction(-3), Fraction(7)):
                assert evaluate(left, x) == evaluate(right, x), text
        if kind == "calculus-integral":
            primitive = polynomial_of(re.search(r"F\(x\) = (.*)", text).group(1))
            integrand = re.search(r"(?:integral of|Integrate) ([-+\dx^ ]+) from", worked.problem.prompt).group(1)
            assert [i * c for i, c in enumerate(primitive)][1:] == polynomial_of(integrand, 2), text


def test_the_checker_itself_catches_errors() -> None:
    (chain,) = equality_chains("23*7 = 140 + 21 = 162")
    assert [evaluate(part) for part in chain] == [161, 161, 162]
    assert evaluate("-(60 + 12)/2 - 3x^2/2", Fraction(2)) == -42
    assert equality_chains("Check: 8/11 + 3/11 = 1, 2*3 = 7") == [["8/11 + 3/11", "1"], ["2*3", "7"]]


def test_lengths_are_bounded_and_strategies_grow(sample: list[WorkedProblem]) -> None:
    mean = dict.fromkeys(STRATEGIES, 0.0)
    for worked in sample:
        assert len(worked.problem.prompt) <= 160
        assert 6 <= len(worked.problem.prompt.split()) <= 30
        assert len(worked.solutions["direct"]) <= 20
        assert len(worked.solutions["steps"]) <= 130
        assert len(worked.solutions["check"]) <= 260
        for strategy in STRATEGIES:
            mean[strategy] += len(worked.solutions[strategy]) / len(sample)
    assert 2 * mean["direct"] < mean["steps"] < mean["check"] / 2


def test_some_types_give_fractions_and_negative_answers(sample: list[WorkedProblem]) -> None:
    fractions = Counter(type_of(worked) for worked in sample if "/" in worked.problem.answer)
    assert {"algebra-linear", "geometry-trapezoid", "calculus-limit", "statistics-mean"} <= set(fractions)
    assert fractions["statistics-probability"] > 300
    assert sum(worked.problem.answer.startswith("-") for worked in sample) > 300


def test_generation_is_the_same_in_every_process() -> None:
    rows = [generate(name, 3, i, (1, 2, 3, 4)) for name in SUBDOMAINS for i in range(50)]
    rows += sample_problems(("algebra", "statistics"), (2, 3), "probe", 50, seed=9)
    text = "\n".join(f"{row.problem.id} {row.problem.prompt} {row.solutions}" for row in rows)
    text += "".join(plain_text(i, 1, (1, 2, 3), {"math": 1}) for i in range(100))
    assert sha256(text.encode()).hexdigest()[:16] == "46c817110fd10786"


@pytest.mark.parametrize("subdomain", list(SUBDOMAINS))
def test_there_are_at_least_20000_distinct_problems_up_to_level_3(subdomain: str) -> None:
    rows = sample_problems((subdomain,), (1, 2, 3), "train", 20_000, seed=0)
    assert len({row.content for row in rows}) == 20_000
    assert len({row.problem.id for row in rows}) == 20_000
    assert len({row.problem.prompt for row in rows}) == 20_000


def test_splits_never_meet() -> None:
    rows = {split: sample_problems(tuple(SUBDOMAINS), (1, 2, 3), split, 2400, seed=5) for split in SPLITS}
    for one, other in combinations(SPLITS, 2):
        assert not {row.content for row in rows[one]} & {row.content for row in rows[other]}
        assert not {row.problem.prompt for row in rows[one]} & {row.problem.prompt for row in rows[other]}
        assert not {row.problem.id for row in rows[one]} & {row.problem.id for row in rows[other]}
    assert all(split_of(row.content) == split for split in SPLITS for row in rows[split])


def test_the_same_numbers_in_another_order_are_in_the_same_split() -> None:
    """Symmetric twins have one prompt between them, so they cannot be split."""
    shapes: dict[tuple[str, tuple[int, ...]], set[str]] = {}
    for i in range(4000):
        row = generate(("geometry", "statistics")[i % 2], 2, i, (1, 2))
        if type_of(row) in ("geometry-box", "geometry-trapezoid", "statistics-mean", "statistics-median"):
            numbers = integers(row.problem.prompt)
            last = [] if "trapezoid" not in row.content else [numbers.pop()]
            shapes.setdefault((type_of(row), (*sorted(numbers), *last)), set()).add(row.problem.prompt)
    assert max(map(len, shapes.values())) == 1
    assert len(shapes) > 500


def test_split_shares() -> None:
    shares = Counter(split_of(f"algebra-linear:{i}") for i in range(20_000))
    assert 17_700 < shares["train"] < 18_300
    assert 850 < shares["probe"] < 1150
    assert 850 < shares["test"] < 1150


def test_asking_for_more_only_appends() -> None:
    few = sample_problems(("geometry", "calculus"), (1, 2), "train", 100, seed=4)
    many = sample_problems(("geometry", "calculus"), (1, 2), "train", 700, seed=4)
    assert many[:100] == few
    assert sample_problems(("geometry", "calculus"), (1, 2), "train", 100, seed=5) != few


def test_small_samples_mix_levels_and_types() -> None:
    rows = sample_problems(("calculus",), LEVELS, "test", 16, seed=0)
    assert Counter(row.problem.level for row in rows) == dict.fromkeys(LEVELS, 4)
    assert len({type_of(row) for row in rows}) == 4


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ((("algebre",), (1,), "train", 1, 0), "algebra, geometry, calculus, statistics"),
        ((("algebra",), (5,), "train", 1, 0), "1, 2, 3, 4"),
        ((("algebra",), (1,), "validation", 1, 0), "train, probe, test"),
        (((), (1,), "train", 1, 0), "algebra"),
        ((("algebra",), (), "train", 1, 0), "1, 2, 3, 4"),
        ((("geometry",), (1,), "test", 5000, 0), "Ask for at most"),
    ],
)
def test_wrong_arguments_name_the_cure(arguments: tuple, named: str) -> None:
    with pytest.raises(UserInputError) as caught:
        sample_problems(*arguments)
    assert named in caught.value.cure


def test_generate_rejects_unknown_names() -> None:
    with pytest.raises(UserInputError):
        generate("topology", 0, 0)
    with pytest.raises(UserInputError):
        generate("algebra", 0, 0, (0,))


def test_plain_text_is_short_true_and_of_the_training_split() -> None:
    held_out = {
        row.problem.prompt
        for split in ("probe", "test")
        for row in sample_problems(tuple(SUBDOMAINS), (1, 2, 3), split, 2400, seed=6)
    }
    documents = [plain_text(i, 0, (1, 2, 3), {"math": 1}) for i in range(6000)]
    lengths = sorted(map(len, documents))
    assert lengths[0] >= 15
    assert lengths[-1] <= 16 + 160 + 260
    assert lengths[300] >= 40
    assert lengths[-600] <= 300
    questions = 0
    for document in documents:
        for chain in equality_chains(document.split("Answer: ")[-1]):
            assert len({evaluate(part) for part in chain}) == 1, document
        if document.startswith("Question: "):
            question, _, answer = document.removeprefix("Question: ").partition("\nAnswer: ")
            assert question not in held_out
            assert _BOXED.search(answer)
            questions += 1
        for small, large in re.findall(r"^(-?\d+) < (-?\d+)$", document, re.M):
            assert int(small) < int(large)
        for listed, ordered in re.findall(r"Numbers: (.*)\nSorted: (.*)", document):
            assert sorted(integers(listed)) == integers(ordered)
    assert 2700 < questions < 3300
