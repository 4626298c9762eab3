"""A judge of open-ended answers that is a program: it stands in for a judge model where there is none.

It speaks the protocol of :class:`reasoncore.verify.rubric.RubricVerifier` and knows the prompts of the instruct and
chat domains only; on any other it gives no scores, so that the answer is not judged. What it measures are proxies, not
quality. Each score is 1 to 5:

    helpfulness            what share of the facts or tips wanted is there, times the share of the sentences that are
                           such facts; 2 less for every topic without its name or a fact, for an activity without a tip
                           of its own, and for a missing word. In a chat: whether the reply has the word that it must
                           have, and its facts
    coherence              2 less for every sentence that is not whole, 1 where none is
    instruction_adherence  1 where the number of sentences is not the one asked for, or a topic, an activity or a word
                           is missing; 2 less for a text of one sentence or of many, and for a letter without "Dear"
    redundancy             less the more sentences or runs of four words are there twice

A whole sentence has its capital, its full stop and no other capitals, and each word follows the one before as somewhere
in the bank. A fact is one that the bank has, in its words, in a whole sentence.

An answer with marks of code or JSON, or that speaks of scores, gets 1 throughout. Deterministic, in linear time.
"""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from reasoncore.errors import InfrastructureError
from reasoncore.infer.engine import Engine, Request, Sampled, SamplingParams
from reasoncore.procedural.chat.replies import NAMES
from reasoncore.procedural.instruct.asked import Asked, read_prompt
from reasoncore.procedural.instruct.known import Point, points_of, word_pairs
from reasoncore.procedural.instruct.openended import CLOSING
from reasoncore.procedural.instruct.sentences import unopened
from reasoncore.records import Completion
from reasoncore.verify.judge_prompt import FENCE_KEY

_FENCE = re.compile(r"=== ([0-9a-f]{12}) BEGIN PROMPT ===\n")
_NUMBER = re.compile(r"\d{1,3}\. ")
_SENTENCE_END = re.compile(r"(?<=[.!?]) ")
_SENTENCE = re.compile(r"[A-Z][a-z]*(?:,? [A-Za-z]+)*[.!?]")
_WORD = re.compile(r"[A-Za-z]+")
_CAPITAL_WORDS = frozenset({"I", *NAMES})
_TAMPERING = re.compile(
    r"[{}\[\]<>=|`\\#_*]|\b(?:scores?|judges?|criteri(?:a|on)|rubric|helpfulness|coherence|adherence|redundancy)\b",
    re.IGNORECASE,
)
_DEAR = re.compile(r"Dear [a-z ]{2,20},")
_FEW, _MANY = 2, 8
_RUN = 4


class ProceduralJudge(Engine):
    """An engine that answers the questions of a ``RubricVerifier``; see above."""

    def stream(self, requests: Sequence[Request], sampling: SamplingParams) -> Generator[Sampled, None, None]:
        """Judge every request; its samples are all the same, and of ``sampling`` nothing matters.

        Raises:
            InfrastructureError: A request is not a question of a ``RubricVerifier``.
        """
        for index, request in enumerate(requests):
            completion = Completion((), (), (), _judgement(request.messages[-1]["content"]), "stop")
            yield from (Sampled(index, sample, completion) for sample in request.samples)


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
    """A response, taken apart.

    Attributes:
        lines: Its lines.
        sentences: Its sentences, without list numbers and without what opens and closes a letter.
        whole: The sentences that are whole.
        points: What these state of what was asked.
    """

    lines: list[str]
    sentences: list[str]
    whole: list[str]
    points: list[Point]

    def lacks(self, asked: Asked) -> int:
        """How much is missing: topics without a fact, tips for the activity alone, the word to mention."""
        said = {name for name, _ in self.points}
        own = asked.activity is None or any(number < len(asked.activity.own) for _, number in self.points)
        mentioned = not asked.mention or asked.mention in self.words()
        return sum(topic.name not in said for topic in asked.topics) + (not own) + (not mentioned)

    def words(self) -> set[str]:
        """The words of the whole sentences, in lower case."""
        return {word for text in self.whole for word in _WORD.findall(text.lower())}


def judge(prompt: str, response: str) -> dict[str, int] | None:
    """The four scores, in the rubric's order; None where the prompt is of no known form."""
    asked = read_prompt(prompt)
    if asked is None:
        return None
    answer = _take_apart(response, asked)
    if _TAMPERING.search(response) or not answer.sentences:
        scores = 1, 1, 1, 1
    else:
        helpful = _helpfulness(answer, asked)
        adherent = 1 if helpful == 1 else _adherence(answer, asked)
        scores = helpful, _coherence(answer), adherent, _redundancy(answer)
    names = "helpfulness", "coherence", "instruction_adherence", "redundancy"
    return dict(zip(names, scores, strict=True))


def _take_apart(response: str, asked: Asked) -> _Answer:
    lines = [line.strip() for line in response.split("\n") if line.strip()]
    text = [line for line in lines if not (asked.letter and (_DEAR.fullmatch(line) or line == CLOSING))]
    sentences = [part for line in text for part in _SENTENCE_END.split(_NUMBER.sub("", line, count=1))]
    whole = [text for text in sentences if _is_whole(text)]
    return _Answer(lines, sentences, whole, _points(whole, asked))


def _is_whole(text: str) -> bool:
    words = _WORD.findall(text)
    if not _SENTENCE.fullmatch(text) or not all(word.islower() or word in _CAPITAL_WORDS for word in words[1:]):
        return False
    known = word_pairs()
    return all(pair in known for pair in pairwise(["^", *_WORD.findall(unopened(text)), "$"]))


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


def _helpfulness(answer: _Answer, asked: Asked) -> int:
    found = len(set(answer.points))
    complete = min(1.0, found / asked.points) if asked.points else 1.0
    if asked.reply is not None:
        return 1 + round(4 * complete) if asked.reply.search(" ".join(answer.whole)) else 1
    unnamed = {topic.name for topic in asked.topics} - answer.words()
    lacking = max(len(unnamed), answer.lacks(asked))
    return max(1, 1 + round(4 * complete * found / len(answer.sentences)) - 2 * lacking)


def _coherence(answer: _Answer) -> int:
    return max(1, 5 - 2 * (len(answer.sentences) - len(answer.whole))) if answer.whole else 1


def _adherence(answer: _Answer, asked: Asked) -> int:
    length = len(answer.sentences)
    if asked.count not in (None, length) or (asked.reply is None and answer.lacks(asked)):
        return 1
    score = 5
    if asked.count is None and (length > _MANY or (asked.reply is None and length < _FEW)):
        score -= 2
    if asked.letter and not _DEAR.fullmatch(answer.lines[0]):
        score -= 2
    return score


def _redundancy(answer: _Answer) -> int:
    said = [unopened(text) for text in answer.sentences]
    words = [word for text in said for word in text.split()]
    runs = [tuple(words[start : start + _RUN]) for start in range(len(words) - _RUN + 1)]
    repeated = max(_repeated(said), _repeated(answer.points), _repeated(runs))
    return max(1, 5 - round(8 * repeated))


def _repeated(items: Sequence[object]) -> float:
    """The share of the items that were there before."""
    return 1 - len(set(items)) / len(items) if items else 0.0
