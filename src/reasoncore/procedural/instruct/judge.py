"""A judge of open-ended answers that is a program: it stands in for a judge model where a recipe has to run without one.

It speaks the protocol of :class:`reasoncore.verify.rubric.RubricVerifier` and knows the prompts of the instruct and
chat domains only; on any other it gives no scores, so that the answer is not judged. What it measures are proxies, not
quality. Each score is 1 to 5:

    helpfulness            what share of the facts or tips wanted is there, in words of the bank, times the share of the
                           sentences that are such facts; 2 less for every topic without a name or a fact. In a chat:
                           whether the reply has the word that it must have, and its facts
    coherence              2 less for every sentence that lacks its capital or full stop or in which a word follows
                           another as it does nowhere in the bank
    instruction_adherence  2 less for every item too many or too few, for a list that is none, for a letter without
                           "Dear", 4 less for a missing word; 1 where nothing asked for is there
    redundancy             less the more sentences or runs of four words are there twice

An answer with marks of code or JSON, or that speaks of scores, gets 1 throughout. Deterministic, in linear time.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from reasoncore.errors import InfrastructureError
from reasoncore.infer.engine import Request, SamplingParams
from reasoncore.procedural.instruct.asked import Asked, read_prompt
from reasoncore.procedural.instruct.known import Point, points_of, word_pairs
from reasoncore.procedural.instruct.sentences import unopened
from reasoncore.records import Completion
from reasoncore.verify.judge_prompt import FENCE_KEY

_FENCE = re.compile(r"=== ([0-9a-f]{12}) BEGIN PROMPT ===\n")
_NUMBER = re.compile(r"\d{1,3}\. ")
_SENTENCE_END = re.compile(r"(?<=[.!?]) ")
_WELL_FORMED = re.compile(r"[A-Z][A-Za-z ,]*[.!?]")
_TAMPERING = re.compile(
    r"[{}\[\]<>=|`\\#_*]|\b(?:scores?|judges?|criteri(?:a|on)|rubric|helpfulness|coherence|adherence|redundancy)\b",
    re.IGNORECASE,
)
_DEAR = re.compile(r"Dear [a-z ]{2,20},")
_CLOSING = "Best wishes"
_FEW, _MANY = 2, 8
_RUN = 4


class ProceduralJudge:
    """An :class:`reasoncore.infer.engine.Engine` that answers the questions of a ``RubricVerifier``; see above."""

    def generate(
        self,
        requests: Sequence[Request],
        sampling: SamplingParams,
        on_finished: Callable[[int], None] = lambda count: None,
    ) -> list[tuple[Completion, ...]]:
        """Judge every request; its samples are all the same, and of ``sampling`` nothing matters.

        Raises:
            InfrastructureError: A request is not a question of a ``RubricVerifier``.
        """
        judged = []
        for request in requests:
            completion = Completion((), (), (), _judgement(request.messages[-1]["content"]), "stop")
            judged.append((completion,) * request.n)
            on_finished(request.n)
        return judged


def _judgement(question: str) -> str:
    fence = _FENCE.search(question)
    if fence is None:
        raise InfrastructureError(
            "the procedural judge was asked something that is not a rubric question", "Use it as a rubric's judge only."
        )
    prompt, response = (_block(question, name, fence[1]) for name in ("PROMPT", "RESPONSE"))
    scores = judge(prompt, response)
    return "No scores: no known prompt." if scores is None else json.dumps({FENCE_KEY: fence[1], **scores})


def _block(question: str, name: str, fence: str) -> str:
    """The text between the lines that only the fence's holder can write."""
    return question.partition(f"=== {fence} BEGIN {name} ===\n")[2].partition(f"\n=== {fence} END {name} ===")[0]


@dataclass(frozen=True, slots=True)
class _Answer:
    """A response, taken apart: its lines, its sentences without list numbers and letter lines, its points."""

    lines: list[str]
    sentences: list[str]
    points: list[Point]


