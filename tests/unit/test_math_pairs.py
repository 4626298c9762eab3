r"""What counts as the same answer: pairs (answer, gold), each with the verdict it must get.

The pairs are grouped by what is at stake. ``SAME`` and ``DIFFERENT`` are both needed in every group: a grader that
accepts too little starves reinforcement learning, one that accepts too much is what it learns to please.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from reasoncore.verify.math import MathVerifier

SAME: dict[str, list[tuple[str, str]]] = {
    "numbers": [
        ("025", "25"),
        ("1,234", "1234"),
        (r"1{,}234", "1,234"),
        (r"1\,000", "1000"),
        ("58,500", r"58,\!500"),
        ("2.50", "5/2"),
        ("−7", "-7"),
        ("3.0 \\times 10^8", "300000000"),
        ("1.5e-3", "0.0015"),
        (r"0.\overline{3}", r"\frac13"),
        ("½", "0.5"),
        ("5 million", "5,000,000"),
        ("3 dozen", "36"),
        ("2^{10}", "1024"),
        ("2**10", "1024"),
        ("5!", "120"),
        (r"\binom{5}{2}", "10"),
        (r"\lfloor 3.7 \rfloor", "3"),
        ("|-4|", "4"),
        ("2^{1000}+1", "1+2^{1000}"),
        ("--5", "5"),
        (r"\(5\)", "5"),
        (r"\[5\]", "5"),
        ("**5**", "5"),
        ("5;", "5"),
    ],
    "mixed numbers": [
        ("1 1/2", "3/2"),
        (r"1\frac12", r"\frac{3}{2}"),
        (r"137 \frac{1}{2}", "137.5"),
        ("-2 1/3", r"-\frac{7}{3}"),
        ("9/5", r"1\frac{4}{5}"),
    ],
    "roots and constants": [
        ("pi/2", r"\frac{\pi}{2}"),
        ("2*pi", r"2\pi"),
        ("2π", r"2\pi"),
        ("sqrt(2)/2", r"\frac{\sqrt{2}}{2}"),
        (r"\frac{1}{\sqrt{2}}", r"\frac{\sqrt{2}}{2}"),
        ("√13", r"\sqrt{13}"),
        ("3√13", r"3\sqrt{13}"),
        (r"\sqrt{242}", r"11\sqrt2"),
        (r"1/(1+\sqrt{2})", r"\sqrt{2}-1"),
        (r"\sqrt{4/9}", "2/3"),
        (r"8^{1/3}", "2"),
        (r"\sqrt[3]{16}", r"2\sqrt[3]{2}"),
        (r"\sqrt[3]{-8}", "-2"),
        (r"\sqrt[3]{-16}", r"-2\sqrt[3]{2}"),
        (r"\sqrt{3+2\sqrt{2}}", r"1+\sqrt{2}"),
        (r"\frac{\pi}{4} \cdot 2", r"\frac{\pi}{2}"),
        (r"\frac{2}{\sqrt{\pi}}", r"2/\sqrt{\pi}"),
        (r"11(\sqrt{5}+1)", r"11 \sqrt{5} + 11"),
        ("e^2", r"\exp(2)"),
        (r"\log_2 8", "3"),
        (r"\ln(e^5)", "5"),
        (r"\sin 30^\circ", "1/2"),
        (r"\cos(\pi/3)", "0.5"),
        (r"\arctan 1", r"\pi/4"),
        (r"\sin^{-1}(1)", r"\pi/2"),
    ],
    "complex": [
        ("-5i + 6", "6 - 5i"),
        ("6+9*i", "6+9i"),
        (r"(1+2i)^2", "-3+4i"),
        (r"\sqrt{-4}", "2i"),
        (r"\frac{1}{1+i}", r"\frac{1-i}{2}"),
        (r"e^{i\pi}", "-1"),
    ],
    "algebra": [
        ("q*(-1)+p", "p - q"),
        ("x^2+3x+2", "(x+1)(x+2)"),
        ("x**2 + 2*x*y + y**2", "(x+y)^2"),
        (r"\frac{x^2-1}{x-1}", "x+1"),
        ("(9a+11)/20", r"\frac{11+9a}{20}"),
        ("3r^2", "3R^2"),
        ("1/cot(x)", r"\tan x"),
        (r"\frac{\cos x}{\sin x}", r"\cot x"),
        ("2(k+1)", "2k+2"),
        (r"2 \sin x \cos x", r"\sin 2x"),
        ("a_1+a_2", "a_{2}+a_{1}"),
        ("2^{x+1}", r"2 \cdot 2^x"),
    ],
    "assignments": [
        ("x=5", "5"),
        ("5", "x=5"),
        ("x = 2+3 = 5", "5"),
        ("2+3=5", "5"),
        ("f(2) = 7", "7"),
        (r"\cos A = \frac{1}{2}", "1/2"),
        ("y=2x+3", "2x+3"),
        ("2x+3", "y = 2x+3"),
        ("(x,y)=(1,2)", "(1,2)"),
        ("x=1, y=2", "(1,2)"),
        (r"\sqrt{2} \approx 1.414", r"\sqrt{2}"),
        (r"AB = 3\sqrt{5}", r"3 \sqrt{5}"),
    ],
    "equations": [
        ("x+y=1", "2x+2y=2"),
        ("2x - y + 1 = 0", "y = 2x+1"),
        ("-5x+7y-11z=4", "5x - 7y + 11z + 4 = 0"),
        ("f(x)=2x+3", "y = 2x + 3"),
        ("x^2+y^2=25", "25 = y^2+x^2"),
        ("-2x=y", "y = -2x"),
    ],
    "lists": [
        ("-2, 1", "1,-2"),
        ("1 and -2", "1,-2"),
        ("x=1 or x=-2", "1,-2"),
        (r"\{1,-2\}", "1,-2"),
        ("3;5;7", "3, 5, 7"),
        ("7, 3, and 5", "3, 5, 7"),
        (r"1+\sqrt{19}, 1-\sqrt{19}", r"1 \pm \sqrt{19}"),
        (r"x = 1 \pm \sqrt{19}", r"1-\sqrt{19}, 1+\sqrt{19}"),
        (r"\pm 3", "3,-3"),
        (r"-2, 1-\sqrt5, 1+\sqrt5", r"\{1\pm\sqrt{5},-2\}"),
        (r"\{2,1,2\}", r"\{1,2\}"),
        ("100, 200, 300", "100,200,300"),
        (r"30^\circ, 60^\circ", "60, 30"),
        (r"1,2,\ldots,n", "1,2,...,n"),
        (r"\{5\}", "5"),
    ],
    "tuples and intervals": [
        (r"(3, \pi/2)", r"\left( 3, \frac{\pi}{2} \right)"),
        ("2,4", "(2,4)"),
        ("(6.0, 31, -1)", "(6,31,-1)"),
        (r"\langle 1,2,3 \rangle", "(1,2,3)"),
        ("3<x<4", "(3,4)"),
        ("3<x\\le 4", "(3,4]"),
        ("4 ≥ x > 3", "(3,4]"),
        ("(1,3)", "1<x<3"),
        ("-2 <= x <= 7", r"x \in [-2,7]"),
        ("[-2,7]", r"x \in [-2,7]"),
        ("x>2", r"(2,\infty)"),
        ("2x > 4", r"x > 2"),
        ("x ≤ 0", r"(-\infty, 0]"),
        ("x<2 or x>3", r"(-\infty, 2) \cup (3, \infty)"),
        (r"(9,36) \cup (0,9)", r"(0,9) \cup (9,36)"),
        (r"\mathbb{R}", r"(-\infty,\infty)"),
        (r"-\infty<x<3", "x<3"),
        (r"-\sqrt{3} < x < \sqrt{3}", r"(-\sqrt{3}, \sqrt{3})"),
    ],
    "matrices": [
        (r"\begin{bmatrix} -1 & 0 \\ 0 & -1 \end{bmatrix}", r"\begin{pmatrix} -1 & 0 \\ 0 & -1 \end{pmatrix}"),
        (
            r"\begin{pmatrix} -\frac13 \\ \frac23 \\ \frac53 \end{pmatrix}",
            r"\begin{pmatrix} -1/3 \\ 2/3 \\ 5/3 \end{pmatrix}",
        ),
        ("(-7, 16, 5)", r"\begin{pmatrix} -7 \\ 16 \\ 5 \end{pmatrix}"),
    ],
    "units": [
        ("5 cm", "5"),
        ("5", r"5 \text{ cm}"),
        ("864", r"864 \mbox{ inches}^2"),
        ("864 square inches", r"864 \mbox{ inches}^2"),
        (r"15\text{ cm}^2", r"15\mbox{ cm}^2"),
        ("100 cm", "1 m"),
        ("1 hour", "60 minutes"),
        ("$5", "5 dollars"),
        ("5 dollars", r"\$5"),
        ("$0.05", "5 cents"),
        ("5.4", r"5.4 \text{ cents}"),
        ("5 apples", "5"),
        ("5 apples", "5 fruits"),
        ("60 km/h", r"60 \text{ km/h}"),
        (r"3 \text{ m/s}", "3"),
        (r"5\sqrt{2}\text{ m}", r"5\sqrt{2}"),
        (r"12 \text{ N}", "12"),
        ("90", r"90^\circ"),
        ("90 degrees", r"90^\circ"),
        ("90°", "90"),
        (r"\frac{270}{7}^\circ", r"\frac{270}7\text{ degrees}"),
        (r"\pi/2", r"90^\circ"),
        ("5m", "5 m"),
    ],
    "percent": [
        ("50%", r"50\%"),
        ("50", r"50\%"),
        ("0.5", r"50\%"),
        ("50%", "0.5"),
        ("50%", "1/2"),
        ("50%", "50"),
        ("50 percent", r"50\%"),
        (r"12.5\%", r"\frac18"),
        (r"33\frac{1}{3}\%", "1/3"),
    ],
    "ratios": [
        ("1:2", "1:2"),
        ("2:4", "1:2"),
        ("1/2", "1:2"),
        ("1:2", r"\frac{1}{2}"),
        ("2:4:6", "1:2:3"),
        ("3:30", "3:30"),
    ],
    "words": [
        ("Evelyn", r"\text{Evelyn}"),
        ("the Evelyn", "Evelyn"),
        ("monday", "Monday"),
        ("C", r"\text{(C)}"),
        ("(C)", r"\text{(C)}"),
        (r"\textbf{(C)}", "C"),
        ("c", "(C)"),
        (r"\text{east}", "East"),
        (r"\text{June } 5", "June 5"),
        ("An ellipse.", r"\text{ellipse}"),
    ],
    "bases": [
        ("52_{8}", "52_8"),
        ("52", "52_8"),
        ("42_{10}", "42"),
        ("0110_2", "110_2"),
        ("(10_2, 12_3)", "(10_{2},12_3)"),
    ],
}

DIFFERENT: dict[str, list[tuple[str, str]]] = {
    "numbers": [
        ("0.3333333", "1/3"),
        ("1.41421356", r"\sqrt{2}"),
        ("3.14159265358979", r"\pi"),
        (r"\frac{1}{2006!}", r"\frac{1}{2004!}"),
        ("2^{1000}", "2^{1000}+1"),
        (r"\frac{2^{1000}}{2^{1000}+1}", "1"),
        ("10^{-20}", "0"),
        ("1+10^{-30}", "1"),
        ("9^{9^{9^9}}", "387420489"),
        ("10000000!", "5"),
        (r"\frac{0}{0}", "0"),
        (r"\infty - \infty", "0"),
        (r"-\infty", r"\infty"),
        ("1/0", r"\infty"),
        ("5 million", "5"),
        ("3/2", r"3\frac{1}{2}"),
        ("1,234", "1.234"),
        ("1 2", "12"),
    ],
    "roots and constants": [
        ("1-1/e", "e"),
        ("e", "1-1/e"),
        ("e", "1/e"),
        (r"\pi", r"\frac{\pi}{2}"),
        (r"\sqrt{2}", r"\sqrt{3}"),
        (r"\sqrt{2}+\sqrt{3}", r"\sqrt{5}"),
        (r"\sqrt[3]{2}", r"\sqrt{2}"),
        (r"e^{\pi\sqrt{163}}", "262537412640768744"),
        (r"\sin 1", r"\sin 1 + 10^{-25}"),
        (r"\sin(10^{-20})", "0"),
        (r"\sin(2500!)", "0"),
        (r"\sin(2^{30000})", r"\sin(2^{30001})"),
        (r"\sin 30", "1/2"),
    ],
    "complex": [("6+5i", "6 - 5i"), ("9+6i", "6+9i"), ("i", "-i"), ("2", "2i")],
    "algebra": [
        ("2kx", "2k"),
        ("5t", "5"),
        ("5x", "5"),
        ("x+10^{-20}", "x"),
        ("x^3", "x^2"),
        ("(x+1)^2", "x^2+1"),
        (r"\sin x", r"\cos x"),
        (r"\sin^2 x", r"\sin x^2"),
        ("rR", "r^2"),
        ("x", "y"),
        ("|x|", "x"),
        (r"\lfloor x \rfloor", r"\lfloor x + \frac{1}{1000000} \rfloor"),
    ],
    "assignments": [
        ("2x=10", "10"),
        ("6=5", "5"),
        ("x=6=5", "5"),
        ("x=6", "5"),
        ("x=5", "y=5"),
        ("5=6", "5"),
        ("x \\ne 5", "5"),
        ("x<5", "5"),
    ],
    "equations": [
        ("y=2x+1", "y=2x+3"),
        ("y=3x+3", "y=2x+3"),
        ("x+y=1", "x+y=2"),
        ("x=0", "x^2=0"),
        ("0=0", "y=2x+3"),
        ("y<2x+3", "y=2x+3"),
    ],
    "lists": [
        ("4 or 5", "5"),
        ("4, 5", "5"),
        ("1", "1,-2"),
        ("1,-2,3", "1,-2"),
        ("1,1", "1,-2"),
        ("1,3,...,2n-1", "1,2,...,n"),
        (r"1,3,\ldots,2n-1", r"1,2,\ldots,n"),
        (r"1 \pm \sqrt{17}", r"1 \pm \sqrt{19}"),
        (r"\pm 3", "3"),
        (r"(1,2)", r"\{1,2\}"),
        (r"\{1,2\}", "(1,2)"),
        ("1,2,3,4,5,6,7,8,9,10", "5"),
    ],
    "tuples and intervals": [
        ("(4,2)", "(2,4)"),
        ("4,2", "(2,4)"),
        (r"\{2,4\}", "(2,4)"),
        ("(3,4)", "(3,4]"),
        ("[3,4]", "(3,4)"),
        ("[3,4)", "(3,4]"),
        ("3<x<4", "(3,4]"),
        ("3\\le x<4", "(3,4)"),
        ("x>3", "x<3"),
        ("1<y<3", "1<x<3"),
        ("(2,4,1)", "(2,4)"),
        ("(0,9)", r"(0,9) \cup (9,36)"),
        ("(0,36)", r"(0,9) \cup (9,36)"),
        (r"(2,\infty)", r"(-\infty,2)"),
    ],
    "matrices": [
        (r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}", r"\begin{pmatrix} 1 & 3 \\ 2 & 4 \end{pmatrix}"),
        (r"\begin{pmatrix} 1 & 2 \end{pmatrix}", r"\begin{pmatrix} 1 \\ 2 \end{pmatrix}"),
        ("(16, -7, 5)", r"\begin{pmatrix} -7 \\ 16 \\ 5 \end{pmatrix}"),
    ],
    "units": [
        ("5 cm", "5 m"),
        (r"5 \text{ cm}", r"5 \text{ cm}^2"),
        ("5 m", r"5 \text{ m}^2"),
        ("5 minutes", "5 hours"),
        ("5 cents", "5 dollars"),
        ("$5.4", r"5.4 \text{ cents}"),
        ("5 kg", "5 m"),
        ("90 degrees", "90 radians"),
        ("3 m/s", "3 km/h"),
        ("6 apples", "5 apples"),
        ("2m", "2"),
        ("5 hours 30 minutes", "5"),
    ],
    "percent": [("0.5%", "0.5"), ("5%", "50%"), ("50", "0.5"), ("5%", "0.5"), ("1%", "1")],
    "ratios": [("2:1", "1:2"), ("2", "1:2"), ("1:2:3", "3:2:1"), ("1:10", "3:30"), ("1:2:3", "1:2"), ("1:2:4", "1/2")],
    "words": [
        ("odd", "even"),
        ("D", r"\text{(C)}"),
        (r"\text{Evelyn} 5", "Evelyn"),
        (r"\text{Evelyn} \text{ or Bob}", "Evelyn"),
        ("Evelyn and Bob", "Evelyn"),
        ("not 4, maybe 5", "5"),
        ("not 4 %&^ 5", "5"),
        ("five", "5"),
        ("5 or so, I think, not sure", "5"),
        ("CAB", "ABC"),
        (r"\text{I am not sure}", "5"),
        ("the answer", "the"),
        ("Bob", "the Evelyn"),
    ],
    "bases": [("52_9", "52_8"), ("42", "52_8"), ("52_8", "42")],
    "code": [
        ("__import__('os').getpid()", "5"),
        ("lambda x: 5", "5"),
        ("eval('5')", "5"),
        ("().__class__.__bases__", "5"),
        (r"\operatorname{exec}(5)", "5"),
        ("import os", "5"),
        (r"\variable{5}", "5"),
        ("5 if True else 6", "5"),
    ],
}

PAIRS = [
    (group, answer, gold, expected)
    for expected, table in ((True, SAME), (False, DIFFERENT))
    for group, pairs in table.items()
    for answer, gold in pairs
]


@pytest.fixture(scope="module")
def verifier() -> Iterator[MathVerifier]:
    with MathVerifier(workers=1) as shared:
        yield shared


@pytest.mark.parametrize(("group", "answer", "gold", "expected"), PAIRS)
def test_pair(verifier: MathVerifier, group: str, answer: str, gold: str, expected: bool) -> None:
    verdict = verifier.judge(rf"So \boxed{{{answer}}}.", gold)
    assert verdict.correct is expected, f"{group}: {verdict.reason}"
    assert verdict.reward == float(expected)


def test_the_table_is_large_enough() -> None:
    assert len(PAIRS) == len(set(PAIRS)) > 250


@pytest.mark.parametrize("gold", sorted({gold for _, _, gold, _ in PAIRS}))
def test_every_gold_is_correct_against_itself(verifier: MathVerifier, gold: str) -> None:
    assert verifier.judge(rf"\boxed{{{gold}}}", gold).correct is True


def test_equivalence_is_symmetric(verifier: MathVerifier) -> None:
    for _, answer, gold, expected in PAIRS[::5]:
        outcome = verifier.equivalent(answer, gold)
        assert outcome is verifier.equivalent(gold, answer)
        assert outcome or not expected
