"""Fetching pinned files: from a server on the loopback, and never under its name with another hash."""

from __future__ import annotations

import hashlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from reasoncore.domains import DOMAINS
from reasoncore.errors import DataError, InfrastructureError, UserInputError
from reasoncore.evals.benchmarks import Pin, fetch, find_benchmark, load_benchmark, table
from reasoncore.evals.benchmarks.fetch import fetch_file, fetch_missing

CONTENT = b'{"question": "1+1?", "answer": "#### 2"}\n'
PIN = Pin("github", "owner/name", "0" * 40, "data/test.jsonl", hashlib.sha256(CONTENT).hexdigest())
HUB_PIN = replace(PIN, host="huggingface")


class Site(BaseHTTPRequestHandler):
    """Says what ``answers`` says for a path, and 404 for every other."""

    answers: dict[str, bytes]

    def do_GET(self) -> None:
        content = self.answers.get(self.path)
        self.send_response(200 if content is not None else 404)
        self.send_header("Content-Length", str(len(content or b"")))
        self.end_headers()
        self.wfile.write(content or b"")

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, bytes]]:
    """What the loopback serves in the place of GitHub, by path; the pin's file to begin with."""
    answers = {f"/owner/name/{PIN.revision}/data/test.jsonl": CONTENT}
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("OneSite", (Site,), {"answers": answers}))
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    monkeypatch.setattr(fetch, "GITHUB_RAW", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    yield answers
    server.shutdown()
    server.server_close()


@pytest.fixture
def row(monkeypatch: pytest.MonkeyPatch) -> None:
    """``gsm8k`` with the pin of these tests."""
    monkeypatch.setitem(table.ROWS, "gsm8k", replace(find_benchmark("gsm8k"), source=PIN))


def fetch_names(*names: str, folder: Path | None) -> list[Path]:
    return fetch_missing(names, folder, DOMAINS)


@pytest.mark.usefixtures("site", "row")
def test_a_missing_file_is_fetched_into_a_new_folder_and_one_that_is_there_is_left(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    path = folder / "gsm8k_test.jsonl"
    assert fetch_names("gsm8k", "procedural-math", folder=folder) == [path]
    assert path.read_bytes() == CONTENT
    assert load_benchmark("gsm8k", folder)[0].answer == "2"
    path.write_bytes(b"mine")
    assert fetch_names("gsm8k", folder=folder) == []
    assert path.read_bytes() == b"mine"
    assert [file.name for file in folder.iterdir()] == [path.name]


@pytest.mark.usefixtures("row")
def test_another_hash_is_thrown_away(site: dict[str, bytes], tmp_path: Path) -> None:
    for path in site:
        site[path] = b"<!DOCTYPE html><html>Sign in</html>"
    with pytest.raises(DataError, match=r"has SHA-256 [0-9a-f]{64}, pinned is") as caught:
        fetch_names("gsm8k", folder=tmp_path)
    assert "Nothing was kept" in caught.value.cure
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("row")
def test_a_file_that_is_gone_or_has_no_end(
    site: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "MAX_BYTES", 10)
    with pytest.raises(DataError, match="more than 0 MiB"):
        fetch_names("gsm8k", folder=tmp_path)
    site.clear()
    with pytest.raises(InfrastructureError, match=r"owner/name, data/test\.jsonl: cannot be fetched .*404") as caught:
        fetch_names("gsm8k", folder=tmp_path)
    assert PIN.page in caught.value.cure
    assert "\n" not in caught.value.message + caught.value.cure
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("row")
def test_without_a_connection_it_fails_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as closed:  # bound, and nobody listens
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setattr(fetch, "GITHUB_RAW", f"http://127.0.0.1:{closed.getsockname()[1]}")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        with pytest.raises(InfrastructureError, match="cannot be fetched") as caught:
            fetch_names("gsm8k", folder=tmp_path)
    assert "\n" not in caught.value.message
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("site", "row")
def test_what_is_not_pinned_is_refused_before_anything_is_fetched(tmp_path: Path) -> None:
    with pytest.raises(UserInputError, match=r"'hmmt25': hmmt25\.parquet is not pinned") as caught:
        fetch_names("gsm8k", "hmmt25", folder=tmp_path)
    assert "MathArena/hmmt_feb_2025" in caught.value.cure
    assert "SHA-256 goes into the results" in caught.value.cure
    assert list(tmp_path.iterdir()) == []


def test_without_a_folder_nothing_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REASONCORE_DATA", raising=False)
    with pytest.raises(UserInputError, match="no data folder is given"):
        fetch_names("gsm8k", folder=None)
    assert fetch_names("procedural-math", folder=None) == []


def download(asked: list[dict[str, Any]], content: bytes, repository: str, path: str, **how: Any) -> str:
    asked.append({"repository": repository, "path": path, **how})
    target = Path(how["local_dir"]) / path
    target.parent.mkdir(parents=True)
    target.write_bytes(content)
    return str(target)


def test_the_hub_is_asked_for_the_revision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []
    monkeypatch.setattr("huggingface_hub.hf_hub_download", partial(download, asked, CONTENT))
    fetch_file(HUB_PIN, tmp_path / "a.jsonl")
    assert (tmp_path / "a.jsonl").read_bytes() == CONTENT
    assert [file.name for file in tmp_path.iterdir()] == ["a.jsonl"]
    (call,) = asked
    assert (call["repository"], call["path"]) == (PIN.repository, PIN.path)
    assert (call["revision"], call["repo_type"]) == (PIN.revision, "dataset")
    monkeypatch.setattr("huggingface_hub.hf_hub_download", partial(download, asked, b"other"))
    with pytest.raises(DataError, match="has SHA-256"):
        fetch_file(HUB_PIN, tmp_path / "b.jsonl")
    assert not (tmp_path / "b.jsonl").exists()


def test_a_hub_that_is_away_fails_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub.errors import LocalEntryNotFoundError

    def away(*args: object, **how: object) -> str:
        raise LocalEntryNotFoundError("no connection,\nand nothing in the cache")

    monkeypatch.setattr("huggingface_hub.hf_hub_download", away)
    with pytest.raises(InfrastructureError, match=r"cannot be fetched \(no connection,\)"):
        fetch_file(HUB_PIN, tmp_path / "a.jsonl")
    assert list(tmp_path.iterdir()) == []


def test_every_pin_has_a_whole_commit_and_a_whole_hash() -> None:
    pins = [row.source for row in table.ROWS.values() if isinstance(row.source, Pin)]
    assert len(pins) == 10
    assert all(len(pin.revision) == 40 and len(pin.sha256) == 64 for pin in pins)
    assert all(int(pin.revision, 16) and int(pin.sha256, 16) for pin in pins)
    assert len({pin.sha256 for pin in pins}) == len(pins)
    assert all(row.where.startswith("https://") for row in table.ROWS.values())
