"""What odd clients and odd upstreams do to the server and to those who ask: one clear message, and nothing lost."""

from __future__ import annotations

import io
import json
import os
import pty
import subprocess
import sys
import threading
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest
from command_line import run_cli
from fake_endpoint import DONE, Body, FakeEndpoint, Reply, delta, event, in_turn
from running_server import RunningServer
from test_ask import CLAIMED, answers, at, by_claims
from test_serve import SIX, ask, client, over

from reasoncore.config import HardwareSettings
from reasoncore.infer.engine import Request, SamplingParams
from reasoncore.infer.http.endpoint import Server
from reasoncore.infer.http.sampling import request_body
from reasoncore.model.folder import resolve_base
from reasoncore.serve.models import serve_checkpoint


@pytest.fixture(autouse=True)
def no_proxies_and_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "ALL_PROXY", "http_proxy", "all_proxy", "REASONCORE_API_KEY"):
        monkeypatch.delenv(name, raising=False)


def embedded() -> RunningServer:
    base = resolve_base("nano-base", Path())
    return RunningServer(partial(serve_checkpoint, base, "nano", HardwareSettings(threads=1, decode_rows=8), None))


def test_no_sampling_setting_kills_the_engine_and_health_says_when_something_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with embedded() as server:
        made = client(server)
        for odd in ({"temperature": 1e-38}, {"top_p": 1e-300}, {"temperature": 1e-6, "top_p": 1e-30}):
            assert ask(made, "nano", SIX, max_tokens=4, **odd).choices[0].finish_reason
        assert httpx2.get(f"{server.url}/health").status_code == 200

        def fail(*_: object) -> None:
            raise RuntimeError("out of luck")

        monkeypatch.setattr("reasoncore.infer.decoding.Decoding.advance", fail)
        with pytest.raises(openai.InternalServerError, match="out of luck"):
            ask(made, "nano", SIX, max_tokens=4)
        health = httpx2.get(f"{server.url}/health")
    assert health.status_code == 503
    assert "out of luck" in health.json()["status"]


def test_half_characters_and_endless_lengths_of_a_client() -> None:
    with embedded() as server:
        body = {"model": "nano", "messages": [{"role": "user", "content": "\ud800 6 * 7?"}], "max_tokens": 4}
        assert httpx2.post(f"{server.url}/v1/chat/completions", content=json.dumps(body).encode()).status_code == 200
        body["max_tokens"] = 10**400
        reply = httpx2.post(f"{server.url}/v1/chat/completions", content=json.dumps(body).encode())
    assert (reply.status_code, reply.json()["error"]["param"]) == (400, "max_tokens")


def test_a_long_prompt_does_not_stop_the_others() -> None:
    with embedded() as server:
        words = "ab 12 " * 80_000
        body = {"model": "nano+clr", "messages": [{"role": "user", "content": words}]}
        refused: list[int] = []
        asking = threading.Thread(
            target=lambda: refused.append(
                httpx2.post(f"{server.url}/v1/chat/completions", json=body, timeout=60).status_code
            )
        )
        asking.start()
        waits = [httpx2.get(f"{server.url}/health").elapsed.total_seconds() for _ in range(20)]
        asking.join(60)
    assert refused == [400]
    assert max(waits) < 1.0


@pytest.mark.parametrize("of_checks", [True, False])
def test_what_the_upstream_refuses_is_left_out_and_said(of_checks: bool) -> None:
    lock, refused = threading.Lock(), []

    def script(reply: Reply, body: Body) -> None:
        is_check = "BEGIN CLAIMS" in body["messages"][0]["content"]
        with lock:
            first = is_check == of_checks and not refused
            refused.extend([True] if first else [])
        if first:
            reply.json({"error": {"message": "content filter"}}, 400)
        else:
            answers(by_claims)(reply, body)

    with FakeEndpoint(script) as endpoint, over(endpoint) as server:
        found = ask(client(server), "m+clr", SIX, extra_body={"clr": {"k": 6, "stop_early": False, "claims": 2}})
    assert found.clr["answer"] in ("41", "42")
    assert len(found.clr["trajectories"]) == (6 if of_checks else 5)
    assert any("content filter" in failure for failure in found.clr["failures"])


@pytest.mark.parametrize("status", [401, 302, 304])
def test_a_server_that_refuses_everything_is_not_the_clients_fault(status: int) -> None:
    with FakeEndpoint(lambda reply, body: reply.send(status, b"")) as endpoint, over(endpoint) as server:
        reply = httpx2.post(f"{server.url}/v1/chat/completions", json={"model": "m+clr", "messages": SIX})
    assert reply.status_code == 502
    assert reply.json()["error"]["type"] == "upstream_error"


@pytest.mark.parametrize("count", [-5, 10**400, 1.5, "7"])
def test_counts_that_are_none_are_not_counted(count: Any) -> None:
    def script(reply: Reply, body: Body) -> None:
        said = event({"choices": [], "usage": {"prompt_tokens": count, "completion_tokens": count}})
        reply.stream([delta(by_claims(body), "stop"), said, DONE])

    with FakeEndpoint(script) as endpoint, over(endpoint) as server:
        found = ask(client(server), "m+clr", SIX, extra_body={"clr": {"k": 2, "claims": 2}})
        counted = httpx2.get(f"{server.url}/metrics").text
    assert found.clr["answer"] in ("41", "42")
    assert 'reasoncore_tokens_total{kind="completion",model="m+clr"} 0.0' in counted


