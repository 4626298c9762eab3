"""The same evaluation in this process and through a real server, which is killed in the middle once."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from transformers.utils.import_utils import is_serve_available

import reasoncore

NANO_BASE = Path(reasoncore.__file__).parent / "assets" / "nano-base"
pytestmark = pytest.mark.skipif(
    not is_serve_available(), reason="transformers serve needs openai, uvicorn and fastapi, which are not installed"
)
BENCHMARK = "procedural-math"
LIMIT = 6
ENVIRONMENT = {**os.environ, "HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "OMP_NUM_THREADS": "1"}


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def served(port: int) -> Iterator[subprocess.Popen[bytes]]:
    """``transformers serve`` on the loopback, ready; killed in the end."""
    command = [sys.executable, "-m", "transformers.cli.transformers", "serve", str(NANO_BASE), "--host", "127.0.0.1"]
    command += ["--port", str(port), "--device", "cpu", "--dtype", "float32"]
    server = subprocess.Popen(command, env=ENVIRONMENT, start_new_session=True)
    try:
        wait_until(lambda: answers(port), 120)
        yield server
    finally:
        kill(server)


def kill(server: subprocess.Popen[bytes]) -> None:
    if server.poll() is None:
        os.killpg(server.pid, signal.SIGKILL)
    server.wait()


def answers(port: int) -> bool:
    try:
        return httpx2.get(f"http://127.0.0.1:{port}/health", timeout=2).status_code == 200
    except httpx2.HTTPError:
        return False


def wait_until(holds: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.2)


def command(model: list[str], out: Path, protocol: str, samples: int) -> list[str]:
    asked = ["--benchmarks", BENCHMARK, "--limit", str(LIMIT), "--samples", str(samples), "--max-tokens", "40"]
    asked += ["--protocol", protocol, "--threads", "1", "--out", str(out)]
    return [sys.executable, "-m", "reasoncore.cli.main", "eval", *model, *asked]


def rows(out: Path) -> list[dict[str, Any]]:
    path = out / "rollouts.jsonl"
    lines = path.read_bytes().splitlines(keepends=True) if path.exists() else []
    return [json.loads(line) for line in lines if line.endswith(b"\n")]


def block(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "results.json").read_text())["benchmarks"][BENCHMARK]
    return found


def test_a_server_gives_what_this_process_gives_and_may_be_killed(tmp_path: Path) -> None:
    here, there, drawn = tmp_path / "here", tmp_path / "there", tmp_path / "drawn"
    port = free_port()
    endpoint = ["--endpoint", f"http://127.0.0.1:{port}", "--model-name", str(NANO_BASE), "--concurrency", "1"]
    subprocess.run(command(["--model", str(NANO_BASE)], here, "greedy", 1), check=True, env=ENVIRONMENT)
    with served(port) as server:
        subprocess.run(command(endpoint, there, "greedy", 1), check=True, env=ENVIRONMENT)
        same = [a["text"] == b["text"] for a, b in zip(rows(here), rows(there), strict=True)]
        assert sum(same) >= LIMIT - 1  # one near tie of two tokens may go the other way
        low, high = block(here)["pass@1"]["ci95"]
        assert low <= block(there)["pass@1"]["mean"] <= high
        running = subprocess.Popen(command(endpoint, drawn, "vt3b", 4), env=ENVIRONMENT)
        wait_until(lambda: len(rows(drawn)) >= 5, 120)
        kill(server)
        before = rows(drawn)
    with served(port):
        running.wait(240)
        subprocess.run(command(endpoint, drawn, "vt3b", 4), check=True, env=ENVIRONMENT)
    after = rows(drawn)
    keys = [(row["problem_id"], row["sample"]) for row in after]
    assert len(keys) == len(set(keys)) == LIMIT * 4
    assert all(row["finish"] is not None and row["correct"] is not None for row in after)
    text = {(row["problem_id"], row["sample"]): row["text"] for row in after}
    assert all(text[row["problem_id"], row["sample"]] == row["text"] for row in before if row["finish"] is not None)
    assert (block(drawn)["n"], block(drawn)["k"], block(drawn)["not_judged_rate"]) == (LIMIT, 4, 0)
