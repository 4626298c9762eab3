"""Constraints on the length of a response."""

from __future__ import annotations

from reasoncore.procedural.instruct.family import RELATIONS, Family, Wish, bound, count
from reasoncore.procedural.instruct.topics import Topic


def _sentences(topic: Topic, relation: str, n: int) -> Wish:
    wanted = f"{RELATIONS[relation]} {n} sentences."
    return Wish(
        "length_constraints:number_sentences",
        {"num_sentences": n, "relation": RELATIONS[relation]},
        (f"Use {wanted}", f"Write {wanted}", f"Answer in {wanted}"),
        {"sentences": (RELATIONS[relation], n)},
    )


def _words(topic: Topic, relation: str, n: int) -> Wish:
    wanted = f"{RELATIONS[relation]} {n} words."
    return Wish(
        "length_constraints:number_words",
        {"num_words": n, "relation": RELATIONS[relation]},
        (f"Use {wanted}", f"Write {wanted}", f"Answer in {wanted}"),
        {"words": (RELATIONS[relation], n)},
    )


def _dividers(topic: Topic, n: int) -> Wish:
    return Wish(
        "length_constraints:number_paragraphs",
        {"num_paragraphs": n},
        (f"Write exactly {n} paragraphs with *** between them.", f"Put *** between exactly {n} paragraphs."),
        {"layout": "dividers", "parts": n},
    )


FAMILIES: tuple[Family, ...] = (
    Family("sentences", _sentences, easy=bound((2, 4), (4, 6)), hard=bound((5, 7), (2, 3))),
    Family("words", _words, easy=bound((8, 18), (20, 40)), hard=bound((25, 38), (8, 14))),
    Family("dividers", _dividers, easy=count(2, 2), hard=count(3, 4)),
)
