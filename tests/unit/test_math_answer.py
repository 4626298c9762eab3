r"""Finding the final answer and reading exact numbers: ordinary, odd and hostile text."""

from __future__ import annotations

import time
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reasoncore.verify.math.answer import based_number, exact_number, extract_answer, normalise_answer


@pytest.mark.parametrize(
    ("response", "answer"),
    [
        (r"So \boxed{42}.", "42"),
        (r"First \boxed{1}, no: \boxed{2}", "2"),
        (r"\fbox{7}", "7"),
        (r"\boxed {7}", "7"),
        (r"\boxed{\frac{1}{2}}", r"\frac{1}{2}"),
        (r"\boxed{\{1, 2\}}", r"\{1, 2\}"),
        (r"\boxed{ 3 }", "3"),
        (r"\boxed{42}. I put it within \boxed{}.", "42"),
        (r"\boxed{42} and again \boxed{4", "42"),
        (r"{ an open brace \boxed{5}", "5"),
        (r"line\\\boxed{5}", "5"),
        (r"a doubly escaped \\boxed{5}", "5"),
        (r"\boxed{9} #### 8", "9"),
        ("Janet has 3.\n#### 18", "18"),
        ("#### 1,450,000", "1,450,000"),
        ("#### -$3.50", "-$3.50"),
        ("#### 18 dollars", "18"),
        ("#### 18\n", "18"),
        ("#### 1. Plan\nThe answer is 6.", "6"),
        ("#### Answer: 6", "6"),
        ("The answer is 42.", "42"),
        ("The answer is 3.14. Checked.", "3.14"),
        ("The answer is 42 apples.", "42"),
        ("The answer is 3 million.", "3 million"),
        ("the answer is $18 per day, not $20", "$18"),
        ("The answer is 42, which is 6 times 7.", "42"),
        ("The answer is 42 because 6*7=42", "42"),
        ("The answer is 5 to 6", "5 to 6"),
        ("The answer is 5 plus 6", "5 plus 6"),
        ("The answer is 5 over 6", "5 over 6"),
        ("The answer is 5 halves", "5 halves"),
        ("The answer is 5 squared.", "5 squared"),
        ("The answer is 5 factorial", "5 factorial"),
        ("The answer is 10 to the power of 3", "10 to the power of 3"),
        ("The answer is 2 ab", "2 ab"),
        ("The answer is 2 xy + 1", "2 xy + 1"),
        ("The answer is 2 sqrt(3)", "2 sqrt(3)"),
        ("The answer is 2 (x+1)", "2 (x+1)"),
        ("The answer is 3 tens", "3 tens"),
        ("The answer is 5 cm, and 6 cm", "5 cm, and 6 cm"),
        ("The answer is 10 a.m.", "10 a.m"),
        ("The answer is $5$ or $6$", "$5$ or $6$"),
        ("The answer is $2$ times $3$", "$2$ times $3$"),
        ("The answer is $5$ if x > 0", "$5$ if x > 0"),
        ("The answer is 5 (five).", "5"),
        ("the answer would be 5", "5"),
        ("The answer is therefore $5$.", "5"),
        ("**Final Answer**\n\n5", "5"),
        ("## Answer\n5", "5"),
        ("<answer>5</answer>", "5"),
        ("<answer> 5 or 6 </answer> #### 5", "5 or 6"),
        ("<answer>5", None),
        (r"So $\boxed 5$.", "5"),
        (r"\boxed 52", "52"),
        (r"\boxed5\frac12", None),
        (r"\boxed x + 1 and \boxed{7}", "7"),
        ("#### 5 or 6", "5 or 6"),
        ("#### 5 million", "5 million"),
        ("#### 5 %", "5 %"),
        ("#### 5 x 10^3", "5 x 10^3"),
        ("#### 12 1/2", "12 1/2"),
        ("#### 1 000", "1 000"),
        ("#### 3 * 6 = 18", "3 * 6 = 18"),
        ("#### -5 + 3", "-5 + 3"),
        ("#### x = 5", "x = 5"),
        ("#### **5**", "5"),
        ("#### (a) First part\nThe answer is 6.", "6"),
        (r"Final answer: $\frac{1}{2}$ of it", r"\frac{1}{2}"),
        ("**Answer:** 12", "12"),
        ("The answer is:\n\n(C)", "(C)"),
        ("The answer is 1. Wait. The answer is 2.", "2"),
        ("<think>the answer is 1</think>The answer is 2", "2"),
        (r"\boxed{1}</think>The answer is 2", "2"),
        (r"<think>\boxed{1}</think>", None),
        (r"<think>\boxed{1}", None),
        (r"<think>a</think><think>\boxed{1}", None),
        ("no idea", None),
        ("", None),
        ("42", None),
        (r"\boxed{}", None),
        ("The answer is", None),
    ],
)
def test_extract_answer(response: str, answer: str | None) -> None:
    assert extract_answer(response) == answer


def test_only_the_last_200k_characters_are_read() -> None:
    assert extract_answer(r"\boxed{1}" + "x" * 199_980) == "1"
    assert extract_answer(r"\boxed{1}" + "x" * 200_000) is None
    assert extract_answer("<think>" + "x" * 300_000 + r"\boxed{1}") is None


def test_an_answer_of_more_than_500_characters_is_none() -> None:
    assert extract_answer(r"\boxed{" + "1" * 500 + "}") == "1" * 500
    assert extract_answer(r"\boxed{2} \boxed{" + "1" * 501 + "}") is None
    assert extract_answer("The answer is " + "1" * 600) is None


