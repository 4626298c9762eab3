"""Contest mathematics and multiple choice as others publish it, and every way such a file can be wrong."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reasoncore.data.choice_files import read_choices
from reasoncore.data.contest_files import read_answerbench, read_matharena
from reasoncore.domains import DOMAINS
from reasoncore.errors import DataError
from reasoncore.evals.benchmarks import load_benchmark
from reasoncore.verify.choice import ChoiceVerifier

COLUMNS = ["Problem ID", "Problem", "Short Answer", "Category", "Subcategory", "Source"]
GPQA = ["Record ID", "Question", "Correct Answer", *(f"Incorrect Answer {n}" for n in (1, 2, 3)), "High-level domain"]
HTML = "<!DOCTYPE html>\n<html><body>Log in to go on, please</body></html>\n"


def write_csv(path: Path, columns: list[str], rows: list[list[str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([columns, *rows])
    return path


def gpqa_row(number: int) -> list[str]:
    return [f"rec{number}", f"Question {number}?", f"right {number}", *(f"wrong {number}{c}" for c in "abc"), "Physics"]


@pytest.mark.parametrize("suffix", ["jsonl", "parquet"])
def test_matharena_in_either_format(tmp_path: Path, suffix: str) -> None:
    rows: list[dict[str, Any]] = [
        {"problem_idx": 1, "problem": "What is $1+1$?", "answer": "2", "problem_type": ["Algebra", "Geometry"]},
        {"problem_idx": 7, "problem": "And a half?", "answer": r"\frac{1}{2}", "problem_type": None},
    ]
    path = tmp_path / f"hmmt25.{suffix}"
    if suffix == "parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    first, second = load_benchmark("hmmt25", tmp_path)
    assert (first.id, first.subdomain, first.answer) == ("hmmt25-1", "Algebra", "2")
    assert (second.id, second.subdomain, second.answer) == ("hmmt25-7", "hmmt25", r"\frac{1}{2}")
    assert first.prompt == f"What is $1+1$? {DOMAINS['math'].instruction}"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"problem": "q", "answer": "1"}, "line 1, key 'problem_idx': missing"),
        ({"problem_idx": 1, "problem": "q"}, "line 1, key 'answer': missing"),
        ({"problem_idx": 1, "problem": "", "answer": 1}, "line 1, key 'problem': empty"),
    ],
)
def test_a_bad_row_of_matharena_is_named(tmp_path: Path, row: dict[str, object], message: str) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps(row) + "\n")
    with pytest.raises(DataError, match=message):
        read_matharena(tmp_path / "a.jsonl", "math")


def test_the_same_number_twice_is_refused(tmp_path: Path) -> None:
    row = json.dumps({"problem_idx": 1, "problem": "q", "answer": "1"}) + "\n"
    (tmp_path / "a.jsonl").write_text(row + row)
    with pytest.raises(DataError, match="line 2, key 'id': a-1 is there twice"):
        read_matharena(tmp_path / "a.jsonl", "math")


def test_answerbench_of_both_versions(tmp_path: Path) -> None:
    first = ["imo-bench-algebra-001", "Find all $N$,\nplease.\n", " $\\frac{1}{2}$ ", "Algebra", "Operation", "IMO"]
    write_csv(tmp_path / "answerbench_v2.csv", COLUMNS, [first])
    with_level = [*first[:4], "IMO-Medium", *first[4:]]
    write_csv(tmp_path / "answerbench.csv", [*COLUMNS[:4], "Level", *COLUMNS[4:]], [with_level])
    (new,), (old,) = (load_benchmark(f"imo-answerbench-{version}", tmp_path) for version in ("v2", "v1"))
    assert new == old
    assert (new.id, new.subdomain, new.answer) == ("imo-bench-algebra-001", "Algebra", "$\\frac{1}{2}$")
    assert new.prompt == f"Find all $N$,\nplease. {DOMAINS['math'].instruction}"


def test_a_row_that_lacks_a_quotation_mark_is_read_as_it_was_meant(tmp_path: Path) -> None:
    path = tmp_path / "answerbench_v2.csv"
    path.write_text(
        ",".join(COLUMNS) + '\na-1,"One, or two?",1,Algebra,Other,X\n'
        'a-36,"Find all $Y$ with\n\\[ Y(x), x \\]\n,"$Y(x)=A+\\frac{B}{x}-x$",Algebra,Functional Equation,Iran\n'
        'a-37,"And three?",3,Algebra,Other,X\n'
    )
    before, meant, after = (worked.problem for worked in read_answerbench(path, "math"))
    assert (before.answer, after.answer) == ("1", "3")
    assert (meant.id, meant.answer, meant.subdomain) == ("a-36", "$Y(x)=A+\\frac{B}{x}-x$", "Algebra")
    assert meant.prompt.strip() == "Find all $Y$ with\n\\[ Y(x), x \\]"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no column 'Problem ID'"),
        (HTML, "no column 'Problem ID'"),
        ("Problem ID,Problem,Category\na,b,c\n", "no column 'Short Answer'"),
        (",".join(COLUMNS) + "\n", "holds no problems"),
        (",".join(COLUMNS) + "\na,b,1,Algebra,O,X,more\n", "row 1: more fields than columns"),
        (",".join(COLUMNS) + "\na,b,1,Algebra,O\n", "row 1: fewer fields than columns"),
        (",".join(COLUMNS) + "\na,b,,Algebra,O,X\n", "row 1, key 'Short Answer': empty"),
    ],
)
def test_what_is_no_answerbench_is_said(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(DataError, match=message) as caught:
        read_answerbench(tmp_path / "a.csv", "math")
    assert str(tmp_path / "a.csv") in caught.value.message
    assert caught.value.cure


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(",".join(COLUMNS).encode() + b"\n\xff\xfe,b,1,A,O,X\n")
    with pytest.raises(DataError, match="not UTF-8"):
        read_answerbench(tmp_path / "a.csv", "math")


def test_gold_letters_are_spread_and_always_the_same(tmp_path: Path) -> None:
    write_csv(tmp_path / "gpqa_diamond.csv", GPQA, [gpqa_row(number) for number in range(400)])
    problems = load_benchmark("gpqa-diamond", tmp_path)
    assert problems == load_benchmark("gpqa-diamond", tmp_path)
    counts = Counter(problem.answer for problem in problems)
    assert set(counts) == set("ABCD")
    assert all(65 <= count <= 135 for count in counts.values()), counts  # four standard deviations
    for number, problem in enumerate(problems):
        task = problem.reference
        assert task.options["ABCD".index(problem.answer)] == f"right {number}"
        assert f"\n{problem.answer}) right {number}\n" in problem.prompt
    assert {problem.subdomain for problem in problems} == {"Physics"}
    verdicts = ChoiceVerifier().judge_many([r"So \boxed{A}"] * 400, [problem.reference for problem in problems])
    assert sum(verdict.correct is True for verdict in verdicts) == counts["A"]


def test_a_jsonl_with_every_gold_at_a_is_shuffled_too(tmp_path: Path) -> None:
    path = tmp_path / "gpqa_diamond.jsonl"
    rows = [{"question": f"{n}?", "options": [f"{n} {c}" for c in "rxyz"], "answer": "A"} for n in range(40)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    problems = load_benchmark("gpqa-diamond", tmp_path)
    assert {problem.answer for problem in problems} == set("ABCD")
    assert all(p.reference.options["ABCD".index(p.answer)].endswith(" r") for p in problems)
    assert problems[0].subdomain == "gpqa-diamond"


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.csv", HTML, "no column 'Question'"),
        (
            "a.csv",
            ",".join(GPQA) + "\nr,q,same,x,same,y,Physics\n",
            "row 1, key 'options': options A and C are the same",
        ),
        ("a.jsonl", HTML, "line 1: not valid JSON"),
        ("a.jsonl", '{"question": "q", "answer": "A"}\n', "line 1, key 'options': 0 of them"),
        ("a.jsonl", '{"question": "q", "answer": "E", "options": ["x", "y"]}\n', "names no option"),
    ],
)
def test_what_is_no_multiple_choice_is_said(tmp_path: Path, name: str, text: str, message: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(DataError, match=message):
        read_choices(tmp_path / name, "stem")
