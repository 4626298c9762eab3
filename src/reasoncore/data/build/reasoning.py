"""The vote on the reasoning ([3B] section 2.1.1, trace correctness): is every step of a trace sound, says the majority.

A right answer may stand on wrong steps. The wording of what is asked, and that abstentions count against it, are ours.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from reasoncore.data.build.rows import CorpusRow
from reasoncore.data.build.stage_folder import StageWriter
from reasoncore.data.build.teacher import Teacher, all_answered
from reasoncore.records import Completion
from reasoncore.verify.judge_prompt import fenced, make_fence, without_thoughts

_VERDICT = re.compile(r"^[ \t*]*(SOUND|FLAWED)[ \t\r*.]*$", re.MULTILINE)
_AT_ONCE = 512


def vote_on_reasoning(writer: StageWriter, rows: Sequence[CorpusRow], votes: int, teacher: Teacher) -> None:
    """Keep the traces whose steps more than half of the teacher's answers call sound."""
    for start in range(0, len(rows), _AT_ONCE):
        part = rows[start : start + _AT_ONCE]
        prompts = [_prompt(row.problem.prompt, row.response) for row in part]
        for row, answers in zip(part, teacher.ask("votes on the reasoning", prompts, votes), strict=True):
            if (whole := all_answered(writer, row, answers)) is None:
                continue
            verdicts = [read_verdict(answer) for answer in whole]
            sound, flawed = verdicts.count(True), verdicts.count(False)
            known = row.knowing(reasoning={"sound": sound, "flawed": flawed, "abstained": verdicts.count(None)})
            if 2 * sound > votes:
                writer.keep(known)
            else:
                writer.reject(known, "flawed reasoning" if flawed >= sound else "no majority on the reasoning")


def read_verdict(answer: Completion) -> bool | None:
    """Whether an answer calls the reasoning sound; None where it was cut off or says neither."""
    if answer.finish != "stop":
        return None
    verdicts = _VERDICT.findall(without_thoughts(answer.text) or "")
    return verdicts[-1] == "SOUND" if verdicts else None


def _prompt(question: str, response: str) -> str:
    fence = make_fence(0, [question, response])
    return (
        "Is the reasoning of the solution below sound? It is flawed if a step is wrong, does not follow, or assumes "
        "what is to be shown, whatever its answer.\n\n"
        f"{fenced('PROBLEM', question, fence)}\n\n{fenced('SOLUTION', response, fence)}\n\n"
        'Go through it step by step, and end with a line "SOUND" or "FLAWED".'
    )
