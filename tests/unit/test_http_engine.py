"""The engine over a chat endpoint, against a server that lies, stalls, refuses and dies."""

from __future__ import annotations

import os
import signal
import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from fake_endpoint import (
    DONE,
    Body,
    FakeEndpoint,
    Reply,
    Script,
    answer_of,
    delta,
    document,
    drip,
    event,
    in_turn,
    one_only,
    refuse,
    says,
    well,
)

from reasoncore.errors import InfrastructureError, ReasoncoreError, UserInputError
from reasoncore.infer.engine import Engine, Request, SamplingParams
from reasoncore.infer.http import HttpEngine, Patience
from reasoncore.infer.http.choices import BadAnswerError, ChoiceReader
from reasoncore.infer.http.endpoint import Server
from reasoncore.infer.http.retry import retry_after_s
from reasoncore.records import Completion
from reasoncore.seeding import derive_seed

SAMPLING = SamplingParams(temperature=0.7, top_p=0.9, max_tokens=64)
QUICK = Patience(attempts=3, backoff_s=0.01, max_backoff_s=0.02)


@pytest.fixture(autouse=True)
def no_proxies_and_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "ALL_PROXY", "http_proxy", "all_proxy", "REASONCORE_API_KEY"):
        monkeypatch.delenv(name, raising=False)


def ask(text: str = "hi", n: int = 1, seed: int = 5) -> Request:
    return Request(({"role": "user", "content": text},), n, seed)


def sent_seed(*parts: int) -> int:
    return derive_seed(*parts) & (2**31 - 1)


def one(script: Script, sampling: SamplingParams = SAMPLING, patience: Patience = QUICK, **options: Any) -> Completion:
    """The completion that a script leads to, which must leave no call behind."""
    with FakeEndpoint(script) as server:
        return HttpEngine(server.url, "m", patience=patience, **options).generate([ask()], sampling)[0][0]


def test_what_is_sent_and_what_comes_back() -> None:
    sampling = SamplingParams(temperature=0.7, top_p=0.9, top_k=20, max_tokens=64, stop=("\n\n", "END"))
    told: list[int] = []
    with FakeEndpoint(well, models=["other", "m"]) as server:
        for url in (server.url, f"{server.url}/", f"{server.url}/v1", f"{server.url}/v1/"):
            engine: Engine = HttpEngine(url, "m", patience=QUICK)
            rows = engine.generate([ask("a", 3), ask("b", 1, seed=9)], sampling, told.append)
    assert set(server.paths) == {"/v1/chat/completions"}
    three, single = sorted(server.bodies[:2], key=lambda body: -body.get("n", 1))
    assert [three["n"], three["seed"], single["seed"]] == [3, sent_seed(5), sent_seed(9)]
    assert "n" not in single
    assert (three["model"], three["messages"], three["stream"]) == ("m", [{"role": "user", "content": "a"}], True)
    assert [three[name] for name in ("temperature", "top_p", "top_k", "max_tokens")] == [0.7, 0.9, 20, 64]
    assert three["stop"] == ["\n\n", "END"]
    assert [[c.text for c in row] for row in rows] == [
        [f"a with {sent_seed(5)} #{index}" for index in range(3)],
        [f"b with {sent_seed(9)} #0"],
    ]
    assert rows[0][0] == Completion((), (), (), rows[0][0].text, "stop")
    assert told == [1] * 16


def test_what_is_not_set_is_not_sent() -> None:
    with FakeEndpoint(well) as server:
        HttpEngine(server.url, "m", patience=QUICK).generate([ask()], SAMPLING)
    assert not {"stop", "top_k", "n"} & set(server.bodies[0])


