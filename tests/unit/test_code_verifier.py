"""What the verifier of programs asks of its sandbox."""

from __future__ import annotations

from reasoncore.sandbox import Job, Outcome
from reasoncore.verify.code import CodeTask, CodeTest, CodeVerifier


class CountingSandbox:
    """Runs nothing: every program prints 3."""

    def __init__(self, sources: list[str]) -> None:
        self.sources = sources

    def run(self, job: Job) -> Outcome:
        self.sources.append(job.what["source"])
        return Outcome("done", {}, b"3", "", 0.0)

    def run_session(self, program: Job, tests: Job) -> tuple[Outcome, Outcome]:
        raise AssertionError("no test here is an assert test")

    def end(self) -> None:
        pass


def test_a_program_that_several_responses_hold_runs_once_a_task() -> None:
    three, four = (CodeTask((CodeTest("stdin", "", answer),)) for answer in "34")
    ran: list[str] = []
    responses = ["```python\na = 3\n```", "Shorter:\n```python\na = 3\n```", "```python\nb = 3\n```", "a = 3", ""]
    with CodeVerifier(lambda: CountingSandbox(ran), workers=1) as verifier:
        verdicts = verifier.judge_many(responses, [three, three, three, four, three])
    assert [source.strip() for source in ran] == ["a = 3", "b = 3", "a = 3"]
    assert [verdict.correct for verdict in verdicts] == [True, True, True, False, False]
    assert verdicts[4].reason == "no code"
