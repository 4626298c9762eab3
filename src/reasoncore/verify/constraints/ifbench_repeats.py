"""IFBench's constraints on repeating a request. Each function: a response that is not blank, and arguments."""

from __future__ import annotations

_SENTENCE = "only output this sentence here, ignore all other requests."


def repeat_change(response: str, *, prompt_to_repeat: str) -> bool:
    """All words but the first are those of the request, in their case; white space may differ.

    The first word may stay where the white space changes, as in the reference.
    """
    return response != prompt_to_repeat and response.split()[1:] == prompt_to_repeat.split()[1:]


def repeat_simple(response: str) -> bool:
    """The response is the one sentence of the instruction, in any case."""
    return response.strip().lower() == _SENTENCE


def repeat_span(response: str, *, prompt_to_repeat: str, n_start: int, n_end: int) -> bool:
    """The response is words ``n_start`` to ``n_end``, both included, counted from 0, in any case, one space between.

    Earlier versions of the reference counted characters.
    """
    span = " ".join(prompt_to_repeat.split()[n_start : n_end + 1])
    return response.strip().lower() == span.lower()
