"""The server as OpenAI's own client sees it, over a server that answers by script and over a checkpoint."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest
from fake_endpoint import DONE, Body, FakeEndpoint, Reply, answer_of, delta, drip, event, refuse, well
from running_server import RunningServer
from test_ask import answers, by_claims

from reasoncore.config import HardwareSettings
from reasoncore.infer.http import Patience
from reasoncore.model.folder import resolve_base
from reasoncore.serve.models import serve_checkpoint, serve_endpoint

QUICK = Patience(attempts=2, backoff_s=0.01, max_backoff_s=0.02, start_s=5.0)
HI = [{"role": "user", "content": "hi"}]
SIX = [{"role": "user", "content": "What is 6 * 7?"}]


@pytest.fixture(autouse=True)
def no_proxies_and_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "ALL_PROXY", "http_proxy", "all_proxy", "REASONCORE_API_KEY"):
        monkeypatch.delenv(name, raising=False)


def over(endpoint: FakeEndpoint, name: str = "m", **how: Any) -> RunningServer:
    return RunningServer(partial(serve_endpoint, endpoint.url, "m", name, 8, QUICK), **how)


def client(server: RunningServer, key: str = "none", **how: Any) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{server.url}/v1", api_key=key, max_retries=0, **how)


def ask(made: openai.OpenAI, model: str, messages: Any = HI, **how: Any) -> Any:
    return made.chat.completions.create(model=model, messages=messages, **how)


def eventually(condition: Any, limit_s: float) -> bool:
    until = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


# The plain model of another server.


def test_the_page_runs_its_own_script_alone() -> None:
    with FakeEndpoint(well) as endpoint, over(endpoint, api_key="secret") as server:
        page, script = httpx2.get(server.url), httpx2.get(f"{server.url}/page.js")
    for reply in (page, script):
        assert reply.status_code == 200
        assert "default-src 'none'; script-src 'self'" in reply.headers["content-security-policy"]
    assert "<script src=" in page.text
    assert "innerHTML" not in script.text


def test_models_and_health() -> None:
    with FakeEndpoint(well) as endpoint, over(endpoint) as server:
        assert [model.id for model in client(server).models.list()] == ["m", "m+clr"]
        assert httpx2.get(f"{server.url}/health").json() == {"status": "ok"}


def test_the_plain_model_goes_through_as_it_is() -> None:
    with FakeEndpoint(well) as endpoint, over(endpoint) as server:
        reply = ask(client(server), "m", n=2, seed=3, stop=["x"], stream=True, extra_body={"top_k": 5})
        texts: dict[int, str] = {}
        for chunk in reply:
            for choice in chunk.choices:
                texts[choice.index] = texts.get(choice.index, "") + (choice.delta.content or "")
    assert texts == {0: "hi with 3 #0", 1: "hi with 3 #1"}
    (body,) = endpoint.bodies
    assert (body["n"], body["seed"], body["stop"], body["top_k"]) == (2, 3, ["x"], 5)


def test_what_only_the_other_server_knows_goes_through() -> None:
    messages = [
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}]},
        {"role": "tool", "tool_call_id": "1", "content": "12"},
    ]
    with FakeEndpoint(document_of) as endpoint, over(endpoint) as server:
        ask(client(server), "m", messages, seed=1)
    assert endpoint.bodies[0]["messages"] == messages


def test_another_name_is_translated() -> None:
    with FakeEndpoint(document_of) as endpoint, over(endpoint, "other") as server:
        reply = ask(client(server), "other", seed=1)
        assert reply.choices[0].message.content == "hi with 1"
    assert endpoint.bodies[0]["model"] == "m"


def document_of(reply: Reply, body: Body) -> None:
    reply.json(
        {
            "id": "x",
            "object": "chat.completion",
            "created": 1,
            "model": body["model"],
            "choices": [
                {"index": 0, "message": {"role": "assistant", "content": answer_of(body)}, "finish_reason": "stop"}
            ],
        }
    )


def test_an_error_of_the_other_server_goes_through() -> None:
    refusing = FakeEndpoint(refuse(400, "too long"))
    with refusing, over(refusing) as server, pytest.raises(openai.BadRequestError, match="too long"):
        ask(client(server), "m")


def test_a_reply_that_cannot_be_sent_on_keeps_no_place() -> None:
    odd = FakeEndpoint(lambda reply, body: reply.stream([b"x"], "text/plain\x01"))
    with odd, over(odd, places=1) as server:
        for _ in range(3):
            with pytest.raises(openai.InternalServerError, match="not HTTP") as caught:
                ask(client(server), "m", seed=1)
            assert caught.value.status_code == 502


def test_hosts_that_are_none_are_refused() -> None:
    with FakeEndpoint(well) as endpoint, over(endpoint) as server:
        for headers in ({"Host": "["}, {"Origin": "http://["}):
            assert httpx2.get(f"{server.url}/v1/models", headers=headers).status_code == 403
        refused = httpx2.get(f"{server.url}/v1/chat/completions")
        assert (refused.status_code, refused.headers["allow"]) == (405, "POST")


def test_a_server_that_is_away_is_said() -> None:
    with FakeEndpoint(well) as endpoint, over(endpoint) as server:
        endpoint.kill()
        for model in ("m", "m+clr"):
            with pytest.raises(openai.InternalServerError, match=r"127\.0\.0\.1") as caught:
                ask(client(server), model)
            assert caught.value.status_code == 502
            assert caught.value.body["type"] == "upstream_error"  # type: ignore[index]


# CLR.


def test_clr_answers_with_what_it_found() -> None:
    with FakeEndpoint(answers(by_claims)) as endpoint, over(endpoint) as server:
        reply = ask(client(server), "m+clr", SIX, seed=4, extra_body={"clr": {"k": 12, "claims": 2}})
    found = reply.clr
    assert found["answer"] in ("41", "42")
    assert f"\\boxed{{{found['answer']}}}" in reply.choices[0].message.content
    assert "Claims" not in reply.choices[0].message.content
    assert reply.choices[0].finish_reason == "stop"
    assert {one["answer"] for one in found["classes"]} == {"41", "42"}
    assert "text" not in found["trajectories"][0]


def counting(reply: Reply, body: Body) -> None:
    reply.stream(
        [
            delta(by_claims(body), "stop"),
            event({"choices": [], "usage": {"prompt_tokens": 100, "completion_tokens": 7}}),
            DONE,
        ]
    )


def test_usage_adds_up_all_calls() -> None:
    with FakeEndpoint(counting) as endpoint, over(endpoint) as server:
        reply = ask(client(server), "m+clr", SIX, extra_body={"clr": {"k": 4, "claims": 2, "stop_early": False}})
        text = httpx2.get(f"{server.url}/metrics").text
    assert len(endpoint.bodies) == 8
    assert (reply.usage.prompt_tokens, reply.usage.completion_tokens, reply.usage.total_tokens) == (800, 56, 856)
    assert 'reasoncore_tokens_total{kind="completion",model="m+clr"} 56.0' in text


def test_an_error_that_is_passed_on_is_counted() -> None:
    with FakeEndpoint(refuse(503)) as endpoint, over(endpoint) as server:
        body = {"model": "m", "messages": [{"role": "user", "content": "?"}]}
        assert httpx2.post(f"{server.url}/v1/chat/completions", json=body).status_code == 503
        text = httpx2.get(f"{server.url}/metrics").text
    assert 'reasoncore_failures_total{model="m",status="503"} 1.0' in text


def test_a_stream_shows_progress_and_then_the_answer() -> None:
    with FakeEndpoint(counting) as endpoint, over(endpoint) as server:
        options = {"stream_options": {"include_usage": True}, "extra_body": {"clr": {"k": 6, "claims": 2}}}
        chunks = list(ask(client(server), "m+clr", SIX, seed=4, stream=True, **options))
    reasoning = [c.choices[0].delta.model_extra.get("reasoning_content") for c in chunks if c.choices]
    content = [c.choices[0].delta.content for c in chunks if c.choices]
    assert sum(bool(text) for text in reasoning) >= 6
    assert any("of 6: 4" in (text or "") for text in reasoning)
    assert "boxed" in (content[-1] or "")
    assert all(not text for text in content[:-1])
    assert chunks[-1].usage.completion_tokens >= 6 * 7
    assert chunks[-1].model_extra["clr"]["answer"] in ("41", "42")
    assert sum("clr_trajectory" in c.model_extra for c in chunks) >= 6


def test_history_is_part_of_the_question() -> None:
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "x is 6."},
        {"role": "assistant", "content": "Good."},
        {"role": "user", "content": "What is 7 x?"},
    ]
    with FakeEndpoint(answers(by_claims)) as endpoint, over(endpoint) as server:
        ask(client(server), "m+clr", messages, extra_body={"clr": {"k": 4, "claims": 2, "stop_early": False}})
    first = next(body for body in endpoint.bodies if len(body["messages"]) > 1)
    assert first["messages"][:3] == messages[:3]
    check = next(body for body in endpoint.bodies if "BEGIN CLAIMS" in body["messages"][0]["content"])
    assert "x is 6." in check["messages"][0]["content"]


@pytest.mark.parametrize(
    ("how", "clr", "begins"),
    [
        ({}, {}, "What is 6 * 7? Let's think step by step"),
        ({"instruction": ""}, {}, "What is 6 * 7?\n\nAfter your answer"),
        ({"instruction": ""}, {"instruction": "Box it."}, "What is 6 * 7? Box it.\n\n"),
        ({}, {"instruction": ""}, "What is 6 * 7?\n\nAfter your answer"),
    ],
)
def test_the_request_or_else_the_server_says_how_to_mark_the_answer(
    how: dict[str, str], clr: dict[str, str], begins: str
) -> None:
    with FakeEndpoint(answers(by_claims)) as endpoint, over(endpoint, **how) as server:
        ask(client(server), "m+clr", SIX, extra_body={"clr": {"k": 1, "claims": 2, **clr}})
    assert endpoint.bodies[0]["messages"][0]["content"].startswith(begins)


# What is wrong.


@pytest.mark.parametrize(
    ("model", "how", "said"),
    [
        ("mm", {}, "there is no model 'mm'; there are m, m+clr"),
        ("m+clr", {"messages": [{"role": "assistant", "content": "hi"}]}, "the last one is not the user's"),
        ("m+clr", {"n": 2}, "CLR gives one answer"),
        ("m+clr", {"extra_body": {"clr": {"k": 0}}}, "clr.k"),
        ("m+clr", {"extra_body": {"clr": {"kk": 3}}}, "clr.kk"),
        ("m+clr", {"temperature": -1}, "temperature"),
        ("m+clr", {"messages": []}, "messages"),
    ],
)
def test_a_wrong_request_is_named_in_openais_shape(model: str, how: dict[str, Any], said: str) -> None:
    endpoint = FakeEndpoint(answers(by_claims))
    with endpoint, over(endpoint) as server, pytest.raises(openai.APIStatusError) as caught:
        ask(client(server), model, **how)
    assert caught.value.status_code in (400, 404)
    assert said in caught.value.body["message"]  # type: ignore[index]
    assert not endpoint.bodies


def test_bodies_that_are_none_and_paths_that_are_not_there() -> None:
    with FakeEndpoint(well) as endpoint, over(endpoint) as server:
        for content in (b"", b"{", b"[" * 100_000, b"[]"):
            reply = httpx2.post(f"{server.url}/v1/chat/completions", content=content)
            assert (reply.status_code, reply.json()["error"]["type"]) == (400, "invalid_request_error")
        assert httpx2.get(f"{server.url}/v1/nothing").json()["error"]["message"].startswith("/v1/nothing: there is")
        big = httpx2.post(f"{server.url}/v1/chat/completions", content=b" " * (17 * 2**20))
        assert big.status_code == 413


def test_a_key_is_asked_for() -> None:
    with FakeEndpoint(well) as endpoint, over(endpoint, api_key="secret") as server:
        with pytest.raises(openai.AuthenticationError):
            ask(client(server, "wrong"), "m")
        with pytest.raises(openai.AuthenticationError):
            client(server, "wrong").models.list()
        assert [model.id for model in client(server, "secret").models.list()] == ["m", "m+clr"]
        assert httpx2.get(f"{server.url}/health").status_code == 200


# Other servers that misbehave.


def hang(reply: Reply, body: Body) -> None:
    time.sleep(3)


def html(reply: Reply, body: Body) -> None:
    reply.send(200, b"<!DOCTYPE html><h1>Log in</h1>", "text/html")


def broken_off(reply: Reply, body: Body) -> None:
    reply.stream([delta("It is")], whole=False)


BAD = {"hangs": hang, "fails": refuse(500), "html": html, "breaks off": broken_off}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_one_that_misbehaves_always_is_one_message_in_bounded_time(bad: Any) -> None:
    patience = Patience(attempts=2, backoff_s=0.01, max_backoff_s=0.02, start_s=0.3, min_tokens_per_s=1e9)
    endpoint = FakeEndpoint(bad)
    serving = partial(serve_endpoint, endpoint.url, "m", "m", 8, patience)
    began = time.monotonic()
    with endpoint, RunningServer(serving) as server, pytest.raises(openai.InternalServerError) as caught:
        ask(client(server), "m+clr", SIX, extra_body={"clr": {"k": 4}})
    assert time.monotonic() - began < 10
    assert caught.value.status_code == 502
    assert "after 2 attempts" in caught.value.body["message"]  # type: ignore[index]


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_one_that_misbehaves_at_times_leaves_the_other_trajectories(bad: Any) -> None:
    def script(reply: Reply, body: Body) -> None:
        (bad if body["seed"] % 2 else answers(by_claims))(reply, body)

    patience = Patience(attempts=1, start_s=0.3, min_tokens_per_s=1e9)
    endpoint = FakeEndpoint(script)
    serving = partial(serve_endpoint, endpoint.url, "m", "m", 8, patience)
    with endpoint, RunningServer(serving) as server:
        found = ask(client(server), "m+clr", SIX, seed=1, extra_body={"clr": {"k": 16, "claims": 2}}).clr
    assert 0 < len(found["trajectories"]) < 16
    assert found["failures"]
    assert found["answer"] in ("41", "42")


def test_wrong_usage_counts_as_none_and_missing_answers_are_said() -> None:
    def script(reply: Reply, body: Body) -> None:
        text = by_claims(body) if body["seed"] % 5 == 0 or "BEGIN CLAIMS" in body["messages"][0]["content"] else "Hm."
        reply.stream([delta(text, "stop"), event({"choices": [], "usage": {"completion_tokens": "many"}}), DONE])

    with FakeEndpoint(script) as endpoint, over(endpoint) as server:
        reply = ask(client(server), "m+clr", SIX, seed=3, extra_body={"clr": {"k": 6, "claims": 2}})
    assert reply.usage.total_tokens == 0
    assert 0 < reply.clr["no_answer_rate"] < 1


def test_pages_of_others_and_names_that_are_not_this_machine_get_nothing() -> None:
    with FakeEndpoint(well) as endpoint, over(endpoint) as server:
        for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Host": "evil.example"}):
            for path in ("/v1/chat/completions", "/v1/models", "/metrics"):
                method = "POST" if "chat" in path else "GET"
                reply = httpx2.request(method, server.url + path, headers=headers, content=b"{}")
                assert reply.status_code == 403, (headers, path)
        own = {"Origin": server.url}
        assert httpx2.get(f"{server.url}/v1/models", headers=own).status_code == 200
    assert not endpoint.bodies


# Many at once, and those who go away.


def slow(reply: Reply, body: Body) -> None:
    time.sleep(0.05)
    answers(by_claims)(reply, body)


def clr_of_four(server: RunningServer, results: list[Any], seed: int) -> None:
    try:
        # Without stopping early nothing is cancelled, which the scripted server would go on counting for a while.
        options = {"clr": {"k": 4, "claims": 2, "stop_early": False}}
        results.append(ask(client(server), "m+clr", SIX, seed=seed, extra_body=options).clr)
    except openai.APIStatusError as error:
        results.append(error)


def together(count: int, server: RunningServer) -> list[Any]:
    results: list[Any] = []
    threads = [threading.Thread(target=clr_of_four, args=(server, results, seed)) for seed in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return results


def test_many_clients_share_the_slots() -> None:
    with FakeEndpoint(slow) as endpoint, over(endpoint) as server:
        results = together(16, server)
        assert all(isinstance(found, dict) and found["answer"] in ("41", "42") for found in results), results
        assert len(results) == 16
        assert endpoint.most_in_flight <= 8
        assert eventually(lambda: endpoint.in_flight == 0, 2)
        assert "reasoncore_answering 0.0" in httpx2.get(f"{server.url}/metrics").text


def test_one_too_many_gets_a_clean_429() -> None:
    with FakeEndpoint(slow) as endpoint, over(endpoint, places=4) as server:
        results = together(24, server)
        refused = [found for found in results if isinstance(found, openai.RateLimitError)]
        assert len(refused) + sum(isinstance(found, dict) for found in results) == 24
        assert refused
        assert refused[0].response.headers["retry-after"] == "1"
        assert isinstance(together(1, server)[0], dict)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("model", ["m", "m+clr"])
def test_who_goes_away_leaves_no_call_behind(model: str, stream: bool) -> None:
    dripping = lambda reply, body: reply.stream(drip(delta("x"), 0.05))  # noqa: E731
    with FakeEndpoint(dripping) as endpoint, over(endpoint) as server:
        body = {"model": model, "messages": SIX, "stream": stream}
        gone: list[threading.Thread] = []
        for _ in range(8):
            gone.append(threading.Thread(target=leave, args=(f"{server.url}/v1/chat/completions", body)))
            gone[-1].start()
        assert eventually(lambda: endpoint.in_flight > 0, 5)
        for thread in gone:
            thread.join(10)
        assert eventually(lambda: endpoint.in_flight == 0, 1.5), endpoint.in_flight
        assert eventually(lambda: "reasoncore_answering 0.0" in httpx2.get(f"{server.url}/metrics").text, 2)


def leave(url: str, body: dict[str, Any]) -> None:
    """Ask, and be gone soon after."""
    address = httpx2.URL(url)
    content = json.dumps(body).encode()
    with socket.create_connection((address.host, address.port)) as connection:
        head = f"POST {address.path} HTTP/1.1\r\nHost: {address.host}\r\nContent-Length: {len(content)}\r\n\r\n"
        connection.sendall(head.encode() + content)
        time.sleep(0.4)


# A checkpoint.


@pytest.fixture(scope="module")
def nano() -> Iterator[RunningServer]:
    base = resolve_base("nano-base", Path())
    hardware = HardwareSettings(device="cpu", decode_rows=16)
    with RunningServer(partial(serve_checkpoint, base, "nano", hardware, 256), slots=16) as server:
        yield server


def test_a_checkpoint_answers_streams_and_counts(nano: RunningServer) -> None:
    made = client(nano)
    whole = ask(made, "nano", n=2, seed=5, max_tokens=24)
    assert [choice.index for choice in whole.choices] == [0, 1]
    assert whole.choices[0].message.content != whole.choices[1].message.content
    assert whole.usage.total_tokens == whole.usage.prompt_tokens + whole.usage.completion_tokens
    assert 0 < whole.usage.completion_tokens <= 48
    texts = ["", ""]
    for chunk in ask(made, "nano", n=2, seed=5, max_tokens=24, stream=True):
        for choice in chunk.choices:
            texts[choice.index] += choice.delta.content or ""
    assert texts == [choice.message.content for choice in whole.choices]
    short = ask(made, "nano", seed=5, max_tokens=1)
    assert (short.choices[0].finish_reason, short.usage.completion_tokens) == ("length", 1)
    stopped = ask(made, "nano", seed=5, max_tokens=24, stop=[texts[0][3]])
    assert texts[0][3] not in stopped.choices[0].message.content


def test_a_checkpoint_runs_clr_and_refuses_what_is_too_long(nano: RunningServer) -> None:
    made = client(nano)
    found = ask(made, "nano+clr", SIX, seed=1, max_tokens=48, extra_body={"clr": {"k": 4}}).clr
    assert found["asked"] == 4
    for stream in (False, True):
        with pytest.raises(openai.BadRequestError, match="the context holds 256"):
            ask(made, "nano", [{"role": "user", "content": "word " * 500}], stream=stream)


def test_wrong_options_of_the_command(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from command_line import run_cli

    code, _, err = run_cli(capsys, monkeypatch, "serve")
    assert (code, "one model is needed" in err) == (2, True)
    code, _, err = run_cli(capsys, monkeypatch, "serve", "--model", tmp_path, "--host", "0.0.0.0")
    assert (code, "REASONCORE_SERVE_KEY" in err) == (2, True)
    code, _, err = run_cli(capsys, monkeypatch, "serve", "--model", tmp_path)
    assert (code, "config.json" in err) == (2, True)
    assert len(err.strip().splitlines()) == 2
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, _, err = run_cli(capsys, monkeypatch, "serve", "--model", tmp_path, "--port", port)
    assert (code, "cannot listen there" in err) == (2, True)