def judge(prompt: str, response: str) -> dict[str, int] | None:
    """The four scores, in the rubric's order; None where the prompt is of no known form."""
    asked = read_prompt(prompt)
    if asked is None:
        return None
    answer = _take_apart(response, asked)
    if _TAMPERING.search(response) or not answer.sentences:
        scores = 1, 1, 1, 1
    else:
        helpful = _helpfulness(answer, asked, response)
        adherent = 1 if helpful == 1 else _adherence(answer, asked, response)
        scores = helpful, _coherence(answer.sentences), adherent, _redundancy(answer)
    names = "helpfulness", "coherence", "instruction_adherence", "redundancy"
    return dict(zip(names, scores, strict=True))


def _take_apart(response: str, asked: Asked) -> _Answer:
    lines = [line.strip() for line in response.split("\n") if line.strip()]
    text = [line for line in lines if not (asked.letter and (_DEAR.fullmatch(line) or line == _CLOSING))]
    sentences = [part for line in text for part in _SENTENCE_END.split(_NUMBER.sub("", line, count=1))]
    return _Answer(lines, sentences, _points(sentences, asked))


def _points(sentences: list[str], asked: Asked) -> list[Point]:
    """What each sentence states of what was asked; a pronoun stands for what was named last."""
    subjects = {topic.name for topic in asked.topics} | ({asked.activity.name} if asked.activity else set())
    points: list[Point] = []
    for text in map(unopened, sentences):
        stated = [point for point in points_of(text) if point[0] in subjects]
        if stated:
            last = points[-1][0] if points else ""
            points.append(next((point for point in stated if point[0] == last), stated[0]))
    return points


def _helpfulness(answer: _Answer, asked: Asked, response: str) -> int:
    found = len(set(answer.points))
    complete = min(1.0, found / asked.points) if asked.points else 1.0
    if asked.reply is not None:
        return 1 + round(4 * complete) if asked.reply.search(response) else 1
    return max(1, 1 + round(4 * complete * found / len(answer.sentences)) - 2 * _missing(answer, asked, response))


def _missing(answer: _Answer, asked: Asked, response: str) -> int:
    """Of how many subjects nothing is said, or nothing that names them."""
    named = set(re.findall(r"[a-z]+", response.lower()))
    said = {name for name, _ in answer.points}
    missing = sum(topic.name not in named & said for topic in asked.topics)
    own = asked.activity is None or any(number < len(asked.activity.own) for _, number in answer.points)
    return missing + (not own)


def _coherence(sentences: list[str]) -> int:
    known = word_pairs()
    broken = 0
    for text in sentences:
        words = ["^", *re.findall(r"[a-z]+", unopened(text)), "$"]
        broken += _WELL_FORMED.fullmatch(text) is None or not all(pair in known for pair in pairwise(words))
    return max(1, 5 - 2 * broken)


def _adherence(answer: _Answer, asked: Asked, response: str) -> int:
    score = 5
    items = len(answer.lines if asked.listed else answer.sentences)
    if asked.count is not None:
        score -= 2 * abs(items - asked.count)
    elif items > _MANY or (asked.reply is None and items < _FEW):
        score -= 2
    if asked.listed and not all(_NUMBER.match(line) for line in answer.lines):
        score -= 2
    if asked.letter and not _DEAR.fullmatch(answer.lines[0]):
        score -= 2
    if asked.mention and not re.search(rf"\b{asked.mention}\b", response, re.IGNORECASE):
        score -= 4
    return max(1, score)


def _redundancy(answer: _Answer) -> int:
    said = [unopened(text) for text in answer.sentences]
    words = [word for text in said for word in text.split()]
    runs = [tuple(words[start : start + _RUN]) for start in range(len(words) - _RUN + 1)]
    repeated = max(_repeated(said), _repeated(answer.points), _repeated(runs))
    return max(1, 5 - round(8 * repeated))


def _repeated(items: Sequence[object]) -> float:
    """The share of the items that were there before."""
    return 1 - len(set(items)) / len(items) if items else 0.0
