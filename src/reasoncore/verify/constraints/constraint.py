"""What a row of a table of constraints holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from reasoncore.verify.constraints.arguments import ArgumentReader


@dataclass(frozen=True, slots=True)
class Constraint:
    """A row of the table.

    Attributes:
        check: ``check(response, **arguments)``: whether a response that is not blank follows. Pure; time linear in
            the length of the response.
        arguments: Reader of each argument, all of them required.
        needs_langdetect: The check asks for the language of the text.
    """

    check: Callable[..., bool]
    arguments: Mapping[str, ArgumentReader] = field(default_factory=dict)
    needs_langdetect: bool = False
