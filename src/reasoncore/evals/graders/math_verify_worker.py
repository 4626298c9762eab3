"""The process that runs math-verify on whole responses, so that it can be limited and killed.

Started as ``python -m reasoncore.evals.graders.math_verify_worker BYTES``. A JSON line in, ``{"gold": ..,
"response": ..}``; a JSON line out, ``{"correct": bool, "answer": str or null}``, or ``{"ready": true}`` once at the
start. The library's own limits of time hold: they need a main thread, which this process has to give.
"""

from __future__ import annotations

import json
import logging
import os
import resource
import sys
from typing import Any

_FORBIDDEN = ("os.system", "os.exec", "os.fork", "os.posix_spawn", "subprocess.Popen", "socket.connect", "socket.bind")


def main() -> None:
    """Answer requests until the parent closes the pipe. Argument: bytes of memory."""
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what libraries print goes nowhere
    resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[1]),) * 2)
    logging.disable(logging.CRITICAL)
    grade("1", "\\boxed{1}")  # loads the library
    sys.addaudithook(_refuse)
    _reply(replies, {"ready": True})
    for line in sys.stdin:
        request = json.loads(line)
        _reply(replies, grade(request["gold"], request["response"]))


def grade(gold: str, response: str) -> dict[str, Any]:
    """What math-verify says with its own settings; the gold is given to it as mathematics."""
    from math_verify import parse, verify

    answers = parse(response)
    return {
        "correct": bool(verify(parse(f"${gold}$"), answers)),
        "answer": str(answers[-1])[:500] if answers else None,
    }


def _refuse(event: str, _: tuple[Any, ...]) -> None:
    if event in _FORBIDDEN:
        os._exit(1)


def _reply(stream: Any, message: dict[str, Any]) -> None:
    stream.write(json.dumps(message) + "\n")
    stream.flush()


if __name__ == "__main__":
    main()
