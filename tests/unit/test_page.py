"""The page of ``serve`` in a browser: asking, progress, the vote, errors, a narrow screen."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from browser import Page
from fake_endpoint import DONE, Body, FakeEndpoint, Reply, delta, refuse, says
from running_server import RunningServer
from test_ask import answers, by_claims

from reasoncore.infer.http import Patience
from reasoncore.serve.models import serve_endpoint

QUICK = Patience(attempts=1, backoff_s=0.01, max_backoff_s=0.02, start_s=5.0)
PICTURES = os.environ.get("REASONCORE_PICTURES")
"""A folder for what the tests see, to look at."""


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with Page() as opened:
        yield opened


@pytest.fixture(autouse=True)
def no_proxies_and_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "ALL_PROXY", "http_proxy", "all_proxy", "REASONCORE_API_KEY"):
        monkeypatch.delenv(name, raising=False)


def over(endpoint: FakeEndpoint, api_key: str | None = None) -> RunningServer:
    return RunningServer(partial(serve_endpoint, endpoint.url, "m", "m", 8, QUICK), api_key=api_key)


def ask(page: Page, question: str, model: str = "m+clr", k: int = 12) -> None:
    page.wait("document.querySelectorAll('#model option').length === 2")
    page.value(f"at('model').value = '{model}'; at('model').dispatchEvent(new Event('change'))")
    page.value(f"at('k').value = {k}; at('claims').value = 2")
    page.value(f"at('question').value = {question!r}; at('ask').click()")


def look(page: Page, name: str) -> None:
    if PICTURES:
        page.picture(Path(PICTURES) / f"{name}.png")


def test_a_question_is_weighed_before_your_eyes(page: Page) -> None:
    with FakeEndpoint(answers(by_claims)) as endpoint, over(endpoint) as server:
        page.open(server.url)
        ask(page, "What is 6 * 7?")
        page.wait("at('sure').textContent")
        assert page.text("#answer").endswith(("boxed{41}", "boxed{42}"))
        assert "confidence" in page.text("#sure")
        assert "score" in page.text("#votes")
        assert page.value("document.querySelectorAll('#list details').length") == 12
        assert page.text("#error") == ""
        assert page.value("at('ask').disabled") is False
        page.value("document.querySelectorAll('#list details').forEach((one) => (one.open = true))")
        refuted = page.value("document.querySelectorAll('#list li.refuted').length")
        assert refuted == page.value("document.querySelectorAll('#list .mark.bad').length") > 0
        look(page, "wide")


def test_a_narrow_screen_scrolls_down_only(page: Page) -> None:
    with FakeEndpoint(answers(by_claims)) as endpoint, over(endpoint) as server:
        page.open(server.url, width=360, height=740)
        ask(page, "What is 6 * 7? " + "x" * 300)
        page.wait("at('sure').textContent")
        assert page.value("document.documentElement.scrollWidth") <= 360
        look(page, "narrow")


def test_a_plain_answer_comes_as_it_is_written(page: Page) -> None:
    text = "<b>bold</b> & <img src=x onerror=\"document.title='owned'\">"
    with (
        FakeEndpoint(says([delta(text, "stop"), DONE])) as endpoint,
        over(endpoint) as server,
    ):
        page.open(server.url)
        ask(page, "hi", "m")
        page.wait(r"/^\d/.test(at('status').textContent)")
        assert page.text("#answer") == text
        assert page.value("document.title") == "reasoncore"
        assert page.value("at('answer').children.length") == 0


def test_progress_is_shown_and_stop_stops(page: Page) -> None:
    let_go = threading.Event()

    def slow(reply: Reply, body: Body) -> None:
        let_go.wait(20)
        answers(by_claims)(reply, body)

    with FakeEndpoint(slow) as endpoint, over(endpoint) as server:
        page.open(server.url)
        ask(page, "What is 6 * 7?")
        page.wait("at('status').textContent.includes('0 of 12 trajectories')")
        assert page.value("at('ask').disabled") is True
        page.value("at('stop').click()")
        page.wait("at('status').textContent === 'stopped'")
        let_go.set()
        assert page.value("at('ask').disabled") is False


def test_an_error_is_said(page: Page) -> None:
    with FakeEndpoint(refuse(500, "out of memory")) as endpoint, over(endpoint) as server:
        page.open(server.url)
        ask(page, "What is 6 * 7?")
        page.wait("!at('error').hidden")
        assert "500" in page.text("#error")
        assert page.value("at('result').hidden") is True
        look(page, "error")


def test_a_server_with_a_key_asks_for_it(page: Page) -> None:
    with FakeEndpoint(answers(by_claims)) as endpoint, over(endpoint, api_key="s3cret") as server:
        page.open(server.url)
        page.wait("!at('key-label').hidden && !at('error').hidden")
        assert "key" in page.text("#error")
        page.value("at('key').value = 's3cret'; at('key').dispatchEvent(new Event('change'))")
        page.wait("at('error').hidden")
        ask(page, "What is 6 * 7?")
        page.wait("at('sure').textContent")