def test_clr_asks_for_the_mark_that_it_compares() -> None:
    with FakeEndpoint(answers(by_claims)) as endpoint, over(endpoint) as server:
        ask(client(server), "m+clr", SIX, extra_body={"clr": {"k": 1}})
    assert "\\boxed{}" in endpoint.bodies[0]["messages"][0]["content"]


def test_confidence_is_of_the_votes_where_not_all_was_checked(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four answers, all different; whatever is checked first settles it."""

    def script(reply: Reply, body: Body) -> None:
        if "BEGIN CLAIMS" in body["messages"][0]["content"]:
            answers(lambda _: "1: VALID\n2: VALID")(reply, body)
        else:
            answers(lambda body: CLAIMED.format(*[body["seed"] % 1000] * 3))(reply, body)

    options = ("--clr", "--k", "4", "--claims", "2", "--concurrency", "1")
    with FakeEndpoint(script) as endpoint:
        code, out, _ = run_cli(capsys, monkeypatch, "ask", "What is 6 * 7?", *at(endpoint), *options)
    assert code == 0
    assert "confidence 25 % of the votes; 1 of 4 votes" in out
    assert out.count("not checked: it could not change the answer") == 3


def test_text_that_is_told_is_the_completion_and_a_new_attempt_says_so(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reasoncore.infer.http.retry.random.uniform", lambda low, high: 0.0)

    def breaks(reply: Reply, body: Body) -> None:
        reply.stream([delta("It is 4")], whole=False)

    def thinks(reply: Reply, body: Body) -> None:
        reply.stream([delta(None, reasoning_content="6*7=42"), delta("42", "stop"), DONE])

    with FakeEndpoint(in_turn(breaks, thinks)) as endpoint:
        code, out, _ = run_cli(capsys, monkeypatch, "ask", "What is 6 * 7?", *at(endpoint))
    assert code == 0
    assert out.strip() == "It is 4\n[broken off; the answer begins anew]\n<think>\n6*7=42\n</think>\n\n42"


def test_a_stream_that_breaks_off_ends_with_an_error_that_clients_read() -> None:
    endpoint = FakeEndpoint(lambda reply, body: reply.stream([delta("half")], whole=False))
    with endpoint, over(endpoint) as server, pytest.raises(openai.APIError, match="broke off its reply"):
        list(ask(client(server), "m", SIX, stream=True))


def test_more_tokens_than_the_upstream_has_room_for_are_not_asked_for() -> None:
    request = Request(({"role": "user", "content": "x" * 1000},), 1, 1)
    server = Server("http://h/v1", "m")
    sampling = SamplingParams(max_tokens=131_072)
    assert request_body(server, request, range(1), sampling)["max_tokens"] == 131_072
    server.says = {"max_model_len": 32_768}
    assert request_body(server, request, range(1), sampling)["max_tokens"] == 32_768 - 1000 - 128
    long = Request(({"role": "user", "content": "x" * 100_000},), 1, 1)
    assert request_body(server, long, range(1), sampling)["max_tokens"] == 16_384
    assert request_body(server, long, range(1), SamplingParams(max_tokens=7))["max_tokens"] == 7


def test_answers_that_look_like_markup_are_shown_as_they_are(tmp_path: Path) -> None:
    """On a terminal, where progress is drawn."""
    with FakeEndpoint(answers(lambda body: "\\boxed{[/x]}\nClaims:\n1. a\n2. b")) as endpoint:
        controller, terminal = pty.openpty()
        command = [sys.executable, "-m", "reasoncore.cli.main", "ask", "q?", *at(endpoint), "--clr", "--k", "2"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=terminal, text=True)
        os.close(terminal)
        out, _ = process.communicate(timeout=60)
        os.close(controller)
    assert process.returncode == 0
    assert out.splitlines()[0] == "[/x]"


def test_bytes_that_are_no_text_are_replaced(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    strict = io.TextIOWrapper(io.BytesIO(b"a\xff b"), encoding="utf-8", errors="strict")
    monkeypatch.setattr("sys.stdin", strict)
    with FakeEndpoint(answers(lambda body: body["messages"][0]["content"])) as endpoint:
        assert run_cli(capsys, monkeypatch, "ask", *at(endpoint))[:2] == (0, "a\ufffd b\n")
        assert run_cli(capsys, monkeypatch, "ask", "a\udcff b", *at(endpoint))[:2] == (0, "a? b\n")


def test_logs_with_half_characters_are_aggregated(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "s.jsonl").write_text('{"problem_id": "\\ud800", "answer": "\\udc00", "verdicts": [1]}\n')
    for more in ((), ("--json",)):
        assert run_cli(capsys, monkeypatch, "clr", "aggregate", str(tmp_path / "s.jsonl"), *more)[0] == 0