@pytest.mark.parametrize(
    "together",
    [
        one_only,
        lambda reply, body: document(reply, {"content": f"{answer_of(body)} #0"}),
        refuse(400, "Only one completion choice is allowed"),
        refuse(500, "n_cmpl cannot be greater than the number of slots"),
        refuse(422, "Unexpected fields in the request: {'n'}"),
    ],
)
def test_a_server_that_gives_one_choice_is_asked_one_by_one(together: Script) -> None:
    def script(reply: Reply, body: Body) -> None:
        (together if "n" in body else well)(reply, body)

    with FakeEndpoint(script) as server:
        engine = HttpEngine(server.url, "m", patience=QUICK, concurrency=1)
        rows = engine.generate([ask("a", 4), ask("b", 2)], SAMPLING)
        assert sum("n" in body for body in server.bodies) == 1
        server.bodies.clear()
        again = engine.generate([ask("a", 4), ask("b", 2)], SAMPLING)
    seeds = [sent_seed(5), *(sent_seed(5, sample) for sample in range(1, 4))]
    assert sorted(body["seed"] for body in server.bodies) == sorted(seeds + seeds[:2])
    assert [c.text for c in rows[0]] == [f"a with {seed} #0" for seed in seeds]
    assert [[c.text for c in row] for row in again] == [[c.text for c in row] for row in rows]


def test_choices_beyond_those_asked_for_and_repeated_ones_do_not_count() -> None:
    def too_many(reply: Reply, body: Body) -> None:
        indices = [0, 0, 2, 7, -1, 1, 1]
        choices = [{"index": i, "message": {"content": f"{i}"}, "finish_reason": "stop"} for i in indices]
        reply.json({"choices": choices})

    with FakeEndpoint(too_many) as server:
        rows = HttpEngine(server.url, "m", patience=QUICK).generate([ask(n=3)], SAMPLING)
    assert [[c.text for c in row] for row in rows] == [["0", "1", "2"]]


@pytest.mark.parametrize(
    ("fields", "finish", "text"),
    [
        ({"content": "x", "reasoning_content": "r"}, "stop", "<think>\nr\n</think>\n\nx"),
        ({"content": "x", "reasoning": "r", "reasoning_content": "r"}, "stop", "<think>\nr\n</think>\n\nx"),
        ({"content": "x", "reasoning": "r"}, "length", "<think>\nr\n</think>\n\nx"),
        ({"content": None, "reasoning": "r"}, "length", "<think>\nr"),
        ({"content": "", "reasoning": "r"}, "stop", "<think>\nr\n</think>\n\n"),
        ({"content": "<think>\nopen"}, "length", "<think>\nopen"),
        ({"content": ""}, "stop", ""),
        ({"content": None}, "length", ""),
        ({"content": "x"}, "eos", "x"),
        ({"content": "x"}, "tool_calls", "x"),
    ],
)
def test_reasoning_and_ends(fields: dict[str, Any], finish: str, text: str) -> None:
    completion = one(says([event({"choices": [{"delta": fields}]}), delta(None, finish), DONE]))
    assert (completion.text, completion.finish) == (text, "length" if finish == "length" else "stop")
    assert one(lambda reply, body: document(reply, fields, finish)) == completion


def test_a_stop_string_that_the_server_left_in_ends_the_text() -> None:
    sampling = SamplingParams(max_tokens=64, stop=("END", "\n\n"))
    completion = one(says([delta("a\n"), delta("\nb END c", "length"), DONE]), sampling)
    assert (completion.text, completion.finish) == ("a", "stop")


def huge(reply: Reply, body: Body) -> None:
    document(reply, {"content": "x" * 10_000_000})


