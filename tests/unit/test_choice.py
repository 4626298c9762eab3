r"""Multiple choice: what counts as a choice, what does not, hostile text, shuffled options, cases read from data."""

from __future__ import annotations

import time
from string import ascii_uppercase
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reasoncore.errors import DataError
from reasoncore.verify.choice import ChoiceTask, ChoiceVerifier, read_choice_case
from reasoncore.verify.choice.answer import extract_choice
from reasoncore.verify.choice.options import format_options, original_letter, shuffle_options

CITIES = ("Paris", "London", "Berlin", "Rome")
SPEEDS = ("5 m/s", r"$10\,\text{m/s}$", "15 m/s", "None of the above")
MATHS = (r"$\frac{1}{2}$", r"$\Delta x$", r"$\delta x$", "3.14")
GENES = ("AA", "Aa", "aa", "both parents")

CHOSEN = [
    # boxes
    (r"\boxed{C}", CITIES, "C"),
    (r"So $\boxed{C}$.", CITIES, "C"),
    (r"\boxed{\text{(C)}}", CITIES, "C"),
    (r"\boxed{\textbf{C}}", CITIES, "C"),
    (r"\boxed{\mathrm{C}}", CITIES, "C"),
    (r"\fbox{c}", CITIES, "C"),
    (r"\boxed{(c)}", CITIES, "C"),
    (r"\boxed{C.}", CITIES, "C"),
    (r"\boxed{ C }", CITIES, "C"),
    (r"\boxed{{C}}", CITIES, "C"),
    (r"\boxed{\boxed{C}}", CITIES, "C"),
    (r"\boxed{\text{Option C}}", CITIES, "C"),
    (r"\boxed{C. Berlin}", CITIES, "C"),
    (r"\boxed{C) \text{Berlin}}", CITIES, "C"),
    (r"\boxed{\text{C: Berlin}}", CITIES, "C"),
    (r"\boxed{C \text{ Berlin}}", CITIES, "C"),
    (r"\boxed{C, Berlin}", CITIES, "C"),
    (r"\boxed{Berlin}", CITIES, "C"),
    (r"\boxed{\text{the berlin.}}", CITIES, "C"),
    (r"First \boxed{A}, but no: \boxed{C}", CITIES, "C"),
    (r"\boxed{C}. I put it within \boxed{}.", CITIES, "C"),
    (r"\boxed{C} and again \boxed{A", CITIES, "C"),
    (r"\boxed{C} or $\boxed{C}$", CITIES, "C"),
    (r"The speed is \boxed{42}. The answer is (C).", CITIES, "C"),
    (r"The answer is A. \boxed{C}", CITIES, "C"),
    (r"\boxed{10\text{ m/s}}", SPEEDS, "B"),
    (r"\boxed{5 m/s}", SPEEDS, "A"),
    (r"\boxed{\frac{1}{2}}", MATHS, "A"),
    (r"\boxed{\dfrac{1}{2}}", MATHS, "A"),
    (r"\boxed{\delta x}", MATHS, "C"),
    (r"\boxed{\Delta x}", MATHS, "B"),
    (r"\boxed{Aa}", GENES, "B"),
    (r"\boxed{aa}", GENES, "C"),
    (r"\boxed{A}", GENES, "A"),
    (r"\boxed{E}", (), "E"),
    (r"\boxed{\text{None of the above}}", SPEEDS, "D"),
    (r"\boxed{A}", ("O", "A", "B"), "A"),
    # statements
    ("the answer is (C)", CITIES, "C"),
    ("The answer is C.", CITIES, "C"),
    ("The answer is C because it is in Germany.", CITIES, "C"),
    ("The answer is (C) because it is in Germany.", CITIES, "C"),
    ("Answer: C", CITIES, "C"),
    ("answer: c", CITIES, "C"),
    ("The answer is c.", CITIES, "C"),
    ("ANSWER: C", CITIES, "C"),
    ("**Answer: C**", CITIES, "C"),
    ("**Answer:** C", CITIES, "C"),
    ("Answer: **(C)**", CITIES, "C"),
    ("Final answer:\n\n(C)", CITIES, "C"),
    ("Answer: C. Berlin", CITIES, "C"),
    ("Answer: C) Berlin, as I said", CITIES, "C"),
    ("The correct option is C", CITIES, "C"),
    ("The correct choice is: [C]", CITIES, "C"),
    ("The answer choice is C", CITIES, "C"),
    ("The correct answer is therefore option (C).", CITIES, "C"),
    ("The answer must be C", CITIES, "C"),
    ("The correct answer to this question is C", CITIES, "C"),
    ("The answer is $\\text{Berlin}$.", CITIES, "C"),
    ("The answer is Berlin, because the others are wrong.", CITIES, "C"),
    ("The answer is the Berlin", CITIES, "C"),
    ("The answer is C. Paris, because it is in France, is wrong.", CITIES, "C"),
    ("The answer is Paris, Texas, because it is in Texas.", ("Paris", "Paris, Texas"), "B"),
    ("The answer is no.", ("Yes", "No"), "B"),
    ("The answer is A. Wait. The answer is C.", CITIES, "C"),
    ("The answer is C, not A.", CITIES, "C"),
    ("The answer is C. A is wrong because it is in France.", CITIES, "C"),
    ("The answer is C, A is wrong.", CITIES, "C"),
    ("The answer is C. If the answer is A, we would be in France.", CITIES, "C"),
    ("The answer is C. I do not think the answer is B.", CITIES, "C"),
    ("The answer is C. The wrong answer is A.", CITIES, "C"),
    ("The answer is C. Could it be that the answer is A? No.", CITIES, "C"),
    ("The answer is A. No: the answer is not A. The answer is C.", CITIES, "C"),
    ("The answer is C. The answer isn't A.", CITIES, "C"),
    ("It is not hard to see that the answer is C", CITIES, "C"),
    ("The answer is 3.14. Checked.", MATHS, "D"),
    ("The answer is A", CITIES, "A"),
    ("The answer is a.", CITIES, "A"),
    ("<think>the answer is A</think>The answer is C", CITIES, "C"),
    (r"\boxed{A}</think>The answer is C", CITIES, "C"),
    ("So the final answer is:\n\n**C) Berlin**", CITIES, "C"),
    ("**Final Answer:** \\(\\boxed{C}\\)", CITIES, "C"),
    ("The best choice among these is C.", CITIES, "C"),
    ("The best answer of the given options is (C).", CITIES, "C"),
    ("Answer - C", CITIES, "C"),
    ('{"reasoning": "maps", "answer": "C"}', CITIES, "C"),
    ("The answer is C (Berlin).", CITIES, "C"),
    ("The answer is **C** \u2014 it is in Germany.", CITIES, "C"),
    ("The answer is none of the above.", SPEEDS, "D"),
    ("The answer is none of these", SPEEDS, "D"),
    # remarks about options that are not the answer
    ("The correct answer is (C). A tempting choice is B, but London is in England.", CITIES, "C"),
    ("The answer is (C) Berlin. In the southern hemisphere the answer would be A.", CITIES, "C"),
    ("The answer is C. An alternative answer is D, but it's weaker", CITIES, "C"),
    ("The correct answer is C. The only other plausible answer is B.", CITIES, "C"),
    ("The correct answer is C. The distractor option is B.", CITIES, "C"),
    ("The correct answer is C. The opposite answer would be A.", CITIES, "C"),
    ("The correct answer is C. The second-best option is D.", CITIES, "C"),
    ("Correct answer: B. Student answer: A.", CITIES, "B"),
    ("The answer is C. It is false that the answer is A.", CITIES, "C"),
    ("The answer is C. One might think the answer is A.", CITIES, "C"),
    ("The answer is C. I do not believe the old map and its claim that the answer is A.", CITIES, "C"),
    ("I think that the most likely answer is C", CITIES, "C"),
    ("We can say the answer is C.", CITIES, "C"),
    ("I am not sure about B, but the answer is C.", CITIES, "C"),
    ("so final answer: C", CITIES, "C"),
    ("There is no doubt that the answer is C.", CITIES, "C"),
    ("The answer is A. I doubt that the answer is C.", CITIES, "A"),
    ("The answer is C rather than A.", CITIES, "C"),
    ("The answer is C and the reason is the map.", CITIES, "C"),
    ("- Answer: C", CITIES, "C"),
    ("1) Final answer: C", CITIES, "C"),
    ("I am not sure about B but the answer is C.", CITIES, "C"),
    ("The answer is Paris or Paris.", CITIES, "A"),
    ("As scientists believe, the answer is C.", CITIES, "C"),
    ("If we look at the map, the answer is C.", CITIES, "C"),
    ("The answer is C. If it were about the Seine, the answer is A.", CITIES, "C"),
    ("The answer is C. When asked about France, the answer is A.", CITIES, "C"),
    ("The answer is C. My other answer is not correct.", CITIES, "C"),
    ("The answer is C. The answer is not correct for France.", CITIES, "C"),
    ("The answer is C\nand here is why.", CITIES, "C"),
    ('{"answer": "C", "confidence": 1}', CITIES, "C"),
    ("**Best option**: C", CITIES, "C"),
    ("The answer would be C.", CITIES, "C"),
    ("For France it's A. For Germany:\n\nC", CITIES, "C"),
    ("The answer is C; A and B are wrong.", CITIES, "C"),
    ("The answer is C, A, B and D are wrong.", CITIES, "C"),
    ("The answer is C (Berlin), not A (Paris).", CITIES, "C"),
    ("The answer is C and not A.", CITIES, "C"),
    ("The answer is A or A.", CITIES, "A"),
    ("The answer is (A) Paris, or Paris", CITIES, "A"),
    # corrections
    ("The answer is A... no, it's B.", CITIES, "B"),
    ("The answer is A, wait no, B", CITIES, "B"),
    ("The answer is A. Hmm, that's wrong; so it must be C.", CITIES, "C"),
    ("The answer is A; scratch that, B", CITIES, "B"),
    ("The answer is A. No, B is wrong", CITIES, "A"),
    ("The answer is not B but C", CITIES, "C"),
    ("The answer is not A, it is B.", CITIES, "B"),
    # other forms
    ("<answer>B</answer>", CITIES, "B"),
    ("<answer>\n(B) London\n</answer>", CITIES, "B"),
    ("Answer: <B>", CITIES, "B"),
    ("Answer：B", CITIES, "B"),
    ("option c", CITIES, "C"),
    ("The answer is surely A", CITIES, "A"),
    ("The answer is obviously A", CITIES, "A"),
    ("The answer is, of course, A", CITIES, "A"),
    ("So the answer's B", CITIES, "B"),
    ("It's B.", CITIES, "B"),
    ("The answer is A and B", ("x", "y", "A and B"), "C"),
    ("Answer: (A) and (B)", ("x", "y", "A and B"), "C"),
    ("Answer: 1", ("1.0", "2.0"), "A"),
    ("Answer: 3", ("3.0", "3", "03.0"), "B"),
    ("Answer: 3%", ("3 %", "4 %"), "A"),
    (r"\boxed{\textbf{\text{\mathrm{C}}}}", CITIES, "C"),
    # the first line
    ("B. London\n\nExplanation: it is the capital.", CITIES, "B"),
    ("B\n\nExplanation: it is the capital.", CITIES, "B"),
    ("(B)\nBecause it is.", CITIES, "B"),
    ("**B. London**\nIt is in England.", CITIES, "B"),
    ("B\nOn reflection, no.\nC", CITIES, "C"),
    # tags in the middle of a line are words
    (r"<think>x</think>I think <think> is odd. \boxed{B}", CITIES, "B"),
    # the last line
    ("C) Berlin\nC) Berlin", CITIES, "C"),
    ("C", CITIES, "C"),
    ("(C)", CITIES, "C"),
    ("C.", CITIES, "C"),
    ("C)", CITIES, "C"),
    ("**C**", CITIES, "C"),
    ("**(C)**", CITIES, "C"),
    ("$C$", CITIES, "C"),
    ("Some thoughts.\nC\n", CITIES, "C"),
    ("Some thoughts.\n\nC) Berlin", CITIES, "C"),
    ("Some thoughts.\nC. Berlin.", CITIES, "C"),
    ("Some thoughts.\n**C. Berlin**", CITIES, "C"),
    ("C) it is in Germany", (), "C"),
    ("Option C", CITIES, "C"),
    ("Some thoughts.\nBerlin", CITIES, "C"),
    ("Some thoughts.\nAa", GENES, "B"),
    ("Some thoughts.\nA", ("O", "A", "B"), "A"),
    ("Some thoughts.\nthe berlin.", CITIES, "C"),
    ("I think A is wrong, so B", CITIES, "B"),
    ("(A) fails. Therefore, it must be (C).", CITIES, "C"),
    ("That leaves us with (C).", CITIES, "C"),
    ("Therefore, option C is correct.", CITIES, "C"),
    ("C is the correct answer.", CITIES, "C"),
    ("A long paragraph. " * 200 + "Therefore, it is C.", CITIES, "C"),
    ("A long paragraph. " * 200 + "\nC) Berlin", CITIES, "C"),
    ("(C) is the answer.", CITIES, "C"),
    (r"\boxed{\textbf{(C) }15\text{ m/s}}", SPEEDS, "C"),
    ("None of the above.", SPEEDS, "D"),
    # nobody's option
    ("none", CITIES, "none"),
    ("None of these", CITIES, "none"),
    ("The answer is none of the above.", CITIES, "none"),
    (r"\boxed{\text{None of the options}}", CITIES, "none"),
    ("No option is correct.", CITIES, "none"),
    ("None of the above", ("None of the above", "None of these", "x"), "A"),
    ("none", ("None of the above", "None of these", "x"), "none"),
    ("not listed", CITIES, "none"),
    ("The answer is not listed.", CITIES, "none"),
    ("The correct answer is not among the options.", CITIES, "none"),
    ("There is no correct answer.", CITIES, "none"),
    ("None of A, B, C or D", CITIES, "none"),
    ("neither", CITIES, "none"),
]

