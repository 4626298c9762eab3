"""Strings: operations on a string of lowercase letters."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from random import Random

from reasoncore.procedural.code.operations import (
    ADDITIVE,
    CALL,
    LETTER,
    LETTERS,
    MULTIPLICATIVE,
    POSTFIX,
    Choices,
    Constant,
    Op,
    table,
)
from reasoncore.procedural.code.pipelines import Kit, Steps, pipeline_type

_LENGTH: tuple[Choices, ...] = ((range(2, 5), range(1, 10)),)
_TIMES: tuple[Choices, ...] = ((range(2, 4), range(2, 6)),)
_VOWELS = "aeiou"

_reduce = partial(Op, shape="reduce")


def _vowels(s: str) -> str:
    return "".join([x for x in s if x in _VOWELS])


def _consonants(s: str) -> str:
    return "".join([x for x in s if x not in _VOWELS])


OPS = table(
    Op("reverse", "order", "reverse it", "{0}[::-1]", lambda s: s[::-1], (), POSTFIX),
    Op("sort", "order", "sort the letters", '"".join(sorted({0}))', lambda s: "".join(sorted(s))),
    Op("second", "order", "keep every second", "{0}[::2]", lambda s: s[::2], (), POSTFIX),
    Op("upper", "case", "make it upper case", "{0}.upper()", str.upper, (), POSTFIX),
    Op("double", "case", "double each letter", '"".join([x * 2 for x in {0}])', lambda s: "".join([x * 2 for x in s])),
    Op("vowels", "vowel", "keep the vowels", '"".join([x for x in {0} if x in "aeiou"])', _vowels),
    Op("consonants", "vowel", "remove the vowels", '"".join([x for x in {0} if x not in "aeiou"])', _consonants),
    Op("first", "slice", "keep the first {1}", "{0}[:{1}]", lambda s, c: s[:c], _LENGTH, POSTFIX),
    Op("last", "slice", "keep the last {1}", "{0}[-{1}:]", lambda s, c: s[-c:], _LENGTH, POSTFIX),
    Op("skip", "slice", "drop the first {1}", "{0}[{1}:]", lambda s, c: s[c:], _LENGTH, POSTFIX),
    Op("cut", "slice", "drop the last {1}", "{0}[:-{1}]", lambda s, c: s[:-c], _LENGTH, POSTFIX),
    Op("repeat", "repeat", "repeat it {1} times", "{0} * {1}", operator.mul, _TIMES, MULTIPLICATIVE),
    Op("prepend", "put", "put {1} at the front", "{1} + {0}", lambda s, c: c + s, LETTER, ADDITIVE),
    Op("append", "put", "put {1} at the end", "{0} + {1}", lambda s, c: s + c, LETTER, ADDITIVE),
    Op("join", "put", "put {1} between letters", "{1}.join({0})", lambda s, c: c.join(s), LETTER, CALL),
    Op("remove", "remove", "remove every {1}", '{0}.replace({1}, "")', lambda s, c: s.replace(c, ""), LETTER, POSTFIX),
    Op("replace", "replace", "change every {1} to {2}", "{0}.replace({1}, {2})", str.replace, LETTER * 2, POSTFIX),
    _reduce("len", "length", "return the length", "len({0})", len),
    _reduce("different", "length", "count the different letters", "len(set({0}))", lambda s: len(set(s))),
    _reduce("count", "count", "count every {1}", "{0}.count({1})", str.count, LETTER, POSTFIX),
    _reduce("find", "count", "find the first {1} or return -1", "{0}.find({1})", str.find, LETTER, POSTFIX),
)

_SLICES = ("first", "last", "skip", "cut")
_NEVER = (
    (_SLICES, (*_SLICES, "second")),
    (("reverse",), (*_SLICES, "prepend", "append")),
    (("prepend",), ("first", "skip")),
    (("append",), ("last", "cut", "find")),
    (("repeat",), ("sort", "len", "count", "find")),
    (("join",), ("find",)),
    (("double", "join", "repeat"), (*_SLICES, "second")),
    (("vowels", "consonants"), ("vowels", "consonants")),
)
_TWICE = ("replace", "remove", "append", "prepend")


def _merges(steps: Steps) -> bool:
    return any(
        _pair_merges(first.op.name, second.op.name, first.constants, second.constants)
        for first, second in pairwise(steps)
    )


def _pair_merges(a: str, b: str, first: tuple[Constant, ...], second: tuple[Constant, ...]) -> bool:
    if (a == b and a not in _TWICE) or any(a in before and b in after for before, after in _NEVER):
        return True
    if a in ("prepend", "append") and b == "replace":
        return first[0] == second[0]
    if a != "replace":
        return False
    old, new = map(str, first)
    if b in ("vowels", "consonants"):
        return (new in _VOWELS) == (b == "consonants")
    return (b == "different" and old > new) or (b in ("replace", "remove") and new == second[0])


def random_string(rng: Random, constants: Sequence[Constant], short: bool) -> str:
    """Lowercase letters, often those of the constants."""
    letters = [c for c in constants if isinstance(c, str)]
    alphabet = letters * 3 + rng.choices(LETTERS, k=3) + rng.choices(_VOWELS, k=2)
    return "".join(rng.choices(alphabet, k=rng.randint(4, 6) if short else rng.randint(5, 10)))


KIT = Kit(
    variable="s",
    argument="c",
    ops=OPS,
    merges=_merges,
    value=random_string,
    arguments=("prepend", "append", "join", "remove", "count", "find"),
    argument_value=lambda rng: rng.choice(_VOWELS),
    edges=("", "a", "aa"),
)
TYPES = (pipeline_type("string", KIT, reduces=False), pipeline_type("measure", KIT, reduces=True))