@pytest.mark.parametrize(
    "wrong",
    [
        refuse(500),
        refuse(429),
        refuse(429, Retry_After="0"),
        refuse(408),
        lambda reply, body: reply.send(200, b"<html>502 Bad Gateway</html>", "text/html"),
        lambda reply, body: reply.send(200, b""),
        lambda reply, body: reply.send(200, b'{"choices": [{"mess'),
        lambda reply, body: reply.send(200, b"[" * 100_000),
        lambda reply, body: reply.send(200, b'{"choices":' + b"[" * 100_000),
        lambda reply, body: reply.json({"object": "chat.completion"}),
        lambda reply, body: reply.json({"choices": []}),
        lambda reply, body: reply.json({"choices": {"0": "x"}}),
        lambda reply, body: reply.json({"choices": ["x"]}),
        lambda reply, body: document(reply, {"content": ["x"]}),
        lambda reply, body: document(reply, "x"),
        lambda reply, body: document(reply, {"content": "x"}, {"type": "stop"}),
        lambda reply, body: document(reply, {"content": ""}, None),
        lambda reply, body: document(reply, {"content": ""}, "load"),
        lambda reply, body: document(reply, {"content": "x"}, "abort"),
        huge,
        says([delta("x" * 100_000)] * 100),
        says([delta("half")]),
        says([delta("half"), DONE]),
        says([delta("x", "stop")], whole=False),
        says([delta("half"), b'data: {"choices": [{"del']),
        says([delta("half"), event({"error": "CUDA error"}), DONE]),
        says([DONE]),
        says([delta("half"), b"error: out of memory\n"]),
    ],
)
def test_a_failure_is_tried_again_and_is_no_completion(wrong: Script) -> None:
    assert one(in_turn(wrong, says([delta("well", "stop"), DONE]))).text == "well"
    with pytest.raises(InfrastructureError, match="after 2 attempts") as failed:
        one(wrong, patience=Patience(attempts=2, backoff_s=0.01))
    assert failed.value.cure
    assert len(failed.value.message) < 500


@pytest.mark.parametrize("content_type", ["text/html", "application/octet-stream", "nonsense"])
def test_the_content_type_is_not_believed(content_type: str) -> None:
    assert one(says([delta("x", "stop"), DONE], content_type=content_type)).text == "x"
    assert one(lambda reply, body: document(reply, {"content": "x"}, content_type=content_type)).text == "x"


def test_the_stream_may_come_in_any_pieces_with_comments_and_without_an_end_mark() -> None:
    stream = b": ping\n\nevent: message\nid: 1\n" + delta("ä\ud83d") + delta("\ude00").replace(b"\n", b"\r\n")
    stream += b'data: {"choices": [{"delta": {}, "finish_reason": "stop"}], "usage": {"completion_tokens": 3}}'
    reader = ChoiceReader(1, 64)
    for position in range(len(stream)):
        reader.feed(stream[position : position + 1])
    (choice,) = reader.finish()
    assert (choice.content, choice.finish_reason, choice.token_count) == ("ä😀", "stop", 3)


def test_tokens_are_counted_for_each_choice_or_not_at_all() -> None:
    def counts(*usages: int | None, total: int) -> list[int | None]:
        reader = ChoiceReader(2, 64)
        for index, count in enumerate(usages):
            choice = {"index": index, "delta": {"content": "x"}, "finish_reason": "stop"}
            reader.feed(event({"choices": [choice], "usage": count and {"completion_tokens": count}}))
        reader.feed(event({"choices": [], "usage": {"completion_tokens": total}}) + DONE)
        return [choice.token_count for choice in reader.finish()]

    assert counts(4, 5, total=9) == [4, 5]
    assert counts(None, None, total=9) == [None, None]
    assert counts(None, total=9) == [9]


def test_a_stream_cut_in_one_of_several_choices_counts_for_none() -> None:
    reader = ChoiceReader(2, 64)
    reader.feed(delta("whole", "stop", index=0) + delta("half", index=1) + DONE)
    with pytest.raises(BadAnswerError, match="middle"):
        reader.finish()


def test_a_server_does_not_decide_how_long_it_takes() -> None:
    stalls = says(chain([delta("x")], (time.sleep(3) or DONE for _ in range(1))))
    began = time.monotonic()
    with pytest.raises(InfrastructureError, match=r"silence for 0\.3 s"):
        one(stalls, patience=Patience(stall_s=0.3, attempts=1))
    patience = Patience(start_s=0.4, min_tokens_per_s=640, attempts=1)
    for script in (says(drip(b": thinking\n\n", 0.05)), says(drip(delta("x"), 0.05)), lambda *_: time.sleep(3)):
        with pytest.raises(InfrastructureError, match=r"within 0\.5 s"):
            one(script, patience=patience)
    assert time.monotonic() - began < 8