NOT_CHOSEN = [
    ("", CITIES),
    ("   \n ", CITIES),
    ("I do not know.", CITIES),
    ("c", CITIES),
    ("(c)", CITIES),
    ("A good answer is hard to find.", CITIES),
    ("A good answer is to look at a map", CITIES),
    ("The answer is A good one", CITIES),
    ("Answer: A good map shows it.", CITIES),
    ("The answer is a matter of taste.", CITIES),
    ("The answer is I think Germany's capital", ()),
    ("A is wrong.", CITIES),
    ("(A) is wrong.", CITIES),
    ("Answer: (A) is wrong.", CITIES),
    ("The least likely answer is A", CITIES),
    ("Rejected answer: A", CITIES),
    ("Eliminate option: A", CITIES),
    ("It is false that the answer is A.", CITIES),
    ("I do not think, however, that the answer is A.", CITIES),
    ("If the answer is A", CITIES),
    ("It is A. On second thoughts, the answer is not A, of course.", CITIES),
    ("The non-answer: A", CITIES),
    ("Is it on the Thames? No. B.\nI cannot tell.", CITIES),
    ("The answer is not correct.", CITIES),
    ("One might think the answer is A.", CITIES),
    ("No way the answer is A", CITIES),
    ("Option: A\nOption: B\nOption: C\nOption: D", CITIES),
    ("It is a matter of taste.", CITIES),
    ("It's A matter of taste.", CITIES),
    ("no", CITIES),
    ("There is no", CITIES),
    ("None of A or B", CITIES),
    ("The answer is neither A nor B", CITIES),
    ("Answer: I, as an AI, cannot choose", ()),
    ("Answer: I - well - do not know", ()),
    ("A. Paris\nB. London\nI do not know.", CITIES),
    ("B. Paris\nIt is in France.", CITIES),
    ("<think>x</think>\n<think>\\boxed{B}", CITIES),
    ("A train leaves.", ()),
    ("A or B", CITIES),
    ("The answer is A or B.", CITIES),
    ("The answer is either A or B.", CITIES),
    ("The answer is (A) and (C).", CITIES),
    ("The answer is A, B", CITIES),
    ("The answer is A/B.", CITIES),
    ("The answer is (A)(B)", CITIES),
    ("The answer is Paris or London.", CITIES),
    ("The answer is Paris, London", CITIES),
    (r"\boxed{A, C}", CITIES),
    (r"\boxed{A} or \boxed{C}", CITIES),
    (r"$\boxed{A}$, $\boxed{B}$, $\boxed{B}$", CITIES),
    (r"\boxed{AC}", CITIES),
    (r"\boxed{C. Paris}", CITIES),
    ("The answer is (C) Paris.", CITIES),
    ("The answer is C: Paris, because it is", CITIES),
    ("C) Paris", CITIES),
    ("Some thoughts.\nD. It is not even in Germany.", CITIES),
    ("Some thoughts.\nB. Wrong: it is in Spain.", ()),
    ("The answer is Paris or so.", CITIES),
    ("The answer is no.", CITIES),
    (r"\boxed{\delta x}", (r"$\Delta x$", "y")),
    (r"The answer is $\delta x$, because", (r"$\Delta x$", "y")),
    ("The answer is C (Paris).", CITIES),
    ("A) Paris\nB) London\nC) Berlin\nD) Rome", CITIES),
    ("(A) x\n\n(B) y", ()),
    ("A\nB\nC", CITIES),
    (r"\boxed{E}", CITIES),
    ("The answer is E.", CITIES),
    (r"\boxed{Madrid}", CITIES),
    ("The answer is not C.", CITIES),
    ("The answer is C. No, the answer is not C.", CITIES),
    ("The answer isn't C", CITIES),
    ("The answer is C?", CITIES),
    ("So not C", CITIES),
    ("I would not choose C", CITIES),
    ("I don't think option C is correct", CITIES),
    ("<think>The answer is C", CITIES),
    ("The answer is C <think> or is it", CITIES),
    (r"<think>\boxed{C}</think>", CITIES),
    (r"\boxed{C", CITIES),
    (r"\boxed{}", CITIES),
    (r"\boxed{aA}", GENES),
    (r"\boxed{5}", ("$5", "5", "6")),
    ("The answer is 5.5", ("5", "6")),
    ("The answer is 5 times 3", ("5", "6")),
    ("\u212a", ()),  # the Kelvin sign
    ("\\boxed{\u017f}", ()),  # the long s
]


