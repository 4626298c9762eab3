"""IFBench's constraints on words. Each function: a response that is not blank, and arguments; whether it follows."""

from __future__ import annotations

import re
import string
from collections import Counter
from itertools import pairwise

from reasoncore.verify.constraints.ifbench_syllables import count_syllables
from reasoncore.verify.constraints.ifbench_tokens import (
    AROUND_A_WORD,
    alphanumeric_tokens,
    split_words,
    without_punctuation,
    word_tokens,
)
from reasoncore.verify.constraints.ifbench_verbs import is_verb
from reasoncore.verify.constraints.text import split_sentences

_CLUSTER = re.compile("[bcdfghjklmnpqrstvwxyz]{2}")
_PRIMES = frozenset((2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97))


def alphabet(response: str) -> bool:
    """Each word starts with the letter after that of the last, ``a`` after ``z``; the first with any of a to z."""
    initials = [word.lower()[0] for word in without_punctuation(response).split()]
    if not initials or initials[0] not in string.ascii_lowercase:
        return False
    first = ord(initials[0]) - ord("a")
    return all(initial == chr(ord("a") + (first + place) % 26) for place, initial in enumerate(initials))


def vowel(response: str) -> bool:
    """One line, with at most three of the vowels a, e, i, o, u, in any case."""
    text = response.strip().lower()
    return "\n" not in text and sum(1 for letter in "aeiou" if letter in text) <= 3


def consonants(response: str) -> bool:
    """Every word between white space, a lone dash too, has two consonants in a row, ``y`` among them."""
    return all(_CLUSTER.search(word) for word in response.lower().split())


def palindrome(response: str) -> bool:
    """Ten words or more of five letters or more read alike both ways, in any case; the same one ten times will do."""
    return sum(1 for word in split_words(response) if len(word) >= 5 and word == word[::-1]) >= 10


def prime_lengths(response: str) -> bool:
    """The length of every word is a prime below 100, without punctuation: ``aren't`` has five letters."""
    return all(len(word) in _PRIMES for word in without_punctuation(response).split())


def repeats(response: str, *, small_n: int) -> bool:
    """No word occurs more than so many times, in any case."""
    return max(Counter(split_words(response)).values(), default=0) <= small_n


def no_consecutive(response: str) -> bool:
    """No two words in a row start with the same letter, in any case, across sentences too."""
    return all(first[0] != second[0] for first, second in pairwise(split_words(response)))


def odd_even_syllables(response: str) -> bool:
    """Words of an odd and of an even number of syllables take turns, across sentences too; a number has none.

    See :mod:`reasoncore.verify.constraints.ifbench_syllables` for where its count parts from the reference's.
    """
    parities = [count_syllables(word) % 2 for word in split_words(response)]
    return all(first != second for first, second in pairwise(parities))


def paragraph_last_first(response: str) -> bool:
    """Every line that has a word ends with the word that it starts with, in any case."""
    paragraphs = (line.strip().strip(AROUND_A_WORD).split() for line in response.lower().split("\n"))
    return all(words[0] == words[-1] for words in paragraphs if words)


def start_verb(response: str) -> bool:
    """The first token is a verb, so no quotation mark or asterisk; modal verbs (``can``) are none.

    See :mod:`reasoncore.verify.constraints.ifbench_verbs` for what is one; the reference asks a trained tagger.
    """
    first, second, *_ = [*word_tokens(split_sentences(response)[0]), ""]
    return is_verb(first, second)


def words_position(response: str, *, keyword: str) -> bool:
    """The second word and the last but one are the keyword, in any case; words are NLTK's, without punctuation.

    Earlier versions of the reference took all marks for words but one at the end.
    """
    words = alphanumeric_tokens(response)
    return len(words) >= 2 and words[1].lower() == words[-2].lower() == keyword.strip().lower()
