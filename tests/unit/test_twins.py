"""Twins: other numbers, and an answer that is right; no twin where anything would have to be guessed."""

from __future__ import annotations

import os
import re
from fractions import Fraction
from pathlib import Path

import pytest

from reasoncore.evals.benchmarks import load_benchmark
from reasoncore.evals.contamination import load_items
from reasoncore.evals.contamination.chain import NotReplayableError, read_chain
from reasoncore.evals.contamination.question_numbers import exchangeable_numbers
from reasoncore.evals.contamination.twins import make_twins
from reasoncore.evals.contamination.word_twin import word_twin
from reasoncore.procedural import PROCEDURAL, sample_problems
from reasoncore.procedural.twin import twin_of
from reasoncore.records import Problem

DATA = Path(os.environ.get("REASONCORE_DATA") or Path(__file__).resolve().parents[2].parent / "shared" / "data")

BOXES = "A shop has 12 boxes with 15 pens in each. It sells 48 pens. How many pens are left?"
CHAIN = "There are <<12*15=180>>180 pens. That leaves <<180-48=132>>132."


def twin(question: str, solution: str, answer: str, seed: int = 0) -> Problem | None:
    return word_twin(Problem("p", "math", "s", f"{question} Box it.", answer), question, solution, seed)


def test_the_answer_of_a_word_twin_is_recomputed() -> None:
    for seed in range(20):
        made = twin(BOXES, CHAIN, "132", seed)
        assert made is not None
        boxes, pens, sold = map(int, re.findall(r"\d+", made.prompt))
        assert (made.answer, made.prompt.endswith("left? Box it.")) == (str(boxes * pens - sold), True)
        assert boxes < pens < sold
        assert (boxes, pens, sold) != (12, 15, 48)
    assert twin(BOXES, CHAIN, "132", 3) == twin(BOXES, CHAIN, "132", 3)


def test_decimals_and_thousands_are_written_as_before_and_a_percentage_stays_one() -> None:
    question = "It costs 80,000 dollars and 2.5 more, and 90% of it is paid."
    for seed in range(20):
        made = twin(question, "<<80000+2.5=80002.5>> <<80002.5*90=7200225>>", "7200225", seed)
        assert made is not None
        found = re.search(r"costs (\d{2,3},\d{3}) dollars and (\d\.\d) more, and (\d\d)% of", made.prompt)
        assert found is not None
        costs, more, percent = (Fraction(text.replace(",", "")) for text in found.groups())
        assert Fraction(made.answer) == (costs + more) * percent


@pytest.mark.parametrize(
    ("question", "solution", "answer"),
    [
        (BOXES, "", "132"),
        (BOXES, CHAIN, "133"),
        (BOXES, CHAIN.replace("12*15", "12*15*"), "132"),
        (BOXES, CHAIN.replace("=180", "=181"), "132"),
        (BOXES, CHAIN.replace("48=132", "48-7=125"), "125"),  # where the 7 is from is not said
        (BOXES.replace("48", "15"), CHAIN.replace("48=132", "15=165"), "165"),  # which 15?
        (BOXES.replace("12 boxes", "a dozen (12) boxes"), CHAIN, "132"),
        (BOXES.replace("48 pens", "48th"), CHAIN, "132"),
        ("Ann has 2 cats and Bob twice as many. How many has Bob?", "<<2*2=4>>", "4"),
        ("A team of 7 trains for some weeks. How many days?", "<<7*7=49>>", "49"),
        ("10 and 20 are shared by 3. How much each?", "<<10+20=30>> <<30/3=10>> <<10+5=15>>", "15"),
        ("He has 10, loses 14, then?", "<<10-14=-4>>", "-4"),
        ("It is 10 and 4.", "<<10*4=40>> <<8*5=40>> <<40+10=50>>", "50"),  # which 40?
    ],
)
def test_no_twin_where_something_would_be_guessed(question: str, solution: str, answer: str) -> None:
    assert twin(question, solution, answer) is None


