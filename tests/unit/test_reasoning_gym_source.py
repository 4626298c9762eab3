"""Generators of reasoning-gym: which are admitted, and what becomes of their problems."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from reasoncore.data.build import Build, BuildSettings, seeds
from reasoncore.data.build import reasoning_gym_source as source
from reasoncore.domains import DOMAINS
from reasoncore.errors import DataError, UserInputError
from reasoncore.infer.engine import Request
from reasoncore.infer.scripted import ScriptedEngine

Score = Callable[[str | None, Mapping[str, Any]], float]
MATH = DOMAINS["math"]


class Sums:
    """A generator as the package makes them; its scorer is the package's own default."""

    def __init__(self, score: Score | None = None, answer: Callable[[int], Any] = str) -> None:
        self._score, self._answer = score, answer

    def __getitem__(self, index: int) -> dict[str, Any]:
        return {"question": f"What is {index} + 1?", "answer": self._answer(index + 1), "metadata": {}}

    def score_answer(self, answer: str | None, entry: Mapping[str, Any]) -> float:
        if self._score is not None:
            return self._score(answer, entry)
        if not isinstance(answer, str) or not answer:
            return 0.0
        oracle = entry["answer"]
        return 1.0 if answer == oracle else len(oracle) / len(answer) if oracle in answer else 0.0


def offer(monkeypatch: pytest.MonkeyPatch, **generators: Sums) -> None:
    """A package with these generators."""
    package, factory = ModuleType("reasoning_gym"), ModuleType("reasoning_gym.factory")
    package.__spec__ = ModuleSpec("reasoning_gym", None)
    package.create_dataset = lambda name, seed, size: generators[name]  # type: ignore[attr-defined]
    factory.DATASETS = generators  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "reasoning_gym", package)
    monkeypatch.setitem(sys.modules, "reasoning_gym.factory", factory)
    for module in (source, seeds):
        monkeypatch.setattr(module, "package_version", lambda: "1.0")


def test_a_generator_that_scores_as_it_must_gives_problems(monkeypatch: pytest.MonkeyPatch) -> None:
    offer(monkeypatch, sums=Sums())
    worked = source.gym_problems("sums", 3, MATH, seed=1)
    assert [one.problem.answer for one in worked] == ["1", "2", "3"]
    assert worked[0].problem.prompt.startswith("What is 0 + 1?")
    assert "boxed" in worked[0].problem.prompt
    assert len({one.problem.key for one in worked}) == 3


@pytest.mark.parametrize(
    ("generator", "said"),
    [
        (Sums(lambda answer, entry: 1.0), "its scorer gives 1 for no answer"),
        (Sums(lambda answer, entry: float(answer is not None)), "its scorer gives 1 for an empty answer"),
        (Sums(lambda answer, entry: float(entry["answer"] in (answer or ""))), "among padding"),
        (Sums(lambda answer, entry: float(answer in (entry["answer"], "junk"))), "for junk"),
        (Sums(lambda answer, entry: 0.0), "its scorer gives 0 for its own answer"),
        (Sums(lambda answer, entry: float(bool(answer) and str(answer).isdigit())), "for another problem's answer"),
        (Sums(answer=lambda value: value), "no answer that is text"),
    ],
)
def test_one_that_does_not_is_refused(generator: Sums, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    offer(monkeypatch, bad=generator)
    with pytest.raises(DataError, match=f"not admitted .*{said}"):
        source.gym_problems("bad", 3, MATH, seed=1)


def test_one_whose_answers_our_verifier_takes_for_each_other_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """For its scorer 1 and 1.0 are different answers."""
    offer(monkeypatch, forms=Sums(answer=lambda value: "1" if value % 2 else "1.0"))
    with pytest.raises(DataError, match="our verifier calls another problem's answer right"):
        source.gym_problems("forms", 3, MATH, seed=1)


def test_a_wrong_name_and_a_missing_package_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    offer(monkeypatch, leg_counting=Sums())
    with pytest.raises(UserInputError, match="there is no such generator"):
        source.gym_problems("leg_count", 3, MATH, seed=1)
    monkeypatch.undo()
    monkeypatch.setattr(source, "find_spec", lambda name: None)
    with pytest.raises(UserInputError, match="not installed"):
        source.gym_problems("leg_counting", 3, MATH, seed=1)


def test_a_build_takes_them_as_seeds(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    offer(monkeypatch, sums=Sums())
    settings = BuildSettings.model_validate(
        {
            "name": "c",
            "sources": {"gym": {"path": "reasoning-gym:sums", "count": 4, "licence": "Apache-2.0"}},
            "teacher": {"kind": "engine", "model": "scripted"},
            "distil": {"samples": 1},
            "near_duplicates": False,
        }
    )

    def add(request: Request, sample: int) -> str:
        number = next(int(word) for word in request.messages[0]["content"].split() if word.isdigit())
        return f"One more than {number} is what comes after it.\n\\boxed{{{number + (number != 2)}}}"

    card = Build(settings, tmp_path / "out", tmp_path, workers=1, engine=ScriptedEngine(add)).run()
    assert {one["stage"]: one["reasons"] for one in card["stages"]}["distil"] == {"wrong": 1}
    assert card["licences"] == {"Apache-2.0": 3}
    assert card["inputs"]["sources"] == {"gym": "reasoning-gym:1.0"}


@pytest.mark.skipif(find_spec("reasoning_gym") is None, reason="reasoning-gym is not installed")
def test_generators_of_the_package() -> None:
    assert len(source.gym_problems("leg_counting", 30, MATH, seed=1)) == 30
