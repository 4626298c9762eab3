"""CLR: K trajectories with their claims, a check of each, and the class of answers whose trajectories hold best.

[3B] eq. 5 and 6, [CLR]. Stage 1 samples K trajectories; stage 2 asks the same model to refute the claims of each,
seeing the question and the claims alone; the reliabilities choose (:mod:`reasoncore.test_time.reliability`). Checks
begin while trajectories are still being sampled, as soon as one could decide something, and what is left is cancelled
once nothing can change the answer (:mod:`reasoncore.test_time.stopping`). Ours: a trajectory or a check that could not
be had is left out, counted and said.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from reasoncore.errors import InfrastructureError, ReasoncoreError, RequestRefusedError
from reasoncore.infer.async_engine import AsyncEngine
from reasoncore.infer.engine import SamplingParams
from reasoncore.records import Completion, Message
from reasoncore.seeding import derive_seed
from reasoncore.test_time.claims import claims_prompt
from reasoncore.test_time.classes import Same, answer_classes
from reasoncore.test_time.outcome import ClrOutcome
from reasoncore.test_time.refutation import read_verdicts, refutation_prompt
from reasoncore.test_time.reliability import CountedAs, reliability
from reasoncore.test_time.stopping import majority_is_likely, next_check, settled_class
from reasoncore.test_time.trajectory import ReadAnswer, Trajectory

OnTrajectory = Callable[[Trajectory], None]
"""Told of every trajectory when it ends, and again when it was checked."""


@dataclass(frozen=True, slots=True)
class ClrSettings:
    """How CLR is run.

    Attributes:
        k: Trajectories.
        claims: M, claims a trajectory is asked for.
        counted: What malformed verdicts and missing claims count as.
        stop_early: Leave out what cannot change the answer.
        likely: Also stop when the belief in the majority reaches this, which can change the answer; None never does.
    """

    k: int = 32
    claims: int = 5
    counted: CountedAs = field(default_factory=CountedAs)
    stop_early: bool = True
    likely: float | None = None


async def answer_by_clr(
    engine: AsyncEngine,
    question: str,
    settings: ClrSettings,
    sampling: SamplingParams,
    seed: int,
    read_answer: ReadAnswer,
    same: Same,
    slots: int,
    on_trajectory: OnTrajectory = lambda trajectory: None,
    given: tuple[Trajectory, ...] = (),
    history: Sequence[Message] = (),
) -> ClrOutcome:
    """Answer one question.

    Args:
        engine: Samples trajectories and checks.
        question: As an evaluation asks it.
        sampling: Of both stages.
        seed: Of all draws.
        read_answer: Finds the final answer of a solution.
        same: Whether two answers are equivalent; called in a thread.
        slots: Most calls at a time.
        on_trajectory: For a progress display.
        given: Trajectories that are there already, of the first numbers; the others are sampled.
        history: Messages before the question; checks see them as a part of the question.

    Raises:
        UserInputError: The engine refuses the question.
        InfrastructureError, RequestRefusedError: No trajectory could be had.
    """
    run = _Run(engine, question, settings, sampling, seed, read_answer, same, on_trajectory, history)
    for trajectory in given[: settings.k]:
        await run.ended(trajectory)
    await run.work(slots)
    return run.outcome()


class _Run:
    def __init__(
        self,
        engine: AsyncEngine,
        question: str,
        settings: ClrSettings,
        sampling: SamplingParams,
        seed: int,
        read_answer: ReadAnswer,
        same: Same,
        on_trajectory: OnTrajectory,
        history: Sequence[Message],
    ) -> None:
        self._engine, self._question, self._settings = engine, question, settings
        self._history = list(history)
        self._sampling, self._seed = sampling, seed
        self._read_answer, self._on_trajectory = read_answer, on_trajectory
        self._same = _remembered(same)
        self._trajectories: dict[int, Trajectory] = {}
        self._failures: dict[int, ReasoncoreError] = {}
        self._check_failures: dict[int, ReasoncoreError] = {}
        self._reliabilities: list[Fraction | None] = [None] * settings.k
        self._classes: list[list[int]] = []
        self._settled: int | None = None
        self._waiting = list(range(settings.k))
        self._checking: list[int] = []

    async def work(self, slots: int) -> None:
        """Sample and check until nothing is left that could change the answer."""
        tasks: dict[asyncio.Task[Completion], tuple[int, bool]] = {}
        try:
            while not self._is_settled():
                while len(tasks) < slots and (job := self._next_job()) is not None:
                    tasks[asyncio.create_task(self._ask(*job))] = job
                if not tasks:
                    return
                done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in sorted(done, key=lambda task: tasks[task]):
                    await self._take(task, *tasks.pop(task))
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def ended(self, trajectory: Trajectory) -> None:
        """Take a trajectory that has ended, and its answer's class."""
        number = trajectory.number
        self._trajectories[number] = trajectory
        if number in self._waiting:
            self._waiting.remove(number)
        answers = [self._answer(k) for k in range(self._settings.k)]
        self._classes = await asyncio.to_thread(answer_classes, answers, self._same)
        self._on_trajectory(trajectory)
        if trajectory.answer is not None and not trajectory.claims:  # nothing to refute
            self._judged(trajectory.checked(()))

    def outcome(self) -> ClrOutcome:
        """What came of it.

        Raises:
            InfrastructureError, RequestRefusedError: No trajectory could be had.
        """
        if not self._trajectories and self._failures:
            raise next(iter(self._failures.values()))
        return ClrOutcome.of(
            self._settings.k,
            self._settings.claims,
            [self._trajectories[k] for k in sorted(self._trajectories)],
            self._classes,
            self._reliabilities,
            self._settled,
            [*self._failures.values(), *self._check_failures.values()],
        )

    def _answer(self, number: int) -> str | None:
        return self._trajectories[number].answer if number in self._trajectories else None

    @property
    def _unfinished(self) -> int:
        return self._settings.k - len(self._trajectories) - len(self._failures)

    def _is_settled(self) -> bool:
        if not self._settings.stop_early:
            return False
        self._settled = settled_class(self._classes, self._reliabilities, self._unfinished)
        votes, level = [len(members) for members in self._classes], self._settings.likely
        if self._settled is None and level is not None and majority_is_likely(votes, level):
            self._settled = votes.index(max(votes))
        return self._settled is not None

    def _next_job(self) -> tuple[int, bool] | None:
        """Number of a trajectory, and whether it is to be checked or still to be sampled; None where there is none."""
        unfinished = self._unfinished if self._settings.stop_early else 0
        left_out = [*self._checking, *self._check_failures]
        number = next_check(self._classes, self._reliabilities, left_out, unfinished)
        if number is not None:
            self._checking.append(number)
            return number, True
        return (self._waiting.pop(0), False) if self._waiting else None

    async def _ask(self, number: int, is_check: bool) -> Completion:
        if is_check:
            before = [f"{message['role']}: {message['content']}" for message in self._history]
            prompt = refutation_prompt("\n\n".join([*before, self._question]), self._trajectories[number].claims)
            messages: list[Message] = [{"role": "user", "content": prompt}]
        else:
            prompt = claims_prompt(self._question, self._settings.claims)
            messages = [*self._history, {"role": "user", "content": prompt}]
        seed = derive_seed(self._seed, "check") if is_check else self._seed
        return await self._engine.complete(messages, self._sampling, seed, number)

    async def _take(self, task: asyncio.Task[Completion], number: int, is_check: bool) -> None:
        try:
            completion = task.result()
        except (InfrastructureError, RequestRefusedError) as error:
            (self._check_failures if is_check else self._failures)[number] = error
            return
        finally:
            if is_check:
                self._checking.remove(number)
        if is_check:
            trajectory = self._trajectories[number]
            text = completion.text if completion.finish == "stop" else ""
            self._judged(trajectory.checked(read_verdicts(text, len(trajectory.claims)), completion))
        else:
            await self.ended(Trajectory.of(number, completion, self._settings.claims, self._read_answer))

    def _judged(self, trajectory: Trajectory) -> None:
        assert trajectory.verdicts is not None
        self._trajectories[trajectory.number] = trajectory
        value = reliability(trajectory.verdicts, self._settings.claims, self._settings.counted)
        self._reliabilities[trajectory.number] = value
        self._on_trajectory(trajectory)


def _remembered(same: Same) -> Same:
    """The same relation, asked once a pair."""
    known: dict[tuple[str, str], bool | None] = {}

    def asked(one: str, other: str) -> bool | None:
        if (one, other) not in known:
            known[one, other] = same(one, other)
        return known[one, other]

    return asked
