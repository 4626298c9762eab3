r"""The process that runs symbolic mathematics on a model's answers, so that it can be limited and killed.

Started by :mod:`reasoncore.verify.math` as ``python -m reasoncore.verify.math_worker SECONDS BYTES``. JSON lines:

    worker -> parent   {"ready": true} once the libraries are loaded, or {"error": "..."}
    parent -> worker   {"id": 7, "gold": "...", "answer": "..."}
    worker -> parent   {"id": 7, "gold": "read" | "unreadable"}
    worker -> parent   {"id": 7, "outcome": "equal" | "different" | "memory"}    only when the gold was read

The first reply lets the parent tell whose fault a time-out is. Comparison is math-verify's, with its own time-outs
off (they are signals, which cannot interrupt arithmetic inside one C call): the parent kills this process instead.
"""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import sys
from typing import IO, Any

_PLAIN_EXPRESSION = re.compile(r"[0-9.+\-*/^() ]+")


def main() -> None:
    """Answer requests until the parent closes the pipe. Arguments: seconds a case may take, bytes of memory."""
    seconds, memory_bytes = float(sys.argv[1]), int(sys.argv[2])
    requests, replies = _private_channel()
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # The default action ends the process even inside a C call: nothing is left computing if the parent is gone.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    try:
        _parse("\\frac{1}{2}")  # loads libraries and grammar now, so that they do not count in a case's limit
    except Exception as error:
        _reply(replies, {"error": f"{type(error).__name__}: {error}"})
        return
    _reply(replies, {"ready": True})
    for line in requests:
        request = json.loads(line)
        signal.setitimer(signal.ITIMER_REAL, 2 * seconds + 1)
        _grade(request["id"], request["gold"], request["answer"], replies)
        signal.setitimer(signal.ITIMER_REAL, 0)


def _private_channel() -> tuple[IO[str], IO[str]]:
    """Move the pipes to descriptors no library knows; what libraries print then goes nowhere."""
    requests = os.fdopen(os.dup(0), "r", encoding="utf-8")
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    return requests, replies


def _reply(stream: IO[str], message: dict[str, Any]) -> None:
    stream.write(json.dumps(message) + "\n")
    stream.flush()


def _grade(case: int, gold: str, answer: str, replies: IO[str]) -> None:
    from math_verify import verify

    try:
        parsed_gold = _parse(gold)
    except Exception:
        parsed_gold = []
    readable = any(not isinstance(value, str) for value in parsed_gold)
    _reply(replies, {"id": case, "gold": "read" if readable else "unreadable"})
    if not readable:
        return
    try:
        equal = verify(parsed_gold, _parse(answer), timeout_seconds=None, raise_on_error=True)
        outcome = "equal" if equal else "different"
    except MemoryError:
        outcome = "memory"
    except Exception:
        # The gold was read, so it is the answer that cannot be parsed or compared.
        outcome = "different"
    _reply(replies, {"id": case, "outcome": outcome})


def _parse(text: str) -> list[Any]:
    r"""math-verify's reading of one answer: SymPy objects, and the normalised string as the last element.

    The whole text is read as LaTeX. The library's fallback, picking a number out of text that is not LaTeX, is
    allowed only for plain arithmetic such as ``2**3``: elsewhere it would let "not 4, maybe 5" pass for 5.
    """
    from math_verify import ExprExtractionConfig, LatexExtractionConfig, parse

    latex = LatexExtractionConfig(boxed_match_priority=0)
    values: list[Any] = parse(f"\\boxed{{{text}}}", [latex], parsing_timeout=None, raise_on_error=True)
    if _PLAIN_EXPRESSION.fullmatch(text) and all(isinstance(value, str) for value in values):
        values = parse(text, [ExprExtractionConfig()], parsing_timeout=None, raise_on_error=True)
    return values


if __name__ == "__main__":
    main()
