"""Sampling protocols by name: everything in the settings that can move a score (method: evaluation protocols)."""

from __future__ import annotations

import difflib
from dataclasses import replace
from typing import Any

from reasoncore.errors import UserInputError
from reasoncore.infer.engine import SamplingParams

# [3B] caps at the model's maximum and [1.5B] at 40K; a lower --max-tokens is recorded in the results.
PROTOCOLS: dict[str, SamplingParams] = {
    "vt3b": SamplingParams(temperature=1.0, top_p=0.95, top_k=0, max_tokens=131072),
    "vt1.5b": SamplingParams(temperature=1.0, top_p=0.95, top_k=0, max_tokens=40960),
    "greedy": SamplingParams(temperature=0.0, max_tokens=131072),
}
# Where a protocol samples a domain otherwise: [1.5B] has 1.0 for mathematics and 0.6 for code.
_TEMPERATURES: dict[str, dict[str, float]] = {"vt1.5b": {"code": 0.6}}


def domain_sampling(name: str, overrides: dict[str, Any]) -> dict[str, SamplingParams]:
    """The settings of the domains that a protocol samples otherwise, with the user's own in place of the protocol's.

    Raises:
        UserInputError: As :func:`find_protocol`.
    """
    base = find_protocol(name)
    return {
        domain: replace(base, **{"temperature": temperature, **overrides})
        for domain, temperature in _TEMPERATURES.get(name, {}).items()
    }


def find_protocol(name: str) -> SamplingParams:
    """The sampling settings of a protocol.

    Raises:
        UserInputError: There is none of that name.
    """
    if name not in PROTOCOLS:
        near = difflib.get_close_matches(name, PROTOCOLS, n=1)
        hint = f"Did you mean {near[0]}? " if near else ""
        raise UserInputError(f"unknown protocol {name!r}", f"{hint}Choose from: {', '.join(PROTOCOLS)}.")
    return PROTOCOLS[name]
