"""Scratch folders: emptied whatever is in them, and told when there is too much."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import pytest

from reasoncore.sandbox import scratch

DESCRIPTORS = Path("/proc/self/fd")


def open_descriptors() -> int:
    gc.collect()
    return len(list(DESCRIPTORS.iterdir()))


def make_deep(folder: Path, depth: int) -> None:
    here = Path.cwd()
    os.chdir(folder)
    for _ in range(depth):
        Path("d").mkdir()
        os.chdir("d")
        Path("f").touch()
    os.chdir(here)


def make_a_mess(folder: Path) -> None:
    make_deep(folder, 1200)  # deeper than Python calls
    for name in ("a", "a/b", "c"):
        (folder / name).mkdir()
    (folder / "a/b/file").write_text("x")
    (folder / "link").symlink_to("/etc/passwd")
    (folder / "folder").symlink_to(folder.parent)
    for name, mode in (("a/b/file", 0), ("a/b", 0o500), ("a", 0), ("c", 0)):
        (folder / name).chmod(mode)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "scratch"
    made.mkdir()
    (tmp_path / "neighbour").write_text("kept")
    return made


def test_a_mess_is_removed_and_nothing_else(folder: Path) -> None:
    make_a_mess(folder)
    here, descriptors = Path.cwd(), open_descriptors()
    for _ in scratch.empty(str(folder)):
        assert len(list(DESCRIPTORS.iterdir())) <= descriptors + 2  # however deep
    assert list(folder.iterdir()) == []
    assert (folder.parent / "neighbour").read_text() == "kept"
    assert Path.cwd() == here
    assert open_descriptors() == descriptors


def test_emptying_may_pause(folder: Path) -> None:
    for number in range(10):
        (folder / str(number)).mkdir()
    emptying = scratch.empty(str(folder))
    for left in range(9, -1, -1):
        next(emptying)
        assert len(list(folder.iterdir())) == left


def test_a_folder_is_removed_with_what_is_in_it(folder: Path) -> None:
    make_a_mess(folder)
    parent = os.open(folder.parent, os.O_PATH)
    scratch.remove("scratch", parent)
    assert [path.name for path in folder.parent.iterdir()] == ["neighbour"]
    with pytest.raises(FileNotFoundError):
        scratch.remove("scratch", parent)
    os.close(parent)


def test_what_is_within_bounds_is_not_overfull(folder: Path) -> None:
    assert not scratch.overfull(str(folder))
    make_deep(folder, 500)
    (folder / "hole").touch()
    os.truncate(folder / "hole", 1 << 30)
    (folder / "gone").symlink_to("nowhere")
    assert not scratch.overfull(str(folder))


def test_entries_are_counted_however_deep(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_deep(folder, 500)
    monkeypatch.setattr(scratch, "MAX_ENTRIES", 1000)
    assert not scratch.overfull(str(folder))
    monkeypatch.setattr(scratch, "MAX_ENTRIES", 999)
    descriptors = open_descriptors()
    assert scratch.overfull(str(folder))
    assert open_descriptors() == descriptors


def test_bytes_are_counted(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "sub").mkdir()
    for number in range(4):
        (folder / "sub" / str(number)).write_bytes(bytes(1 << 20))
    os.sync()
    monkeypatch.setattr(scratch, "MAX_BYTES", 5 << 20)
    assert not scratch.overfull(str(folder))
    monkeypatch.setattr(scratch, "MAX_BYTES", 3 << 20)
    assert scratch.overfull(str(folder))


def test_what_goes_away_while_counting_is_passed_over(folder: Path) -> None:
    make_deep(folder, 20)
    (folder / "e").mkdir()
    walk = scratch._walk(os.open(folder, scratch._FOLDER))
    next(walk)
    for _ in scratch.empty(str(folder)):
        pass
    assert all(isinstance(name, str) for name, *_ in walk)