HEDGES = [
    ("(A) Paris or (B) London.", CITIES),
    ("A. Paris or B. London", CITIES),
    ("A) Paris or B) London", CITIES),
    ("A (Paris) or B (London)", CITIES),
    ("(A) Paris or (B) London.", ()),
    ("A. Paris or B. London", ()),
    ("A as well as B", CITIES),
    ("A, also B", CITIES),
    ("A - or B", CITIES),
    ("A; or B", CITIES),
    ("A, or maybe B", CITIES),
    ("A. Or the answer is B", CITIES),
    ("A or the answer is B", CITIES),
    ("Paris (or London)", CITIES),
    ("Paris or B", CITIES),
    ("3 (or 4)", ("3", "4")),
    ("C (or D)", CITIES),
    ("C\nor D", CITIES),
    ("C\nand D.", CITIES),
    ("probably C, but could be D", CITIES),
    ("A or A or B", CITIES),
]


@pytest.mark.parametrize(("hedge", "options"), HEDGES)
@pytest.mark.parametrize("lead", ["", "The answer is ", "Answer: ", "I see.\n"])
def test_a_hedge_is_no_single_choice(lead: str, hedge: str, options: tuple[str, ...]) -> None:
    assert extract_choice(lead + hedge, options).letter is None


@pytest.mark.parametrize("between", [" or perhaps ", ". ", ", or alternatively, ", "\n- ", "$ and $"])
def test_boxes_that_stand_together_are_read_together(between: str) -> None:
    assert extract_choice(rf"\boxed{{A}}{between}\boxed{{B}}", CITIES).letter is None
    assert extract_choice(rf"\boxed{{B}}{between}\boxed{{B}}", CITIES).letter == "B"


