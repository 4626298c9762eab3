"""An engine that asks nothing twice: completions by what was asked, in SQLite, with a cap on what they may cost.

The key is the hash of model, messages, sampling, seed and number of the sample, so that a changed prompt asks anew and
an unchanged one never again, whatever was killed in between. A completion is stored before anybody sees it.
"""

from __future__ import annotations

import hashlib
import json
import math
import sqlite3
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

from reasoncore.errors import DataError, InfrastructureError, ReasoncoreError
from reasoncore.infer.engine import Engine, Request, Sampled, SamplingParams
from reasoncore.records import Completion, whole_characters

CHARACTERS_PER_TOKEN = 3
_BROKEN = "error"
_TABLE = """
CREATE TABLE IF NOT EXISTS completions (
    key TEXT PRIMARY KEY, text TEXT NOT NULL, finish TEXT NOT NULL, prompt_tokens INTEGER NOT NULL,
    tokens INTEGER NOT NULL, counted INTEGER NOT NULL
) WITHOUT ROWID
"""


class CapReachedError(ReasoncoreError, RuntimeError):
    """Asking further could cost more than was allowed."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What asking may cost, and how fast it may go.

    Attributes:
        usd_per_million_prompt_tokens, usd_per_million_tokens: Prices.
        most_usd: The cap; none without one.
        requests_per_minute: None for as many as the engine takes.
        at_once: Requests that are given to the engine together where one of these limits counts.
    """

    usd_per_million_prompt_tokens: float = 0.0
    usd_per_million_tokens: float = 0.0
    most_usd: float | None = None
    requests_per_minute: int | None = None
    at_once: int = 32

    def usd(self, prompt_tokens: int, tokens: int) -> float:
        """Price of so many tokens."""
        return (prompt_tokens * self.usd_per_million_prompt_tokens + tokens * self.usd_per_million_tokens) / 1e6


