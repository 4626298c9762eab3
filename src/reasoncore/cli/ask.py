"""``reasoncore ask``."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from reasoncore.cli.asked_model import AskedModel
from reasoncore.cli.output import counted, print_result, read_text
from reasoncore.errors import UserInputError
from reasoncore.records import whole_characters

if TYPE_CHECKING:
    from reasoncore.infer.engine import SamplingParams
    from reasoncore.test_time.clr import ClrSettings
    from reasoncore.test_time.outcome import AnswerClass, ClrOutcome
    from reasoncore.test_time.trajectory import Trajectory

_LONGEST_QUESTION = 1_000_000
_SHOWN_CLAIM = 200


def ask_command(
    question: str | None,
    model: AskedModel,
    clr: bool,
    k: int,
    claims: int,
    instruction: str | None,
    protocol: str,
    sampling_overrides: dict[str, Any],
    seed: int,
    show_refuted: bool,
    as_json: bool,
) -> None:
    """Ask a model one question; print its answer as it comes, or the one that CLR chooses and why."""
    from reasoncore.evals.protocols import find_protocol

    model.check("ask")
    asked = _question(question)
    given = {name: value for name, value in sampling_overrides.items() if value is not None}
    sampling = replace(find_protocol(protocol), **given)
    if not clr:
        asyncio.run(_ask_once(model, asked, sampling, seed, as_json))
        return
    from reasoncore.test_time.clr import ClrSettings

    found = asyncio.run(_ask_by_clr(model, asked, instruction, ClrSettings(k=k, claims=claims), sampling, seed))
    print_result(found.as_json(), "\n".join(clr_lines(found, show_refuted)), as_json)


def _question(given: str | None) -> str:
    """The argument, or else what stands on stdin."""
    text = given
    if given is None or given == "-":
        if sys.stdin.isatty():
            raise UserInputError("ask: no question", 'Write it behind the command, such as reasoncore ask "1 + 1?".')
        text = read_text(sys.stdin, _LONGEST_QUESTION + 1)
    assert text is not None
    text = whole_characters(text)
    if not text.strip():
        raise UserInputError("ask: the question is empty", "Write it behind the command, or pipe it in.")
    if len(text) > _LONGEST_QUESTION:
        raise UserInputError("ask: the question has more than a million characters", "Shorten it.")
    return text.strip()


async def _ask_once(model: AskedModel, question: str, sampling: SamplingParams, seed: int, as_json: bool) -> None:
    told = 0

    def tell(text: str) -> None:
        nonlocal told
        told += len(text)
        print(text, end="", flush=True)

    async with model.live_engine() as engine:
        message = {"role": "user", "content": question}
        had = await engine.complete([message], sampling, seed, on_text=None if as_json else tell)
    result = {"answer": had.text, "finish": had.finish, "tokens": had.token_count}
    print_result(result, "" if told else had.text, as_json)
    if had.finish == "length":
        print("cut off at the token limit; --max-tokens raises it", file=sys.stderr)


async def _ask_by_clr(
    model: AskedModel,
    question: str,
    instruction: str | None,
    settings: ClrSettings,
    sampling: SamplingParams,
    seed: int,
) -> ClrOutcome:
    from reasoncore.progress import track
    from reasoncore.test_time.clr import answer_by_clr
    from reasoncore.test_time.marked_question import marked_question
    from reasoncore.verify.math import MathVerifier
    from reasoncore.verify.math.answer import extract_answer

    whole = marked_question(question, instruction)
    answers: dict[str, int] = {}
    with MathVerifier() as verifier, track("trajectories", settings.k) as progress:

        def tell(trajectory: Trajectory) -> None:
            if trajectory.verdicts is None:
                if trajectory.answer is not None:
                    answers[trajectory.answer] = answers.get(trajectory.answer, 0) + 1
                votes = sorted(answers.items(), key=lambda item: -item[1])[:3]
                progress.advance(note=", ".join(f"{answer:.20}: {count}" for answer, count in votes))

        async with model.live_engine() as engine:
            return await answer_by_clr(
                engine, whole, settings, sampling, seed, extract_answer, verifier.equivalent, model.concurrency, tell
            )


def clr_lines(found: ClrOutcome, show_refuted: bool) -> list[str]:
    """The outcome for a person: the answer first, then how sure it is and what to doubt."""
    lines = [found.answer if found.answer is not None else "no answer"]
    confidence = found.confidence
    if confidence is not None:
        lines.append(
            f"confidence {100 * confidence:.0f} % of the {found.confidence_of}; {found.votes} of "
            f"{counted(len(found.trajectories), 'vote')}"
        )
    if found.majority != found.answer:
        lines.append(f"the plain vote would say {found.majority}")
    others = [one for one in found.classes if one.answer != found.answer]
    lines += [f"  against it: {one.answer:.60}, {counted(one.votes, 'vote')}, {_score_of(one)}" for one in others]
    if found.tokens is not None and found.check_tokens is not None:
        lines.append(f"  {found.tokens:,} tokens of trajectories that ended, {found.check_tokens:,} of checks")
    lines += [f"  {caution}" for caution in _cautions(found)]
    if show_refuted:
        lines += _refuted(found)
    return lines


def _score_of(one: AnswerClass) -> str:
    if not one.checked:
        return "not checked: it could not change the answer"
    of = "" if one.checked == one.votes else f" of {one.checked} that were checked"
    return f"score {one.score:.2f}{of}"


def _cautions(found: ClrOutcome) -> list[str]:
    said = []
    with_answer = sum(one.votes for one in found.classes)
    if with_answer < 2:
        said.append(f"only {with_answer} of {found.asked} trajectories gave an answer: nothing to weigh it against")
    if found.by_votes:
        said.append("no check could be had: the votes decided")
    if found.unparsable_rate:
        said.append(f"{100 * found.unparsable_rate:.0f} % of the verdicts could not be read and counted as valid")
    if found.padded_rate:
        said.append(f"{100 * found.padded_rate:.0f} % of the claims were missing and counted as valid")
    return said + [f"not had: {failure}" for failure in dict.fromkeys(found.failures)]


def _refuted(found: ClrOutcome) -> list[str]:
    lines = ["refuted claims:"]
    for trajectory in found.trajectories:
        for claim, verdict in zip(trajectory.claims, trajectory.verdicts or (), strict=False):
            if verdict is False:
                lines.append(f"  {trajectory.number + 1}, for {trajectory.answer}: {claim:.{_SHOWN_CLAIM}}")
    return lines if len(lines) > 1 else ["no claim was refuted"]
