"""Problems of reasoning-gym's generators (an extra), those whose answers our own verifier can be trusted with.

Responses are judged by the domain's verifier alone: reasoning-gym's scorers never see what a model wrote. They are
asked once, about answers that we make up, whether they take a generator's answers as our verifier does. A generator is
admitted only if both call its own answers right, and answers of its other problems, junk and padding wrong. Where a
problem has several right answers, ours knows one: traces with another are lost, none that is wrong is kept.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any, NamedTuple

from reasoncore.data.build.config import GYM_PREFIX
from reasoncore.data.files import with_instruction
from reasoncore.domains import Domain
from reasoncore.domains.table import Verifier
from reasoncore.errors import DataError, UserInputError
from reasoncore.records import Problem, WorkedProblem

TRIED = 20
"""Problems of a generator that decide on its admission."""
_JUNK = ("junk", "-987654321", "<answer>", "[[]]")


class Probe(NamedTuple):
    """An answer that is made up, and whether it has to be right.

    Attributes:
        kind: What it is, for people.
        answer: None where there is none.
    """

    kind: str
    answer: str | None
    right: bool


def package_version() -> str:
    """Which reasoning-gym is installed.

    Raises:
        UserInputError: None is.
    """
    if find_spec("reasoning_gym") is None:
        raise UserInputError(
            "reasoning-gym is not installed",
            "Install it in reasoncore's own folder: pip install --editable '.[reasoning-gym]'",
        )
    return version("reasoning-gym")


def gym_problems(name: str, count: int, domain: Domain, seed: int) -> list[WorkedProblem]:
    """Problems of a generator, without solutions.

    Args:
        domain: Whose verifier judges the answers; math, in general.

    Raises:
        UserInputError: The package is not installed, or has no such generator.
        DataError: The generator is not admitted; says for what.
    """
    package_version()
    import reasoning_gym
    from reasoning_gym.factory import DATASETS

    if name not in DATASETS:
        near = ", ".join(difflib.get_close_matches(name, DATASETS, n=3, cutoff=0.0))
        raise UserInputError(f"{GYM_PREFIX}{name}: there is no such generator", f"Did you mean one of: {near}?")
    try:
        dataset = reasoning_gym.create_dataset(name, seed=seed, size=max(count, TRIED))
        entries = [dataset[index] for index in range(max(count, TRIED))]
    except Exception as error:  # the package's own, of any kind
        raise DataError(
            f"{GYM_PREFIX}{name}: makes no problems ({error!r})"[:300], "Take another generator."
        ) from error
    verifier = domain.make_verifier(_no_judge)
    try:
        refusal = why_not(dataset, entries[:TRIED], verifier)
    finally:
        verifier.close()
    if refusal:
        raise DataError(f"{GYM_PREFIX}{name}: not admitted ({refusal})", "Take another generator.")
    return [_worked(name, index, entry, domain) for index, entry in enumerate(entries[:count])]


def why_not(dataset: Any, entries: Sequence[Mapping[str, Any]], verifier: Verifier) -> str:
    """Why a generator cannot be trusted; empty where it can."""
    if not all(isinstance(entry["answer"], str) and entry["answer"].strip() for entry in entries):
        return "a problem has no answer that is text"
    for index, entry in enumerate(entries):
        tried = probes(entry["answer"], entries[(index + 1) % len(entries)]["answer"])
        boxed = ["" if one.answer is None else f"\\boxed{{{one.answer}}}" for one in tried]
        verdicts = verifier.judge_many(boxed, [entry["answer"]] * len(tried))
        for probe, verdict in zip(tried, verdicts, strict=True):
            try:
                score = float(dataset.score_answer(probe.answer, entry))
            except Exception as error:  # the package's own, of any kind
                return f"its scorer fails on {probe.kind}: {error!r}"[:300]
            if (score >= 1.0) != probe.right:
                return f"its scorer gives {score:g} for {probe.kind}"
            if verdict.correct is not probe.right:
                said = {True: "right", False: "wrong", None: "impossible to judge"}[verdict.correct]
                return f"our verifier calls {probe.kind} {said}"
    return ""


def probes(answer: str, other: str) -> list[Probe]:
    """What is tried on a problem, given its answer and that of another problem."""
    tried = [
        Probe("its own answer", answer, True),
        Probe("no answer", None, False),
        Probe("an empty answer", "", False),
        Probe("its own answer among padding", f"{answer} {' '.join(_JUNK)} {answer}", False),
        *(Probe("junk", junk, False) for junk in _JUNK if junk != answer),
    ]
    return tried if other == answer else [*tried, Probe("another problem's answer", other, False)]


def _worked(name: str, index: int, entry: Mapping[str, Any], domain: Domain) -> WorkedProblem:
    prompt = with_instruction(entry["question"], domain.instruction)
    problem = Problem(f"{name}-{index}", domain.name, name, prompt, entry["answer"])
    return WorkedProblem(problem, {}, prompt)


def _no_judge() -> Any:
    raise AssertionError("answers of reasoning-gym are not open-ended")
