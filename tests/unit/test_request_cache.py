"""The request cache: nothing is asked twice, a cap holds, a changed prompt asks anew."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from reasoncore.data.request_cache import CachedEngine, CapReachedError, Limits
from reasoncore.errors import DataError, InfrastructureError
from reasoncore.infer.engine import Engine, Request, Sampled, SamplingParams
from reasoncore.infer.scripted import ScriptedEngine
from reasoncore.records import Completion

SAMPLING = SamplingParams(max_tokens=10)


def request(text: str, n: int = 1, first: int = 0, seed: int = 5) -> Request:
    return Request(({"role": "user", "content": text},), n, seed, first)


def scripted() -> ScriptedEngine:
    return ScriptedEngine(lambda asked, sample: f"{asked.messages[0]['content']}{sample}"[:9])


def asked_of(engine: ScriptedEngine) -> list[tuple[str, int]]:
    return [(r.messages[0]["content"], sample) for r in engine.requests for sample in r.samples]


def test_what_was_asked_is_not_asked_again(tmp_path: Path) -> None:
    behind = scripted()
    cached = CachedEngine(behind, {"model": "m"}, tmp_path / "c.sqlite")
    first = cached.generate([request("a", 2), request("b")], SAMPLING)
    assert [[c.text for c in row] for row in first] == [["a0", "a1"], ["b0"]]
    cached.close()

    behind = scripted()
    cached = CachedEngine(behind, {"model": "m"}, tmp_path / "c.sqlite")
    again = cached.generate([request("b"), request("a", 3), request("c")], SAMPLING)
    assert [[c.text for c in row] for row in again] == [["b0"], ["a0", "a1", "a2"], ["c0"]]
    assert asked_of(behind) == [("a", 2), ("c", 0)]
    assert (cached.asked, cached.found) == (2, 3)


@pytest.mark.parametrize(
    "changed",
    [
        lambda r, s, m: (replace(r, seed=6), s, m),
        lambda r, s, m: (request("a "), s, m),
        lambda r, s, m: (r, replace(s, temperature=0.5), m),
        lambda r, s, m: (r, s, {"model": "other"}),
    ],
)
def test_what_is_asked_otherwise_is_asked_anew(changed: object, tmp_path: Path) -> None:
    CachedEngine(scripted(), {"model": "m"}, tmp_path / "c.sqlite").generate([request("a")], SAMPLING)
    asked, sampling, model = changed(request("a"), SAMPLING, {"model": "m"})  # type: ignore[operator]
    behind = scripted()
    CachedEngine(behind, model, tmp_path / "c.sqlite").generate([asked], sampling)
    assert len(behind.requests) == 1


def test_the_same_request_twice_in_one_call_is_asked_once(tmp_path: Path) -> None:
    behind = scripted()
    rows = CachedEngine(behind, {}, tmp_path / "c.sqlite").generate([request("a", 2), request("a", 3)], SAMPLING)
    assert [[c.text for c in row] for row in rows] == [["a0", "a1"], ["a0", "a1", "a2"]]
    assert asked_of(behind) == [("a", 0), ("a", 1), ("a", 2)]


def test_gaps_are_asked_as_runs(tmp_path: Path) -> None:
    CachedEngine(scripted(), {}, tmp_path / "c.sqlite").generate([request("a", 1, first=2)], SAMPLING)
    behind = scripted()
    (row,) = CachedEngine(behind, {}, tmp_path / "c.sqlite").generate([request("a", 5)], SAMPLING)
    assert [c.text for c in row] == [f"a{i}" for i in range(5)]
    assert [r.samples for r in behind.requests] == [range(2), range(3, 5)]


def test_a_failure_is_not_kept(tmp_path: Path) -> None:
    class Failing(Engine):
        def stream(self, requests: Sequence[Request], sampling: SamplingParams) -> Generator[Sampled, None, None]:
            yield from (Sampled(i, 0, InfrastructureError("away", "wait")) for i in range(len(requests)))

    cached = CachedEngine(Failing(), {}, tmp_path / "c.sqlite")
    with pytest.raises(InfrastructureError, match="away"):
        cached.generate([request("a")], SAMPLING)
    behind = scripted()
    CachedEngine(behind, {}, tmp_path / "c.sqlite").generate([request("a")], SAMPLING)
    assert len(behind.requests) == 1


def test_the_cap_is_never_passed_and_what_it_forbids_is_said(tmp_path: Path) -> None:
    limits = Limits(usd_per_million_tokens=100_000.0, most_usd=5.0, at_once=3)  # 0.1 USD a token, at most 1 a request
    cached = CachedEngine(scripted(), {}, tmp_path / "c.sqlite", limits)
    outcomes = [s.outcome for s in cached.stream([request(f"{i}x", 1) for i in range(40)], SAMPLING)]
    had = [one for one in outcomes if isinstance(one, Completion)]
    assert len(outcomes) == 40
    assert all(isinstance(one, Completion | CapReachedError) for one in outcomes)
    assert 4.0 < cached.spent_usd <= 5.0
    cached.close()
    # What was spent counts in the next run too; a higher cap goes on where it stopped.
    again = CachedEngine(scripted(), {}, tmp_path / "c.sqlite", replace(limits, most_usd=100.0))
    assert again.spent_usd == pytest.approx(cached.spent_usd)
    again.generate([request(f"{i}x", 1) for i in range(40)], SAMPLING)
    assert again.found == len(had)


def test_a_rate_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    monkeypatch.setattr("time.sleep", lambda s: now.__setitem__(0, now[0] + s))
    cached = CachedEngine(scripted(), {}, tmp_path / "c.sqlite", Limits(requests_per_minute=10))
    cached.generate([request(f"{i}") for i in range(35)], SAMPLING)
    assert 180 <= now[0] < 200


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "c.sqlite").write_text("not a database, but long enough to be looked at as one" * 10)
    with pytest.raises(DataError, match=r"c\.sqlite"):
        CachedEngine(scripted(), {}, tmp_path / "c.sqlite")


def test_a_full_disk_is_one_clear_error(tmp_path: Path) -> None:
    cached = CachedEngine(ScriptedEngine(lambda request, sample: "x" * 100_000), {"m": "1"}, tmp_path / "c.sqlite")
    cached._database.execute("PRAGMA max_page_count = 8")
    with pytest.raises(InfrastructureError, match=r"c\.sqlite: cannot be used any more \(database or disk is full\)"):
        list(cached.stream([request("q")], SamplingParams(max_tokens=200_000)))