def test_what_comes_after_the_end_is_not_waited_for() -> None:
    began = time.monotonic()
    assert one(says(chain([delta("x", "stop"), DONE], drip(b"nonsense\n", 0.05)))).text == "x"
    assert time.monotonic() - began < 8


@pytest.mark.parametrize("retry_after", [{}, {"Retry_After": "1000"}, {"Retry_After": "tomorrow"}])
def test_a_storm_of_refusals_ends_and_the_rest_is_not_tried(retry_after: dict[str, str]) -> None:
    patience = Patience(attempts=10**6, total_s=0.5, backoff_s=0.01, max_backoff_s=0.02)
    began = time.monotonic()
    with FakeEndpoint(refuse(429, "slow down", **retry_after)) as server:
        engine = HttpEngine(server.url, "m", patience=patience, concurrency=8)
        outcomes = [sampled.outcome for sampled in engine.stream([ask()] * 50, SAMPLING)]
    assert time.monotonic() - began < 8
    assert len(outcomes) == 50
    assert all(isinstance(outcome, InfrastructureError) and outcome.cure for outcome in outcomes)
    assert "HTTP 429 (slow down)" in str(outcomes[0])
    assert sum("not tried" in str(outcome) for outcome in outcomes) > 30
    assert len(server.bodies) > 8 * 2


def test_a_server_says_how_long_to_wait_but_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []

    async def note(wait_s: float) -> None:
        waits.append(wait_s)

    monkeypatch.setattr("reasoncore.infer.http.retry.asyncio.sleep", note)
    tomorrow = format_datetime(datetime.now(UTC) + timedelta(days=1))
    refusals = [refuse(503, Retry_After=words) for words in ("0.2", "86400", tomorrow)]
    one(in_turn(*refusals, refuse(500), refuse(500), well), patience=Patience(backoff_s=0.01, max_backoff_s=0.3))
    assert all(0 <= wait - low <= 0.2 for wait, low in zip(waits, (0.2, 0.3, 0.3, 0, 0), strict=True))
    odd = ["", "-3", "soon", "nan", "Fri, 99 Foo 99999999999 25:61:61 GMT", format_datetime(datetime(2001, 1, 1))]
    assert [retry_after_s(words) for words in odd] == [0] * len(odd)
    assert 3590 < retry_after_s(format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)) <= 3600


def test_nobody_there() -> None:
    with FakeEndpoint(well) as server:
        pass
    with pytest.raises(InfrastructureError, match=r"no connection.*after 3 attempts") as failed:
        HttpEngine(server.url, "m", patience=QUICK).generate([ask()], SAMPLING)
    assert "Start the server" in failed.value.cure


def test_a_server_that_dies_and_comes_back_loses_and_doubles_nothing() -> None:
    def slowly(reply: Reply, body: Body) -> None:
        time.sleep(0.02)
        reply.stream([delta(answer_of(body)), *(delta("." * 10) for _ in range(5)), delta("", "stop"), DONE])

    first = FakeEndpoint(slowly)
    second: list[FakeEndpoint] = []

    def restart() -> None:
        first.kill()
        time.sleep(0.2)
        second.append(FakeEndpoint(slowly, port=first.port))

    engine = HttpEngine(first.url, "m", patience=Patience(backoff_s=0.1, max_backoff_s=0.2), concurrency=4)
    samples = []
    for sampled in engine.stream([ask(f"q{i}", 3) for i in range(20)], SAMPLING):
        samples.append(sampled)
        if len(samples) == 20:
            threading.Thread(target=restart).start()
    second[0].kill()
    assert sorted((s.request, s.sample) for s in samples) == [(i, j) for i in range(20) for j in range(3)]
    for index, sample, outcome in samples:
        assert isinstance(outcome, Completion)
        seed = sent_seed(5, sample) if sample else sent_seed(5)
        assert outcome.text == f"q{index} with {seed}{'.' * 50}"
    assert second[0].bodies


