r"""The verifier: which route judges what, golds that cannot be read, hostile answers, speed."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from reasoncore.domains import DOMAINS
from reasoncore.verify import math as math_module
from reasoncore.verify.math import MathVerifier


@pytest.fixture(scope="module")
def verifier() -> Iterator[MathVerifier]:
    with MathVerifier() as shared:
        yield shared


@pytest.fixture
def no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a worker was started")

    monkeypatch.setattr(math_module, "_Worker", refuse)


@pytest.mark.parametrize(
    ("answer", "gold", "correct"),
    [
        ("18", "18", True),
        ("18.0", "18", True),
        ("25", "025", True),
        ("0.5", r"\frac{1}{2}", True),
        ("0.3333333", "1/3", False),
        ("17", "18", False),
        ("52_9", "52_8", False),
        ("p-q", "p - q", True),
        (r"\text{east}", "east", True),
    ],
)
@pytest.mark.usefixtures("no_worker")
def test_plain_answers_need_no_worker(answer: str, gold: str, correct: bool) -> None:
    verdict = MathVerifier().judge(rf"So \boxed{{{answer}}}.", gold)
    assert verdict.correct is correct
    assert verdict.reward == float(correct)
    assert verdict.answer == answer


@pytest.mark.parametrize(
    ("answer", "gold", "correct"),
    [
        ("x=5", "5", True),
        ("5+1", "6", True),
        ("2**3", "8", True),
        (r"-q+p", "p - q", True),
        (r"90^\circ", "90", True),
        ("-2, 1", "1,-2", True),
        ("9/5", r"1\frac{4}{5}", True),
        ("East", r"\text{east}", True),
        ("C", r"\text{(C)}", True),
        (r"\frac{\sqrt{3}}{3}", r"\frac{1}{\sqrt{3}}", True),
        ("(3,4)", "(3,4]", False),
        ("(4,2)", "(2,4)", False),
        ("4 or 5", "5", False),
        ("4, 5", "5", False),
        ("not 4, maybe 5", "5", False),
        ("not 4 %&^ 5", "5", False),  # not LaTeX: no number is picked out of it
        (r"\sqrt{2}", r"\sqrt{3}", False),
        ("__import__('os').getpid()", "5", False),
    ],
)
def test_symbolic_comparison(verifier: MathVerifier, answer: str, gold: str, correct: bool) -> None:
    verdict = verifier.judge(rf"So \boxed{{{answer}}}.", gold)
    assert verdict.correct is correct, verdict.reason
    assert verdict.reward == float(correct)


@pytest.mark.usefixtures("no_worker")
def test_no_answer_is_incorrect() -> None:
    verdict = MathVerifier().judge("I do not know", "5")
    assert (verdict.correct, verdict.reward, verdict.answer, verdict.reason) == (False, 0.0, None, "no answer")


@pytest.mark.usefixtures("no_worker")
def test_bare_answers_are_taken_only_when_asked_for() -> None:
    assert MathVerifier().judge("0.5", r"\frac{1}{2}").correct is False
    assert MathVerifier().judge("0.5", r"\frac{1}{2}", bare_answers=True).correct is True
    assert MathVerifier().judge("1" * 501, "1", bare_answers=True).answer is None


@pytest.mark.parametrize("gold", ["", "  ", "x" * 501, r"\frac{", "???"])
def test_a_gold_that_cannot_be_read_is_not_judged(verifier: MathVerifier, gold: str) -> None:
    verdict = verifier.judge(r"\boxed{5}", gold)
    assert verdict.correct is None
    assert verdict.reward == 0.0
    assert verdict.reason.startswith("not judged: gold")


def test_an_unreadable_gold_leaves_the_worker_in_step(verifier: MathVerifier) -> None:
    verifier.judge(r"\boxed{v+1}", "1+v")
    before = _pid(verifier)
    assert verifier.judge(r"\boxed{6}", "!!!").correct is None
    assert verifier.judge(r"\boxed{w+1}", "1+w").correct is True
    assert _pid(verifier) == before


@pytest.mark.usefixtures("no_worker")
def test_a_boxed_gold_is_unboxed() -> None:
    assert MathVerifier().judge(r"\boxed{5}", r"$\boxed{5}$").correct is True


def test_judge_many_keeps_the_order(verifier: MathVerifier) -> None:
    responses = [r"\boxed{1}", r"\boxed{x+1}", "nothing", r"\boxed{3}"]
    verdicts = verifier.judge_many(responses, ["1", "1+x", "2", "4"])
    assert [verdict.correct for verdict in verdicts] == [True, True, False, False]
    assert [verdict.answer for verdict in verdicts] == ["1", "x+1", None, "3"]
    with pytest.raises(ValueError, match=r"shorter|longer"):
        verifier.judge_many(responses, ["1"])


@pytest.mark.parametrize("answer", [r"9^{9^{9^{9}}}", "10000000!"])
def test_an_answer_that_never_ends_is_incorrect_after_two_seconds(answer: str) -> None:
    with MathVerifier() as verifier:
        verifier.judge(r"\boxed{x+1}", "1+x")  # start-up is not in the limit; here it is kept out of the clock
        started = time.monotonic()
        verdict = verifier.judge(rf"\boxed{{{answer}}}", "5")
        assert 1.9 < time.monotonic() - started < 3.0
        assert verdict.correct is False
        assert verdict.reason == "grading exceeded 2 s"
        assert verifier.judge(r"\boxed{y+1}", "1+y").correct is True  # a fresh worker
        started = time.monotonic()
        assert verifier.judge(rf"\boxed{{{answer}}}", "5").reason == "grading exceeded 2 s"
        assert time.monotonic() - started < 0.1  # remembered


def test_towers_and_nests_do_no_harm() -> None:
    with MathVerifier() as verifier:
        for answer in ("10**10**10", "(" * 200 + "5" + ")" * 200, r"\sqrt{" * 39 + "5" + "}" * 39, "x" + "!" * 300):
            started = time.monotonic()
            assert verifier.judge(rf"\boxed{{{answer}}}", "7").correct is False
            assert time.monotonic() - started < 5.0


def test_a_megabyte_of_braces() -> None:
    started = time.monotonic()
    verdict = MathVerifier().judge(r"\boxed{" + "{" * 500_000 + "5" + "}" * 500_000 + "}", "5")
    assert verdict.correct is False
    assert time.monotonic() - started < 0.5


def test_the_fast_path_is_fast() -> None:
    text = r"We compute $\frac{1}{2}$ of it. " * 30
    responses = [f"{text} so \\boxed{{{number % 997}}}." for number in range(5000)]
    golds = [str(number % 1000) for number in range(5000)]
    verifier = MathVerifier()
    best = float("inf")
    for _ in range(5):
        started = time.perf_counter()
        verifier.judge_many(responses, golds)
        best = min(best, time.perf_counter() - started)
    assert 5000 / best > 50_000


def test_the_math_domain_judges() -> None:
    judge = DOMAINS["math"].make_verifier()
    assert judge.judge_many([r"\boxed{5}"], ["5"])[0].correct is True
    judge.close()
    assert r"\boxed{}" in DOMAINS["math"].instruction


def _pid(verifier: MathVerifier) -> int:
    assert verifier._worker is not None
    return verifier._worker._process.pid