def test_nesting_is_limited() -> None:
    assert extract_answer(r"\boxed{" + "{" * 39 + "1" + "}" * 40) == "{" * 39 + "1" + "}" * 39
    assert extract_answer(r"\boxed{" + "{" * 40 + "1" + "}" * 41) is None


@pytest.mark.parametrize(
    "hostile",
    [
        r"\boxed{" * 150_000,
        r"\boxed{}" * 130_000,
        r"\boxed" + " " * 1_000_000,
        r"\boxed{" + "{" * 500_000 + "}" * 500_000 + "}",
        "{" * 1_000_000,
        "\\" * 1_000_000,
        "answer is " * 100_000,
        "answer" + " " * 1_000_000,
        "answer: " + "$" * 1_000_000,
        "#" * 1_000_000,
        "####" + "1," * 500_000,
        "<think>" * 150_000,
        "answer is " + "1" * 1_000_000,
        "<answer>" * 120_000,
        "answer is 5 " + "a " * 500_000,
        "answer\n" * 150_000,
        "# " * 500_000,
    ],
    ids=lambda text: text[:12],
)
def test_hostile_text_takes_no_time(hostile: str) -> None:
    started = time.perf_counter()
    extract_answer(hostile)
    assert time.perf_counter() - started < 0.5


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("18", Fraction(18)),
        ("025", Fraction(25)),
        ("+3", Fraction(3)),
        ("-50", Fraction(-50)),
        ("−50", Fraction(-50)),
        ("1,234", Fraction(1234)),
        ("109,200,000", Fraction(109_200_000)),
        ("1{,}234", Fraction(1234)),
        (r"11,\! 111,\! 111,\! 100", Fraction(11_111_111_100)),
        ("$18$", Fraction(18)),
        ("$18", Fraction(18)),
        (r"\$32,\!348", Fraction(32_348)),
        ("-$3.50", Fraction(-7, 2)),
        (r"-\$3.50", Fraction(-7, 2)),
        ("42.", Fraction(42)),
        ("$42$.", Fraction(42)),
        ("3.0", Fraction(3)),
        (".35625", Fraction(57, 160)),
        ("-.5", Fraction(-1, 2)),
        ("-0.25", Fraction(-1, 4)),
        ("1,234.5", Fraction(2469, 2)),
        ("6/4", Fraction(3, 2)),
        ("-1/3", Fraction(-1, 3)),
        (r"\frac{1}{2}", Fraction(1, 2)),
        (r"-\dfrac{3}{6}", Fraction(-1, 2)),
        (r"\tfrac{-1}{ 2 }", Fraction(-1, 2)),
        (r"\frac43", Fraction(4, 3)),
        (r"\frac 59", Fraction(5, 9)),
        (r"\frac9{19}", Fraction(9, 19)),
        ("9" * 60, Fraction(10**60 - 1)),
    ],
)
def test_exact_number(text: str, value: Fraction) -> None:
    assert exact_number(text) == value


@pytest.mark.parametrize(
    "text",
    [
        *("", ".", "-", "x", "1e5", "1 2", "1,2", "1,23", "12,34,567", "1, 234", "50%", "5 cm", "1/0", r"\frac{1}{0}"),
        *(r"1\frac{1}{2}", r"\frac{x}{2}", r"\sqrt{4}", "2**3", "10**10**10", "9" * 61, "1/2/3", "٣", "¼", "--1"),
        *("1\n2", "__import__('os').system('true')", r"3,\,500", "0x10", "1_000", "nan", "inf"),
    ],
)
def test_what_is_not_plainly_a_number_is_none(text: str) -> None:
    assert exact_number(text) is None


@given(st.integers(-(10**59), 10**59))
def test_every_integer_reads_back(value: int) -> None:
    assert exact_number(str(value)) == exact_number(f"{value:,}") == exact_number(rf"$\frac{{{value}}}{{1}}$") == value


@given(st.text(max_size=80))
def test_no_text_breaks_the_readers(text: str) -> None:
    exact_number(text)
    based_number(text)
    normalise_answer(text)
    extract_answer(text)


def test_based_numbers() -> None:
    assert based_number("52_8") == based_number("$052_{8}$") == ("52", 8)
    assert based_number("52_8") != based_number("52_9")
    assert based_number("52") is None
    spellings = ("52_8.", r"\(52_8\)", "{52_8}", "x = 52_8", "(52)_8", "52_{(8)}", r"52_{\text{eight}}", "52 base 8")
    assert {based_number(text) for text in (*spellings, r"52 \text{ (base 8)}")} == {("52", 8)}
    assert based_number("5(2)_8") is based_number("x_8") is based_number("10^2_8") is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("p - q", "p-q"),
        (r"\left( 3, \frac{\pi}{2} \right)", r"(3,\dfrac{\pi}{2})"),
        (r"\text{Evelyn}", "Evelyn."),
        ("$x^2$", "x^2"),
        (r"2\, \pi", r"2\pi"),
    ],
)
def test_layout_does_not_matter(one: str, other: str) -> None:
    assert normalise_answer(one) == normalise_answer(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1 2", "12"),
        ("1,234", "1, 234"),
        ("x", "X"),
        (r"\leftarrow", r"\rightarrow"),
        ("(1,2)", "[1,2]"),
        ("52_8", "52"),
        ("x y", "xy"),
    ],
)
def test_normalising_keeps_different_answers_apart(one: str, other: str) -> None:
    assert normalise_answer(one) != normalise_answer(other)
