"""IFBench's constraints of one prompt each. Each function: a response that is not blank; whether it follows."""

from __future__ import annotations

import re
import string
import unicodedata
from itertools import pairwise

from reasoncore.verify.constraints.ifbench_tokens import AROUND_A_WORD, PUNCTUATION, split_words
from reasoncore.verify.constraints.text import split_sentences

_NUMBER = re.compile(r"\d+")
_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_DAYS = {1: 31, 2: 29, 3: 31, 4: 30, 5: 31, 6: 30, 7: 31, 8: 31, 9: 30, 10: 31, 11: 30, 12: 31}
_QUESTION = re.compile(r"Question \d++[.|):;]?\s*+")
_OPTION = re.compile(r"[A-Ea-e][.|)]\s*+\w")
_CAPITALS = (
    "Reykjavik Helsinki Oslo Tallinn Stockholm Riga Moscow Copenhagen Vilnius Minsk Dublin Berlin Amsterdam Warsaw "
    "London Brussels Prague Luxembourg Paris Vienna Bratislava Budapest Vaduz Chisinau Bern Ljubljana Zagreb"
)


def multiples(response: str) -> bool:
    """The numbers in the response are 14, 21, 28, 35, 42, 49, in this order, and no others."""
    return _NUMBER.findall(response) == ["14", "21", "28", "35", "42", "49"]


def mcq_count_length(response: str) -> bool:
    """Four times ``Question 1`` from the start on, each with five lines ``A) ..`` to ``E.`` and longer than the last.

    The length is that of the lines before the first option.
    """
    if not response.startswith("Question"):
        return False
    questions = [piece for piece in _QUESTION.split(response) if piece.strip()]
    if len(questions) != 4:
        return False
    lengths = []
    for question in questions:
        lines = [line.strip() for line in question.strip().split("\n")]
        is_option = [_OPTION.match(line) is not None for line in lines]
        if sum(is_option) != 5:
            return False
        lengths.append(len(" ".join(lines[: is_option.index(True)]).strip()))
    return all(first < second for first, second in pairwise(lengths))


def reverse_newline(response: str) -> bool:
    """From the first line with ``Zimbabwe`` on, 52 lines or more that are not blank, in falling order.

    Capitals come before small letters, and accents and what is not ASCII are not looked at. That the lines are
    countries is not checked, as in the reference.
    """
    lines = [line.strip(AROUND_A_WORD) for line in response.split("\n")]
    first = next((number for number, line in enumerate(lines) if "Zimbabwe" in line), len(lines))
    names = [_to_ascii(line) for line in lines[first:] if line]
    return len(names) >= 52 and all(name >= following for name, following in pairwise(names))


def word_reverse(response: str) -> bool:
    """Read from the last word to the first, the response has ``bald eagle`` in it, in any case.

    The reference also asks whether that is one sentence, which without punctuation it always is.
    """
    return "bald eagle" in " ".join(reversed(split_words(response)))


def character_reverse(response: str) -> bool:
    """``elgae dlab`` occurs, in any case."""
    return "elgae dlab" in response.lower()


def sentence_alphabet(response: str) -> bool:
    """26 sentences that start with a, b, c and so on, in any case, whatever punctuation is before the letter.

    Earlier versions of the reference minded the punctuation; sentences are ours and not Punkt's.
    """
    sentences = split_sentences(response)
    starts = (sentence.lstrip(PUNCTUATION + string.whitespace)[:1].lower() for sentence in sentences)
    return len(sentences) == 26 and "".join(starts) == string.ascii_lowercase


def european_capitals_sort(response: str) -> bool:
    """The reference's 27 capitals in its order, parted by commas; accents do not matter, capital letters do.

    It leaves out capitals that the prompt asks for (Kyiv, for one).
    """
    names = [name.strip() for name in _to_ascii(response).split(",")]
    return [name for name in names if name] == _CAPITALS.split()


def date_format_list(response: str) -> bool:
    """Dates ``YYYY-MM-DD`` between commas, of 1769 to 1821; month and day may be 00 and February has 29 days.

    That they are battles is not checked, as in the reference.
    """
    return all(_is_date(part.strip()) for part in response.split(","))


def _is_date(text: str) -> bool:
    found = _DATE.fullmatch(text)
    if found is None:
        return False
    year, month, day = (int(part) for part in found.groups())
    return 1769 <= year <= 1821 and month <= 12 and day <= _DAYS.get(month, 99)


def _to_ascii(text: str) -> str:
    """``São Tomé`` as ``Sao Tome``. Character by character: normalising a run of accents takes quadratic time."""
    letters = (character if character.isascii() else unicodedata.normalize("NFKD", character) for character in text)
    return "".join(letters).encode("ascii", "ignore").decode("ascii")