@pytest.mark.parametrize(("response", "options", "letter"), CHOSEN)
def test_a_choice_is_found(response: str, options: tuple[str, ...], letter: str) -> None:
    assert extract_choice(response, options).letter == letter


@pytest.mark.parametrize(("response", "options"), NOT_CHOSEN)
def test_what_is_no_single_choice(response: str, options: tuple[str, ...]) -> None:
    assert extract_choice(response, options).letter is None


def test_table_is_large_enough() -> None:
    assert len(CHOSEN) + len(NOT_CHOSEN) >= 80


HOSTILE = {
    "boxes that never close": r"\boxed{" * 40_000,
    "boxes of one letter": r"\boxed{A}" * 40_000,
    "boxes with joins": r"\boxed{A} or " * 30_000,
    "boxes of the same letter": r"\boxed{A, x}" * 30_000,
    "nested boxes": r"\boxed{" * 30_000 + "C" + "}" * 30_000,
    "braces": "{" * 300_000,
    "wrappers": r"\boxed{" + r"\text{" * 60 + "C" + "}" * 61,
    "statements": "the answer is A or " * 20_000,
    "statements with a long tail": ("answer: " + "A, " * 200) * 500,
    "colons": "answer:" * 50_000,
    "spaces": "answer" + " " * 300_000 + "is C",
    "stars": "*" * 300_000,
    "brackets": "(" * 300_000,
    "words": "so " * 100_000,
    "one line": "x" * 300_000,
    "lines": "A) \n" * 100_000,
    "NUL": "\x00" * 300_000,
    "surrogates": "\ud800" * 200_000,
    "thoughts": "<think></think>" * 30_000,
    "not not": "n't think " * 30_000 + "the answer is (",
    "corrections": "The answer is A, no, wait, no, it's B. " * 8_000,
    "noes": "The answer is A " + "no, " * 80_000,
    "repeated choices": ("The answer is A" + " or A" * 90 + ". ") * 600,
    "repeated texts": ("The answer is one" + " or one" * 60 + ". ") * 600,
    "remarks": "The answer is A (" + "((A) " * 60_000,
    "it is": "it is A. " * 30_000,
    "commas": "The answer is A" + "," * 300_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_read_quickly(name: str) -> None:
    options = ("one", *(f"option {letter}, {'word ' * 20}" for letter in ascii_uppercase[1:]))
    started = time.process_time()
    extract_choice(HOSTILE[name], options)
    assert time.process_time() - started < 1.0


def test_long_options_are_prepared_once_a_question() -> None:
    options = tuple(r"\text{w} " * 250 + letter for letter in ascii_uppercase)
    started = time.process_time()
    extract_choice("The answer is A, because " * 8000, options)
    assert time.process_time() - started < 1.0


def test_only_the_end_of_a_long_response_is_read() -> None:
    assert extract_choice(r"\boxed{C}" + "x" * 200_000, CITIES).letter is None
    assert extract_choice("x" * 10_000_000 + r" \boxed{C}", CITIES).letter == "C"


@given(st.text(alphabet=st.sampled_from("ABCabc (){}[].,:$*\\\n'’\u212a\u017f?") | st.characters(), max_size=60))
def test_any_text_is_read_without_an_error(text: str) -> None:
    for response in (text, rf"\boxed{{{text}}}", f"the answer is {text}", f"thoughts\n{text}"):
        letter = extract_choice(response, CITIES).letter
        assert letter in (None, "A", "B", "C", "D", "none")


@given(st.integers(0, 3), st.sampled_from([r"\boxed{%s}", "The answer is %s.", "Answer: (%s)", "thoughts\n%s"]))
def test_letter_and_text_of_an_option_name_it(index: int, form: str) -> None:
    assert extract_choice(form % ascii_uppercase[index], CITIES).letter == ascii_uppercase[index]
    if "(" not in form:
        assert extract_choice(form % CITIES[index], CITIES).letter == ascii_uppercase[index]


# --- verifier -------------------------------------------------------------------------------------------------------


def test_verdicts_in_order() -> None:
    task = ChoiceTask("C", CITIES)
    with ChoiceVerifier() as verifier:
        verdicts = verifier.judge_many([r"\boxed{C}", "Berlin", r"\boxed{B}", "none", "", "A or C"], [task] * 6)
        assert [v.correct for v in verdicts] == [True, True, False, False, False, False]
        assert [v.reward for v in verdicts] == [1.0, 1.0, 0.0, 0.0, 0.0, 0.0]
        assert [v.answer for v in verdicts] == ["C", "C", "B", "none", None, None]
        assert next(verifier.stream((text, task) for text in iter(lambda: "C", None))).correct is True
        with pytest.raises(ValueError, match="shorter"):
            verifier.judge_many(["C", "C"], [task])


# --- reading cases --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "task"),
    [
        ({"gold": "C", "answer": "x", "options": list(CITIES)}, ChoiceTask("C", CITIES)),
        ({"gold": "Berlin", "answer": "x", "options": list(CITIES)}, ChoiceTask("C", CITIES)),
        ({"gold": "Z", "answer": "x"}, ChoiceTask("Z")),
        ({"gold": "B", "answer": "", "options": None}, ChoiceTask("B")),
        ({"gold": 3, "answer": "x", "options": [1, 2, 3.5, 3]}, ChoiceTask("D", ("1", "2", "3.5", "3"))),
        ({"gold": "A", "answer": "x", "options": ["A", "B", "AB", "O"]}, ChoiceTask("A", ("A", "B", "AB", "O"))),
        ({"gold": "O", "answer": "x", "options": ["A", "B", "AB", "O"]}, ChoiceTask("D", ("A", "B", "AB", "O"))),
        ({"gold": " C ", "answer": "x", "options": list("wxyz")}, ChoiceTask("C", tuple("wxyz"))),
    ],
)
def test_cases_are_read(row: dict[str, Any], task: ChoiceTask) -> None:
    assert read_choice_case(row, "cases.jsonl, line 3") == (row["answer"], task)


