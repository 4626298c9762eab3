"""One verifier for a domain whose problems are judged in several ways: what the reference is decides which."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from reasoncore.records import Verdict


class ByReference:
    """Hands each response to the verifier of its reference's type; a verifier is made when it is first needed."""

    def __init__(self, makers: Mapping[type, Callable[[], Any]]) -> None:
        self._makers, self._made = makers, dict[type, Any]()

    def judge_many(self, responses: Sequence[str], references: Sequence[Any]) -> list[Verdict]:
        """Verdict on ``responses[i]`` against ``references[i]``, in order."""
        places: dict[type, list[int]] = {}
        for place, reference in enumerate(references):
            places.setdefault(type(reference), []).append(place)
        verdicts: dict[int, Verdict] = {}
        for kind, chosen in places.items():
            if kind not in self._made:
                self._made[kind] = self._makers[kind]()
            judged = self._made[kind].judge_many([responses[i] for i in chosen], [references[i] for i in chosen])
            verdicts.update(zip(chosen, judged, strict=True))
        return [verdicts[place] for place in range(len(references))]

    def close(self) -> None:
        """Close every verifier that was made."""
        for verifier in self._made.values():
            verifier.close()
