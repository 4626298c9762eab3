"""GGUF files in a real llama.cpp: the same tokens, the same chat, and CLR over its server.

Built from source in minutes, so not a part of the ordinary tests:

    make llama CHECKPOINT=runs/nano/final
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
import torch
from command_line import run_cli

from reasoncore.config import HardwareSettings
from reasoncore.infer.engine import Request, SamplingParams
from reasoncore.infer.local import LocalEngine
from reasoncore.model.checkpoint import load_checkpoint
from reasoncore.model.folder import resolve_base
from reasoncore.procedural import sample_problems
from reasoncore.procedural.table import PROCEDURAL
from reasoncore.serve.gguf_export import export_gguf

pytestmark = pytest.mark.llama_cpp

MAX_TOKENS = 128
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def checkpoint() -> Path:
    given = os.environ.get("REASONCORE_CHECKPOINT")
    return Path(given) if given else resolve_base("nano-base", Path())


@pytest.fixture(scope="module")
def files(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("gguf")
    for kind in ("f16", "q8_0"):
        export_gguf(checkpoint, folder / f"{kind}.gguf", kind, "nano")  # type: ignore[arg-type]
    return {kind: folder / f"{kind}.gguf" for kind in ("f16", "q8_0")}


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    return lambda *words: run_cli(capsys, monkeypatch, *words)


def prompts(count: int) -> list[str]:
    of_math = sample_problems("math", PROCEDURAL["math"], (1, 2, 3), "test", count // 2, 11)
    of_code = sample_problems("code", PROCEDURAL["code"], (1, 2, 3), "test", count - count // 2, 11)
    return [worked.problem.prompt for worked in (*of_math, *of_code)]


def test_greedy_tokens_are_ours(checkpoint: Path, files: dict[str, Path]) -> None:
    """In float16, with the cache and the sums in float32 as ours are."""
    import llama_cpp

    model, tokenizer = load_checkpoint(checkpoint)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.copy_(parameter.half().float())
    engine = LocalEngine(model, tokenizer, HardwareSettings(device="cpu"))
    asked = prompts(50)
    requests = [Request(({"role": "user", "content": prompt},), 1, 1) for prompt in asked]
    ours = engine.generate(requests, SamplingParams(temperature=0.0, max_tokens=MAX_TOKENS))
    float32 = llama_cpp.GGML_TYPE_F32
    theirs = llama_cpp.Llama(
        str(files["f16"]), n_ctx=1024, verbose=False, n_threads=2, type_k=float32, type_v=float32, flash_attn=False
    )
    differ = []
    for prompt, (mine,) in zip(asked, ours, strict=True):
        found: list[int] = []
        for token in theirs.generate(list(mine.prompt_token_ids), temp=0.0, top_k=1, repeat_penalty=1.0):
            found.append(token)
            if token == tokenizer.turn_end_id or len(found) == MAX_TOKENS:
                break
        if tuple(found) != mine.token_ids:
            differ.append((prompt, theirs.detokenize(found), mine.text))
    assert not differ, f"{len(differ)} of 50, the first: {differ[0]}"


def test_its_tokenizer_and_chat_template_are_ours(checkpoint: Path, files: dict[str, Path]) -> None:
    import llama_cpp

    _, tokenizer = load_checkpoint(checkpoint)
    theirs = llama_cpp.Llama(str(files["f16"]), vocab_only=True, verbose=False)
    for text in (*prompts(50), "def f(xs):\n    return [x ** 2 for x in xs]\n", "naïve — ½ 😀\t\n\n  x"):
        (expected,) = tokenizer.response_ids([text])
        assert tuple(theirs.tokenize(text.encode(), add_bos=False, special=False)) == expected[:-1], text
    assert theirs.metadata["tokenizer.chat_template"] == tokenizer.hf.chat_template


@contextmanager
def serving(file: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    how = ["--model", str(file), "--model_alias", "nano", "--n_ctx", "2048", "--n_threads", "2", "--verbose", "False"]
    # Prompts token by token: where a processor has AMX and the system does not let it be used, batches of Q8_0 crash.
    how += ["--n_batch", "1", "--n_ubatch", "1"]
    server = subprocess.Popen(
        [sys.executable, "-m", "llama_cpp.server", *how, "--host", "127.0.0.1", "--port", str(port)]
    )
    try:
        until = time.monotonic() + 60
        while True:
            assert server.poll() is None, "the server ended"
            assert time.monotonic() < until
            try:
                httpx2.get(f"http://127.0.0.1:{port}/v1/models", trust_env=False)
                break
            except httpx2.HTTPError:
                time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(20)


def test_q8_0_is_as_right_as_f16(files: dict[str, Path], run: Run, tmp_path: Path) -> None:
    scores = {}
    for kind, file in files.items():
        with serving(file) as url:
            code, printed, _ = run(
                "eval", "--endpoint", url, "--model-name", "nano", "--concurrency", "1", "--benchmarks",
                "procedural-math", "--limit", "100", "--samples", "1", "--temperature", "0", "--max-tokens",
                str(MAX_TOKENS), "--out", str(tmp_path / kind), "--json",
            )  # fmt: skip
        assert code == 0
        scores[kind] = json.loads(printed)["benchmarks"]["procedural-math"]["pass@1"]["mean"]
    print(f"greedy Pass@1 of 100 maths problems: {scores}")
    assert abs(scores["q8_0"] - scores["f16"]) <= 0.06


def test_clr_runs_over_its_server(files: dict[str, Path], run: Run) -> None:
    with serving(files["f16"]) as url:
        code, printed, _ = run(
            "ask", "Solve for x: 3x + 14 = 38.", "--endpoint", url, "--model-name", "nano", "--concurrency", "1",
            "--clr", "--k", "4", "--claims", "3", "--max-tokens", "256", "--json",
        )  # fmt: skip
    assert code == 0
    found = json.loads(printed)
    print({key: found[key] for key in ("answer", "confidence", "padded_rate", "unparsable_rate", "failures")})
    assert len(found["trajectories"]) == 4
    assert not found["failures"]
