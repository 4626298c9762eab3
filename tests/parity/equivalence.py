"""Whether a faulty program is a fault at all: one that never gives another result than the reference is none.

``python equivalence.py`` reads {"source", "faulty", "setup", "entry_point", "calls", "asserts"} lines and prints
{"differs"} for each: whether the two gave different results on any of the tests' own arguments, changed at random. It
executes what it is given: for reference programs only.
"""

from __future__ import annotations

import contextlib
import copy
import io
import json
import random
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

TRIES = 400
LIMIT_S = 1.0

Call = tuple[tuple[Any, ...], dict[str, Any]]


def differs(case: dict[str, Any]) -> bool:
    """Whether the faulty program gives another result than the reference where the reference gives one."""
    reference, faulty = (_function(case, case[key]) for key in ("source", "faulty"))
    given = _arguments(case)
    draw = random.Random(1)
    for _ in range(TRIES if given else 0):
        arguments, keywords = draw.choice(given)
        arguments = tuple(changed(value, draw) for value in arguments)
        keywords = {name: changed(value, draw) for name, value in keywords.items()}
        expected = _result(reference, arguments, keywords)
        if expected.startswith("value") and _result(faulty, arguments, keywords) != expected:
            return True
    return False


def changed(value: Any, draw: random.Random) -> Any:
    """A value of the same kind, not far from the given one."""
    if isinstance(value, bool):
        return draw.random() < 0.5
    if isinstance(value, int):
        return draw.choice([value, value + draw.randint(-3, 3), draw.randint(0, 60), abs(value) * 2 + 1])
    if isinstance(value, float):
        return value * draw.choice([1, 2, 0.5, 1.3])
    if isinstance(value, str) and value:
        letters = _rearranged(list(value), draw)
        return "".join(chr(draw.randint(97, 122)) if draw.random() < 0.1 else letter for letter in letters)
    if type(value) in (list, tuple):
        items = [changed(item, draw) if draw.random() < 0.5 else copy.deepcopy(item) for item in value]
        return type(value)(_rearranged(items, draw))
    if isinstance(value, dict):
        return {key: changed(item, draw) for key, item in value.items()}
    return value


def _rearranged(items: list[Any], draw: random.Random) -> list[Any]:
    way = draw.randint(0, 3) if items else 3
    if way == 0:
        draw.shuffle(items)
    elif way == 1:
        items = items[: draw.randint(1, len(items))]
    elif way == 2:
        items = [*items, copy.deepcopy(draw.choice(items))]
    return items


def _namespace(case: dict[str, Any], source: str) -> dict[str, Any]:
    namespace: dict[str, Any] = {"__name__": "reference"}
    exec(case["setup"], namespace)
    exec(source, namespace)
    return namespace


def _function(case: dict[str, Any], source: str) -> Callable[..., Any]:
    namespace = _namespace(case, source)
    return lambda *arguments, **keywords: eval(case["entry_point"], namespace)(*arguments, **keywords)


def _arguments(case: dict[str, Any]) -> list[Call]:
    """What the tests call the program with."""
    found: list[Call] = [((), call["input"]) for call in case["calls"]]
    reference = _function(case, case["source"])

    def record(*arguments: Any, **keywords: Any) -> Any:
        found.append(copy.deepcopy((arguments, keywords)))
        return reference(*arguments, **keywords)

    for source in case["asserts"]:
        namespace = {**_namespace(case, case["source"]), case["entry_point"]: record}
        exec(source, namespace)
        if "check" in namespace:
            namespace["check"](record)
    return found


def _result(function: Callable[..., Any], arguments: tuple[Any, ...], keywords: dict[str, Any]) -> str:
    signal.setitimer(signal.ITIMER_REAL, LIMIT_S)
    try:
        return f"value {function(*copy.deepcopy(arguments), **copy.deepcopy(keywords))!r}"
    except Exception as error:
        return type(error).__name__
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _stop(number: int, frame: FrameType | None) -> None:
    raise TimeoutError


if __name__ == "__main__":
    signal.signal(signal.SIGALRM, _stop)
    for line in sys.stdin:
        with contextlib.redirect_stdout(io.StringIO()):
            answer = {"differs": differs(json.loads(line))}
        print(json.dumps(answer), flush=True)
