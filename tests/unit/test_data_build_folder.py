"""The folder of a build: whose it is, who works in it, and what is done about damage."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from command_line import run_cli
from pydantic import ValidationError

from reasoncore.data.build import Build, BuildSettings
from reasoncore.data.build.estimate import estimate
from reasoncore.errors import CheckpointError, DataError, UserInputError
from reasoncore.infer.scripted import ScriptedEngine
from reasoncore.run_dir import lock_folder

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    return lambda *words: run_cli(capsys, monkeypatch, *words)


def prepared(folder: Path, rows: list[dict[str, Any]] | None = None, **sections: Any) -> Build:
    default = [
        {"question": f"How much is {i} + 1?", "answer": str(i + 1), "response": f"It is \\boxed{{{i + 1}}}"}
        for i in range(3)
    ]
    (folder / "seeds.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows or default))
    given = {"name": "c", "sources": {"own": {"path": "seeds.jsonl"}}, "near_duplicates": False}
    return Build(BuildSettings.model_validate(given | sections), folder / "out", folder, workers=1)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "out" / "corpus").mkdir(parents=True)
    (tmp_path / "out" / "corpus" / "mine.txt").write_text("work")
    (tmp_path / "out" / "README.md").write_text("mine")
    before = contents(tmp_path / "out")
    with pytest.raises(UserInputError, match="not empty, and no build is in it"):
        prepared(tmp_path).run()
    assert contents(tmp_path / "out") == before


def test_two_builds_do_not_work_in_one_folder(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    lock = lock_folder(tmp_path / "out" / "build.lock", "--out")
    with lock, pytest.raises(UserInputError, match="another process is working"):
        prepared(tmp_path).run()
    assert prepared(tmp_path).run()["rows"] == 3


@pytest.mark.parametrize(
    "name", ["stages/*/kept.jsonl", "stages/*/rejected.jsonl", "stages/*/manifest.json", "corpus.json", "corpus/*"]
)
@pytest.mark.parametrize("damage", ["gone", "{", "[]"])
def test_what_is_damaged_is_made_again(name: str, damage: str, tmp_path: Path) -> None:
    rows = [{"question": "How much is 1 + 1?", "answer": "2", "response": "It is \\boxed{2}"}]
    rows += [{"question": "And 2 + 2?", "answer": "4", "response": "It is \\boxed{5}"}]
    prepared(tmp_path, rows).run()
    whole = contents(tmp_path / "out")
    for path in (tmp_path / "out").glob(name):
        path.unlink()
        if damage != "gone":
            path.write_text(damage)
    prepared(tmp_path, rows).run()
    assert contents(tmp_path / "out") == whole


@pytest.mark.parametrize("damage", ["card", "shard"])
def test_inspect_says_what_is_damaged(damage: str, run: Run, tmp_path: Path) -> None:
    prepared(tmp_path).run()
    if damage == "card":
        (tmp_path / "out" / "card.json").write_text("{}")
    else:
        next((tmp_path / "out" / "corpus").iterdir()).unlink()
    code, _, err = run("data", "inspect", str(tmp_path / "out"))
    assert code == 2
    assert "Run reasoncore data build again" in err


def test_inspect_shows_what_the_card_names(run: Run, tmp_path: Path) -> None:
    prepared(tmp_path).run()
    pq.write_table(pa.table({"other": [1]}), tmp_path / "out" / "corpus" / "a.parquet")
    assert run("data", "inspect", str(tmp_path / "out"))[0] == 0


@pytest.mark.parametrize(
    "row",
    [
        {"question": "half \ud800 of it", "answer": "1"},
        {"question": "one?", "answer": "1", "response": "\udc00"},
        {"question": "one?", "answer": "1", "id": "\ud800"},
        {"question": "one?", "answer": "1", "subdomain": "\ud800"},
    ],
)
def test_half_characters_are_found_before_anything_is_done(row: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"seeds\.jsonl, line 1: half a character"):
        prepared(tmp_path, [row]).run()


@pytest.mark.parametrize("level", [True, 10**30, "3"])
def test_a_level_that_is_no_level_is_none(level: Any, tmp_path: Path) -> None:
    row = {"question": "How much is 1 + 1?", "answer": "2", "response": "It is \\boxed{2}", "level": level}
    prepared(tmp_path, [row]).run()
    (path,) = (tmp_path / "out" / "corpus").iterdir()
    assert pq.read_table(path).to_pylist()[0]["level"] is None


def test_half_characters_of_a_teacher_are_replaced(tmp_path: Path) -> None:
    build = prepared(tmp_path, teacher={"kind": "engine", "model": "scripted"})
    build.engine = ScriptedEngine(lambda request, sample: "broken \ud800 off \\boxed{1}")
    assert build.run()["rows"] == 1
    (path,) = (tmp_path / "out" / "corpus").iterdir()
    assert pq.read_table(path).to_pylist()[0]["response"] == "broken ? off \\boxed{1}"


@pytest.mark.parametrize("early", [Build.run, estimate])
def test_what_would_fail_at_the_end_fails_at_the_beginning(early: Callable[[Build], Any], tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(CheckpointError):
        early(prepared(tmp_path, strata={"tokenizer": str(tmp_path / "empty")}))
    with pytest.raises(CheckpointError, match=r"reference\.checkpoint \./nowhere: no such folder"):
        early(prepared(tmp_path, reference={"checkpoint": "./nowhere", "rollouts": 2, "max_tokens": 16}))
    with pytest.raises(CheckpointError, match=r"teacher\.model \./nowhere: no such folder"):
        early(prepared(tmp_path, teacher={"kind": "checkpoint", "model": "./nowhere"}))
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "e.jsonl").write_text('{"question": "what is asked here?"}\n')
    with pytest.raises(UserInputError, match="has this name too"):
        early(prepared(tmp_path, decontaminate={"against": ["one/e.jsonl", "two/e.jsonl"]}))
    assert not (tmp_path / "out").exists()


def test_queries_of_two_domains_with_one_id_are_two(tmp_path: Path) -> None:
    (tmp_path / "s.jsonl").write_text(
        json.dumps({"id": "1", "question": "What is 5 m + 1 m?", "answer": "6 m", "response": "\\boxed{6 m}"}) + "\n"
    )
    rows = [{"id": "1", "question": "How much is 1 + 1?", "answer": "2", "response": "It is \\boxed{2}"}]
    sources = {"own": {"path": "seeds.jsonl"}, "other": {"path": "s.jsonl", "domain": "stem"}}
    card = prepared(tmp_path, rows, sources=sources).run()
    assert (card["rows"], card["queries"]) == (2, 2)


@pytest.mark.parametrize("edges", [(256, 16), (-5, -5)])
def test_edges_have_to_ascend(edges: tuple[int, int], tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="ascend"):
        prepared(tmp_path, strata={"length_edges": edges})


def test_a_similarity_that_cannot_be_told_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("datasketch")
    with pytest.raises(UserInputError, match="near_duplicates"):
        prepared(tmp_path, near_duplicates={"threshold": 0.99999, "permutations": 17}).run()


def test_a_missing_package_is_said_before_any_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasketch", None)
    with pytest.raises(UserInputError, match="datasketch is not installed"):
        prepared(tmp_path, near_duplicates={"threshold": 0.7}).run()
    assert not (tmp_path / "out").exists()
