"""The data card says what is in the corpus: every count, length and hash is checked against the files themselves."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from reasoncore.data.build import Build, BuildSettings
from reasoncore.infer.scripted import ScriptedEngine
from reasoncore.model.config import read_config
from reasoncore.model.folder import resolve_base
from reasoncore.model.tokenizer import load_tokenizer
from reasoncore.run_dir import sha256_file

QUESTIONS = ("What is 10 + 5, in all?", "How much is 20 + 6 then?", "Add 30 and 7, what is it?", "And 40 with 8 more?")


def sums(folder: Path, solutions: int) -> None:
    """Three problems, with a worked solution or without."""
    rows = [
        {"question": question, "answer": str(15 + 11 * i)}
        | ({"response": f"{'so ' * 40 * i}it is \\boxed{{{15 + 11 * i}}}"} if solutions else {})
        for i, question in enumerate(QUESTIONS[:3])
    ]
    (folder / "seeds.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def build(folder: Path, engine: ScriptedEngine | None = None, **sections: Any) -> dict[str, Any]:
    given = {"name": "c", "sources": {"own": {"path": "seeds.jsonl"}}, "near_duplicates": False}
    if engine is not None:
        given["teacher"] = {"kind": "engine", "model": "scripted"}
    settings = BuildSettings.model_validate(given | sections)
    return Build(settings, folder / "out", folder, workers=1, engine=engine).run()


def rejected(folder: Path, name: str) -> list[dict[str, Any]]:
    (path,) = (folder / "out" / "stages").glob(f"{name}-*/rejected.jsonl")
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_hashes_lengths_and_shards_are_those_of_the_files(tmp_path: Path) -> None:
    sums(tmp_path, solutions=1)
    (tmp_path / "eval.jsonl").write_text(json.dumps({"id": "e", "question": "What else is there to be asked?"}) + "\n")
    card = build(
        tmp_path,
        strata={"rows_per_shard": 1, "length_edges": [4000]},
        quality={"max_repeated": 1.0},
        decontaminate={"against": ["eval.jsonl"]},
    )
    assert card["inputs"] == {
        "sources": {"own": sha256_file(tmp_path / "seeds.jsonl")},
        "against": {"eval.jsonl": sha256_file(tmp_path / "eval.jsonl")},
    }
    shards = sorted((tmp_path / "out" / "corpus").iterdir())
    assert card["files"] == {path.name: sha256_file(path) for path in shards}
    rows = [row for path in shards for row in pq.read_table(path).to_pylist()]
    assert [pq.read_metadata(path).num_rows for path in shards] == [1, 1, 1]
    base = resolve_base("nano-base", tmp_path)
    tokenizer = load_tokenizer(base, read_config(base).vocab_size)
    lengths = [len(ids) for ids in tokenizer.response_ids([row["response"] for row in rows])]
    assert [row["tokens"] for row in rows] == lengths
    assert card["tokens"] == sum(lengths)
    histogram = Counter(f"{2 ** (n.bit_length() - 1)}-{2 ** n.bit_length() - 1}" for n in lengths)
    assert {label: count for label, count in card["token_histogram"] if count} == histogram
    assert (card["token_quantiles"]["0"], card["token_quantiles"]["1"]) == (min(lengths), max(lengths))


def test_every_reason_for_leaving_out_is_said_and_counted(tmp_path: Path) -> None:
    """Of three problems the teacher finds one of no use, solves one twice in the same words, and one once wrongly."""
    sums(tmp_path, solutions=0)

    def teacher(request: Any, sample: int) -> str:
        asked = request.messages[-1]["content"]
        if "of use for training" in asked:
            return "UNUSABLE: too easy" if QUESTIONS[2] in asked else "USABLE"
        if QUESTIONS[0] in asked:
            return "Ten and five are fifteen, of course.\n\\boxed{15}"
        right = [f"By {how} one has twenty six in the end.\n\\boxed{{26}}" for how in ("adding up", "counting on")]
        return [*right, "It must be \\boxed{27}", "Surely far more than that.\n\\boxed{26}"][sample]

    card = build(
        tmp_path, ScriptedEngine(teacher), quality={"ask_teacher": True}, distil={"samples": 4, "max_similarity": 0.7}
    )
    reasons = {one["stage"]: one["reasons"] for one in card["stages"]}
    assert reasons["queries"] == {"an unusable query": 1}
    assert all((tmp_path / "out" / "stages" / one["folder"] / "rejected.jsonl").is_file() for one in card["stages"])
    assert rejected(tmp_path, "queries")[0]["said"] == "too easy"
    assert reasons["distil"] == {"like another trace of its query": 3, "wrong": 1, "more traces than are kept": 1}
    alike = [row for row in rejected(tmp_path, "distil") if row["reason"] == "like another trace of its query"]
    assert [row["similarity"] for row in alike] == [1.0] * 3
    rows = [row for path in (tmp_path / "out" / "corpus").iterdir() for row in pq.read_table(path).to_pylist()]
    assert sorted(json.loads(row["facts"])["similarity"] for row in rows)[:2] == [0.0, 0.0]
    assert card["rows"] == len(rows) == 3


def test_programs_are_judged_by_their_tests(tmp_path: Path) -> None:
    """A source of code: of two solutions the one that passes stays."""
    good, bad = "def double(n):\n    return 2 * n", "def double(n):\n    return n"
    rows = [
        {
            "task_id": f"own/{name}",
            "prompt": f'def double(n):\n    """Twice n, {name}."""\n',
            "declaration": "def double(n):\n",
            "entry_point": "double",
            "test": "def check(candidate):\n    assert candidate(2) == 4\n    assert candidate(0) == 0\n",
            "canonical_solution": "    return 2 * n\n",
        }
        for name in ("first", "second")
    ]
    (tmp_path / "own.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    def teacher(request: Any, sample: int) -> str:
        program = good if "first" in request.messages[-1]["content"] else bad
        return f"Here it is, as a function of n.\n```python\n{program}\n```\n"

    card = build(
        tmp_path,
        ScriptedEngine(teacher),
        sources={"own": {"path": "own.jsonl", "domain": "code", "format": "humaneval"}},
        distil={"samples": 1},
    )
    assert {one["stage"]: one["reasons"] for one in card["stages"]}["distil"] == {"wrong": 1}
    assert card["domains"] == {"code": 1}
    (path,) = (tmp_path / "out" / "corpus").iterdir()
    (row,) = pq.read_table(path).to_pylist()
    assert row["id"].startswith("own/first")
    assert good in row["response"]
