"""What a recipe expects, against samples computed by hand; and the clock that times the stages."""

import json
import time
from pathlib import Path

import pytest
from pydantic import ValidationError

from reasoncore.config import Expectation, load_recipe
from reasoncore.errors import RecipeError
from reasoncore.evals.expectations import check_expectation
from reasoncore.evals.score import ProblemSamples
from reasoncore.timing import Clock


def samples(name: str, correct: list[bool], tokens: list[int] | None = None) -> ProblemSamples:
    tokens = tokens or [10] * len(correct)
    return ProblemSamples(name, "s", 1, len(correct), (None,) * len(correct), tuple(correct), tuple(tokens))


def expectation(**changes: object) -> Expectation:
    fixed = {"claim": "c", "benchmarks": ["m"], "before": "a", "after": "b", "at_least": 10.0}
    return Expectation.model_validate({**fixed, **changes})


def table(**problems: ProblemSamples) -> dict[str, dict[str, ProblemSamples]]:
    return {"m": dict(problems)}


def test_pass_at_1_by_hand() -> None:
    before = table(p=samples("p", [True, False]), q=samples("q", [False, False]), only_before=samples("x", [True]))
    after = table(p=samples("p", [True, True]), q=samples("q", [True, False]), only_after=samples("y", [True]))
    row = check_expectation(expectation(), before, after)
    assert row["value"] == pytest.approx(50.0)  # both problems rise by one half
    assert row["ci95"] == pytest.approx([50.0, 50.0])
    assert (row["holds"], row["certain"]) == (True, True)
    assert check_expectation(expectation(at_least=60.0), before, after)["holds"] is False


def test_an_interval_across_the_bound_is_not_certain() -> None:
    before = table(p=samples("p", [False]), q=samples("q", [False]), r=samples("r", [False]))
    after = table(p=samples("p", [True]), q=samples("q", [False]), r=samples("r", [True]))
    row = check_expectation(expectation(), before, after)
    assert (row["holds"], row["certain"]) == (True, False)


def test_pass_at_k_takes_the_largest_k_that_both_have() -> None:
    before = table(p=samples("p", [True, False, False, False]))
    after = table(p=samples("p", [True, False]))
    row = check_expectation(expectation(metric="pass@k"), before, after)
    assert row["value"] == pytest.approx(100 * (1 - 0.5))  # pass@2: 1 of 2 gives 1, 1 of 4 gives 1/2


def test_several_benchmarks_count_alike() -> None:
    before = {"m": {"p": samples("p", [False])}, "n": {str(i): samples(str(i), [False]) for i in range(3)}}
    after = {"m": {"p": samples("p", [True])}, "n": {str(i): samples(str(i), [False]) for i in range(3)}}
    assert check_expectation(expectation(benchmarks=["m", "n"]), before, after)["value"] == pytest.approx(50.0)


def test_tokens_of_right_answers_by_hand() -> None:
    before = table(p=samples("p", [True, True], [10, 30]), q=samples("q", [True, False], [20, 900]))
    after = table(p=samples("p", [True, False], [10, 900]), q=samples("q", [True, True], [10, 10]))
    row = check_expectation(expectation(metric="correct_tokens", at_least=None, at_most=-15.0), before, after)
    assert row["value"] == pytest.approx(-50.0)  # from 60/3 to 30/3
    assert row["holds"] is True
    assert row["ci95"][0] <= -50.0 <= row["ci95"][1]


def test_nothing_right_is_not_measured() -> None:
    nothing = table(p=samples("p", [False]))
    row = check_expectation(expectation(metric="correct_tokens", at_least=None, at_most=-15.0), nothing, nothing)
    assert (row["value"], row["holds"], row["certain"]) == (None, None, None)
    json.dumps(row, allow_nan=False)


@pytest.mark.parametrize("bounds", [{"at_least": None}, {"at_most": 1.0}])
def test_one_bound_is_needed(bounds: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="either at_least or at_most"):
        expectation(**bounds)


def test_evaluations_are_placed_after_the_stages_named(tmp_path: Path) -> None:
    stages = "".join(
        f'[stages.{name}]\nkind = "sft"\noptimiser = {{ learning_rate = 1e-3 }}\ndata = {{ math = {{ count = 1 }} }}\n'
        for name in ("one", "two")
    )
    head = 'name = "x"\nbase = "nano-base"\n[evaluate]\nafter = ["base", "two"]\nbenchmarks = ["gsm8k"]\nlimit = 3\n'
    path = tmp_path / "r.toml"
    path.write_text(head + stages)
    recipe = load_recipe(path, ["evaluate.limit=4", "stages.eval-two.samples=2"])
    assert list(recipe.stages) == ["eval-base", "one", "two", "eval-two"]
    assert recipe.stages["eval-base"].limit == recipe.stages["eval-two"].limit == 4
    assert (recipe.stages["eval-base"].samples, recipe.stages["eval-two"].samples) == (None, 2)
    with pytest.raises(RecipeError, match=r"evaluate\.after"):
        load_recipe(path, ["evaluate.after=[]"])


def test_a_clock_goes_on_from_what_was_saved() -> None:
    clock = Clock()
    with clock.time("sampling") as spent:
        spent.tokens = 5
        time.sleep(0.01)
    saved = clock.as_json()
    later = Clock()
    later.restore(saved)
    with later.time("sampling") as spent:
        spent.tokens = 7
    with pytest.raises(RuntimeError), later.time("judging"):
        raise RuntimeError
    assert later.spent["sampling"].tokens == 12
    assert later.spent["sampling"].seconds >= 0.01
    assert later.seconds >= saved["seconds"]
    assert set(later.as_json()["spent"]) == {"sampling", "judging"}
