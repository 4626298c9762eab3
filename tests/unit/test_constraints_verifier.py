"""Reading instruction tasks, judging them strictly and loosely, and what happens when a check of ours fails."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reasoncore.errors import DataError, UserInputError
from reasoncore.verify.constraints import (
    CONSTRAINTS,
    Constraint,
    InstructionTask,
    InstructionVerifier,
    read_instruction_case,
    read_instruction_task,
)
from reasoncore.verify.constraints.language import LANGUAGES, detect_language
from reasoncore.verify.constraints.verifier import MAX_RESPONSE_CHARS, loose_variants

COMMA: tuple[str, dict[str, Any]] = ("punctuation:no_comma", {})
QUOTED: tuple[str, dict[str, Any]] = ("startend:quotation", {})
WORDS = "length_constraints:number_words"


def _row(name: object = WORDS, kwargs: object = None, **changes: Any) -> dict[str, Any]:
    given = {"num_words": 3, "relation": "at least"} if kwargs is None else kwargs
    return {"prompt": "p", "response": "r", "instruction_id_list": [name], "kwargs": [given], **changes}


def test_a_case_is_read_with_null_arguments_left_out() -> None:
    row = _row(kwargs={"num_words": 3.0, "relation": "at least", "keywords": None, "num_bullets": None})
    response, task = read_instruction_case(row, "f.jsonl, line 3")
    assert (response, task.prompt) == ("r", "p")
    assert task.instructions == ((WORDS, {"num_words": 3, "relation": "at least"}),)
    assert type(task.instructions[0][1]["num_words"]) is int
    assert read_instruction_case({**row, "response": ""}, "line 1")[0] == ""


FREQUENCY = {"keyword": "a", "frequency": 1, "relation": "at least"}
LETTER = {"letter": "a", "let_frequency": 1, "let_relation": "at least"}


@pytest.mark.parametrize(
    ("row", "parts"),
    [
        (_row("keywords:existance"), ["unknown instruction id 'keywords:existance'", "keywords:existence"]),
        (_row("zzz"), ["unknown instruction id 'zzz'", "punctuation:no_comma"]),
        (_row(7), ["unknown instruction id 7"]),
        (_row(["a"]), ["unknown instruction id ['a']"]),
        (_row(kwargs={"num_words": 3}), [WORDS, "'relation' is missing"]),
        (_row(kwargs={"num_words": None, "relation": "at least"}), ["'num_words' is missing"]),
        (_row(kwargs={"num_words": "3", "relation": "at least"}), ["'num_words' must be a whole number", "'3'"]),
        (_row(kwargs={"num_words": True, "relation": "at least"}), ["'num_words' must be a whole number"]),
        (_row(kwargs={"num_words": 2.5, "relation": "at least"}), ["'num_words' must be a whole number"]),
        (_row(kwargs={"num_words": float("inf"), "relation": "at least"}), ["'num_words' must be a whole number"]),
        (_row(kwargs={"num_words": 0, "relation": "at least"}), ["'num_words' must be a whole number from 1"]),
        (_row(kwargs={"num_words": 3, "relation": "at most"}), ["'relation' must be 'less than' or 'at least'"]),
        (
            _row(kwargs={"num_words": 3, "relation": "at least", "x": 1}),
            ["unknown argument 'x'", "num_words, relation"],
        ),
        (_row("punctuation:no_comma", {"x": 1}), ["unknown argument 'x'", "no arguments"]),
        (_row("keywords:existence", {"keywords": "word"}), ["'keywords' must be a list of words"]),
        (_row("keywords:existence", {"keywords": []}), ["'keywords' must be a list of words"]),
        (_row("keywords:existence", {"keywords": ["a", 1]}), ["'keywords' must be text, not 1"]),
        (_row("keywords:frequency", {**FREQUENCY, "keyword": " "}), ["'keyword' must be text"]),
        (_row("keywords:frequency", {**FREQUENCY, "keyword": "a" * 201}), ["'keyword' must be at most 200"]),
        (_row("keywords:letter_frequency", {**LETTER, "letter": "ab"}), ["'letter' must be one character"]),
        (_row("language:response_language", {"language": "zz"}), ["'language' must be a language code", "'zz'"]),
        (_row("language:response_language", {"language": "zh"}), ["'language' must be a language code"]),
        (_row("language:response_language", {"language": ["de"]}), ["'language' must be a language code"]),
        (_row(kwargs=[]), ["'kwargs'", "not an object"]),
        (_row(kwargs="x"), ["'kwargs'", "not an object"]),
        ({**_row(), "kwargs": []}, ["'kwargs'", "1 objects"]),
        ({**_row(), "kwargs": None}, ["'kwargs'"]),
        ({**_row(), "instruction_id_list": []}, ["'instruction_id_list'", "at least one"]),
        ({**_row(), "instruction_id_list": WORDS}, ["'instruction_id_list'"]),
        (_row(prompt=None), ["'prompt'"]),
        (_row(response=None), ["'response'"]),
    ],
)
def test_a_bad_row_is_a_data_error_that_names_the_place(row: dict[str, Any], parts: list[str]) -> None:
    with pytest.raises(DataError) as caught:
        read_instruction_case(row, "f.jsonl, line 3")
    assert caught.value.message.startswith("f.jsonl, line 3, key ")
    assert caught.value.cure
    for part in parts:
        assert part in str(caught.value)


def test_a_missing_langdetect_is_told_at_reading_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert read_instruction_task(_row(), "line 1").instructions
    for name, kwargs in (("language:response_language", {"language": "de"}), ("change_case:english_capital", {})):
        with pytest.raises(UserInputError, match=r"pip install --editable '.\[eval\]'"):
            read_instruction_task(_row(name, kwargs), "line 1")
    with pytest.raises(UserInputError, match="langdetect"):
        InstructionVerifier().judge("ABC", InstructionTask((("change_case:english_capital", {}),), "p"))


def test_loose_variants_are_the_eight_of_ifeval() -> None:
    assert loose_variants("*a*\n b \n*c*") == [
        "*a*\n b \n*c*",
        "b \n*c*",
        "*a*\n b",
        "b",
        "a\n b \nc",
        "b \nc",
        "a\n b",
    ]
    assert loose_variants("one line") == ["one line", ""]
    assert loose_variants("*a\n*b\n*c")[3:] == ["*b", "a\nb\nc", "b\nc", "a\nb", "b"]


def test_strict_and_loose_verdicts() -> None:
    task = InstructionTask((COMMA, QUOTED), "p")
    with InstructionVerifier() as verifier:
        good, preamble, wrong, blank = verifier.judge_many(['"a"', 'Sure, here:\n"a"', '"a, b', " \n "], [task] * 4)
    assert (good.correct, good.reward, good.answer, good.reason) == (True, 1.0, None, "all instructions followed")
    assert good.details == {
        "follow_all_strict": True,
        "follow_all_loose": True,
        "strict": [True, True],
        "loose": [True, True],
    }
    assert (preamble.correct, preamble.reward) == (False, 0.0)
    assert preamble.reason == "not followed: punctuation:no_comma, startend:quotation"
    assert preamble.details["loose"] == [True, True]
    assert preamble.details["follow_all_loose"]
    assert not preamble.details["follow_all_strict"]
    assert wrong.details["loose"] == [False, False]
    assert (blank.correct, blank.details["strict"], blank.details["loose"]) == (False, [False, False], [False, False])


def test_the_loose_criterion_also_tries_without_asterisks() -> None:
    task = InstructionTask((("startend:end_checker", {"end_phrase": "The End."}),), "p")
    for response in ("**The End.**", "Once\nupon a time.\n**The End.**"):
        verdict = InstructionVerifier().judge(response, task)
        assert (verdict.details["strict"], verdict.details["loose"]) == ([False], [True])


def test_responses_and_tasks_must_pair_up() -> None:
    with pytest.raises(ValueError, match="zip"):
        InstructionVerifier().judge_many(["a"], [])


def test_stream_is_lazy_and_in_order() -> None:
    read = []

    def cases() -> Iterator[tuple[str, InstructionTask]]:
        for response in ("a", "a,b", "c"):
            read.append(response)
            yield response, InstructionTask((COMMA,), "p")

    verdicts = InstructionVerifier().stream(cases())
    assert next(verdicts).correct is True
    assert read == ["a"]
    assert [verdict.correct for verdict in verdicts] == [False, True]


def test_a_failing_check_of_ours_is_not_judged_and_spoils_only_its_response(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(response: str) -> bool:
        if "boom" in response:
            raise RuntimeError("a fault of ours")
        return False

    monkeypatch.setitem(CONSTRAINTS, "punctuation:no_comma", Constraint(broken))
    task = InstructionTask((COMMA, QUOTED), "p")
    failed, judged = InstructionVerifier().judge_many(["boom", "a"], [task, task])
    assert (failed.correct, failed.reward, failed.details) == (None, 0.0, {})
    assert failed.reason == "not judged: punctuation:no_comma failed (RuntimeError: a fault of ours)"
    assert judged.correct is False


def test_a_response_beyond_the_limit_follows_nothing() -> None:
    at_limit, beyond = InstructionVerifier().judge_many(
        ["a" * MAX_RESPONSE_CHARS, "a" * (MAX_RESPONSE_CHARS + 1)], [InstructionTask((COMMA,), "p")] * 2
    )
    assert at_limit.correct is True
    assert (beyond.correct, beyond.details["loose"]) == (False, [False])
    assert "200,000" in beyond.reason


# langdetect's answer to each changes with its seed.
AMBIGUOUS = ["post film", "auto", "me most", "gusta radio test", "menu film post", "video", "radio", "de to film"]


def test_language_answers_do_not_depend_on_order_or_on_other_users_of_langdetect() -> None:
    import langdetect

    first = [detect_language(text) for text in AMBIGUOUS]
    assert len(set(first)) > 2
    before = langdetect.DetectorFactory.seed
    langdetect.DetectorFactory.seed = 1234
    try:
        again = [detect_language(text) for text in reversed(AMBIGUOUS)]
    finally:
        langdetect.DetectorFactory.seed = before
    assert again[::-1] == first


def test_the_languages_are_those_of_langdetect() -> None:
    from langdetect import detector_factory

    assert {path.name for path in Path(detector_factory.PROFILES_DIRECTORY).iterdir()} == LANGUAGES


def test_text_without_a_letter_has_no_language() -> None:
    assert detect_language("12 + 3 = 15!") is None
    assert detect_language("\ud800\x00") in {None, "unknown", *LANGUAGES}
