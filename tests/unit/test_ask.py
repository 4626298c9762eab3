"""``reasoncore ask`` as a user makes it, against a server that answers by script."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from command_line import run_cli
from fake_endpoint import DONE, Body, FakeEndpoint, Reply, delta, in_turn, refuse

Run = Callable[..., tuple[int, str, str]]
CLAIMED = "6 * 7 = {}.\n\\boxed{{{}}}\nClaims:\n1. 6 * 7 is {}.\n2. Both are positive."


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    for name in ("HTTP_PROXY", "ALL_PROXY", "http_proxy", "all_proxy", "REASONCORE_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    return lambda *words: run_cli(capsys, monkeypatch, "ask", *words)


def at(endpoint: FakeEndpoint) -> tuple[str, ...]:
    return ("--endpoint", endpoint.url, "--model-name", "m")


def answers(text: Callable[[Body], str]) -> Callable[[Reply, Body], None]:
    return lambda reply, body: reply.stream([delta(text(body), "stop"), DONE])


def by_claims(body: Body) -> str:
    """Answers 41 and 42 by turns of the seed; the claims of 41 are refuted."""
    asked = body["messages"][0]["content"]
    if "BEGIN CLAIMS" in asked:
        return "1: REFUTED\n2: VALID" if "is 41" in asked else "1: VALID\n2: VALID"
    answer = 41 if body["seed"] % 3 else 42
    return CLAIMED.format(answer, answer, answer)


def test_a_plain_answer_is_printed_as_it_comes(run: Run) -> None:
    with FakeEndpoint(lambda reply, body: reply.stream([delta("It is "), delta("42.", "stop"), DONE])) as endpoint:
        code, out, _ = run("What is 6 * 7?", *at(endpoint), "--temperature", "0.5")
        assert (code, out.strip()) == (0, "It is 42.")
        code, out, _ = run("What is 6 * 7?", *at(endpoint), "--json")
    assert json.loads(out)["answer"] == "It is 42."
    first = endpoint.bodies[0]
    assert first["messages"] == [{"role": "user", "content": "What is 6 * 7?"}]
    assert (first["temperature"], first["top_p"]) == (0.5, 0.95)


def test_a_question_may_come_from_stdin(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("Traceback:\n  IndexError\n"))
    with FakeEndpoint(answers(lambda body: "An index is too large.")) as endpoint:
        code, out, _ = run(*at(endpoint))
    assert (code, out.strip()) == (0, "An index is too large.")
    assert endpoint.bodies[0]["messages"][0]["content"] == "Traceback:\n  IndexError"


@pytest.mark.parametrize(
    ("given", "begins"),
    [
        ((), "What is 6 * 7? Let's think step by step"),
        (("--instruction", ""), "What is 6 * 7?\n\nAfter your answer"),
        (("--instruction", "Box it."), "What is 6 * 7? Box it.\n\nAfter your answer"),
    ],
)
def test_how_to_mark_the_answer_stands_behind_the_question(given: tuple[str, ...], begins: str, run: Run) -> None:
    with FakeEndpoint(answers(by_claims)) as endpoint:
        code, _, _ = run("What is 6 * 7?", *at(endpoint), "--clr", "--k", "2", "--claims", "2", *given)
    assert code == 0
    asked = [body["messages"][0]["content"] for body in endpoint.bodies]
    assert [text.startswith(begins) for text in asked if "BEGIN CLAIMS" not in text] == [True, True]


def test_clr_says_the_answer_then_how_sure_it_is(run: Run) -> None:
    with FakeEndpoint(answers(by_claims)) as endpoint:
        code, out, _ = run("What is 6 * 7?", *at(endpoint), "--clr", "--k", "12", "--claims", "2", "--refuted")
        assert code == 0
        code, printed, _ = run("What is 6 * 7?", *at(endpoint), "--clr", "--k", "12", "--claims", "2", "--json")
    found: dict[str, Any] = json.loads(printed)
    lines = out.splitlines()
    assert lines[0] == found["answer"]
    assert re.match(r"confidence \d+ % of the (?:score|votes); \d+ of 12 votes", lines[1])  # calls end in any order
    assert 0 < found["confidence"] <= 1
    assert {one["answer"] for one in found["classes"]} == {"41", "42"}
    assert "refuted claims:" in lines
    assert any("for 41: 6 * 7 is 41." in line for line in lines)
    assert code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("Q?",), "one model is needed"),
        (("Q?", "--endpoint", "nowhere", "--model-name", "m"), "not the address of a server"),
        (("  ", "--endpoint", "http://localhost:1", "--model-name", "m"), "the question is empty"),
        (("Q?", "--model", "nowhere"), "nowhere"),
    ],
)
def test_wrong_input_gets_two_lines(words: tuple[str, ...], said: str, run: Run) -> None:
    code, _, err = run(*words)
    assert (code, said in err) == (2, True), err
    assert len(err.strip().splitlines()) == 2


def test_fewer_than_two_answers_are_said(run: Run) -> None:
    with FakeEndpoint(answers(lambda body: "I do not know.")) as endpoint:
        code, out, _ = run("Q?", *at(endpoint), "--clr", "--k", "3")
    assert (code, out.splitlines()[0]) == (0, "no answer")
    assert "only 0 of 3 trajectories gave an answer" in out


def test_a_refusal_is_one_line_and_its_cure(run: Run) -> None:
    with FakeEndpoint(refuse(400, "context too long")) as endpoint:
        code, out, err = run("Q?", *at(endpoint), "--clr", "--k", "3")
    assert (code, out) == (2, "")
    assert "context too long" in err


# Chat.


def test_a_chat_remembers_and_forgets(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    said = io.BytesIO(b"one\ntwo\n/undo\nthree\n/what\n/new\nfour\n\nnever\n")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(said, encoding="utf-8"))
    script = answers(lambda body: f"<think>{len(body['messages'])}</think>after {body['messages'][-1]['content']}")
    with FakeEndpoint(script) as endpoint:
        code, out, err = run_cli(capsys, monkeypatch, "chat", *at(endpoint), "--system", "Be brief.")
    assert code == 0
    seen = [[message["content"] for message in body["messages"]] for body in endpoint.bodies]
    assert seen == [
        ["Be brief.", "one"],
        ["Be brief.", "one", "after one", "two"],
        ["Be brief.", "one", "after one", "three"],
        ["Be brief.", "four"],
    ]
    assert [line.rpartition(">")[2] for line in out.splitlines()] == [
        f"after {n}" for n in ("one", "two", "three", "four")
    ]
    assert err.count("/new forgets") == 2


def test_a_chat_goes_on_after_a_failure(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("one\ntwo\n"))
    with FakeEndpoint(in_turn(refuse(400, "too long"), answers(lambda body: "fine"))) as endpoint:
        code, out, err = run_cli(capsys, monkeypatch, "chat", *at(endpoint))
    assert (code, out.strip(), "too long" in err) == (0, "fine", True)
    assert len(endpoint.bodies[1]["messages"]) == 1


@pytest.mark.parametrize("option", [("--k", 4), ("--claims", 3), ("--instruction", "x"), ("--refuted",)])
def test_what_needs_clr_is_not_ignored_without_it(option: tuple[object, ...], run: Run) -> None:
    code, _, err = run("1 + 1?", "--model", "nowhere", *option)
    assert code == 2
    assert err == f"error: {option[0]} goes with --clr\ncure: Add --clr, or leave {option[0]} out.\n"
