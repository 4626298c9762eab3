"""The contamination lens finds what was planted and clears what is honest."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from command_line import run_cli
from fake_endpoint import Body, FakeEndpoint, Reply, document

from reasoncore.domains import DOMAINS, Judge
from reasoncore.evals.contamination import Asker, Contamination, Item, ask_model, load_items, look_at_files
from reasoncore.evals.contamination.completion import PROMPT, common_prefix, halves, rouge_l_recall
from reasoncore.evals.contamination.option_order import other_orders
from reasoncore.evals.contamination.pairs import compare_pairs
from reasoncore.evals.contamination.twins import make_twins
from reasoncore.evals.score import ProblemSamples
from reasoncore.infer.engine import SamplingParams
from reasoncore.infer.scripted import ScriptedEngine
from reasoncore.records import Problem

DATA = Path(os.environ.get("REASONCORE_DATA") or Path(__file__).resolve().parents[2].parent / "shared" / "data")
Run = Callable[..., tuple[int, str, str]]
NAMES = ("Ann", "Bob", "Cleo", "Dan", "Eve", "Finn", "Gus", "Hal", "Ida", "Jon")
QUESTIONS = [
    f"{name} keeps {37 + n} {thing} on a shelf in the old cupboard and {11 + n} more in the dry cellar. "
    f"How many {thing} are there when {name} brings them all into one room?"
    for n, (name, thing) in enumerate((name, thing) for name in NAMES for thing in ("jars", "books", "lamps", "coins"))
]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    return lambda *words: run_cli(capsys, monkeypatch, *words)


def write(path: Path, *rows: Mapping[str, Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def word_problems(path: Path, dated: bool = False) -> Path:
    """Forty questions with worked solutions, the first twenty of them from before 2025 where they are dated."""
    rows = [
        {
            "id": f"w{n}",
            "question": question,
            "answer": f"<<{37 + n}+{11 + n}={48 + 2 * n}>>{48 + 2 * n}\n#### {48 + 2 * n}",
            **({"date": f"202{4 if n < 20 else 5}-03-01"} if dated else {}),
        }
        for n, question in enumerate(QUESTIONS)
    ]
    return write(path, *rows)


def samples_of(items: list[Item], correct: Callable[[int], bool]) -> dict[str, ProblemSamples]:
    return {
        item.problem.id: ProblemSamples(item.problem.id, "s", None, 1, (None,), (correct(n),), (1,))
        for n, item in enumerate(items)
    }


def asked(items: list[Item], script: Callable[[str], str], tmp_path: Path) -> Contamination:
    """The parts that need a model, which answers a prompt by a script."""
    engine = ScriptedEngine(lambda request, sample: script(request.messages[0]["content"]))
    found = look_at_files("b", items, [], 10, None, None)
    with Judge(DOMAINS, lambda: ScriptedEngine([])) as judge:
        return ask_model(
            found, items, Asker(engine, judge, 2, SamplingParams(max_tokens=4000), 0, tmp_path / "rollouts.jsonl")
        )


def answers_of(*problems: Problem) -> dict[str, str]:
    return {problem.prompt: rf"\boxed{{{problem.answer}}}" for problem in problems}


# Training files.


def test_a_planted_leak_is_found_where_it_stands(tmp_path: Path) -> None:
    items = load_items(str(word_problems(tmp_path / "bench.jsonl")), None, None)
    noise = [{"text": f"Some page about {thing} that keeps nothing, {n} of them."} for n, thing in enumerate(NAMES)]
    leaked = QUESTIONS[7].upper().replace(" ", "\n", 3)
    corpus = write(tmp_path / "corpus.jsonl", *noise, {"meta": {"url": "x"}, "parts": ["A quiz. " + leaked + " Ha!"]})
    text = tmp_path / "more.txt"
    text.write_text("nothing\n" * 5 + QUESTIONS[9].replace("old cupboard", "old\ncupboard"))
    found = look_at_files("b", items, [corpus, text], 10, None, None).overlap
    assert found is not None
    assert [(one.problem_id, one.share, one.line) for one in found.leaked] == [("w7", 1.0, 11), ("w9", 1.0, 6)]
    assert [Path(one.file).name for one in found.leaked] == ["corpus.jsonl", "more.txt"]
    assert found.verdict == "2 of 40 problems stand in the training files"


def test_a_corpus_without_the_questions_is_cleared(tmp_path: Path) -> None:
    items = load_items(str(word_problems(tmp_path / "bench.jsonl")), None, None)
    instruction = DOMAINS["math"].instruction
    corpus = write(tmp_path / "corpus.jsonl", {"text": f"Others answer well. {instruction} Keep jars in the cellar."})
    found = look_at_files("b", items, [corpus], 5, None, None).overlap
    assert found is not None
    assert (found.found, found.verdict) == ((), "no problem found in the training files")


# Dates.


def test_scores_that_fall_at_the_cut_off_are_seen(tmp_path: Path) -> None:
    items = load_items(str(word_problems(tmp_path / "bench.jsonl", dated=True)), None, None)
    for correct, verdict in (
        (lambda n: n < 20, "higher before the cut-off"),
        (lambda n: n % 2 == 0, "too few items to tell"),
    ):
        found = look_at_files("b", items, [], 10, samples_of(items, correct), date(2025, 1, 1)).cutoff
        assert found is not None
        assert (found.n_before, found.n_after, found.verdict) == (20, 20, verdict)


# Twins.


@pytest.mark.parametrize("kind", ["generated", "word"])
def test_a_memoriser_falls_on_twins_and_a_solver_does_not(kind: str, tmp_path: Path) -> None:
    name = "procedural-math" if kind == "generated" else str(word_problems(tmp_path / "bench.jsonl"))
    items = load_items(name, None, 40)
    known = answers_of(*(item.problem for item in items))
    memoriser = asked(items, lambda prompt: known.get(prompt, r"\boxed{12345}"), tmp_path).twins
    assert memoriser is not None
    assert memoriser.verdict == "higher on the originals than on their twins"
    assert memoriser.comparison is not None
    assert (memoriser.comparison.before, memoriser.comparison.after) == (0.0, 100.0)
    known |= answers_of(*make_twins(items, 0).values())
    solver = asked(items, lambda prompt: known.get(prompt, ""), tmp_path).twins
    assert solver is not None
    assert solver.verdict == "no difference seen"
    assert solver.comparison is not None
    assert (solver.comparison.before, solver.comparison.after) == (100.0, 100.0)
    assert solver.without == 40 - solver.comparison.problems <= 2


def test_a_dozen_real_problems_show_a_memoriser(tmp_path: Path) -> None:
    if not (DATA / "gsm8k_test.jsonl").is_file():
        pytest.skip(f"no gsm8k_test.jsonl in {DATA}; set REASONCORE_DATA")
    items = load_items("gsm8k", DATA, 150)
    twins = make_twins(items, 0)
    dozen = [item for item in items if item.problem.id in twins][:12]
    known = answers_of(*(item.problem for item in dozen))
    memoriser = asked(dozen, lambda prompt: known.get(prompt, r"\boxed{0}"), tmp_path).twins
    assert memoriser is not None
    assert memoriser.verdict == "higher on the originals than on their twins"
    known |= answers_of(*twins.values())
    solver = asked(dozen, lambda prompt: known.get(prompt, ""), tmp_path).twins
    assert solver is not None
    assert solver.verdict == "too few pairs to tell"
    corpus = write(tmp_path / "corpus.jsonl", {"text": f"From the web: {dozen[3].question} Who knows?"})
    leak = look_at_files("gsm8k", items, [corpus], 10, None, None).overlap
    assert leak is not None
    assert [one.problem_id for one in leak.leaked] == [dozen[3].problem.id]


def test_what_was_cut_off_is_no_answer_and_what_was_not_judged_counts_nowhere(tmp_path: Path) -> None:
    items = load_items("procedural-math", None, 3)
    found = asked(items, lambda prompt: r"\boxed{1}" + " " * 5000, tmp_path).twins
    assert found is not None
    assert found.comparison is not None
    assert found.comparison.after == 0.0
    rows = [json.loads(line) for line in (tmp_path / "rollouts.jsonl").read_text().splitlines()]
    assert {row["correct"] for row in rows} == {False}
    assert {row["asked_as"] for row in rows} == {"b, originals", "b, twins"}
    nameless = [
        Item(Problem(f"p{n}", "math", "s", item.problem.prompt, "\\frac{1"), "") for n, item in enumerate(items)
    ]
    assert asked(nameless, lambda prompt: "", tmp_path).twins is None


def test_a_few_pairs_show_nothing_however_alike_they_are() -> None:
    def answered(count: int, correct: bool) -> list[ProblemSamples]:
        return [ProblemSamples(f"p{n}", "s", None, 1, (None,), (correct,), (1,)) for n in range(count)]

    for count, verdict in ((1, "too few pairs to tell"), (5, "too few pairs to tell"), (6, "better"), (0, "too few")):
        originals, variants = answered(count, True), [[one] for one in answered(count, False)]
        assert compare_pairs("b", originals, variants, 0, ("better", "worse")).verdict.startswith(verdict)
    for count, correct, verdict in (
        (29, True, "too few pairs to tell"),
        (30, True, "no difference seen"),
        (90, False, "too few pairs to tell"),
    ):
        same = [[one] for one in answered(count, correct)]
        assert compare_pairs("b", answered(count, correct), same, 0, ("better", "worse")).verdict == verdict


# Options.


def choices(path: Path) -> list[Item]:
    rows = [
        {"question": f"Which is {n} and a half?", "options": [f"{n}", f"{n}.5", f"{n + 1}", f"{n}.25"], "answer": "B"}
        for n in range(40)
    ]
    return load_items(str(write(path, *rows)), None, None)


def test_other_orders_move_the_right_option_and_ask_the_same(tmp_path: Path) -> None:
    for item in choices(tmp_path / "choices.jsonl"):
        problem = item.problem
        orders = other_orders(problem, 0)
        assert len({order.prompt for order in orders}) == 3
        for order in orders:
            assert order.answer != problem.answer
            assert order.answer == order.reference.gold
            gold = f"{order.answer}) {problem.reference.options['ABCD'.index(problem.answer)]}\n"
            assert gold in order.prompt
            assert sorted(order.prompt) == sorted(problem.prompt)


def test_a_model_that_remembers_letters_falls_and_one_that_knows_does_not(tmp_path: Path) -> None:
    items = choices(tmp_path / "choices.jsonl")
    letters = {item.question.partition("\n")[0]: item.problem.answer for item in items}
    remembers = asked(items, lambda prompt: rf"\boxed{{{letters.get(prompt.partition(chr(10))[0])}}}", tmp_path).options
    assert remembers is not None
    assert remembers.pairs.verdict == "falls when the options move"
    known = answers_of(*(item.problem for item in items), *(o for item in items for o in other_orders(item.problem, 0)))
    knows = asked(items, lambda prompt: known.get(prompt, ""), tmp_path).options
    assert knows is not None
    assert knows.pairs.verdict == "no difference seen"
    assert {block["mean"] for block in knows.by_place.values()} == {1.0}
    assert set(knows.by_place) == set("ABCD")


# Second halves.


def test_measures_of_what_came_back_by_hand() -> None:
    assert rouge_l_recall(list("axbc"), list("abcd")) == 0.75
    assert rouge_l_recall([], ["a"]) == 0.0
    assert common_prefix(list("abxd"), list("abcd")) == 0.5
    assert halves("one two three four five") == ("one two", "three four five")


def test_known_text_comes_back_and_is_listed(tmp_path: Path) -> None:
    items = load_items(str(word_problems(tmp_path / "bench.jsonl")), None, None)
    seconds = dict(halves(item.question) for item in items)

    def knows_ten(prompt: str) -> str:
        first = prompt.removeprefix(PROMPT)
        return seconds[first].upper() if first in list(seconds)[:10] else "I do not know how this text goes on."

    found = asked(items, knows_ten, tmp_path).completion
    assert found is not None
    assert sorted(item.problem_id for item in found.verbatim) == sorted(f"w{n}" for n in range(10))
    assert found.verdict == "10 of 40 questions come back near verbatim"
    assert found.rouge_l is not None
    assert found.baseline is not None
    assert found.baseline < found.rouge_l


def test_the_baseline_is_the_twin_where_it_has_other_numbers(tmp_path: Path) -> None:
    question = "Of all the many apples in the garden behind the house 30 are red and 45 are green, how many is that?"
    rows = [{"question": question, "answer": "<<30+45=75>>\n#### 75"}, {"question": f"{QUESTIONS[0]}", "answer": "1"}]
    items = load_items(str(write(tmp_path / "bench.jsonl", *rows)), None, None)
    found = asked(items, lambda prompt: halves(question)[1], tmp_path).completion
    assert found is not None
    assert (found.items[0].rouge_l, found.items[0].prefix) == (1.0, 1.0)
    assert found.items[0].baseline == pytest.approx(9 / 11)  # 30 and 45 are others


def test_a_model_that_does_not_know_the_text_is_cleared(tmp_path: Path) -> None:
    items = load_items(str(word_problems(tmp_path / "bench.jsonl")), None, None)
    found = asked(
        items, lambda prompt: "<think>Hm.</think> jars are kept in a cellar, how many does she keep?", tmp_path
    )
    assert found.completion is not None
    assert found.completion.verdict == "none of 40 questions come back near verbatim"


# The command.


def test_one_command_runs_what_the_inputs_allow(tmp_path: Path, run: Run) -> None:
    bench = word_problems(tmp_path / "bench.jsonl", dated=True)
    corpus = write(tmp_path / "corpus.jsonl", {"text": QUESTIONS[0]})
    rollouts = tmp_path / "eval"
    rollouts.mkdir()
    fields = {"sample": 0, "token_count": 1, "finish": "stop", "answer": None}
    rows = [{"benchmark": "bench", "problem_id": f"w{n}", "correct": n < 20, **fields} for n in range(40)]
    write(rollouts / "rollouts.jsonl", *rows)
    items = load_items(str(bench), None, None)
    known = answers_of(*(item.problem for item in items))

    def script(reply: Reply, body: Body) -> None:
        content = known.get(body["messages"][-1]["content"], r"\boxed{0}")
        document(reply, {"role": "assistant", "content": content})

    words = ("contamination", bench, "--train", corpus, "--rollouts", rollouts, "--cutoff", "2025-01-01")
    with FakeEndpoint(script, models=["m"]) as server:
        model = ("--endpoint", server.url, "--model-name", "m", "--samples", 1, "--max-tokens", 400)
        code, out, err = run(*words, *model, "--out", tmp_path / "lens", "--json")
    assert code == 0, err
    found = json.loads(out)["benchmarks"]["bench"]
    assert found == json.loads((tmp_path / "lens" / "contamination.json").read_text())["benchmarks"]["bench"]
    assert found["overlap"]["leaked"] == 1
    assert found["cutoff"]["verdict"] == "higher before the cut-off"
    assert found["twins"]["verdict"] == "higher on the originals than on their twins"
    assert found["completion"]["verbatim"] == []
    assert found["not_run"] == {"options": "no question has options that can move"}
    code, out, err = run(*words[:4], "--out", tmp_path / "lens")
    assert code == 0, err
    assert "1 of 40 problems stand in the training files" in out
    assert "not run: twins (needs --model or --endpoint)" in out


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--train", "/no-such-file.jsonl"),
        ("--train", "README.md", "--ngram", "0"),
        ("--rollouts", "/no-such-folder", "--cutoff", "2025-01-01"),
        ("--rollouts", ".", "--cutoff", "spring"),
        ("--endpoint", "http://localhost:1"),
        ("--model", "a", "--endpoint", "http://localhost:1", "--model-name", "m"),
        ("--model", "a", "--device", "tpu"),
    ],
)
def test_wrong_input_gets_two_lines(arguments: tuple[str, ...], tmp_path: Path, run: Run) -> None:
    code, _, err = run("contamination", "procedural-math", "--limit", 4, "--out", tmp_path / "lens", *arguments)
    assert code == 2
    assert [line.partition(":")[0] for line in err.strip().splitlines()][-2:] == ["error", "cure"]
