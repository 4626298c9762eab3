"""Every verdict equals that of lm-eval's IFEval checkers, on real responses and on altered ones.

Both sides get the same sentence splitter here; how near our own comes to NLTK's Punkt is the last test.
"""

from __future__ import annotations

import importlib.util
import json
import os
from pathlib import Path
from typing import Any

import pytest
from ifeval_reference import (
    ALTERATIONS,
    CRITERIA,
    FIXTURE,
    data_sha256,
    load_reference,
    read_data,
    reference_bits,
    simple_sentences,
)

from reasoncore.verify.constraints import (
    InstructionTask,
    InstructionVerifier,
    capital_words,
    checks_words,
    read_instruction_task,
)
from reasoncore.verify.constraints.arguments import holds
from reasoncore.verify.constraints.text import split_sentences

DATA = Path(os.environ.get("REASONCORE_DATA") or Path(__file__).resolve().parents[2].parent / "shared" / "data")
PACKAGES = ("lm_eval", "nltk", "langdetect", "immutabledict")


@pytest.fixture(scope="module")
def data() -> tuple[list[dict[str, Any]], list[str]]:
    fixture = json.loads(FIXTURE.read_text(encoding="utf-8"))
    if not all((DATA / name).is_file() for name in fixture["data_sha256"]):
        pytest.skip(f"no {' or '.join(fixture['data_sha256'])} in {DATA}; set REASONCORE_DATA")
    assert data_sha256(DATA) == fixture["data_sha256"], "other data than the fixture was made from: make it anew"
    return read_data(DATA)


@pytest.fixture(scope="module")
def tasks(data: tuple[list[dict[str, Any]], list[str]]) -> list[InstructionTask]:
    return [read_instruction_task(row, f"line {number}") for number, row in enumerate(data[0], start=1)]


@pytest.fixture
def _same_splitter(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (checks_words, capital_words):
        monkeypatch.setattr(module, "split_sentences", simple_sentences)


def _differences(tasks: list[InstructionTask], responses: list[str], bits: dict[str, str]) -> list[tuple[Any, ...]]:
    verdicts = InstructionVerifier().judge_many(responses, tasks)
    assert all(verdict.correct is not None for verdict in verdicts)
    found = []
    for criterion in CRITERIA:
        ours = [followed for verdict in verdicts for followed in verdict.details[criterion]]
        names = [(line, name) for line, task in enumerate(tasks, start=1) for name, _ in task.instructions]
        for where, followed, bit in zip(names, ours, bits[criterion], strict=True):
            if bit not in ("-", str(int(followed))):
                found.append((criterion, *where, followed))
    return found


@pytest.mark.usefixtures("_same_splitter")
@pytest.mark.parametrize("alteration", ALTERATIONS)
def test_every_verdict_equals_the_stored_one(
    alteration: str, data: tuple[list[dict[str, Any]], list[str]], tasks: list[InstructionTask]
) -> None:
    bits = json.loads(FIXTURE.read_text(encoding="utf-8"))["bits"][alteration]
    assert bits["strict"].count("-") == 2
    assert len(set(bits["strict"])) == 3
    assert _differences(tasks, ALTERATIONS[alteration](data[1]), bits) == []


@pytest.mark.slow
@pytest.mark.usefixtures("_same_splitter")
def test_every_verdict_equals_the_live_one(
    data: tuple[list[dict[str, Any]], list[str]], tasks: list[InstructionTask]
) -> None:
    missing = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}; see ifeval_reference.py")
    reference = load_reference(simple_sentences)
    rows, responses = data
    # Alterations that the fixture does not have.
    for alter in (str.title, str.swapcase, lambda text: text.replace("\n", "\n\n"), lambda text: f"```{text}```"):
        altered = [alter(response) for response in responses]
        assert _differences(tasks, altered, reference_bits(reference, rows, altered)) == []


def test_sentence_counts_are_near_those_of_punkt(
    data: tuple[list[dict[str, Any]], list[str]], tasks: list[InstructionTask]
) -> None:
    punkt = json.loads(FIXTURE.read_text(encoding="utf-8"))["punkt_sentence_counts"]
    ours = [len(split_sentences(response)) for response in data[1]]
    assert sum(a == b for a, b in zip(ours, punkt, strict=True)) >= 530
    turned = [
        (line, a, b)
        for line, (task, a, b) in enumerate(zip(tasks, ours, punkt, strict=True), start=1)
        for name, limits in task.instructions
        if name == "length_constraints:number_sentences"
        and holds(a, limits["relation"], limits["num_sentences"])
        != holds(b, limits["relation"], limits["num_sentences"])
    ]
    assert turned == []