@pytest.mark.parametrize(
    ("row", "key"),
    [
        ({"answer": "x"}, "gold"),
        ({"gold": "C"}, "answer"),
        ({"gold": "", "answer": "x"}, "gold"),
        ({"gold": "C", "answer": ["x"]}, "answer"),
        ({"gold": "E", "answer": "x", "options": list(CITIES)}, "gold"),
        ({"gold": "c", "answer": "x", "options": list(CITIES)}, "gold"),
        ({"gold": "berlin", "answer": "x", "options": list(CITIES)}, "gold"),
        ({"gold": "Berlin", "answer": "x"}, "gold"),
        ({"gold": "2", "answer": "x"}, "gold"),
        ({"gold": "B", "answer": "x", "options": ["B", "A", "O"]}, "gold"),
        ({"gold": "A", "answer": "x", "options": []}, "options"),
        ({"gold": "A", "answer": "x", "options": ["x"]}, "options"),
        ({"gold": "A", "answer": "x", "options": [str(i) for i in range(27)]}, "options"),
        ({"gold": "A", "answer": "x", "options": ["x", "x "]}, "options"),
        ({"gold": "A", "answer": "x", "options": ["x", " "]}, "options"),
        ({"gold": "A", "answer": "x", "options": ["x", None]}, "options"),
        ({"gold": "A", "answer": "x", "options": ["x", True]}, "options"),
        ({"gold": "A", "answer": "x", "options": ["x", float("nan")]}, "options"),
        ({"gold": "A", "answer": "x", "options": [float("inf"), "x"]}, "options"),
        ({"gold": "A", "answer": "x", "options": {"A": "x", "B": "y"}}, "options"),
        ({"gold": "A", "answer": "x", "options": "xy"}, "options"),
    ],
)
def test_a_bad_case_names_place_and_key(row: dict[str, Any], key: str) -> None:
    with pytest.raises(DataError) as caught:
        read_choice_case(row, "cases.jsonl, line 3")
    assert caught.value.message.startswith(f"cases.jsonl, line 3, key {key!r}: ")
    assert caught.value.cure


