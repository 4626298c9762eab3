"""What IFBench's checks stand on: tokens as NLTK cuts them, syllables, verbs, emoji, word lists."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reasoncore.verify.constraints.capital_words import count_capital_words
from reasoncore.verify.constraints.ifbench_emoji import EMOJI
from reasoncore.verify.constraints.ifbench_syllables import count_syllables
from reasoncore.verify.constraints.ifbench_tokens import alphanumeric_tokens, split_words, word_tokens
from reasoncore.verify.constraints.ifbench_verbs import is_verb
from reasoncore.verify.constraints.ifbench_word_lists import PERSON_NAMES, PRONOUNS, STOP_WORDS

DATA = Path(os.environ.get("REASONCORE_DATA") or Path(__file__).resolve().parents[2].parent / "shared" / "data")


# As NLTK's word_tokenize has them, by its rules.
@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        (
            "Tea costs $3.88 (or 3,36 euros)\nin New York.  Buy me\ntwo.",
            "Tea costs $ 3.88 ( or 3,36 euros ) in New York . Buy me two .",
        ),
        ('"Hi," she said: "No."', "`` Hi , '' she said : `` No . ''"),
        ("I don't, he'll; it's we've dogs'.", "I do n't , he 'll ; it 's we 've dogs ' ."),
        ("Cannot gimme 'tis don’t", "Can not gim me ' tis don ’ t"),
        ("a--b a-b a/b c...d e@f *g* x,y 1:2 [3]", "a -- b a-b a/b c ... d e @ f * g * x , y 1:2 [ 3 ]"),
        ("a,,b", "a , ,b"),
        ("Go... Now.) Yes!", "Go ... Now . ) Yes !"),
        ('Yes. "No." Go.', "Yes . `` No . '' Go ."),
        ("e.g. the U.S. won", "e.g . the U.S. won"),
        (".", "."),
    ],
)
def test_tokens(text: str, tokens: str) -> None:
    assert word_tokens(text) == tokens.split()


def test_tokens_in_capitals_are_as_many_as_the_counter_of_capital_words_finds() -> None:
    path = DATA / "ifeval_gpt4_responses.jsonl"
    if not path.is_file():
        pytest.skip(f"no {path.name} in {DATA}; set REASONCORE_DATA")
    for line in path.read_text(encoding="utf-8").splitlines():
        response = json.loads(line)["response"]
        for text in (response, response.upper()):
            assert sum(token.isupper() for token in word_tokens(text)) == count_capital_words(text)


@given(st.text(alphabet=st.sampled_from("aB1.,:!?\"'’`-*( \n\r"), max_size=40))
def test_tokens_lose_nothing_but_white_space_and_the_shape_of_quotation_marks(text: str) -> None:
    quotation = str.maketrans("", "", "\"'`")
    assert "".join(word_tokens(text)).translate(quotation) == "".join(text.split()).translate(quotation)


def test_words_without_punctuation() -> None:
    assert alphanumeric_tokens('"The sea, -- 3 seas!"') == ["The", "sea", "3", "seas"]
    assert split_words("Don't stop -- Well-known") == ["dont", "stop", "wellknown"]


SYLLABLES = {
    0: "1984 b2b",
    1: "the be eye asked makes whole through tongue played strengths hmm dont cant world fire our clothes bathed é",
    2: "little table centre making useful careful statement something homework safety settled quiet poem create isnt "
    "player trying million nation social people every business",
    3: "area idea video radio medium various beautiful serious everyone created museum element happier dangerous",
    4: "variety society biology experience usually situation naturally",
    5: "university imagination curiosity association",
}


@pytest.mark.parametrize("count", SYLLABLES)
def test_syllables(count: int) -> None:
    words = SYLLABLES[count].split()
    assert {word: count_syllables(word) for word in words} == dict.fromkeys(words, count)


@pytest.mark.parametrize(
    ("first", "following", "expected"),
    [
        ("Create", "a", True),
        ("IS", "it", True),
        ("Applies", "to", True),
        ("Teaches", "you", True),
        ("Realizes", "it", True),
        ("Written", "by", True),
        ("Understanding", "it", True),
        ("Used", "cars", True),
        ("Plan", "ahead", True),
        ("Plan", ":", False),
        ("Plan", "of", False),
        ("Plans", "of", False),
        ("Morning", "came", False),
        ("King", "Lear", False),
        ("Speed", "kills", False),
        ("Can", "you", False),
        ("This", "is", False),
        ("Sure", ",", False),
        ("`ing-ing", "", False),
    ],
)
def test_verbs(first: str, following: str, expected: bool) -> None:
    assert is_verb(first, following) is expected


def test_emoji_are_single_characters_that_are_no_digits_or_flag_letters() -> None:
    assert {*"😀🎉❤💻🏻©🫠🦄"} <= EMOJI
    assert EMOJI.isdisjoint({*"1#*aé日 \ufe0f\u200d🇫", ""})


def test_the_word_lists_are_whole() -> None:
    assert (len(STOP_WORDS), len(PRONOUNS), len(PERSON_NAMES)) == (153, 63, 50)
