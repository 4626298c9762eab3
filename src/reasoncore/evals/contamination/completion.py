"""How much of a question's second half a model writes when it is shown the first.

Compared are words, after the completion was cut to the length of the second half: the longest common beginning, and
ROUGE-L recall (Lin 2004), LCS(completion, second half) / |second half|, with LCS the longest common subsequence. Text
on one subject shares words, so recall is held against a second half the model was not asked for: that of the twin where
it has other numbers, or else that of another problem.
Idea: Golchin and Surdeanu 2023 (arXiv 2308.08493), with a baseline in place of an instruction that names the benchmark.

A chat model may refuse or explain; nothing that comes back says nothing. A question that anybody would end alike comes
back from an honest model too: look at the items that are listed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import takewhile
from typing import Any

from reasoncore.data.words import words_of
from reasoncore.evals.contamination.asking import Asker
from reasoncore.evals.contamination.items import Item
from reasoncore.evals.statistics import paired_difference
from reasoncore.infer.engine import Request, SamplingParams
from reasoncore.records import Problem
from reasoncore.verify.judge_prompt import without_thoughts

VERBATIM = 0.9
MIN_WORDS = 8  # in a second half
_MAX_TOKENS = 2048  # a greedy model may repeat itself for ever
_SHOWN = 10
PROMPT = "Write the text that follows, word for word as you know it, and nothing else.\n\n"


@dataclass(frozen=True, slots=True)
class ReproducedItem:
    """A question's second half and what came back.

    Attributes:
        rouge_l: ROUGE-L recall, from 0 to 1.
        prefix: Share of the second half that the common beginning is.
        baseline: ROUGE-L recall of the second half that was not asked for.
    """

    problem_id: str
    rouge_l: float
    prefix: float
    baseline: float

    @property
    def verbatim(self) -> bool:
        """Whether it came back nearly word for word, and the baseline did not as well."""
        return self.rouge_l >= VERBATIM and self.rouge_l > self.baseline


@dataclass(frozen=True, slots=True)
class Completions:
    """The probe on a benchmark.

    Attributes:
        items: What came back of each question, the largest share first.
        too_short: Questions whose second half has fewer than eight words, or that have no other to compare with.
        rouge_l: Mean ROUGE-L recall; None without items.
        baseline: Mean of the baseline.
        ci95: Interval of the difference between the two, clustered by question.
    """

    items: tuple[ReproducedItem, ...]
    too_short: int
    rouge_l: float | None
    baseline: float | None
    ci95: tuple[float | None, float | None]

    @property
    def verbatim(self) -> list[ReproducedItem]:
        """The items that came back nearly word for word."""
        return [item for item in self.items if item.verbatim]

    @property
    def verdict(self) -> str:
        """What was found, in words."""
        if not self.items:
            return "too few items to tell"
        return f"{len(self.verbatim) or 'none'} of {len(self.items)} questions come back near verbatim"

    def as_json(self) -> dict[str, Any]:
        """The attributes and the verdict."""
        return {"verdict": self.verdict, "verbatim": [item.problem_id for item in self.verbatim], **asdict(self)}


def rouge_l_recall(candidate: Sequence[str], reference: Sequence[str]) -> float:
    """Length of the longest common subsequence by that of the reference, which is not empty."""
    row = [0] * (len(reference) + 1)
    for word in candidate:
        diagonal = 0
        for place, other in enumerate(reference, start=1):
            above = row[place]
            row[place] = diagonal + 1 if word == other else max(above, row[place - 1])
            diagonal = above
    return row[-1] / len(reference)


def common_prefix(candidate: Sequence[str], reference: Sequence[str]) -> float:
    """Share of the reference that both begin with."""
    same = takewhile(lambda pair: pair[0] == pair[1], zip(candidate, reference, strict=False))
    return sum(1 for _ in same) / len(reference)


def halves(question: str) -> tuple[str, str]:
    """A question cut between two words in the middle."""
    words = question.split(" ")
    return " ".join(words[: len(words) // 2]), " ".join(words[len(words) // 2 :])


def measure_completion(items: Sequence[Item], twin_questions: Mapping[str, str], asker: Asker) -> Completions:
    """Show the model the first halves, greedily, and compare what it writes with the second.

    Args:
        items: The questions.
        twin_questions: The question of a problem's twin, by the problem's id.
        asker: The model; of its sampling, only the cap counts.

    Raises:
        ReasoncoreError: A completion could not be had.
    """
    seconds = {item.problem.id: words_of(halves(item.question)[1]) for item in items}
    long = [item for item in items if len(seconds[item.problem.id]) >= MIN_WORDS]
    if len(long) < 2:
        return Completions((), len(items), None, None, (None, None))
    greedy = SamplingParams(temperature=0.0, max_tokens=min(asker.sampling.max_tokens, _MAX_TOKENS))
    requests = [
        Request(({"role": "user", "content": PROMPT + halves(item.question)[0]},), 1, asker.seed) for item in long
    ]
    completions = [completion.text for (completion,) in asker.engine.generate(requests, greedy)]
    found = []
    for number, (item, text) in enumerate(zip(long, completions, strict=True)):
        problem = item.problem.id
        twin = words_of(halves(twin_questions.get(problem, ""))[1])
        other = seconds[long[number - 1].problem.id] if twin in ([], seconds[problem]) else twin
        words = _continuation(text, words_of(halves(item.question)[0]))
        found.append(_compared(problem, words, seconds[problem], other))
    own, baseline = ({one.problem_id: [getattr(one, name)] for one in found} for name in ("rouge_l", "baseline"))
    difference = paired_difference(own, baseline)
    means = [sum(value for (value,) in side.values()) / len(side) for side in (own, baseline)]
    largest_first = sorted(found, key=lambda one: (-one.rouge_l, one.problem_id))
    ends = (difference.ci95_low, difference.ci95_high)
    return Completions(tuple(largest_first), len(items) - len(long), means[0], means[1], ends)


def twin_question(item: Item, twin: Problem) -> str:
    """The question of a twin, without the sentence on how to answer that it shares with the original."""
    return twin.prompt.removesuffix(item.problem.prompt.partition(item.question)[2])


def _continuation(text: str, first: list[str]) -> list[str]:
    """The words of a completion that follow the first half, which some models write once more."""
    words = words_of(without_thoughts(text) or "")
    return words[len(first) :] if words[: len(first)] == first else words


def _compared(problem: str, words: list[str], second: list[str], other: list[str]) -> ReproducedItem:
    return ReproducedItem(
        problem,
        rouge_l_recall(words[: len(second)], second),
        common_prefix(words, second),
        rouge_l_recall(words[: len(other)], other) if other else 0.0,
    )


def completion_lines(found: Completions) -> list[str]:
    """What came back, for people."""
    lines = [f"second halves: {found.verdict} ({found.too_short} are too short)"]
    if found.rouge_l is None or found.baseline is None:
        return lines
    low, high = ("?" if end is None else f"{end:+.2f}" for end in found.ci95)
    lines.append(
        f"    ROUGE-L recall {found.rouge_l:.2f}, baseline {found.baseline:.2f}; difference "
        f"{found.rouge_l - found.baseline:+.2f} ({low} to {high})"
    )
    listed = [f"    {item.problem_id}: {100 * item.rouge_l:.0f} % of its words" for item in found.verbatim[:_SHOWN]]
    return [*lines, *listed]
