"""CLR over an engine: what is asked, in which order, what is cancelled, and what happens where the engine fails."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from command_line import run_cli

from reasoncore.errors import InfrastructureError
from reasoncore.infer.async_engine import AsyncEngine, OnText
from reasoncore.infer.engine import SamplingParams
from reasoncore.records import Completion, Message
from reasoncore.test_time.clr import ClrSettings, answer_by_clr
from reasoncore.test_time.outcome import ClrOutcome
from reasoncore.test_time.reliability import CountedAs
from reasoncore.verify.math.answer import extract_answer

QUESTION = "What is 6 * 7?"
Script = Callable[[bool, int], str | Exception]


class ScriptedAsyncEngine(AsyncEngine):
    """Answers ``script(is_check, number)`` after a moment; remembers what was asked, and what was cancelled."""

    def __init__(self, script: Script, moment_s: float = 0.001) -> None:
        self._script, self._moment_s = script, moment_s
        self.asked: list[tuple[bool, int]] = []
        self.prompts: list[str] = []
        self.cancelled: list[tuple[bool, int]] = []
        self.open = self.most_open = 0

    async def complete(
        self,
        messages: Sequence[Message],
        sampling: SamplingParams,
        seed: int,
        sample: int = 0,
        on_text: OnText | None = None,
    ) -> Completion:
        (message,) = messages
        job = ("BEGIN CLAIMS" in message["content"], sample)
        self.asked.append(job)
        self.prompts.append(message["content"])
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        try:
            await asyncio.sleep(self._moment_s)
        except asyncio.CancelledError:
            self.cancelled.append(job)
            raise
        finally:
            self.open -= 1
        said = self._script(*job)
        if isinstance(said, Exception):
            raise said
        return Completion((), (), (), said, "stop", counted_tokens=10)


def trajectory(answer: int, claims: int = 2) -> str:
    listed = "".join(f"{number}. Claim {number} of {answer}.\n" for number in range(1, claims + 1))
    return f"\\boxed{{{answer}}}\nClaims:\n{listed}"


def run(engine: AsyncEngine, k: int, slots: int = 4, **settings: object) -> ClrOutcome:
    wanted = ClrSettings(k=k, claims=2, **settings)  # type: ignore[arg-type]
    sampling = SamplingParams(max_tokens=100)
    return asyncio.run(answer_by_clr(engine, QUESTION, wanted, sampling, 1, extract_answer, lambda a, b: False, slots))


VALID, REFUTED = "1: VALID\n2: VALID", "1: REFUTED\n2: VALID"


def minority(is_check: bool, number: int) -> str:
    """Three flawed trajectories say 41, two sound ones 42."""
    answer = 42 if number >= 3 else 41
    if not is_check:
        return trajectory(answer)
    return VALID if answer == 42 else REFUTED


def test_a_sound_minority_wins_and_nobody_asks_more_than_the_slots() -> None:
    engine = ScriptedAsyncEngine(minority)
    found = run(engine, 5, slots=2, stop_early=False)
    assert (found.answer, found.majority, found.settled, found.by_votes) == ("42", "41", False, False)
    assert {one.answer: (one.score, one.votes) for one in found.classes} == {"41": (0.75, 3), "42": (2.0, 2)}
    assert found.confidence == pytest.approx(2 / 2.75)
    assert engine.most_open == 2
    assert (found.tokens, found.check_tokens) == (50, 50)
    assert sorted(engine.asked) == [(check, number) for check in (False, True) for number in range(5)]


def test_stage_two_sees_the_question_and_the_claims_alone() -> None:
    engine = ScriptedAsyncEngine(minority)
    run(engine, 5, stop_early=False)
    first = next(prompt for (check, _), prompt in zip(engine.asked, engine.prompts, strict=True) if not check)
    second = next(prompt for (check, _), prompt in zip(engine.asked, engine.prompts, strict=True) if check)
    assert first.startswith(QUESTION)
    assert "exactly 2 numbered claims" in first
    assert QUESTION in second
    assert "1. Claim 1 of 41." in second
    assert "boxed" not in second


def test_one_answer_needs_no_check() -> None:
    engine = ScriptedAsyncEngine(lambda is_check, number: trajectory(42))
    found = run(engine, 6, slots=6)
    assert (found.answer, found.settled, found.check_tokens) == ("42", True, 0)
    assert all(not is_check for is_check, _ in engine.asked)


def test_what_can_change_nothing_is_cancelled() -> None:
    """Of 8 trajectories three end at once, all alike, and two never do: checks of six settle it."""

    class Slow(ScriptedAsyncEngine):
        async def complete(
            self,
            messages: Sequence[Message],
            sampling: SamplingParams,
            seed: int,
            sample: int = 0,
            on_text: OnText | None = None,
        ) -> Completion:
            if sample >= 6:
                self._moment_s = 60.0
            try:
                return await super().complete(messages, sampling, seed, sample, on_text)
            finally:
                self._moment_s = 0.001

    engine = Slow(lambda is_check, number: VALID if is_check else trajectory(42 if number else 41))
    found = run(engine, 8, slots=8)
    assert (found.answer, found.settled) == ("42", True)
    assert set(engine.cancelled) >= {(False, 6), (False, 7)}
    assert [one.number for one in found.trajectories] == list(range(6))


def test_early_stopping_answers_as_the_full_run() -> None:
    def script(is_check: bool, number: int) -> str:
        answer = int(number % 3 == 0)
        if not is_check:
            return trajectory(answer) if number % 5 else "no answer"
        return f"1: {'VALID' if number % 4 else 'REFUTED'}\n2: VALID"

    full, early = (run(ScriptedAsyncEngine(script), 16, stop_early=stop) for stop in (False, True))
    assert full.answer == early.answer
    assert (early.check_tokens or 0) < (full.check_tokens or 0)
    assert full.no_answer_rate == 4 / 16


def test_malformed_checks_and_claims_are_counted() -> None:
    def script(is_check: bool, number: int) -> str:
        if is_check:
            return "I cannot say."
        return trajectory(number % 2, claims=1 if number < 2 else 0)

    found = run(ScriptedAsyncEngine(script), 4, stop_early=False)
    assert (found.unparsable_rate, found.padded_rate) == (1.0, 6 / 8)
    assert found.answer == "0"  # all count as valid: a tie, won by the first
    counted = CountedAs(unparsable=False, padded=True)
    strict = run(ScriptedAsyncEngine(script), 4, stop_early=False, counted=counted)
    assert {one.answer: one.score for one in strict.classes} == {"0": 0.25 + 1, "1": 0.25 + 1}


def away(number: int) -> InfrastructureError:
    return InfrastructureError(f"trajectory {number}: away", "Start it.")


def test_failures_are_left_out_and_said() -> None:
    def script(is_check: bool, number: int) -> str | Exception:
        if is_check:
            return VALID if number == 3 else REFUTED
        return away(number) if number in (0, 1) else trajectory(40 + number)

    found = run(ScriptedAsyncEngine(script), 4, stop_early=False)
    assert (found.answer, len(found.trajectories), found.asked) == ("43", 2, 4)
    assert [failure.split(":")[0] for failure in found.failures] == ["trajectory 0", "trajectory 1"]


def test_without_checks_the_votes_decide_and_that_is_said() -> None:
    def script(is_check: bool, number: int) -> str | Exception:
        return away(number) if is_check else trajectory(42 if number else 41)

    found = run(ScriptedAsyncEngine(script), 4, stop_early=False)
    assert (found.answer, found.by_votes, len(found.failures)) == ("42", True, 4)


def test_nothing_at_all_raises_and_no_answers_are_no_answer() -> None:
    with pytest.raises(InfrastructureError, match="away"):
        run(ScriptedAsyncEngine(lambda is_check, number: away(number)), 3)
    found = run(ScriptedAsyncEngine(lambda is_check, number: "no idea"), 3)
    assert (found.answer, found.majority, found.no_answer_rate, found.confidence) == (None, None, 1.0, None)


def test_belief_in_the_majority_may_stop_it_sooner() -> None:
    engine = ScriptedAsyncEngine(lambda is_check, number: VALID if is_check else trajectory(42 if number else 41))
    found = run(engine, 32, slots=4, likely=0.95)
    assert found.answer == "42"
    assert len(found.trajectories) < 16


# The command.


def test_a_log_is_scored_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [
        {"problem_id": "a", "answer": "41", "gold": "42", "verdicts": [1, 1, 0, 1, 0]},
        {"problem_id": "b", "answer": None, "verdicts": []},
        {"problem_id": "a", "answer": "41", "gold": "42", "verdicts": [1, 1, 0, 1, 0]},
        {"problem_id": "a", "answer": "42.0", "gold": "42", "verdicts": [1, 1, 1, None, 1]},
        {"problem_id": "b", "answer": "x+1", "verdicts": [1, 1, 1, 1, 0]},
        {"problem_id": "b", "answer": "1+x", "verdicts": [1, 1, 1, 1]},
    ]
    path = tmp_path / "t.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    code, out, _ = run_cli(capsys, monkeypatch, "clr", "aggregate", path, "--json")
    assert code == 0
    result = json.loads(out)
    first, second = result["problems"]
    assert (first["answer"], first["cons@k"], first["correct"], first["cons@k_correct"]) == ("42.0", "41", True, False)
    assert [round(one["score"], 5) for one in first["classes"]] == [round(2 * 0.6**5, 5), 1.0]
    assert (second["answer"], [one["votes"] for one in second["classes"]]) == ("x+1", [2])
    assert round(second["classes"][0]["score"], 5) == 1.32768
    assert (result["graded"], result["accuracy"]) == (1, {"CLR": 1.0, "Cons@K": 0.0})
    code, out, _ = run_cli(capsys, monkeypatch, "clr", "aggregate", path, "--unparsable-refuted", "--padded-refuted")
    assert code == 0
    assert "42.0: score 0.32768, 1 vote\n" in out
    assert "1 problem with a gold: CLR 100.0 %; Cons@K 0.0 %" in out


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds no trajectories"),
        ('{"answer": "1", "verdicts": []}', "line 1, key 'problem_id': missing"),
        ('{"problem_id": "a", "answer": "1"}', "line 1, key 'verdicts'"),
        ('{"problem_id": "a", "answer": "1", "verdicts": [2]}', "line 1, key 'verdicts'"),
        ('{"problem_id": "a", "answer": [], "verdicts": [1]}', "line 1, key 'answer': not text"),
        (
            '{"problem_id": "a", "answer": "1", "gold": "1", "verdicts": [1]}\n'
            '{"problem_id": "a", "answer": "1", "gold": "2", "verdicts": [1]}',
            "line 2, key 'gold'",
        ),
    ],
)
def test_a_bad_log_is_named(
    text: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "t.jsonl").write_text(text)
    code, _, err = run_cli(capsys, monkeypatch, "clr", "aggregate", tmp_path / "t.jsonl")
    assert (code, said in err) == (2, True), err
