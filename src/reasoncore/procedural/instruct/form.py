"""Constraints on the form of a response."""

from __future__ import annotations

from random import Random

from reasoncore.procedural.instruct.family import Args, Draw, Family, Wish, count, nothing
from reasoncore.procedural.instruct.topics import Topic

END_PHRASES = (
    "That is all.",
    "That is my answer.",
    "This is the end.",
    "Have a good day.",
    "Now you know it.",
    "I hope this helps.",
    "See you again.",
    "Thank you for your time.",
)
_HEADINGS = ("Section", "Part")
_MARKERS = ("P.S.", "P.P.S")
_YES = "My answer is yes."


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}{'s' * (n > 1)}"


def _bullets(topic: Topic, n: int) -> Wish:
    return Wish(
        "detectable_format:number_bullet_lists",
        {"num_bullets": n},
        (
            f"Use exactly {n} bullet points.",
            f"Give exactly {n} bullet points.",
            f"Answer in exactly {n} bullet points.",
        ),
        {"layout": "bullets", "parts": n},
    )


def _headings(topic: Topic, word: str, n: int) -> Wish:
    return Wish(
        "detectable_format:multiple_sections",
        {"section_spliter": word, "num_sections": n},
        (f"Use at least {n} headings such as {word} 1.", f"Give at least {n} parts with headings such as {word} 1."),
        {"layout": "headings", "parts": n, "heading": word},
    )


def _two_answers(topic: Topic) -> Wish:
    return Wish(
        "combination:two_responses",
        {},
        ("Give two different answers with ****** between them.", "Write two different answers and put ****** between."),
        {"layout": "two", "parts": 2},
    )


def _json(topic: Topic) -> Wish:
    return Wish(
        "detectable_format:json_format",
        {},
        ("Answer in JSON.", "Put the whole answer in JSON.", "Use only JSON."),
        {"layout": "json"},
    )


def _title(topic: Topic) -> Wish:
    return Wish(
        "detectable_format:title",
        {},
        ("Put a title between << and >>.", "Add a title such as <<title>>.", "Give it a title between << and >>."),
        {"title": True},
    )


def _no_comma(topic: Topic) -> Wish:
    return Wish(
        "punctuation:no_comma", {}, ("Do not use commas.", "Use no commas.", "Write without commas."), {"commas": False}
    )


def _quoted(topic: Topic) -> Wish:
    return Wish(
        "startend:quotation",
        {},
        ("Put the whole answer in double quotation marks.", "Use double quotation marks around the whole answer."),
        {"quoted": True},
    )


def _highlights(topic: Topic, n: int) -> Wish:
    return Wish(
        "detectable_format:number_highlighted_sections",
        {"num_highlights": n},
        (
            f"Mark at least {_count(n, 'word')} *like this*.",
            f"Put at least {_count(n, 'word')} between stars *like this*.",
        ),
        {"highlights": n},
    )


def _placeholders(topic: Topic, n: int) -> Wish:
    return Wish(
        "detectable_content:number_placeholders",
        {"num_placeholders": n},
        (
            f"Use at least {_count(n, 'placeholder')} such as [name].",
            f"Add at least {_count(n, 'placeholder')} such as [place].",
        ),
        {"placeholders": n},
    )


def _postscript(topic: Topic, marker: str) -> Wish:
    return Wish(
        "detectable_content:postscript",
        {"postscript_marker": marker},
        (f"Add a last line with {marker} at its start.", f"Put {marker} and one more sentence at the end."),
        {"postscript": marker},
    )


def _end(topic: Topic, index: int) -> Wish:
    phrase = END_PHRASES[index]
    return Wish(
        "startend:end_checker",
        {"end_phrase": phrase},
        (f"End with the words: {phrase}", f"The last words must be: {phrase}"),
        {"end": phrase},
    )


def _choice(topic: Topic) -> Wish:
    return Wish(
        "detectable_format:constrained_response",
        {},
        (f"Say one of these: {_YES} My answer is no. My answer is maybe.",),
        {"start": _YES},
        head=f"Do people like {topic.phrase}?",
    )


def _capitals(topic: Topic, n: int) -> Wish:
    return Wish(
        "change_case:capital_word_frequency",
        {"capital_frequency": n, "capital_relation": "at least"},
        (
            f"Use at least {_count(n, 'word')} in all capital letters.",
            f"Write at least {_count(n, 'word')} in capital letters.",
        ),
        {"capitals": n},
    )


def _repeat(topic: Topic) -> Wish:
    request = f"Write about {topic.phrase}."
    return Wish(
        "combination:repeat_prompt",
        {"prompt_to_repeat": request},
        ("Begin with the first sentence of this request.", "First repeat the first sentence of this request."),
        {"start": request},
        head=request,
    )


def _draw_headings(n: int) -> Draw:
    return lambda rng, topic: (rng.choice(_HEADINGS), n)


def _draw_marker(rng: Random, topic: Topic) -> Args:
    return (rng.choice(_MARKERS),)


FAMILIES: tuple[Family, ...] = (
    Family("bullets", _bullets, easy=count(2, 3), hard=count(4, 6)),
    Family("headings", _headings, easy=_draw_headings(2), hard=_draw_headings(3)),
    Family("two", _two_answers, hard=nothing),
    Family("json", _json, hard=nothing),
    Family("title", _title, easy=nothing),
    Family("no_comma", _no_comma, easy=nothing),
    Family("quoted", _quoted, easy=nothing),
    Family("highlights", _highlights, easy=count(1, 2), hard=count(3, 4)),
    Family("placeholders", _placeholders, easy=count(1, 1), hard=count(2, 3)),
    Family("postscript", _postscript, easy=_draw_marker),
    Family("end", _end, easy=count(0, len(END_PHRASES) - 1)),
    Family("choice", _choice, easy=nothing),
    Family("capitals", _capitals, easy=count(1, 2), hard=count(3, 5)),
    Family("repeat", _repeat, hard=nothing),
)