def test_trouble_is_told_at_once_and_not_at_every_failure(capsys: pytest.CaptureFixture[str]) -> None:
    script = in_turn(refuse(503, "loading the model"), refuse(503, "loading the model"), well)
    one(script)
    (line,) = capsys.readouterr().err.splitlines()
    assert "HTTP 503 (loading the model); trying again, 1 of 3 attempts made" in line


def test_trouble_that_lasts_is_told_again(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter((100.0, 101.0, 129.0, 130.0))
    monkeypatch.setattr("reasoncore.infer.http.endpoint.time.monotonic", lambda: next(now))
    server = Server("http://there/v1", "m")
    for message in "abcd":
        server.say_trouble(message)
    assert capsys.readouterr().err.split() == ["a", "d"]


def test_a_failing_request_leaves_the_others_alone() -> None:
    def script(reply: Reply, body: Body) -> None:
        how = {"bad": refuse(400, "prompt too long\x1b[31m\n" + "x" * 9999), "ill": refuse(500)}
        how.get(body["messages"][0]["content"], well)(reply, body)

    with FakeEndpoint(script) as server:
        engine = HttpEngine(server.url, "m", patience=QUICK, concurrency=2)
        requests = [ask("a", 2), ask("bad", 2), ask("b"), ask("ill", 2), ask("c", 2)]
        outcomes = {(s.request, s.sample): s.outcome for s in engine.stream(requests, SAMPLING)}
        with pytest.raises(ReasoncoreError):
            engine.generate(requests, SAMPLING)
    assert len(outcomes) == 9
    assert {key: type(outcome) for key, outcome in outcomes.items() if key[0] in (0, 2, 4)} == dict.fromkeys(
        [(0, 0), (0, 1), (2, 0), (4, 0), (4, 1)], Completion
    )
    bad, ill = outcomes[1, 0], outcomes[3, 1]
    assert isinstance(bad, UserInputError)
    assert "prompt too long [31m xxx" in bad.message
    assert len(bad.message) < 500
    assert isinstance(ill, InfrastructureError)
    assert sum(body["messages"][0]["content"] == "bad" for body in server.bodies[:20]) <= 2


@pytest.mark.parametrize(("status", "cure"), [(401, "REASONCORE_API_KEY"), (403, "REASONCORE_API_KEY"), (404, "name")])
def test_what_every_request_would_meet_ends_the_run_at_once(status: int, cure: str) -> None:
    with FakeEndpoint(refuse(status, "no: sk-secret")) as server:
        engine = HttpEngine(server.url, "m", patience=QUICK, concurrency=2, api_key="sk-secret")
        with pytest.raises(UserInputError, match=rf"HTTP {status} \(no: \*\*\*\)") as failed:
            engine.generate([ask()] * 50, SAMPLING)
    assert cure in failed.value.cure
    assert len(server.bodies) <= 4


def test_the_key_is_sent_and_a_redirect_is_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str | None] = []

    def elsewhere(reply: Reply, body: Body) -> None:
        seen.append(reply.headers["Authorization"])
        reply.send(307, b"", Location="http://127.0.0.1:9/v1")

    monkeypatch.setenv("REASONCORE_API_KEY", "from-environment\n")
    for key in (None, "given"):
        with pytest.raises(UserInputError) as failed:
            one(elsewhere, api_key=key)
        assert "http://127.0.0.1:9/v1" in failed.value.cure
    assert seen == ["Bearer from-environment", "Bearer given"]


@pytest.mark.parametrize(
    "url",
    (
        f"|localhost:8000|a b|ftp://h|http://|http://[|http://a b|http://h:99999|http://a..b|http://{'a' * 70}"
        "|http://h/v1?x=1|http://user:secret@h/v1"
    ).split("|"),
)
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(UserInputError, match="not the address") as failed:
        HttpEngine(url, "m")
    assert "secret" not in str(failed.value)


