"""``reasoncore verify`` and ``reasoncore doctor`` as a user meets them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from command_line import run_cli

from reasoncore.sandbox import view

CASES: dict[str, list[dict[str, Any]]] = {
    "math": [
        {"id": "half", "gold": "\\frac{1}{2}", "answer": "0.5"},
        {"gold": "18", "answer": "A long way to \\boxed{17}."},
        {"gold": "18", "answer": ""},
    ],
    "choice": [
        {"gold": "C", "answer": "... the answer is (C)", "options": ["1", "2", "3"]},
        {"id": 7, "gold": "A", "answer": "B", "options": ["1", "2"]},
    ],
    "code": [
        {
            "solution": "```python\ndef f(a, b):\n    return a + b\n```",
            "entry_point": "f",
            "tests": [
                {"type": "functional", "input": [1, 2], "output": 3},
                {"type": "functional", "input": {"a": 1, "b": 2}, "output": 4},
                {"type": "assert", "code": "assert f(1, 1) == 2"},
            ],
        },
        {
            "id": "stdin",
            "solution": "print(int(input()) * 2)",
            "entry_point": None,
            "tests": [{"type": "stdin", "input": "4\n", "output": "8\n"}],
        },
    ],
    "instructions": [
        {"instruction_id_list": ["punctuation:no_comma"], "kwargs": [{}], "prompt": "p", "response": "none here"},
        {"instruction_id_list": ["punctuation:no_comma"], "kwargs": [{}], "prompt": "p", "response": "one, here"},
    ],
}
CORRECT = {"math": [True, False, False], "choice": [True, False], "code": [False, True], "instructions": [True, False]}


def write_cases(folder: Path, rows: list[dict[str, Any]]) -> Path:
    path = folder / "cases.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.mark.parametrize("kind", CASES)
def test_a_verdict_for_each_line_in_order(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: str
) -> None:
    path = write_cases(tmp_path, CASES[kind])
    code, out, err = run_cli(capsys, monkeypatch, "verify", kind, path)
    rows = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [row["correct"] for row in rows] == CORRECT[kind]
    assert [row.get("id") for row in rows] == [case.get("id") for case in CASES[kind]]
    assert all(row["reason"] for row in rows)
    assert f"of {len(rows)} judged" in err


def test_kinds_add_their_own_fields(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _, out, _ = run_cli(capsys, monkeypatch, "verify", "code", write_cases(tmp_path, CASES["code"]))
    assert [json.loads(line)["tests"] for line in out.splitlines()] == [["AC", "WA", "AC"], ["AC"]]
    _, out, _ = run_cli(capsys, monkeypatch, "verify", "instructions", write_cases(tmp_path, CASES["instructions"]))
    last = json.loads(out.splitlines()[1])
    assert (last["follow_all_strict"], last["follow_all_loose"]) == (False, False)
    assert (last["strict"], last["loose"]) == ([False], [False])


def test_verdicts_go_to_a_file_and_the_summary_to_stdout(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path, target = write_cases(tmp_path, CASES["math"]), tmp_path / "verdicts.jsonl"
    code, out, _ = run_cli(capsys, monkeypatch, "verify", "math", path, "-o", target, "--json")
    assert code == 0
    assert json.loads(out) == {"cases": 3, "correct": 1, "incorrect": 2, "not_judged": 0, "verdicts": str(target)}
    assert len(target.read_text().splitlines()) == 3
    assert list(tmp_path.glob("*.partial")) == []


def test_the_output_never_overwrites_the_cases(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = write_cases(tmp_path, CASES["math"])
    before = path.read_text()
    link, partial = tmp_path / "link.jsonl", path.rename(tmp_path / "out.jsonl.partial")
    link.symlink_to(partial)
    for output in (partial, link, tmp_path / "out.jsonl"):
        code, out, err = run_cli(capsys, monkeypatch, "verify", "math", partial, "-o", output)
        assert (code, out) == (2, "")
        assert "would overwrite the cases" in err
    assert partial.read_text() == before


def test_a_link_stays_a_link_and_a_pipe_a_pipe(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path, link, pipe = write_cases(tmp_path, CASES["math"]), tmp_path / "link", tmp_path / "pipe"
    link.symlink_to(tmp_path / "verdicts.jsonl")
    assert run_cli(capsys, monkeypatch, "verify", "math", path, "-o", link)[0] == 0
    assert link.is_symlink()
    assert len((tmp_path / "verdicts.jsonl").read_text().splitlines()) == 3
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    assert run_cli(capsys, monkeypatch, "verify", "math", path, "-o", pipe)[0] == 0
    assert len(os.read(reader, 1 << 16).splitlines()) == 3
    os.close(reader)
    assert pipe.is_fifo()


@pytest.mark.parametrize("output", [".", "nowhere/verdicts.jsonl", ""])
def test_an_output_that_cannot_be_written_is_refused_before_anything_is_judged(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, output: str
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = run_cli(capsys, monkeypatch, "verify", "math", write_cases(tmp_path, CASES["math"]), "-o", output)
    assert (code, out) == (2, "")
    assert [line.split(":")[0] for line in err.splitlines()] == ["error", "cure"]


def test_half_characters_and_a_byte_order_mark_do_no_harm(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path, target = tmp_path / "cases.jsonl", tmp_path / "verdicts.jsonl"
    path.write_text('{"id": "\\ud800", "gold": "5", "answer": "ü \\udfff 5"}\n', encoding="utf-8-sig")
    code, _, err = run_cli(capsys, monkeypatch, "verify", "math", path, "-o", target)
    assert code == 0, err
    assert json.loads(target.read_text(encoding="utf-8"))["id"] == "\ud800"


@pytest.mark.parametrize("words", [(), ("math",), ("math", "cases.jsonl", "--wrong")])
def test_wrong_arguments_are_two_lines(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    code, out, err = run_cli(capsys, monkeypatch, "verify", *words)
    assert (code, out) == (2, "")
    assert [line.split(":")[0] for line in err.splitlines()] == ["error", "cure"]
    assert "reasoncore verify --help" in err


BAD: dict[str, tuple[str, str, str]] = {
    "unknown kind": ("maths", '{"gold": "1", "answer": "1"}', "nearest: 'math'"),
    "not JSON": ("math", '{"gold"', "line 1: not valid JSON"),
    "too deep": ("math", "[" * 100_000, "line 1: nested too deep"),
    "no gold": ("math", '{"answer": "1"}', "line 1, key 'gold': missing"),
    "no tests": ("code", '{"solution": "x", "tests": []}', "line 1, key 'tests'"),
    "test that is no Python": (
        "code",
        '{"solution": "x", "entry_point": "f", "setup": "1", "tests": [{"type": "assert", "code": "pass\\nreturn"}]}',
        "test 1, key 'code': not Python (line 2: 'return' outside function)",
    ),
    "bad test": (
        "code",
        '{"solution": "x", "tests": [{"type": "other"}]}',
        "test 1, key 'type'",
    ),
    "unknown instruction": (
        "instructions",
        '{"instruction_id_list": ["a:b"], "kwargs": [{}], "prompt": "", "response": ""}',
        "line 1",
    ),
    "empty file": ("math", "\n", "holds no cases"),
}


@pytest.mark.parametrize("how", BAD)
def test_wrong_input_is_two_lines_and_exit_2_before_anything_is_judged(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, how: str
) -> None:
    kind, line, told = BAD[how]
    path = tmp_path / "cases.jsonl"
    path.write_text(line + "\n")
    code, out, err = run_cli(capsys, monkeypatch, "verify", kind, path, "-o", tmp_path / "out.jsonl")
    assert (code, out) == (2, "")
    assert [line.split(":")[0] for line in err.splitlines()] == ["error", "cure"]
    assert told in err
    assert not (tmp_path / "out.jsonl").exists()


def test_a_bad_last_line_is_found_before_the_first_is_judged(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = write_cases(tmp_path, [*CASES["math"], {"gold": "1"}])
    code, out, err = run_cli(capsys, monkeypatch, "verify", "math", path)
    assert (code, out) == (2, "")
    assert "line 4, key 'answer': missing" in err


def test_without_a_sandbox_programs_are_refused_unless_the_user_insists(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(view.landlock, "abi_version", lambda: 0)
    path = write_cases(tmp_path, CASES["code"])
    code, out, err = run_cli(capsys, monkeypatch, "verify", "code", path)
    assert (code, out) == (1, "")
    assert "no Landlock" in err
    assert "--unsafe-no-sandbox" in err
    code, out, _ = run_cli(capsys, monkeypatch, "verify", "code", path, "--unsafe-no-sandbox")
    assert code == 0
    assert [json.loads(line)["correct"] for line in out.splitlines()] == CORRECT["code"]
    code, out, err = run_cli(capsys, monkeypatch, "doctor")
    assert code == 1
    assert "none: no sandbox" in out


def test_doctor_tells_what_is_enforced(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    code, out, _ = run_cli(capsys, monkeypatch, "doctor", "--json")
    report = json.loads(out)
    assert code == 0
    assert report["sandbox"]["landlock_abi"] >= 1
    assert [probe["attempt"] for probe in report["probes"] if not probe["stopped"]] == []
    assert len(report["probes"]) >= 16
