"""Choosing and weighing specialists, and judging what their fusion is worth."""

import pytest

from reasoncore.evals.metrics import pass_at_k
from reasoncore.records import Completion, Group, Problem, Verdict
from reasoncore.sft.fuse import compare_with_fused
from reasoncore.sft.specialists import (
    choose_specialists,
    fusion_weights,
    halves,
    mean_by_subdomain,
    pass_at_by_problem,
)


def make_group(name: str, correct: list[bool | None], subdomain: str = "algebra", domain: str = "math") -> Group:
    completion = Completion((1,), (2,), (0.0,), "", "stop")
    verdicts = tuple(Verdict(c, 0.0, None, "") for c in correct)
    return Group(Problem(name, domain, subdomain, "?", "0"), (completion,) * len(correct), verdicts)


def test_each_subdomain_takes_its_best_checkpoint_and_ties_go_to_the_later() -> None:
    scores = {
        "step-1": {"math/algebra": 0.9, "code/lists": 0.2, "stem/matter": 0.5},
        "step-2": {"math/algebra": 0.7, "code/lists": 0.6, "stem/matter": 0.5},
        "last": {"math/algebra": 0.8, "code/lists": 0.6, "stem/matter": 0.4},
    }
    chosen = choose_specialists(scores)
    assert chosen == {"math/algebra": "step-1", "code/lists": "last", "stem/matter": "step-2"}


def test_weights_are_one_share_a_subdomain() -> None:
    weights = fusion_weights({"a": "x", "b": "y", "c": "x", "d": "x"})
    assert weights == {"x": 0.75, "y": 0.25}
    assert sum(fusion_weights({str(i): str(i % 7) for i in range(13)}).values()) == pytest.approx(1.0, abs=1e-12)


def test_halves_share_no_problem_and_split_every_subdomain() -> None:
    problems = [Problem(f"{i}", "math", ("algebra", "geometry")[i % 2], "?", "0") for i in range(21)]
    one, other = halves(problems)
    assert {p.id for p in one} | {p.id for p in other} == {p.id for p in problems}
    assert not {p.id for p in one} & {p.id for p in other}
    for name in ("algebra", "geometry"):
        counts = [sum(p.subdomain == name for p in side) for side in (one, other)]
        assert abs(counts[0] - counts[1]) <= 1


def test_pass_at_k_of_probes_is_the_closed_form_and_leaves_out_what_was_not_judged() -> None:
    groups = [
        make_group("a", [True, False, False, False]),
        make_group("b", [True, True, None, False]),
        make_group("c", [True, None, None, None]),
        make_group("d", [False, True], "lists", "code"),
    ]
    values = pass_at_by_problem(groups, 2)
    assert values == {
        "math/algebra": {"math/a": pass_at_k(4, 1, 2), "math/b": pass_at_k(3, 2, 2)},
        "code/lists": {"code/d": 1.0},
    }
    assert pass_at_k(4, 1, 2) == pytest.approx(0.5)
    assert mean_by_subdomain(values)["math/algebra"] == pytest.approx(0.75)


def test_the_verdict_on_fusion_by_hand() -> None:
    values = {
        "x": {"m": {"1": 1.0, "2": 0.0}, "c": {"3": 0.0, "4": 0.0}},  # macro 0.25
        "last": {"m": {"1": 0.0, "2": 0.0}, "c": {"3": 1.0, "4": 0.5}},  # macro 0.375
        "fused": {"m": {"1": 1.0, "2": 0.0}, "c": {"3": 1.0, "4": 0.0}},  # macro 0.5
    }
    verdict = compare_with_fused(values, "x", "last")
    assert verdict["macro"] == pytest.approx({"x": 0.25, "last": 0.375, "fused": 0.5})
    assert (verdict["winner"], verdict["best_specialist"]) == ("fused", "x")
    assert verdict["fused_minus_last"]["mean"] == pytest.approx(0.125)
    assert verdict["fused_minus_best_specialist"]["mean"] == pytest.approx(0.25)
