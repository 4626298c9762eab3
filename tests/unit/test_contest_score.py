"""The table of contests: by problem and by contest, and what was not judged apart."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from command_line import run_cli
from contest_folder import EXAMPLE, write_contest

from reasoncore.domains import DOMAINS
from reasoncore.errors import DataError
from reasoncore.evals.contest import NOT_THE_JUDGES, ContestTable, build_contests, score_contests, table_lines
from reasoncore.evals.plan import EvalPlan
from reasoncore.evals.runner import evaluate
from reasoncore.infer.engine import Request, SamplingParams
from reasoncore.infer.scripted import ScriptedEngine
from reasoncore.records import Problem
from reasoncore.timing import Clock

Right = Sequence[int | tuple[bool | None, ...]]


def table(**contests: Right) -> ContestTable:
    """The table of contests whose problems have so many right ones of four rollouts, or these verdicts."""
    problems, rows = [], []
    for contest, right in contests.items():
        for number, given in enumerate(right):
            problem_id = f"{contest}/{number}"
            problems.append(Problem(problem_id, "code", contest, "?", ""))
            verdicts = given if isinstance(given, tuple) else (True,) * given + (False,) * (4 - given)
            rows += [
                {"problem_id": problem_id, "subdomain": contest, "sample": sample, "correct": correct}
                | {"token_count": 1, "finish": "stop", "answer": None}
                for sample, correct in enumerate(verdicts)
            ]
    return score_contests("m", problems, rows)


def test_a_table_of_eight_contests() -> None:
    full = [4, 4, 4, 4]
    found = table(b1=full, b2=full, b3=[4, 4, 4, 0], w1=full, w2=full, w3=full, w4=[4, 4, 4, 3], w5=full)
    assert [contest.passed for contest in found.contests] == [16, 16, 12, 16, 16, 16, 15, 16]
    assert (found.total.passed, found.total.judged) == (123, 128)
    assert found.total.share is not None
    assert found.by_contest is not None
    assert found.total.share.mean == found.by_contest.mean == 123 / 128
    assert (found.total.share.n_problems, found.by_contest.n_problems) == (32, 8)


def test_rollouts_of_a_problem_are_no_independent_draws() -> None:
    (contest,) = table(w=[4, 4, 4, 0]).contests
    assert contest.share is not None
    low, high = contest.share.ci95_low, contest.share.ci95_high
    assert low is not None
    assert high is not None
    assert low < 0.476  # the exact binomial interval of 12 of 16 is 0.476 to 0.927
    assert high > 0.927


def test_a_contest_without_a_fault_is_no_certainty() -> None:
    (contest,) = table(w=[4, 4, 4, 4]).contests
    assert contest.share is not None
    assert contest.share.ci95_low == pytest.approx(0.025 ** (1 / 4))
    assert contest.share.ci95_high == 1


def test_problems_that_all_score_the_same_give_no_interval() -> None:
    (contest,) = table(w=[2, 2, 2, 2]).contests
    assert contest.as_json()["share"] == {"mean": 0.5, "ci95": [None, None]}
    assert "[?, ?]" in "\n".join(table_lines(table(w=[2, 2, 2, 2])))


def test_what_contests_share_widens_the_interval_by_contest() -> None:
    found = table(a=[4, 4, 4, 3], b=[1, 0, 0, 0], c=[4, 4, 3, 4])
    assert found.total.share is not None
    assert found.by_contest is not None
    ends = [(e.ci95_low or 0, e.ci95_high or 1) for e in (found.total.share, found.by_contest)]
    assert ends[1][0] < ends[0][0] < ends[0][1] < ends[1][1]
    assert table(a=[4, 3, 2, 1]).as_json()["total_by_contest"]["ci95"] == [None, None]


def test_what_was_not_judged_is_neither_right_nor_wrong() -> None:
    found = table(w=[(True, None, None, None), 4, 4, (None,) * 4], v=[(None,) * 4])
    assert (found.total.passed, found.total.judged, found.total.not_judged) == (9, 9, 11)
    assert found.contests[0].share is not None
    assert found.contests[0].share.mean == 1
    assert found.contests[1].as_json()["share"] == {"mean": None, "ci95": [None, None]}
    assert "11 rollouts were not judged" in table_lines(found)[-1]


def test_the_table_never_passes_for_the_judges() -> None:
    found = table(w=[4, 4, 4, 4])
    assert found.as_json()["label"] == NOT_THE_JUDGES
    assert NOT_THE_JUDGES in table_lines(found)[0]
    assert not any("CAUTION" in line for line in table_lines(found))


def test_another_number_of_rollouts_is_said() -> None:
    assert "CAUTION: 1 to 4 rollouts a problem" in table_lines(table(w=[4, (True,)]))[-1]


def test_every_problem_has_to_be_asked() -> None:
    with pytest.raises(DataError, match="none of problem 'w/9'"):
        score_contests("m", [Problem("w/9", "code", "w", "?", "")], [{"problem_id": "other"}])


def measure(file: Path, out: Path, script: Callable[[Request, int], str]) -> None:
    plan = EvalPlan((str(file),), "vt3b", SamplingParams(max_tokens=10_000), None, None, None, 1, DOMAINS)
    evaluate(ScriptedEngine(script), lambda: ScriptedEngine([]), "scripted", {}, plan, out, Clock())


@pytest.mark.skipif(sys.platform != "linux", reason="the sandbox needs Linux")
def test_rollouts_that_are_right_wrong_and_slow(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file, out = tmp_path / "fresh.jsonl", tmp_path / "out"
    assert run_cli(capsys, monkeypatch, "contest", "build", EXAMPLE, "--out", file, "--tests", 4)[0] == 0
    programs = {path.parent.name: path.read_text() for path in EXAMPLE.glob("*/reference.py")}
    slow = (EXAMPLE / "painted-path" / "brute.py").read_text()

    def answer(request: Request, sample: int) -> str:
        asked = request.messages[0]["content"]
        program = programs["ferry-queue"] if "ferry" in asked else "print(0)"
        if "coupon" in asked and sample < 2:
            program = programs["toll-coupon"]
        return f"Here it is.\n```python\n{slow if 'slabs' in asked else program}\n```"

    measure(file, out, answer)
    code, printed, error = run_cli(capsys, monkeypatch, "contest", "table", file, out, "--json")
    assert code == 0, error
    found = json.loads(printed)
    assert (found["label"], found["model"]) == (NOT_THE_JUDGES, "scripted")
    assert (found["total"]["passed"], found["total"]["judged"], found["total"]["problems"]) == (6, 16, 4)
    assert found["contests"][0]["contest"] == "contest-example"
    assert found["rollouts_a_problem"] == [4, 4]
    rows = [json.loads(line) for line in (out / "rollouts.jsonl").read_text().splitlines()]
    assert {row["reason"].partition(": ")[2][:3] for row in rows if "painted" in row["problem_id"]} == {"TLE"}
    code, printed, _ = run_cli(capsys, monkeypatch, "contest", "table", file, out)
    assert "6/16" in printed
    assert NOT_THE_JUDGES in printed


@pytest.mark.skipif(sys.platform != "linux", reason="the sandbox needs Linux")
def test_an_evaluation_of_another_file_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file, out = tmp_path / "fresh.jsonl", tmp_path / "out"
    build_contests([write_contest(tmp_path)], file, 2)
    code, _, error = run_cli(capsys, monkeypatch, "contest", "table", file, out)
    assert code == 2
    assert "results.json: cannot be read" in error
    measure(file, out, lambda request, sample: "no program")
    assert run_cli(capsys, monkeypatch, "contest", "table", file, out)[0] == 0
    build_contests([tmp_path / "spring"], file, 4)
    code, _, error = run_cli(capsys, monkeypatch, "contest", "table", file, out)
    assert code == 2
    assert "as it is now" in error


@pytest.mark.parametrize(
    "arguments", [("build", "/no-such-folder", "--out", "x.jsonl"), ("table", "/no-such-file", "/no-such-folder")]
)
def test_wrong_input_gets_two_lines(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, _, error = run_cli(capsys, monkeypatch, "contest", *arguments)
    assert code == 2
    assert [line.partition(":")[0] for line in error.strip().splitlines()] == ["error", "cure"]