# --- options --------------------------------------------------------------------------------------------------------


def test_options_are_printed_one_a_line() -> None:
    assert format_options(("x", "y")) == "A) x\nB) y"


@given(st.lists(st.text("xyz", min_size=4, max_size=9), min_size=2, max_size=26, unique=True), st.integers())
def test_shuffling_moves_the_gold_with_its_option_and_back(options: list[str], seed: int) -> None:
    task = ChoiceTask(ascii_uppercase[len(options) - 1], tuple(options))
    shuffled = shuffle_options(task, seed)
    assert sorted(shuffled.order) == list(range(len(options)))
    assert sorted(shuffled.task.options) == sorted(options)
    assert shuffled.task.options[ascii_uppercase.index(shuffled.task.gold)] == options[-1]
    for place, letter in enumerate(ascii_uppercase[: len(options)]):
        assert options[ascii_uppercase.index(original_letter(shuffled, letter))] == shuffled.task.options[place]
    assert original_letter(shuffled, shuffled.task.gold) == task.gold


def test_shuffling_is_the_same_everywhere_and_differs_by_seed_and_question() -> None:
    task = ChoiceTask("A", CITIES)
    assert shuffle_options(task, 0) == shuffle_options(task, 0)
    assert [shuffle_options(task, seed).order for seed in range(4)] == [
        (3, 0, 1, 2),
        (2, 3, 0, 1),
        (3, 1, 0, 2),
        (3, 0, 1, 2),
    ]
    golds = [shuffle_options(ChoiceTask("A", tuple(f"{i}{c}" for c in "wxyz")), 0).task.gold for i in range(400)]
    assert all(70 <= golds.count(letter) <= 130 for letter in "ABCD")


