r"""The process that runs symbolic mathematics on a model's answers, so that it can be limited and killed.

Started by :mod:`reasoncore.verify.math.process` as ``python -m reasoncore.verify.math.worker SECONDS BYTES``. JSON
lines:

    worker -> parent   {"ready": true} once the libraries are loaded, or {"error": "..."}
    parent -> worker   {"id": 7, "gold": "...", "answer": "..."}
    worker -> parent   {"id": 7, "gold": "read" | "unreadable"}
    worker -> parent   {"id": 7, "outcome": "equal" | "different" | "unparsable" | "memory"}    if the gold was read
                       or {"id": 7, "outcome": "fault", "name": "OSError"}

The first reply lets the parent tell whose fault a time-out is. CPU time is limited by the kernel: ``SIGPROF`` ends this
process by its default action, which no C call that takes forever can put off.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from collections.abc import Iterator
from typing import IO, Any

from reasoncore.verify.math.compare import same_answer
from reasoncore.verify.math.read import is_scalar, readings
from reasoncore.verify.math.tree import Node, words

# No answer should ever get as far as Python code (see math_raw). If one does, it starts no process and calls nobody.
_FORBIDDEN = frozenset(
    words("os.system os.exec os.fork os.forkpty os.posix_spawn os.kill subprocess.Popen socket.connect socket.bind")
)


def main() -> None:
    """Answer requests until the parent closes the pipe. Arguments: CPU seconds a case may take, bytes of memory."""
    seconds, memory_bytes = float(sys.argv[1]), int(sys.argv[2])
    requests, replies = _private_channel()
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    try:
        for gold in ("\\sin 1", "\\sum_{k=1}^{2} k"):  # loads the libraries and the grammar, outside any case's limit
            list(_grade(gold, "\\sin(1)"))
    except Exception as error:
        _reply(replies, {"error": f"{type(error).__name__}: {error}"})
        return
    sys.addaudithook(_refuse)
    _reply(replies, {"ready": True})
    for line in requests:
        request = json.loads(line)
        signal.setitimer(signal.ITIMER_PROF, seconds)
        for step in _grade(request["gold"], request["answer"]):
            _reply(replies, {"id": request["id"], **step})
        signal.setitimer(signal.ITIMER_PROF, 0)


def _refuse(event: str, _: tuple[Any, ...]) -> None:
    if event in _FORBIDDEN:
        os._exit(1)


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


def _grade(gold: str, answer: str) -> Iterator[dict[str, str]]:
    """The replies to one request, without its number."""
    from reasoncore.verify.math.symbolic import READING_ERRORS, UnreadableError, equivalent, read

    golds: dict[Node, Any] = {}
    for node in _symbolic_parts(readings(gold)[0]):
        try:
            golds[node] = read(node)
        except (UnreadableError, MemoryError):
            yield {"gold": "unreadable"}
            return
    yield {"gold": "read"}
    unparsable = False

    def symbolic(answer_part: Node, gold_part: Node) -> bool:
        nonlocal unparsable
        try:
            one = golds[gold_part] if gold_part in golds else read(gold_part)
            other = read(answer_part)
        except UnreadableError:
            unparsable = True
            return False
        try:
            return equivalent(one, other)
        except READING_ERRORS:
            return False

    try:
        equal = same_answer(answer, gold, symbolic)
    except MemoryError:
        yield {"outcome": "memory"}
    except Exception as error:
        # Reported, not judged: math_symbolic says why no answer can cause it.
        yield {"outcome": "fault", "name": type(error).__name__}
    else:
        yield {"outcome": "equal" if equal else "unparsable" if unparsable else "different"}


def _symbolic_parts(tree: Node) -> list[Node]:
    """The scalars and raw texts of a gold, which a symbolic reader may be asked for."""
    if tree.op == "raw" or is_scalar(tree):
        return [tree] if tree.op in ("raw", "call", "root", "^", "+", "*") else []
    return [part for node in tree.parts for part in _symbolic_parts(node)]


if __name__ == "__main__":
    main()
