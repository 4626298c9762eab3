"""A bundle: whole, the same bytes each time, and refused when a part of it is not what its hash says."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import run_cli
from test_runner import PLAN, answer, measure

from reasoncore.errors import DataError, UserInputError
from reasoncore.evals.bundle import NEEDED, SUMS, unpack_bundle, write_bundle
from reasoncore.evals.report import write_report
from reasoncore.infer.scripted import ScriptedEngine


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("evaluation") / "out"
    measure(ScriptedEngine(answer), folder, PLAN)
    write_report(folder)
    return folder


def test_what_comes_out_is_what_went_in(out: Path, tmp_path: Path) -> None:
    first = write_bundle(out, tmp_path / "one.zip", "0.1.0")
    second = write_bundle(out, tmp_path / "again" / "one.zip", "0.1.0")
    assert first.read_bytes() == second.read_bytes()
    folder = unpack_bundle(first, tmp_path / "unpacked")
    for name in (*NEEDED, "report.html"):
        assert (folder / name).read_bytes() == (out / name).read_bytes()
    assert list((folder / "rollouts").glob("*.html"))
    assert "reasoncore regrade one.zip" in (folder / "README.txt").read_text()
    assert [path.name for path in tmp_path.glob(".*")] == []


def rewrite(bundle: Path, change: Callable[[dict[str, bytes]], None]) -> None:
    with zipfile.ZipFile(bundle) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    change(parts)
    with zipfile.ZipFile(bundle, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def flip(parts: dict[str, bytes]) -> None:
    parts["rollouts.jsonl"] = parts["rollouts.jsonl"].replace(b"false", b"true", 1)


def drop(parts: dict[str, bytes]) -> None:
    del parts["problems.jsonl"]


def add(parts: dict[str, bytes]) -> None:
    parts["more.txt"] = b""


def climb(parts: dict[str, bytes]) -> None:
    parts["../escaped"] = b"x"
    parts[SUMS] += b"2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881  ../escaped\n"


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (flip, "rollouts.jsonl is not what its hash says"),
        (drop, "problems.jsonl is missing"),
        (add, "more.txt is missing or is not in"),
        (climb, "would lie outside"),
    ],
)
def test_a_bundle_that_was_changed_is_refused(
    out: Path, tmp_path: Path, change: Callable[[dict[str, bytes]], None], what: str
) -> None:
    bundle = write_bundle(out, tmp_path / "one.zip", "0.1.0")
    rewrite(bundle, change)
    with pytest.raises(DataError, match=what):
        unpack_bundle(bundle, tmp_path / "unpacked")
    assert not (tmp_path / "escaped").exists()


def test_what_is_no_bundle_is_refused(out: Path, tmp_path: Path) -> None:
    (tmp_path / "text.zip").write_text("not a zip file")
    with pytest.raises(DataError, match="not a whole bundle"):
        unpack_bundle(tmp_path / "text.zip", tmp_path / "unpacked")
    whole = write_bundle(out, tmp_path / "one.zip", "0.1.0").read_bytes()
    (tmp_path / "half.zip").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match="not a whole bundle"):
        unpack_bundle(tmp_path / "half.zip", tmp_path / "unpacked")
    with pytest.raises(UserInputError, match="no finished evaluation"):
        write_bundle(tmp_path, tmp_path / "two.zip", "0.1.0")


def test_a_stranger_gets_the_same_figures_from_the_bundle_alone(
    out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = write_bundle(out, tmp_path / "one.zip", "0.1.0")
    monkeypatch.delenv("REASONCORE_DATA", raising=False)
    code, printed, _ = run_cli(capsys, monkeypatch, "regrade", str(bundle), "--grader", "own", "--json")
    assert code == 0
    found = json.loads(printed)["benchmarks"]["procedural-math"]
    assert (found["reproduces"], found["graders"]["own"]["changes"]) == (True, [])
    assert json.loads((tmp_path / "one.regrade.json").read_text()) == json.loads(printed)
    rewrite(bundle, flip)
    code, _, said = run_cli(capsys, monkeypatch, "regrade", str(bundle))
    assert code == 2
    assert "not what its hash says" in said