class CachedEngine(Engine):
    """Answers from the cache, and asks the engine behind it for the rest.

    Args:
        engine: The one that is asked.
        model: What tells its model from any other; a part of the key.
        path: The database; made where there is none.

    Attributes:
        asked, found: Completions that this engine asked for, and those that it found.
    """

    def __init__(self, engine: Engine, model: Mapping[str, Any], path: Path, limits: Limits | None = None) -> None:
        self._engine, self._model, self._limits, self._path = engine, dict(model), limits or Limits(), path
        self.asked = self.found = 0
        self._sent: list[float] = []
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(path, isolation_level=None)
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = NORMAL")
            self._database.execute(_TABLE)
            totals = self._database.execute("SELECT SUM(prompt_tokens), SUM(tokens) FROM completions").fetchone()
        except sqlite3.Error as error:
            raise DataError(
                f"{path}: cannot be used ({error})", "Move it away; what is in it is asked again."
            ) from error
        self.prompt_tokens, self.tokens = (int(total or 0) for total in totals)

    @property
    def spent_usd(self) -> float:
        """What everything in the cache has cost."""
        return self._limits.usd(self.prompt_tokens, self.tokens)

    @property
    def answers(self) -> int:
        """Completions that are in the cache."""
        return int(self._execute("SELECT COUNT(*) FROM completions WHERE finish != ?", _BROKEN).fetchone()[0])

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def describe(self) -> dict[str, Any]:
        """See :class:`reasoncore.infer.engine.Engine`."""
        return self._engine.describe()

    def stream(self, requests: Sequence[Request], sampling: SamplingParams) -> Generator[Sampled, None, None]:
        """See :class:`reasoncore.infer.engine.Engine`. What the cap forbids is a :class:`CapReachedError`."""
        wanted: dict[str, Request] = {}
        places: dict[str, list[tuple[int, int]]] = {}
        for index, request in enumerate(requests):
            for sample in request.samples:
                key = self._key(request, sample, sampling)
                stored = None if key in wanted else self._stored(key)
                if stored is None:
                    wanted[key] = replace(request, n=1, first=sample)
                    places.setdefault(key, []).append((index, sample))
                else:
                    self.found += 1
                    yield Sampled(index, sample, stored)
        missing = list(wanted.items())
        for wave in self._waves(missing, sampling):
            together, keys = _together(wave)
            with closing(self._engine.stream(together, sampling)) as finished:
                for number, sample, outcome in finished:
                    key = keys[number, sample]
                    if isinstance(outcome, Completion):
                        outcome = replace(outcome, text=whole_characters(outcome.text))
                        self.asked += 1
                        self._store(key, wanted[key], outcome)
                    elif isinstance(outcome, InfrastructureError) and outcome.begun_answers:
                        self._count_begun(wanted[key], outcome.begun_answers, sampling.max_tokens)
                    yield from (Sampled(index, own, outcome) for index, own in places[key])
        refused = CapReachedError(
            f"the cap of {self._limits.most_usd} USD: {self.spent_usd:.4f} are spent, and a further request could "
            "cost more than what is left",
            "Raise most_usd, and run the same command again: nothing is asked twice.",
        )
        yield from (Sampled(index, own, refused) for key, _ in missing for index, own in places[key])

    def _waves(
        self, missing: list[tuple[str, Request]], sampling: SamplingParams
    ) -> Iterator[list[tuple[str, Request]]]:
        """What may be asked, taken off ``missing`` from the front."""
        limits = self._limits
        while missing:
            count = len(missing)
            if limits.most_usd is not None or limits.requests_per_minute is not None:
                count = min(count, limits.at_once)
            if limits.most_usd is not None:
                left, fitting = limits.most_usd - self.spent_usd, 0
                for _, request in missing[:count]:
                    left -= limits.usd(_estimated_prompt(request), sampling.max_tokens)
                    fitting += left >= 0
                if not fitting:
                    return
                count = fitting
            if limits.requests_per_minute is not None:
                count = min(count, self._wait_for_rate(limits.requests_per_minute))
            wave = missing[:count]
            del missing[:count]
            self._sent += [time.monotonic()] * len(wave)
            yield wave

    def _wait_for_rate(self, per_minute: int) -> int:
        """Requests that may be sent now, at least one; waits until then."""
        while True:
            now = time.monotonic()
            self._sent = [at for at in self._sent if at > now - 60]
            free = per_minute - len(self._sent)
            if free > 0:
                return free
            time.sleep(min(1.0, self._sent[0] + 60 - now))

    def _key(self, request: Request, sample: int, sampling: SamplingParams) -> str:
        asked = [self._model, list(request.messages), asdict(sampling), request.seed, sample]
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()

    def _stored(self, key: str) -> Completion | None:
        row = self._execute(
            "SELECT text, finish, prompt_tokens, tokens, counted FROM completions WHERE key = ?", key
        ).fetchone()
        if row is None:
            return None
        text, finish, prompt_tokens, tokens, counted = row
        return Completion((), (), (), text, finish, *((tokens, prompt_tokens) if counted else (None, None)))

    def _store(self, key: str, request: Request, had: Completion) -> None:
        counted = had.token_count is not None and had.prompt_token_count is not None
        prompt_tokens = had.prompt_token_count or _estimated_prompt(request)
        tokens = had.token_count or math.ceil(len(had.text) / CHARACTERS_PER_TOKEN)
        self._write(key, had.text, had.finish, prompt_tokens, tokens, counted)

    def _count_begun(self, request: Request, answers: int, max_tokens: int) -> None:
        """Count answers that broke off as long as they may have become; nobody asks for such a row."""
        prompt_tokens = answers * _estimated_prompt(request)
        self._write(f"broken off {uuid4()}", "", _BROKEN, prompt_tokens, answers * max_tokens, False)

    def _write(self, key: str, text: str, finish: str, prompt_tokens: int, tokens: int, counted: bool) -> None:
        row = (key, text, finish, prompt_tokens, tokens, int(counted))
        self._execute("INSERT OR IGNORE INTO completions VALUES (?, ?, ?, ?, ?, ?)", *row)
        self.prompt_tokens += prompt_tokens
        self.tokens += tokens

    def _execute(self, statement: str, *values: str | int) -> sqlite3.Cursor:
        try:
            return self._database.execute(statement, values)
        except sqlite3.Error as error:
            raise InfrastructureError(
                f"{self._path}: cannot be used any more ({error})",
                "Free some space, and run the same command again: nothing is asked twice.",
            ) from error


def _estimated_prompt(request: Request) -> int:
    return math.ceil(sum(len(message["content"]) for message in request.messages) / CHARACTERS_PER_TOKEN)


def _together(wave: Sequence[tuple[str, Request]]) -> tuple[list[Request], dict[tuple[int, int], str]]:
    """Single samples as requests of neighbouring samples again, and the key of each by request and sample."""
    merged: list[Request] = []
    keys: dict[tuple[int, int], str] = {}
    for key, single in wave:
        last = merged[-1] if merged else None
        if (
            last is not None
            and replace(single, first=last.first, n=last.n) == last
            and single.first == last.samples.stop
        ):
            merged[-1] = replace(last, n=last.n + 1)
        else:
            merged.append(single)
        keys[len(merged) - 1, single.first] = key
    return merged, keys