def test_none_stays_none_through_a_shuffle() -> None:
    assert original_letter(shuffle_options(ChoiceTask("A", CITIES), 1), "none") == "none"


def test_surrogates_in_options_shuffle() -> None:
    assert shuffle_options(ChoiceTask("A", ("\ud800", "y", "z")), 0).shuffled


@pytest.mark.parametrize(
    ("options", "fixed"),
    [
        (("x", "y", "z", "All of the above"), {3}),
        (("x", "y", "z", "None of the above."), {3}),
        (("x", "y", "All of the above", "None of the above"), {2, 3}),
        (("x", "None of these", "y", "z"), {1}),
        (("x", "y", "z", "more than one of the above"), {3}),
        (("x", "y", "z", "none"), {3}),
        (("x", "y", "z", "None of the other options"), {3}),
        (("x", "y", "z", "None of the other choices"), {3}),
        (("vitamin A", "A is for apple", "a right", "z"), set()),
        (("A", "B", "AB", "O"), set()),
        (("Vitamins A and C", "y", "z", "w"), set()),
        (("I and II", "II only", "III only", "x"), set()),
        (("all of them are metals", "y", "z", "w"), set()),
    ],
)
def test_options_about_the_others_keep_their_place(options: tuple[str, ...], fixed: set[int]) -> None:
    results = [shuffle_options(ChoiceTask("A", options), seed) for seed in range(60)]
    assert all(result.shuffled for result in results)
    still = {place for place in range(4) if all(result.order[place] == place for result in results)}
    assert still == fixed


