"""The scripted engine: it answers as told, in order, and bounds its answers as a model's are bounded."""

from __future__ import annotations

import pytest

from reasoncore.errors import InfrastructureError
from reasoncore.infer.engine import Engine, Request, SamplingParams
from reasoncore.infer.scripted import END_OF_TURN, ScriptedEngine


def _request(text: str, n: int = 1) -> Request:
    return Request(({"role": "user", "content": text},), n, seed=7)


def test_answers_come_from_a_function_of_request_and_sample() -> None:
    engine: Engine = ScriptedEngine(lambda request, sample: f"{request.messages[0]['content']}{sample}")
    told: list[int] = []
    rows = engine.generate([_request("a", 2), _request("b", 1)], SamplingParams(), told.append)
    assert [[completion.text for completion in row] for row in rows] == [["a0", "a1"], ["b0"]]
    assert sum(told) == 3


def test_answers_come_from_a_list_in_order_until_it_is_used_up() -> None:
    engine = ScriptedEngine(["one", "two", "three"])
    assert [c.text for c in engine.generate([_request("a", 2)], SamplingParams())[0]] == ["one", "two"]
    assert engine.generate([_request("b")], SamplingParams())[0][0].text == "three"
    with pytest.raises(IndexError, match="3 texts"):
        engine.generate([_request("c")], SamplingParams())


def test_it_remembers_what_it_was_asked() -> None:
    engine = ScriptedEngine(["x"] * 3)
    engine.generate([_request("a"), _request("b")], SamplingParams(temperature=0))
    engine.generate([_request("c")], SamplingParams(max_tokens=9))
    assert [[r.messages[0]["content"] for r in call] for call in engine.calls] == [["a", "b"], ["c"]]
    assert engine.requests == [_request("a"), _request("b"), _request("c")]
    assert [(s.temperature, s.max_tokens) for s in engine.sampling] == [(0, 512), (1.0, 9)]


@pytest.mark.parametrize(
    ("text", "sampling", "kept", "finish", "ends"),
    [
        ("abc", SamplingParams(max_tokens=4), "abc", "stop", True),
        ("abc", SamplingParams(max_tokens=3), "abc", "length", False),
        ("abcdef", SamplingParams(max_tokens=3), "abc", "length", False),
        ("abcdef", SamplingParams(stop=("de", "c")), "ab", "stop", False),
        ("abcdef", SamplingParams(max_tokens=3, stop=("e",)), "abc", "length", False),
        ("", SamplingParams(), "", "stop", True),
    ],
)
def test_a_completion_is_bounded(text: str, sampling: SamplingParams, kept: str, finish: str, ends: bool) -> None:
    completion = ScriptedEngine([text]).generate([_request("q")], sampling)[0][0]
    assert (completion.text, completion.finish) == (kept, finish)
    assert completion.token_ids == (*map(ord, kept), *([END_OF_TURN] if ends else []))
    assert completion.log_probs == (0.0,) * len(completion.token_ids)
    assert completion.prompt_token_ids == tuple(map(ord, "user: q"))


def test_a_script_can_break() -> None:
    def away(request: Request, sample: int) -> str:
        raise InfrastructureError("the service is away", "Start it.")

    with pytest.raises(InfrastructureError):
        ScriptedEngine(away).generate([_request("q")], SamplingParams())
