"""The benchmark linter: planted faults are found, sound benchmarks pass, and what real files hold."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reasoncore.data.code_files import load_humaneval
from reasoncore.evals.benchmarks import load_benchmark
from reasoncore.evals.lint import (
    Finding,
    finding_lines,
    lint_file,
    lint_problems,
    lint_references,
    lint_rollouts,
    lint_rows,
)
from reasoncore.evals.lint.choices import p_value
from reasoncore.evals.lint.golds import damage
from reasoncore.evals.lint.items import read_rows
from reasoncore.evals.lint.prompts import cut_off, normalised_prompt
from reasoncore.records import Verdict
from reasoncore.verify.code import CodeTask, CodeTest, CodeVerifier

DATA = Path(os.environ.get("REASONCORE_DATA") or Path(__file__).resolve().parents[2].parent / "shared" / "data")
HONEST = (70, 588, 16, 117, 279, 504, 821, 77, 62, 81, 259, 510, 204, 60, 735, 468, 49, 82, 106, 336, 293, 237, 610)


def real(name: str) -> Path:
    if not (DATA / name).is_file():
        pytest.skip(f"no {name} in {DATA}; set REASONCORE_DATA")
    return DATA / name


def kinds(found: Sequence[Finding]) -> list[tuple[str, str | None, str]]:
    return [(finding.severity, finding.problem_id, finding.what) for finding in found]


def questions(golds: Sequence[Any]) -> list[dict[str, Any]]:
    return [{"question": f"How much is f({i})?", "answer": gold} for i, gold in enumerate(golds)]


# Golds.


@pytest.mark.parametrize(
    "gold",
    [
        "",
        "  ",
        None,
        float("nan"),
        "none",
        "N/A",
        "???",
        "\\frac{1}{2",
        "\x0crac{1}{2}",
        "\times 3",
        "12 +",
        "1, 2,",
        "a_",
        "\\frac",
        "\\left(3, 4",
        "$x",
        "x" * 600,
        "\\begin{pmatrix} 1",
        "3}",
        "\ufffd12",
        "[[;",
    ],
)
def test_a_damaged_gold_is_an_error(gold: Any) -> None:
    found = lint_rows("b", [*questions(["\\sqrt{2}", "x + 1", "\\text{east}"]), {"question": "Which?", "answer": gold}])
    assert kinds(found) == [("error", "b-3", "damaged gold")]


@pytest.mark.parametrize(
    "gold",
    [
        "5",
        "$3",
        "-3",
        "1,234",
        "\\$18",
        "025",
        "\\frac{1}{2}",
        "\\{1, 2\\}",
        "[0, 1)",
        "x = 5",
        "\\text{Evelyn}",
        "90^\\circ",
        "\\left( 3, \\frac{\\pi}{2} \\right)",
        "\\begin{pmatrix} 1 \\\\\n 2 \\end{pmatrix}",
        "3 \\pm 2i",
        "10\\%",
        "x^2-1",
    ],
)
def test_a_sound_gold_passes(gold: str) -> None:
    assert damage(gold) is None


OUTLIERS = [
    ("", "error"),
    ("The answer is seventy", "error"),
    ("70.5", "warning"),
    ("\\frac{70}{3}", "warning"),
    ("7O", "warning"),
    ("16 or 17", "warning"),
    ("-70", None),
    ("5880", None),
    ("70000", None),
]


@pytest.mark.parametrize("benchmark", ["aime25", "contest"])
@pytest.mark.parametrize(("corrupt", "severity"), OUTLIERS)
def test_a_gold_unlike_all_the_others_is_found(benchmark: str, corrupt: str, severity: str | None) -> None:
    golds = [*HONEST[:10], corrupt, *HONEST[10:]]
    found = lint_rows(benchmark, questions(golds))
    bound = "error" if benchmark == "aime25" else "warning"
    assert [(f.severity, f.problem_id) for f in found] == [(severity or bound, f"{benchmark}-10")]


@pytest.mark.parametrize("other", [str(value) for value, _ in OUTLIERS])
def test_two_corrupted_golds_of_aime25_are_found_and_no_other(other: str) -> None:
    rows = read_rows(real("aime25.parquet"))
    for place, gold in ((4, other), (21, "1404")):
        rows[place] = {**rows[place], "reward_model": {"ground_truth": gold}}
    for name in ("aime25", "renamed"):
        found = lint_rows(name, rows)
        assert {finding.problem_id for finding in found} == {f"{name}-4", f"{name}-21"}
        assert len(found) == 2


def test_golds_of_many_kinds_and_without_a_bound_pass() -> None:
    rng = np.random.default_rng(0)
    grade_school = [int(x) for x in np.exp(rng.normal(3.5, 1.8, 300))]
    for size in (30, 100, 300):
        assert lint_rows("b", questions(grade_school[:size])) == []
    mixed = [*range(20), "\\frac{1}{2}", "\\sqrt{3}", "\\text{east}", "2\\pi"]
    assert lint_rows("b", questions(mixed)) == []


def test_a_gold_that_its_solution_contradicts_or_that_is_missing() -> None:
    rows = questions([5, "\\frac{1}{2}", "0.5", 9])
    rows[1]["solution"] = "So it is $\\boxed{\\frac{1}{3}}$."
    rows[2]["solution"] = "So it is $\\boxed{\\frac12}$."
    del rows[3]["answer"]
    assert kinds(lint_rows("b", rows)) == [
        ("error", "b-1", "gold that its own solution contradicts"),
        ("error", "b-3", "no gold"),
    ]


def test_a_plausible_wrong_gold_shows_in_what_models_answer() -> None:
    def rollouts(problem: str, answers: Sequence[str | None], gold: str) -> list[dict[str, Any]]:
        return [
            {"problem_id": problem, "sample": s, "token_count": 1, "finish": "stop", "answer": a, "correct": a == gold}
            for s, a in enumerate(answers)
        ]

    rows = [
        *rollouts("wrong gold", ["71"] * 7 + ["3"], "70"),
        *rollouts("solved once", ["71"] * 7 + ["70"], "70"),
        *rollouts("hard", ["1", "2", "3", "4", "5", None, "7", "8"], "70"),
        *rollouts("few", ["71"] * 7, "70"),
    ]
    found = lint_rollouts("b", rows)
    assert kinds(found) == [("warning", "wrong gold", "a disputed gold")]
    assert "7 of 8 samples give '71'" in found[0].evidence


# Prompts.


@pytest.mark.parametrize(
    "text",
    [
        "Find $x$ such that $x^2 + \\fra",
        "Let \\( x = 3",
        "Solve \\[ x",
        "Evaluate $\\frac{1}{2}$ +",
        "Find the sum of",
        "\\begin{align} x &= 3",
        "What is $2^{",
        "Compute \\sqrt",
    ],
)
def test_a_prompt_cut_off_is_found(text: str) -> None:
    assert cut_off(text) is not None
    ending = " Let's think step by step and output the final answer within \\boxed{}."
    rows = [{"question": f"What is $f({i})$?{ending}", "answer": i * i} for i in range(8)]
    found = lint_rows("b", [*rows, {"question": text + ending, "answer": 3}])
    assert kinds(found) == [("warning", "b-8", "prompt seems cut off")]


@pytest.mark.parametrize(
    "text",
    [
        "She sells them for $2 per egg. How much does she make?",
        "It costs $5 and then \\$6, what is $x^2$?",
        "Find $x$.",
        "He pays $9 for one year(1 hectare is 10000 m^2)?",
        "What is $\\{1, 2\\}$",
        "Express $y$ in terms of A",
    ],
)
def test_a_whole_prompt_is_not_cut_off(text: str) -> None:
    assert cut_off(text) is None


def test_empty_prompts_are_errors_with_and_without_the_common_ending() -> None:
    ending = "Let's think step by step and output the final answer within \\boxed{}."
    rows = [{"question": f"What is $f({i})$? {ending}", "answer": i * i} for i in range(8)]
    for prompt in ("", "  \n", ending, f" {ending}", None, []):
        found = lint_rows("b", [*rows, {"question": prompt, "answer": 3}])
        assert kinds(found) == [("error", "b-8", "empty prompt")]


def test_a_question_there_twice() -> None:
    rows = questions([5, 6, 7, 8])
    rows[2] = {"question": "how much is  F(0) ?", "answer": 5}
    rows[3] = {"question": "How much is $f(1)$?", "answer": 60}
    found = lint_rows("b", rows)
    assert kinds(found) == [
        ("error", "b-3", "a question that is there twice, with two golds"),
        ("warning", "b-2", "a question that is there twice"),
    ]
    assert "b-1" in found[0].evidence
    assert normalised_prompt("Find x + 1.") != normalised_prompt("Find x - 1.")
    assert normalised_prompt("1.5 m") != normalised_prompt("15 m")
    assert normalised_prompt("$\\dfrac{1}{2}$ of a") == normalised_prompt("\\(\\frac{1}{2}\\) of  A")


# Choices.


def choices(letters: str, options: int = 4) -> list[dict[str, Any]]:
    return [
        {"question": f"Q{i}?", "options": [f"o{i}{j}" for j in range(options)], "answer": letter}
        for i, letter in enumerate(letters)
    ]


def test_every_gold_at_one_letter_as_in_the_released_gpqa_file() -> None:
    prompt = "What is {}?\n\nA. one {}\nB. two\nC. three\nD. four\n\nPlease answer with the letter within \\boxed{{}}."
    rows = [
        {"prompt": [{"role": "user", "content": prompt.format(i, i)}], "reward_model": {"ground_truth": "A"}}
        for i in range(198)
    ]
    found = lint_rows("gpqa_diamond", rows)
    assert kinds(found) == [("error", None, "every gold is A")]
    assert "198 of 198" in found[0].evidence
    assert "p = 5e-119" in found[0].evidence  # 2 sides, 4 letters, 4^-198
    assert "seed" in found[0].cure
    bare = [{"question": f"Q{i}", "answer": "C"} for i in range(60)]
    assert kinds(lint_rows("b", bare)) == [("error", None, "every gold is C")]


def test_skewed_letters_and_letters_by_chance() -> None:
    skewed = lint_rows("b", choices("A" * 54 + "BCD" * 22))
    assert kinds(skewed) == [("warning", None, "gold letters are not spread evenly")]
    assert kinds(lint_rows("b", choices("A" * 90 + "BCD" * 10))) == [
        ("error", None, "gold letters are not spread evenly")
    ]
    never = lint_rows("b", choices("ABC" * 40))  # D is never right
    assert kinds(never) == [("warning", None, "gold letters are not spread evenly")]
    assert "the gold is D in 0 of 120" in never[0].evidence
    assert lint_rows("b", choices("AAAA")) == []  # too few
    rng = np.random.default_rng(4)
    alarms = 0
    for _ in range(150):
        letters = "".join(rng.choice(list("ABCD"), size=100))
        alarms += bool(lint_rows("b", choices(letters)))
    assert alarms <= 1


def test_the_exact_p_value() -> None:
    # 8 of 10 at a chance of one half: P(X >= 8) = 56 / 1024.
    assert p_value(np.full(10, 2), 0, 8) == pytest.approx(2 * 56 / 1024)
    assert p_value(np.full(10, 2), 0, 2) == pytest.approx(2 * 56 / 1024)
    # The letter D is only in the two questions of four options.
    assert p_value(np.array([2, 2, 4, 4]), 3, 2) == pytest.approx(2 / 16)


def test_golds_and_options_that_do_not_fit() -> None:
    rows = choices("ABCDABCD")
    rows[0]["answer"] = "E"
    rows[1]["answer"] = "o12"  # the text of option C
    rows[2]["options"] = ["x", "y", "x ", "z"]  # gold C
    rows[3]["options"] = ["x", "x", "y", "z"]  # gold D
    rows[4]["options"] = ["x", "", "y", "z"]
    rows[5]["answer"] = None
    assert kinds(lint_rows("b", rows)) == [
        ("error", "b-0", "gold that names no option"),
        ("error", "b-2", "options alike"),
        ("error", "b-4", "empty option"),
        ("error", "b-5", "gold that names no option"),
        ("warning", "b-3", "options alike"),
    ]


# Programs.


def program(**row: Any) -> dict[str, Any]:
    test = {"type": "functional", "input": [2], "output": 4}
    return {"prompt": "Write f, which doubles.", "entry_point": "f", "tests": [test], **row}


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        (program(tests=[]), ("error", "no tests")),
        (program(tests=None), ("error", "no tests")),
        (program(entry_point=None), ("error", "no entry point")),
        (program(entry_point="Solution().g"), ("warning", "an entry point that nobody is told")),
        (program(solution="def g(x): return 2 * x"), ("error", "a reference without the entry point")),
        (program(solution="def f(x) return"), ("warning", "a reference that is no Python")),
        (
            program(tests=[{"type": "functional", "input": [2], "output": o} for o in (4, 5, 6)]),
            ("error", "tests that contradict each other"),
        ),
        (
            program(tests=[{"type": "stdin", "input": "2\n", "output": o} for o in ("4", " 4\n", "5")]),
            ("error", "tests that contradict each other"),
        ),
        (
            program(tests=[{"type": "assert", "code": "assert f(2) == 4\nassert f( 2 ) == 5"}]),
            ("error", "tests that contradict each other"),
        ),
        (
            {"text": "f", "code": "def f(x): return x", "test_list": ["assert f(x=2) == 4", "assert f(x=2) == 5"]},
            ("error", "tests that contradict each other"),
        ),
        (
            {"text": "Double.", "code": "def f(x): return 2 * x", "test_list": ["assert g(2) == 4"]},
            ("error", "a reference without the entry point"),
        ),
        (
            {"text": "f", "entry_point": "f", "input_output": "[{'input': 'x = 1', 'output': 'Error: no'}]"},
            ("warning", "an expected output that is a failure"),
        ),
    ],
)  # fmt: skip
def test_a_broken_programming_problem_is_found(row: dict[str, Any], kind: tuple[str, str]) -> None:
    assert kinds(lint_rows("b", [row])) == [(kind[0], "b-0", kind[1])]


@pytest.mark.parametrize(
    "row",
    [
        program(),
        program(solution="```python\nimport math\nf = lambda x: 2 * x\n```"),
        program(tests=[{"type": "functional", "input": [2], "output": o, "checker": "..."} for o in (4, 5)]),
        program(tests=[{"type": "assert", "code": "c = f()\nassert c.next() == 1\nassert c.next() == 2"}]),
        program(tests=[{"type": "assert", "code": "def check(f):\n    assert f(2) == 4\n    assert f(3) == 6"}]),
        program(tests=[{"type": "assert", "code": "assert not python"}], entry_point=None),
    ],
)
def test_a_sound_programming_problem_passes(row: dict[str, Any]) -> None:
    assert lint_rows("b", [row]) == []


def test_references_that_fail_their_own_tests() -> None:
    task = CodeTask((CodeTest("functional", [2], 4),), "f")
    cases = [("good", "def f(x): return 2 * x", task), ("bad", "def f(x): return x", task), ("none", "", task)]
    with CodeVerifier(workers=1) as verifier:
        found = lint_references("b", cases, verifier.judge_many)
    assert kinds(found) == [("error", "bad", "a reference that fails its own tests")]
    assert "WA" in found[0].evidence or "expected 4" in found[0].evidence


@pytest.mark.parametrize(
    ("verdict", "what"),
    [
        (Verdict(None, 0.0, None, "no sandbox"), "a reference that could not be judged"),
        (Verdict(False, 0.0, None, "ran longer", {"tests": ["AC", "TLE"]}), "a reference that runs out of time"),
    ],
)
def test_what_a_machine_may_be_to_blame_for_is_a_warning(verdict: Verdict, what: str) -> None:
    case = ("p", "def f(x): return 2 * x", CodeTask((CodeTest("functional", [2], 4),), "f"))
    assert kinds(lint_references("b", [case], lambda sources, tasks: [verdict])) == [("warning", "p", what)]


# Constraints.


@pytest.mark.parametrize(
    "instructions",
    [
        {"count:word_count_range": {"min_words": 50, "max_words": 40}},
        {"length_constraints:nth_paragraph_first_word": {"num_paragraphs": 2, "nth_paragraph": 3, "first_word": "a"}},
        {"change_case:english_capital": {}, "change_case:english_lowercase": {}},
        {"change_case:english_capital": {}, "language:response_language": {"language": "de"}},
        {
            "change_case:english_lowercase": {},
            "change_case:capital_word_frequency": {"capital_frequency": 3, "capital_relation": "at least"},
        },
        {"keywords:existence": {"keywords": ["cat", "dog"]}, "keywords:forbidden_words": {"forbidden_words": ["Dog"]}},
        {"punctuation:no_comma": {}, "startend:end_checker": {"end_phrase": "Yours, Ann"}},
        {
            "combination:repeat_prompt": {"prompt_to_repeat": "Say hello to everyone."},
            "length_constraints:number_words": {"num_words": 3, "relation": "less than"},
        },
        {"combination:repeat_prompt": {"prompt_to_repeat": "Say hello."}, "startend:quotation": {}},
        {
            "combination:repeat_prompt": {"prompt_to_repeat": "See eels."},
            "keywords:letter_frequency": {"letter": "e", "let_frequency": 4, "let_relation": "less than"},
        },
    ],
)
def test_constraints_that_contradict_each_other(instructions: dict[str, dict[str, Any]]) -> None:
    row = {"prompt": "Write.", "instruction_id_list": list(instructions), "kwargs": list(instructions.values())}
    assert kinds(lint_rows("b", [row])) == [("error", "b-0", "constraints that contradict each other")]


def test_ranges_of_one_constraint_given_twice() -> None:
    def row(least: int, below: int) -> dict[str, Any]:
        name = "length_constraints:number_words"
        kwargs = [{"num_words": least, "relation": "at least"}, {"num_words": below, "relation": "less than"}]
        return {"prompt": "Write.", "instruction_id_list": [name, name], "kwargs": kwargs}

    assert lint_rows("b", [row(100, 200)]) == []
    assert kinds(lint_rows("b", [row(200, 200)])) == [("error", "b-0", "constraints that contradict each other")]


def test_constraints_missing_or_without_arguments() -> None:
    rows = [
        {"prompt": "Write a.", "instruction_id_list": [], "kwargs": []},
        {"prompt": "Write b.", "instruction_id_list": ["startend:end_checker"], "kwargs": [{"end_phrase": None}]},
        {"prompt": "Write c.", "instruction_id_list": ["punctuation:no_comma"], "kwargs": [{}]},
    ]
    assert kinds(lint_rows("b", rows)) == [
        ("error", "b-0", "no constraints"),
        ("error", "b-1", "a constraint without its arguments"),
    ]


# Real files, and what findings look like.

EXPECTED = {
    "aime24.parquet": {},
    "aime25.parquet": {},
    "gsm8k_test.jsonl": {},
    "gsm8k_train.jsonl": {},
    "math500.jsonl": {},
    "humaneval.jsonl": {},
    "ifbench.jsonl": {},
    "ifeval_gpt4_responses.jsonl": {},
    "mbpp.jsonl": {"a question that is there twice": ["347", "602", "704", "872"]},
    "ifeval.jsonl": {"constraints that contradict each other": ["1627", "3369", "3371", "3718", "374"]},
    "leetcode_2024.jsonl": {"an expected output that is a failure": 25},
}


@pytest.mark.parametrize("name", list(EXPECTED))
def test_what_real_files_hold(name: str) -> None:
    found = lint_file(real(name))
    counts = Counter(finding.what for finding in found)
    ids = {what: [f.problem_id for f in found if f.what == what] for what in counts}
    assert {what: len(ids[what]) if isinstance(EXPECTED[name].get(what), int) else ids[what] for what in ids} == (
        EXPECTED[name]
    )


def test_no_response_to_the_impossible_prompts_was_judged_right() -> None:
    """The five prompts of IFEval with a contradiction, judged by their own checks: GPT-4 failed each of them."""
    from reasoncore.verify.constraints import InstructionVerifier, read_instruction_task

    rows = read_rows(real("ifeval.jsonl"))
    responses = {row["prompt"]: row["response"] for row in read_rows(real("ifeval_gpt4_responses.jsonl"))}
    impossible = {finding.problem_id for finding in lint_rows("ifeval", rows)}
    judge = InstructionVerifier()
    verdicts = [
        judge.judge(responses[row["prompt"]], read_instruction_task(row, "row")).correct
        for row in rows
        if str(row["key"]) in impossible
    ]
    assert verdicts == [False] * 5


@pytest.mark.parametrize("name", ["procedural-math", "procedural-stem", "procedural-code", "procedural-instruct"])
def test_generated_problems_pass(name: str) -> None:
    assert lint_problems(name, load_benchmark(name, limit=60)) == []


def test_references_of_real_files_pass() -> None:
    """A few of them; the whole sets are judged by the parity tests."""
    problems = load_humaneval(real("humaneval.jsonl"))[::40]
    with CodeVerifier(workers=1, stop_at_failure=True) as verifier:
        assert lint_references("humaneval", [(p.id, p.solution, p.task) for p in problems], verifier.judge_many) == []


def test_findings_for_people_and_for_programs() -> None:
    found = lint_rows("b", questions([5, "", "", "", "", "", "", "\\sqrt{2}"]))
    lines = finding_lines(found)
    assert lines[0] == "error: b: damaged gold (6)"
    assert "    and 1 more" in lines
    assert lines[-1] == "6 errors, 0 warnings."
    assert json.loads(json.dumps([finding.as_json() for finding in found]))[0]["problem_id"] == "b-1"
    assert finding_lines([]) == ["Nothing found."]