def test_a_key_that_cannot_be_sent() -> None:
    with pytest.raises(UserInputError, match="key") as failed:
        HttpEngine("http://h", "m", api_key="schlüssel")
    assert "schl" not in str(failed.value)


def test_the_model_is_looked_up_once(tmp_path: Path) -> None:
    with FakeEndpoint(well, models=[f"model-{i:02}" for i in range(12)]) as server:
        with pytest.raises(UserInputError, match="no model 'm'") as failed:
            HttpEngine(server.url, "m", patience=QUICK).generate([ask()], SAMPLING)
        assert failed.value.cure.endswith("model-09 and 2 more.")
        assert not server.bodies
        server.models = ["m:latest"]
        engine = HttpEngine(server.url, "m", patience=QUICK)
        engine.generate([ask()], SAMPLING)
        server.models = ["other"]
        engine.generate([ask()], SAMPLING)
        HttpEngine(server.url, str(tmp_path), patience=QUICK).generate([ask()], SAMPLING)


def test_calls_at_a_time_are_bounded_and_results_come_in_order() -> None:
    full = threading.Event()

    def script(reply: Reply, body: Body) -> None:
        if server.in_flight >= 5:
            full.set()
        full.wait(5)
        time.sleep(0.002 * (int(body["messages"][0]["content"]) % 7))
        one_only(reply, body)

    with FakeEndpoint(script) as server:
        engine = HttpEngine(server.url, "m", patience=QUICK, concurrency=5)
        rows = engine.generate([ask(str(i), 2) for i in range(40)], SAMPLING)
    assert server.most_in_flight == 5
    assert len(server.connections) <= 5 + 1
    assert [row[0].text for row in rows] == [f"{i} with {sent_seed(5)} #0" for i in range(40)]


def test_an_interrupt_ends_it_at_once(request: pytest.FixtureRequest) -> None:
    # Where the tests were started in the background, the signal is ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    request.addfinalizer(lambda: signal.signal(signal.SIGINT, before))
    with FakeEndpoint(lambda *_: time.sleep(9)) as server:
        threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
        began = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            HttpEngine(server.url, "m").generate([ask()] * 20, SAMPLING)
        assert time.monotonic() - began < 4
    assert not [thread for thread in threading.enumerate() if thread.name == "http engine"]


def test_what_is_finished_can_be_had_before_the_rest_which_is_then_abandoned() -> None:
    def script(reply: Reply, body: Body) -> None:
        (well if body["messages"][0]["content"] == "quick" else lambda *_: time.sleep(5))(reply, body)

    with FakeEndpoint(script) as server:
        samples = HttpEngine(server.url, "m").stream([ask("slow"), ask("quick")], SAMPLING)
        assert next(samples).request == 1
        samples.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "http engine"]


def test_a_context_that_is_too_small_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    def short(reply: Reply, body: Body) -> None:
        usage = {"prompt_tokens": 50, "completion_tokens": 30}
        reply.stream([delta("half of", "length"), event({"choices": [], "usage": usage}), DONE])

    with FakeEndpoint(short) as server:
        engine = HttpEngine(server.url, "m", patience=QUICK)
        engine.generate([ask("long " * 1000), ask("long " * 1000, seed=6)], SAMPLING)
    said = capsys.readouterr().err
    assert said.count("its context is full: a completion was cut off after 30 of 64 tokens") == 1
    assert said.count("it counts 50 tokens in one of 5,000 characters") == 1
    assert "--ctx-size" in said


def test_an_ordinary_end_says_nothing_of_the_context(capsys: pytest.CaptureFixture[str]) -> None:
    def whole(reply: Reply, body: Body) -> None:
        usage = {"prompt_tokens": 1200, "completion_tokens": 64}
        reply.stream([delta("all of it", "length"), event({"choices": [], "usage": usage}), DONE])

    with FakeEndpoint(whole) as server:
        HttpEngine(server.url, "m", patience=QUICK).generate([ask("long " * 1000)], SAMPLING)
    assert "context" not in capsys.readouterr().err
