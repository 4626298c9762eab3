"""Each of the 25 constraints: what follows it, what does not, and the oddities that are kept from the reference."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reasoncore.verify.constraints import InstructionTask, InstructionVerifier
from reasoncore.verify.constraints.capital_words import count_capital_words
from reasoncore.verify.constraints.checks_format import (
    multiple_sections,
    number_bullet_lists,
    number_highlighted_sections,
    number_placeholders,
    postscript,
    title,
)
from reasoncore.verify.constraints.table import IFEVAL_CONSTRAINTS
from reasoncore.verify.constraints.text import count_words, split_sentences

# id, arguments, responses that follow, responses that do not
CASES: list[tuple[str, dict[str, Any], list[str], list[str]]] = [
    ("keywords:existence", {"keywords": ("cat", "dog")}, ["Cats, DOGS", "dogcat"], ["cat", "c a t dog"]),
    ("keywords:existence", {"keywords": ("C++", "e.g")}, ["c++ e.g."], ["C e.g.", "c++ eng"]),
    ("keywords:frequency", {"keyword": " war ", "frequency": 2, "relation": "at least"}, ["War, warm"], ["war"]),
    ("keywords:frequency", {"keyword": "aa", "frequency": 2, "relation": "less than"}, ["aaa", "b"], ["aaaa"]),
    ("keywords:forbidden_words", {"forbidden_words": ("can", "not")}, ["cannot", "scan"], ["CAN do", "so not."]),
    ("keywords:forbidden_words", {"forbidden_words": ("C++",)}, ["I like C++."], ["C++98"]),
    (
        "keywords:letter_frequency",
        {"letter": "A", "let_frequency": 3, "let_relation": "at least"},
        ["Banana"],
        ["Anna"],
    ),
    ("keywords:letter_frequency", {"letter": "#", "let_frequency": 1, "let_relation": "less than"}, ["a"], ["#"]),
    (
        "language:response_language",
        {"language": "de"},
        ["Das ist ein ganz gewöhnlicher deutscher Satz.", "12 + 3"],
        ["This is an ordinary English sentence."],
    ),
    (
        "length_constraints:number_sentences",
        {"num_sentences": 2, "relation": "at least"},
        ["One. Two."],
        ["One, two", "One.two"],
    ),
    ("length_constraints:number_sentences", {"num_sentences": 2, "relation": "less than"}, ["One"], ["One! Two?"]),
    ("length_constraints:number_words", {"num_words": 3, "relation": "at least"}, ["don't go"], ["snake_case go"]),
    ("length_constraints:number_words", {"num_words": 3, "relation": "less than"}, ["a b", "--"], ["a b c"]),
    (
        "length_constraints:number_paragraphs",
        {"num_paragraphs": 2},
        ["a\n***\nb", "***a***b***", "a *** b"],
        ["a", "a\n\nb", "a******b", "a***b***c", "a*** ***b"],
    ),
    (
        "length_constraints:nth_paragraph_first_word",
        {"num_paragraphs": 2, "nth_paragraph": 2, "first_word": "Jasper"},
        ["a\n\nJasper, b", "a\n\n'\"jasper's", "a\n\n jasper\n\n"],
        ["jasper\n\na", "\n\njasper\n\n", "a\n\n**Jasper** b", "a\n\n\n\njasper", "a\n\njasper\n\nc", "jasper"],
    ),
    (
        "length_constraints:nth_paragraph_first_word",
        {"num_paragraphs": 1, "nth_paragraph": 2, "first_word": "b"},
        [],
        ["\n\nb", "b"],  # the second piece starts with the word, but there is only one paragraph
    ),
    ("detectable_content:number_placeholders", {"num_placeholders": 2}, ["[a] [b]", "[[a]]]"[:4] + "[]"], ["[a\n]"]),
    (
        "detectable_content:postscript",
        {"postscript_marker": "P.S."},
        ["x\nP.S. y", "p. s. y", "a P.P.S. b"],
        ["PS y", "p.s"],
    ),
    ("detectable_content:postscript", {"postscript_marker": "P.P.S"}, ["P.P.S", "p. p. so"], ["P.S.", "PPS"]),
    ("detectable_content:postscript", {"postscript_marker": "N.B."}, ["n.b. x"], ["nxbx x"]),
    (
        "detectable_format:number_bullet_lists",
        {"num_bullets": 2},
        ["* a\n* b", "- a\n  - b", "text\n\n* a\n---", "*\n* a\n* b", "*a*\n* b"],
        ["* a", "**a**\n* b", "1. a\n2. b", "*", "a * b\n* c"],
    ),
    (
        "detectable_format:constrained_response",
        {},
        ["My answer is yes.", "So: My answer is no. Bye"],
        ["my answer is yes."],
    ),
    (
        "detectable_format:number_highlighted_sections",
        {"num_highlights": 2},
        ["*a* and *b*", "**a** **b**", "***a***", "2 * 3 * 4 *b*"],
        ["*a*", "** **", "*a\n*", "**"],
    ),
    (
        "detectable_format:multiple_sections",
        {"section_spliter": "SECTION", "num_sections": 2},
        ["SECTION 1\na\nSECTION 2\nb", "SECTION1SECTION2"],
        ["Section 1 Section 2", "SECTION one SECTION two", "SECTION  1 SECTION  2"],
    ),
    (
        "detectable_format:multiple_sections",
        {"section_spliter": "S.", "num_sections": 1},
        ["S. 1", "S.1"],
        ["SX 1", "S1"],
    ),
    (
        "detectable_format:json_format",
        {},
        ['{"a": [1]}', '```Json\n{"a": 1}\n```', '```json\n{"a": 1}\n```', "```JSON\n[]```", "NaN", "12"],
        ["{'a': 1}", "Here: {}", '{"a": 1', "[" * 100_000, "9" * 5000],
    ),
    (
        "detectable_format:title",
        {},
        ["<<a>>", "x <<< a >>", "<<a>> <<b>>", ">> <<a>>"],
        ["<< >>", "<<a\n>>", "<a>", "<<>>", ">>a<<"],
    ),
    (
        "combination:two_responses",
        {},
        ["a ****** b", "******a******b******"],
        ["a", "a ****** a", "a******b******c", "a************b", "******a"],
    ),
    ("combination:repeat_prompt", {"prompt_to_repeat": "Say X. "}, [" say x. Then Y", "SAY X."], ["I say x.", "Say"]),
    (
        "startend:end_checker",
        {"end_phrase": " The End. "},
        ["... the end.", '"x the END."\n'],
        ["The end. Bye", "The end"],
    ),
    ("startend:quotation", {}, [' "a" ', '""'], ['"', '"a', "'a'", "“a”"]),
    (
        "change_case:capital_word_frequency",
        {"capital_frequency": 2, "capital_relation": "at least"},
        ["NASA's FBI", "CAN'T", "A,B"],
        ["NASA-FBI", "NASa fbi"],
    ),
    (
        "change_case:capital_word_frequency",
        {"capital_frequency": 1, "capital_relation": "less than"},
        ["none Here", "3.5"],
        ["I am"],
    ),
    (
        "change_case:english_capital",
        {},
        ["THIS IS AN ORDINARY ENGLISH SENTENCE.", "Ⅷ"],
        ["This is an ordinary English sentence.", "12"],
    ),
    (
        "change_case:english_lowercase",
        {},
        ["this is an ordinary english sentence.", "ⓐ"],
        ["This is an ordinary English sentence.", "das ist ein gewöhnlicher deutscher satz.", "12"],
    ),
    ("punctuation:no_comma", {}, ["a; b", "a، b"], ["a, b"]),
]


def test_the_table_is_the_25_of_ifeval_and_every_one_has_a_case() -> None:
    assert len(IFEVAL_CONSTRAINTS) == 25
    assert {name for name, *_ in CASES} == set(IFEVAL_CONSTRAINTS)


@pytest.mark.parametrize(("name", "arguments", "good", "bad"), CASES, ids=[case[0] for case in CASES])
def test_what_follows_and_what_does_not(name: str, arguments: dict[str, Any], good: list[str], bad: list[str]) -> None:
    check = IFEVAL_CONSTRAINTS[name].check
    assert set(arguments) == set(IFEVAL_CONSTRAINTS[name].arguments)
    assert [text for text in good if not check(text, **arguments)] == []
    assert [text for text in bad if check(text, **arguments)] == []


HOSTILE = st.text(alphabet=st.sampled_from("*-[]<>\n \tp.s1xS"), max_size=40)


def _count(pattern: str, text: str, flags: re.RegexFlag = re.MULTILINE) -> int:
    return len(re.findall(pattern, text, flags))


@given(HOSTILE)
@settings(max_examples=1000, deadline=None)
def test_linear_scans_find_what_the_reference_patterns_find(text: str) -> None:
    bullets = _count(r"^\s*\*[^\*].*$", text) + _count(r"^\s*-.*$", text)
    assert number_bullet_lists(text, num_bullets=bullets)
    placeholders = _count(r"\[.*?\]", text)
    assert number_placeholders(text, num_placeholders=placeholders)
    assert not number_placeholders(text, num_placeholders=placeholders + 1)
    titles = re.findall(r"<<[^\n]+>>", text)
    assert title(text) == any(found.lstrip("<").rstrip(">").strip() for found in titles)
    assert postscript(text, postscript_marker="P.S.") == bool(_count(r"\s*p\.\s?s\..*$", text.lower()))
    assert postscript(text, postscript_marker="P.P.S") == bool(_count(r"\s*p\.\s?p\.\s?s.*$", text.lower()))
    sections = len(re.split(r"\s?S\s?\d+\s?", text)) - 1
    assert multiple_sections(text, section_spliter="S", num_sections=sections)
    assert not multiple_sections(text, section_spliter="S", num_sections=sections + 1)
    highlights = [found.strip("*") for found in re.findall(r"\*[^\n\*]*\*", text)]
    highlights += [found[2:-2] for found in re.findall(r"\*\*[^\n\*]*\*\*", text)]
    highlighted = sum(1 for found in highlights if found.strip())
    assert number_highlighted_sections(text, num_highlights=highlighted)
    assert not number_highlighted_sections(text, num_highlights=highlighted + 1)


# Counts that NLTK 3.10.4's word_tokenize gives.
@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("NASA's and FBI.", 2),
        ("I CAN'T. CANNOT (GONNA).", 6),
        ("I'M HE'LL", 4),
        ("I CAN'T.", 3),
        ("A/'B", 2),
        ("A'S' X", 3),
        ("A--B A-B A/B A.B A...B", 7),
        ("A,B 3,5M X:Y 10:30PM", 6),
        ("U.S. “USA” 'TIS `X`", 4),
        ("D'YE WANNA MORE'N", 6),
        ("Å É ß Σ", 3),
        ("A1 1 _ A_b", 1),
        ("", 0),
    ],
)
def test_capital_words_are_cut_as_nltk_cuts_them(text: str, count: int) -> None:
    assert count_capital_words(text) == count


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("", []),
        ("no end mark", ["no end mark"]),
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("Dr. Smith met J. Doe in the U.S. on Jan. 5.", ["Dr. Smith met J. Doe in the U.S. on Jan. 5."]),
        ("Bach vs. Mozart. The end.", ["Bach vs. Mozart.", "The end."]),
        ("It cost 3.5 at Acme Inc. The end.", ["It cost 3.5 at Acme Inc.", "The end."]),
        ('He said "Go." Then (left.) Now', ['He said "Go."', "Then (left.)", "Now"]),
        ("Wait... what? Wait... No", ["Wait... what?", "Wait...", "No"]),
        ("1. First\n2. Second", ["1.", "First\n2.", "Second"]),
        ("line one\nline two", ["line one\nline two"]),
        ("So (really?), he said.", ["So (really?", "), he said."]),
        ("Really?! Yes.", ["Really?!", "Yes."]),
    ],
)
def test_sentences(text: str, sentences: list[str]) -> None:
    assert split_sentences(text) == sentences


@given(st.text(alphabet=st.sampled_from("aB1.!?\"') \n*"), max_size=60))
def test_sentences_lose_nothing_but_white_space(text: str) -> None:
    sentences = split_sentences(text)
    assert "".join("".join(sentences).split()) == "".join(text.split())
    assert all(sentence == sentence.strip() != "" for sentence in sentences)


def test_words_are_runs_of_word_characters() -> None:
    assert count_words("It's well-known: snake_case, 3.5 né 中文") == 9


UNITS = ["<", "[", "\n", " \n", "*", "- ", "a", "a. ", "A.B ", "1. ", "'", '"', ". ", "p. ", "{", "[1,", "\0", "\ud800"]
WIDE: dict[str, Any] = {
    "keywords": ("a" * 199 + "b",),
    "forbidden_words": ("a" * 199 + "b",),
    "keyword": "a" * 199 + "b",
    "section_spliter": "a" * 199 + "b",
    "letter": "a",
    "language": "de",
    "relation": "at least",
    "let_relation": "at least",
    "capital_relation": "at least",
    "first_word": "a",
    "postscript_marker": "P.P.S",
    "prompt_to_repeat": "a" * 1000,
    "end_phrase": "a" * 1000,
}


@pytest.mark.parametrize("name", IFEVAL_CONSTRAINTS)
def test_hostile_responses_are_judged_in_time(name: str) -> None:
    task = InstructionTask(
        ((name, {key: WIDE.get(key, 10**6) for key in IFEVAL_CONSTRAINTS[name].arguments}),), "prompt"
    )
    verifier = InstructionVerifier()
    for unit in UNITS:
        started = time.process_time()
        verdict = verifier.judge((unit * 20_000)[:20_000], task)
        assert time.process_time() - started < 2.0, unit
        assert verdict.correct is not None, (unit, verdict.reason)
