"""The vocabulary: what flows between the stages, as frozen, typed records, and their JSONL form."""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from reasoncore.errors import DataError

_SURROGATE = re.compile("[\ud800-\udfff]")
FinishReason = Literal["stop", "length"]
Message = dict[str, str]


@dataclass(frozen=True, slots=True)
class Problem:
    """A question with a trusted final answer.

    Attributes:
        id: Unique within its source.
        domain: Row of the domain table, such as ``"math"``; decides prompt and verifier.
        subdomain: Finer label used for probing and reports, such as ``"algebra"``.
        prompt: The question as a person would ask it.
        answer: The trusted final answer.
        level: Graded difficulty where the source has one, 1 the easiest.
        reference: What the domain's verifier compares with where the answer alone is not enough, such as options,
            tests or constraints; None where it is.
    """

    id: str
    domain: str
    subdomain: str
    prompt: str
    answer: str
    level: int | None = None
    reference: Any = None

    @property
    def prompt_sha256(self) -> str:
        """SHA-256 of what is asked, in hexadecimal."""
        return hashlib.sha256(self.prompt.encode()).hexdigest()

    @property
    def key(self) -> str:
        """What it is known by among the problems of all domains."""
        return f"{self.domain}/{self.id}"


@dataclass(frozen=True, slots=True)
class Trace:
    """One worked solution of a problem: what supervised fine-tuning learns from.

    Attributes:
        problem: The question and its answer.
        response: The whole text of the solution, final answer included.
        strategy: Name of the way it was solved, such as ``"direct"`` or ``"steps"``.
    """

    problem: Problem
    response: str
    strategy: str


@dataclass(frozen=True, slots=True)
class WorkedProblem:
    """A problem and what correct responses to it are known.

    Attributes:
        solutions: A whole response for each strategy it is solved by; empty where none is known.
        content: What makes it the same problem as another: canonical parameters, or the prompt.
    """

    problem: Problem
    solutions: Mapping[str, str]
    content: str


@dataclass(frozen=True, slots=True)
class Completion:
    """One sampled continuation of a prompt.

    Attributes:
        prompt_token_ids: The prompt as the model saw it; shared between the completions of one prompt.
        token_ids: Sampled tokens, the end-of-turn token included when it was sampled.
        log_probs: Natural log-probability of each token under the distribution it was really sampled from, that is
            after temperature, top-k and top-p. Same length as ``token_ids``.
        text: Decoded tokens without special tokens.
        finish: ``"stop"`` when the model ended its turn or met a stop string, ``"length"`` when it was cut off.
        counted_tokens: Their number, where a server says how many it sampled and not which.
        counted_prompt_tokens: That of the prompt, likewise.
    """

    prompt_token_ids: tuple[int, ...]
    token_ids: tuple[int, ...]
    log_probs: tuple[float, ...]
    text: str
    finish: FinishReason
    counted_tokens: int | None = None
    counted_prompt_tokens: int | None = None

    @property
    def token_count(self) -> int | None:
        """Number of sampled tokens; None where it is not known."""
        return len(self.token_ids) or self.counted_tokens

    @property
    def prompt_token_count(self) -> int | None:
        """Number of tokens of the prompt; None where it is not known."""
        return len(self.prompt_token_ids) or self.counted_prompt_tokens

    @property
    def mean_log_prob(self) -> float | None:
        """Mean natural log-probability of the sampled tokens; None where it is not known."""
        return sum(self.log_probs) / len(self.log_probs) if self.log_probs else None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a verifier says of one completion.

    Attributes:
        correct: True, False, or None when it could not be judged (our own infrastructure failed).
        reward: What reinforcement learning pays; a field of its own because shaping changes it and not ``correct``.
        answer: The final answer found in the completion, None when there is none.
        reason: Why, in a few words.
        details: What this kind of verifier says beyond that, such as ``tests`` of code; ``reasoncore verify`` prints
            it.
    """

    correct: bool | None
    reward: float
    answer: str | None
    reason: str
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Group:
    """The completions of one prompt and their verdicts, in sampling order."""

    problem: Problem
    completions: tuple[Completion, ...]
    verdicts: tuple[Verdict, ...]

    @property
    def judged(self) -> list[bool]:
        """Whether each rollout is correct, without those that could not be judged."""
        return [verdict.correct for verdict in self.verdicts if verdict.correct is not None]

    @property
    def accuracy(self) -> float | None:
        """Share of correct rollouts among the judged ones; None when none was judged."""
        return sum(self.judged) / len(self.judged) if self.judged else None


def read_jsonl(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield ``(line number, row)`` for every non-blank line of a JSONL file.

    Raises:
        DataError: The file is not there, or a line is not a JSON object; the message names file and line.
    """
    try:
        stream = path.open(encoding="utf-8-sig")  # some editors begin a file with a mark
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})", "Check the path.") from error
    with stream:
        line_number = 0
        try:
            for line_number, line in enumerate(stream, start=1):
                if not line.strip():
                    continue
                row = json.loads(line)
                if not isinstance(row, dict):
                    raise ValueError("not a JSON object")
                yield line_number, row
        except json.JSONDecodeError as error:
            raise DataError(
                f"{path}, line {line_number}: not valid JSON ({error.msg} at column {error.colno})",
                "Every line must be one JSON object; mend or delete that line.",
            ) from error
        except UnicodeDecodeError as error:
            raise DataError(
                f"{path}, after line {line_number}: not UTF-8 text", "Convert the file to UTF-8."
            ) from error
        except OSError as error:
            raise DataError(
                f"{path}, after line {line_number}: cannot be read ({error.strerror})", "Check the file."
            ) from error
        except RecursionError as error:
            raise DataError(f"{path}, line {line_number}: nested too deep", "Mend or delete that line.") from error
        except ValueError as error:
            raise DataError(
                f"{path}, line {line_number}: {error}", "Every line must be one JSON object; mend or delete that line."
            ) from error


def read_whole_rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a log of our own that may not be there yet; a row that a kill cut off is taken out of the file."""
    if not path.exists():
        return []
    os.truncate(path, path.read_bytes().rfind(b"\n") + 1)
    return [row for _, row in read_jsonl(path)]


def required_text(row: Mapping[str, Any], key: str, where: str, *, empty_ok: bool = False) -> str:
    """The text (or number, as text) under ``key``; a :class:`DataError` names ``where`` and the key."""
    value = row.get(key)
    if type(value) is int or (isinstance(value, float) and math.isfinite(value)):
        value = str(value)
    if not isinstance(value, str) or not (value.strip() or empty_ok):
        what = "missing" if key not in row else "null" if value is None else "not text"
        what = "empty" if isinstance(value, str) else what
        raise DataError(f"{where}, key {key!r}: {what}", "Mend or delete that line.")
    return value


def to_json_line(record: Any) -> str:
    """One record as a line of JSON, newline included."""
    row = record if isinstance(record, dict) else asdict(record)
    line = json.dumps(row, ensure_ascii=False) + "\n"
    # Half a character, a lone surrogate, can only be written escaped.
    return json.dumps(row) + "\n" if has_half_character(line) else line


def whole_characters(text: str) -> str:
    """The same; half a character, a lone surrogate, which can be written nowhere, is replaced."""
    return text.encode("utf-8", "replace").decode()


def has_half_character(text: str) -> bool:
    """Whether a text holds a lone surrogate, which cannot be written as UTF-8."""
    return not text.isascii() and _SURROGATE.search(text) is not None