@pytest.mark.parametrize(
    "options",
    [
        ("x", "y", "A and B", "z"),
        ("x", "y", "z", "Both A and B"),
        ("x", "y", "z", "both (a) and (c)"),
        ("x", "y", "z", "A, B and C"),
        ("x", "y", "z", "Neither A nor B"),
        ("x", "y", "z", "A or B"),
        ("x", "y", "z", "A only"),
        ("x", "y", "z", "only (b)"),
        ("x", "y", "z", "A & C."),
        ("x", "y", "z", "Options A and B are correct"),
        ("x", "y", "z", "All of the above except B"),
        ("x", "y", "Both of the above", "z"),
        ("x", "y", "z", "both a and b"),
        ("x", "y", "z", "Neither a nor b"),
        ("x", "y", "z", "a and b only"),
        ("x", "y", "z", "a, b, and c"),
        ("x", "y", "z", "A and/or B"),
        ("x", "y", "z", "A is correct but B is not"),
        ("x", "y", "z", "Both A and B are correct, C is not"),
        ("x", "y", "z", "Same as A"),
        ("x", "y", "z", "both the first and second options"),
        ("A. x", "B. y", "C. z"),
        ("(A) x", "(B) y", "(C) z"),
    ],
)
def test_a_question_whose_options_name_letters_is_left_as_it_is(options: tuple[str, ...]) -> None:
    for seed in range(10):
        shuffled = shuffle_options(ChoiceTask("B", options), seed)
        assert not shuffled.shuffled
        assert shuffled.task == ChoiceTask("B", options)
        assert shuffled.order == tuple(range(len(options)))
