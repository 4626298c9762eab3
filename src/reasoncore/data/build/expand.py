"""Query expansion ([3B] section 2.1.1): new queries from seeds along named dimensions, and the filter of queries.

The report names the dimensions; the wording of what is asked is ours.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import cycle

from reasoncore.data.build.config import ExpandSettings
from reasoncore.data.build.rows import CorpusRow
from reasoncore.data.build.stage_folder import StageWriter
from reasoncore.data.build.teacher import Teacher, all_answered, prompts_of
from reasoncore.data.files import with_instruction
from reasoncore.data.words import words_of
from reasoncore.domains import DOMAINS
from reasoncore.records import Completion
from reasoncore.verify.judge_prompt import fenced, make_fence, without_thoughts

DIMENSIONS = {
    "concepts": "Combine its central concept with another concept of the field, so that both are needed.",
    "skeleton": "Keep the skeleton of its solution, and put it into another setting with other quantities.",
    "constraints": "Add, tighten or replace a constraint, so that the solution has to change.",
    "objective": "Keep what is given, and ask for another quantity that follows from it.",
}
_REFUSAL = re.compile(r"\b(?:I(?:'m| am) sorry|I can(?:no|')t|as an AI)\b", re.IGNORECASE)
_NEW = re.compile(r"^[ \t*#]*(?:new )?problem[ \t*]*:[ \t*]*", re.IGNORECASE | re.MULTILINE)
_VERDICT = re.compile(r"^[ \t*]*(USABLE|UNUSABLE)\b[ \t*:.-]*(.*)$", re.MULTILINE)
_LONGEST_QUERY = 8000


def expand(writer: StageWriter, rows: Sequence[CorpusRow], settings: ExpandSettings, teacher: Teacher) -> int:
    """Keep the seeds, and add what the teacher makes of them; the number of queries that were asked for.

    Only seeds with an answer in words or numbers are expanded: a vote can label what is made of them, whereas tests,
    options and constraints belong to the seed alone.
    """
    known = {" ".join(words_of(row.problem.prompt)) for row in rows}
    turns = cycle(settings.dimensions)
    wanted = [(row, next(turns)) for row in rows if row.problem.reference is None for _ in range(settings.per_seed)]
    answers = teacher.ask(
        "new queries", [_expand_prompt(row, dimension, turn) for turn, (row, dimension) in enumerate(wanted)]
    )
    for row in rows:
        writer.keep(row)
    for number, ((row, dimension), given) in enumerate(zip(wanted, answers, strict=True)):
        new = replace(
            row,
            problem=replace(row.problem, id=f"{row.problem.id}+{dimension}-{number}", answer="", reference=None),
            solutions={},
            facts={"seed": row.problem.id, "dimension": dimension},
        )
        if (whole := all_answered(writer, new, given)) is None:
            continue
        (answer,) = whole
        query, reason = read_query(answer)
        asked = with_instruction(query, DOMAINS[row.problem.domain].instruction)
        new = replace(new, problem=replace(new.problem, prompt=asked))
        words = " ".join(words_of(asked))
        if not reason and words in known:
            reason = "the new query is there already"
        if reason:
            writer.reject(new, reason, said=answer.text[:_LONGEST_QUERY])
        else:
            known.add(words)
            writer.keep(new)
    return len(wanted)


def read_query(answer: Completion) -> tuple[str, str]:
    """The query that a teacher wrote, and else why there is none."""
    text = without_thoughts(answer.text) or ""
    found = list(_NEW.finditer(text))
    if answer.finish != "stop":
        return "", "the new query was cut off"
    if not found:
        return "", "the teacher refused" if _REFUSAL.search(text) else "no new query in the answer"
    query = text[found[-1].end() :].strip()
    if not len(words_of(query)) >= 4 or len(query) > _LONGEST_QUERY:
        return "", "the new query is empty or far too long"
    return query, ""


def filter_queries(writer: StageWriter, rows: Sequence[CorpusRow], teacher: Teacher) -> None:
    """Leave out queries that are incomplete, unreasonable, illogical, or do not test the target knowledge."""
    answers = teacher.ask("query filter", [_filter_prompt(prompt) for prompt in prompts_of(rows)])
    for row, given in zip(rows, answers, strict=True):
        if (whole := all_answered(writer, row, given)) is None:
            continue
        (answer,) = whole
        verdicts = list(_VERDICT.finditer(without_thoughts(answer.text) or ""))
        if not verdicts or answer.finish != "stop":
            writer.reject(row, "no verdict on the query", said=answer.text[:_LONGEST_QUERY])
        elif verdicts[-1][1] == "UNUSABLE":
            writer.reject(row, "an unusable query", said=verdicts[-1][2][:500])
        else:
            writer.keep(row)


def _expand_prompt(row: CorpusRow, dimension: str, turn: int) -> str:
    question = row.problem.prompt
    fence = make_fence(turn, [question])
    return (
        f"Write a new problem from the one below. {DIMENSIONS[dimension]} It must be complete, sensible and have one "
        f"answer that can be checked; ask for the answer in the same form.\n\n{fenced('PROBLEM', question, fence)}\n\n"
        'End with "Problem:" and the new problem, and do not solve it.'
    )


def _filter_prompt(question: str) -> str:
    return (
        "Is the problem below of use for training? It is not if something is missing, if what it says is unreasonable "
        "or contradicts itself, or if no knowledge is needed.\n\n"
        f"{fenced('PROBLEM', question, make_fence(0, [question]))}\n\n"
        'End with a line "USABLE", or "UNUSABLE: " and why.'
    )
