"""IFBench's counts and its constraints on words and sentences: what follows, what does not, oddities kept."""

from __future__ import annotations

from typing import Any

import pytest
from ifbench_case import Case, check_case

from reasoncore.verify.constraints.ifbench_table import IFBENCH_CONSTRAINTS

ALPHABET = {"reference_text": "a b c d"}  # two of the ten trigrams of a row of 12 letters
KEYWORDS = {"keyword1": "sun", "keyword2": "sea", "keyword3": "C++ x", "keyword4": " sky ", "keyword5": "ice"}
SEVEN = "Sun! sea SEA " + "C++ x " * 3 + "sky " * 5 + "ice, " * 7

# id, arguments, responses that follow, responses that do not
CASES: list[Case] = [
    ("count:word_count_range", {"min_words": 2, "max_words": 3}, ["a b", "don't go"], ["a", "a b c d"]),
    ("count:unique_word_count", {"N": 2}, ["a b a", "a, -"], ["a A 'a.'"]),
    ("count:conjunctions", {"small_n": 3}, ["and, but; or", "And and and,"], ["and but and", "andy butter orb"]),
    ("count:person_names", {"N": 2}, ["Emma's and Leo", "Leo,Mia"], ["Leonardo Miami", "emma leo", "Emma Emma"]),
    ("count:numbers", {"N": 2}, ["3.14 and 1,000", "1 2"], ["1 2 3", "1-2", "one two"]),
    ("count:numbers", {"N": 0}, ["none"], ["1"]),
    (
        "count:pronouns",
        {"N": 3},
        ["She/her, it's.", "Gimme that, and this.", "WE SAW WHAT NOBODY SAW"],
        ["he, she", "heir shed its-self", "somehow anyhow nowhere"],
    ),
    (
        "count:punctuation",
        {},
        ["a. b, c! d? e; f: g?!", "a. b, c! d? e; f: g!?", ". , ! ? ; : ‽"],
        ["a. b, c; d: e?!", "a. b, c! d? e; f: g", "a. b, c! d? e; f ?!"],
    ),
    ("count:keywords_multiple", KEYWORDS, [SEVEN, f"{SEVEN} sunny seas"], [f"{SEVEN} sun", SEVEN[:-6], "sun"]),
    (
        "count:words_japanese",
        {"N": 2},
        ["one 二 three カタカナ.", "one 2 three -", "one", "a (ひら) b"],
        ["one two", "one 二 three four", "二 one"],
    ),
    ("ratio:stop_words", {"percentage": 50.0}, ["the cat", "Cats"], ["the and cat", "don't", "..."]),
    (
        "ratio:overlap",
        {"reference_text": "a b c d e f", "percentage": 50.0},
        ["a b c x", "a b c d x y"],
        ["a b c d", "x y z", "a b", "abc"],
    ),
    ("ratio:overlap", ALPHABET | {"percentage": 22.0}, ["a b c d e f g h i j k l"], ["a b c d e f g h i j k l m"]),
    ("ratio:overlap", ALPHABET | {"percentage": 18.0}, ["a b c d e f g h i j k l"], ["a b c d e f g h i j k"]),
    ("ratio:overlap", ALPHABET | {"percentage": 22.5}, ["a b c d e f g h i j k"], ["a b c d e f g h i j k l"]),
    ("ratio:overlap", ALPHABET | {"percentage": 17.5}, ["a b c d e f g h i j k l m"], ["a b c d e f g h i j k l"]),
    (
        "ratio:sentence_type",
        {},
        ["Yes. No. So?", "Yes. So? No.", "none", "Go!"],
        ["Yes. So?", "Yes.", 'Yes. "No." So?'],
    ),
    ("ratio:sentence_balance", {}, ["Yes. So? Go!", "no mark"], ["Yes. So?", "Yes. So? Go! No."]),
    (
        "ratio:sentence_words",
        {},
        ["One cat. Two dog! Red ant?"],
        ["One cat. One dog. Red ant.", "One. Two.", "One. Four. Two."],
    ),
    (
        "sentence:alliteration_increment",
        {},
        ["No rows. Big bears. Four funny fish.", "Only one", "Big bears. Big bad cold cats."],
        ["Big bears. Four fish.", "No rows. No.", "Big bad bears. Small seas."],
    ),
    (
        "sentence:increment",
        {"small_n": 2},
        ["Go. Yes it - is. No it is not now.", "Go now."],
        ["Go. Go.", "Go. Yes it is. No it is not."],
    ),
    ("sentence:increment", {"small_n": 0}, ["Go now. Go on."], ["Go now. Go."]),
    (
        "sentence:keyword",
        {"word": "a.c", "N": 2},
        ["No. Has A.C in it. No.", "No. A.c"],
        ["A.C first. No.", "No. abc here.", "No. za.c here.", "a.c"],
    ),
    (
        "words:keywords_specific_position",
        {"keyword": " Cat ", "n": 2, "m": 3},
        ["Yes. One, (two) CAT sat.", "Yes! -- b c cat"],
        ["Yes. One cat sat.", "Yes. One two cats.", "One two cat.", "Yes. One two."],
    ),
    ("words:last_first", {}, ["I see you. You see me!\n\nMe too.", "one"], ["I see. You see.", "A b. ... B c."]),
    ("words:alphabet", {}, ["Yes, zebras act.", "a b - c", "One"], ["a c", "a b b", "1 a", "a b 3", "...", "é f"]),
    ("words:vowel", {}, ["Gray mice sing.", " tea \n"], ["Or a tie.", "a\nb"]),
    ("words:consonants", {}, ["Strong, myth", "By'st", "lynx"], ["a", "strong as", "strong - myth", "b-c"]),
    (
        "words:palindrome",
        {},
        ["Level " * 10, "level, RADAR! civic. refer madam rotor kayak sagas tenet stats"],
        ["level " * 9, "noon " * 10, "levels " * 10],
    ),
    ("words:prime_lengths", {}, ["we are happy", "aren't", "...", "a" * 97], ["we have", "a", "a" * 101, "a" * 4]),
    ("words:repeats", {"small_n": 2}, ["a A b", "a, a"], ["a A a.", "don't dont DONT"]),
    ("words:no_consecutive", {}, ["one two, ant", "Cat dog. Cow"], ["one. Orange", "a 'ab"]),
    (
        "words:odd_even_syllables",
        {},
        ["The little bird under", "One", "a 10 b"],
        ["The cat", "a table little", "10 20"],
    ),
    ("words:paragraph_last_first", {}, ["You and you.\n\n--\nI i,\n", "a"], ["you and me", "a b a\nc d", "a, b a"]),
    (
        "words:start_verb",
        {},
        ["Make tea.", "Let's go.", "DON'T", "Running is fun", "Walked home", "Love it.", "Explains all", "Is it?"],
        [
            "The tea",
            "Can it?",
            "Love is",
            '"Make tea."',
            "**Make**",
            "Morning tea",
            "Answer: 3",
            "Plans exist",
            "12 make",
        ],
    ),
    (
        "words:words_position",
        {"keyword": "sea"},
        ['"The sea is a SEA now!!"', "a sea sea b", "a sea b"],
        ["sea a sea", "The sea is a sea.", "sea", "the seas are seas now"],
    ),
]


def test_every_one_has_a_case() -> None:
    assert len(IFBENCH_CONSTRAINTS) == 58
    kinds = ("count:", "ratio:", "sentence:", "words:")
    assert {name for name, *_ in CASES} == {name for name in IFBENCH_CONSTRAINTS if name.startswith(kinds)}


@pytest.mark.parametrize(("name", "arguments", "good", "bad"), CASES, ids=[case[0] for case in CASES])
def test_what_follows_and_what_does_not(name: str, arguments: dict[str, Any], good: list[str], bad: list[str]) -> None:
    check_case(name, arguments, good, bad)