def test_results_on_the_way_stay_positive_and_whole() -> None:
    question = "From 4 bags of 6 kilos he sells 23 kilos to 8 people. Each bag is shared by 36 of them?"
    solution = "<<4*6=24>> <<24-23=1>> <<36/4=9>> <<9+8=17>> <<17+1=18>>"
    for seed in range(30):
        made = twin(question, solution, "18", seed)
        assert made is not None
        bags, kilos, sold, people, shared = map(int, re.findall(r"\d+", made.prompt))
        assert bags * kilos > sold
        assert shared % bags == 0
        assert int(made.answer) == shared // bags + people + bags * kilos - sold


@pytest.mark.parametrize(
    "text", ["<<1/0=0>>", "<<(1+2=3>>", "<<1+=1>>", "<<2**3=8>>", "<<f(2)=2>>", "<<1/3=0.33>>", "<<1"]
)
def test_arithmetic_that_is_not_exact_does_not_replay(text: str) -> None:
    with pytest.raises(NotReplayableError):
        read_chain(text)


def test_arithmetic_binds_as_it_should() -> None:
    chain = read_chain("<<2+3*4-(1-.5)/-2=14.25>> <<14.25*4=57>>")
    assert chain.results == (Fraction(57, 4), Fraction(57))
    assert chain.leaves() == {Fraction(n) for n in ("2", "3", "4", "1", "1/2")}


def test_numbers_that_can_be_exchanged_stand_once_and_alone() -> None:
    question = "At 9:30 the 3rd of 40 teams has $1,250.50, 6 balls and 6 nets, x8 and 5/11 of 13, or 7 a week."
    assert list(exchangeable_numbers(question)) == [40, Fraction("1250.5"), 13]


@pytest.mark.parametrize("domain", ["math", "stem"])
def test_a_generated_twin_is_of_the_same_type_and_level(domain: str) -> None:
    worked = sample_problems(domain, PROCEDURAL[domain], (1, 2, 3), "test", 40, 0)
    twins = [(one.problem, twin_of(one.problem, PROCEDURAL[domain], 1)) for one in worked]
    made = [(problem, other) for problem, other in twins if other is not None]
    assert len(made) >= 36
    for problem, other in made:
        assert (other.subdomain, other.level) == (problem.subdomain, problem.level)
        assert other.id.rpartition("-")[0] == problem.id.rpartition("-")[0]
        assert other.prompt != problem.prompt
        assert (other.answer, other.reference) != (problem.answer, problem.reference)
    same_words = [re.findall("[A-Za-z]{3,}", a.prompt) == re.findall("[A-Za-z]{3,}", b.prompt) for a, b in made]
    assert sum(same_words) > len(made) / 2


def test_what_no_generator_made_has_no_generated_twin() -> None:
    assert twin_of(Problem("gsm8k-1", "math", "gsm8k", "?", "1", 1), PROCEDURAL["math"], 0) is None
    (code, *_) = load_benchmark("procedural-code", limit=4)
    assert twin_of(code, PROCEDURAL["code"], 0) is None


def test_a_dozen_real_word_problems_have_twins_that_replay() -> None:
    if not (DATA / "gsm8k_test.jsonl").is_file():
        pytest.skip(f"no gsm8k_test.jsonl in {DATA}; set REASONCORE_DATA")
    items = load_items("gsm8k", DATA, 150)
    twins = make_twins(items, 0)
    chosen = [item for item in items if item.problem.id in twins][:12]
    assert len(chosen) == 12
    for item in chosen:
        made = twins[item.problem.id]
        old, new = (re.findall(r"\d[\d,]*(?:\.\d+)?", text) for text in (item.problem.prompt, made.prompt))
        assert re.sub(r"[\d.,]", "", made.prompt) == re.sub(r"[\d.,]", "", item.problem.prompt)
        assert replayed(item.solution, dict(zip(map(number, old), map(number, new), strict=True))) == number(
            made.answer
        )


def number(text: str) -> Fraction:
    return Fraction(text.replace(",", ""))


def replayed(solution: str, value: dict[Fraction, Fraction]) -> Fraction:
    """The last result, each expression evaluated by Python itself with the new numbers in the place of the old."""
    result = Fraction(0)
    for expression, stated in re.findall("<<(.*?)=(.*?)>>", solution):
        asked = re.sub(r"\d*\.?\d+", lambda match: repr(value[number(match[0])]), expression)
        result = value[number(stated)] = eval(asked, {"Fraction": Fraction})
    return result
