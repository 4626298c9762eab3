"""OJBench's adapter: answers in the form its judge reads, and its verdicts as rows to score."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reasoncore.errors import DataError
from reasoncore.evals.ojbench import read_verdicts, write_answers
from reasoncore.evals.score import score_benchmark
from reasoncore.infer.engine import Request, SamplingParams
from reasoncore.infer.scripted import ScriptedEngine
from reasoncore.records import read_jsonl

SAMPLING = SamplingParams(max_tokens=64)


def prompts(folder: Path) -> Path:
    rows = [
        {"id": number, "prompt": f"Solve {number} in {language}.", "dataset": "NOI", "language": language}
        for number in (1000, 1001)
        for language in ("cpp", "python")
    ]
    path = folder / "full.jsonl"
    path.write_text("".join(json.dumps({**row, "difficulty": "easy"}) + "\n" for row in rows))
    return path


def answer(request: Request, sample: int) -> str:
    return f"{request.messages[0]['content']} {sample}"


def written(path: Path) -> list[dict[str, Any]]:
    return [row for _, row in read_jsonl(path)]


def test_the_way_there_and_back(tmp_path: Path) -> None:
    out, judged = tmp_path / "answers.jsonl", tmp_path / "judged.jsonl"
    write_answers(ScriptedEngine(answer), prompts(tmp_path), SAMPLING, 2, out)
    rows = written(out)
    assert [(row["id"], row["language"], row["sample"]) for row in rows] == [
        (1000, "python", 0),
        (1000, "python", 1),
        (1001, "python", 0),
        (1001, "python", 1),
    ]
    assert rows[1]["content"] == "Solve 1000 in python. 1"
    assert set(rows[0]) >= {"id", "prompt", "dataset", "language", "difficulty", "content"}
    verdicts = ["AC", "WA", "IE", "Skip"]
    judged.write_text(
        "".join(
            json.dumps({**row, "verdict": verdict, "is_passed": verdict == "AC"}) + "\n"
            for row, verdict in zip(rows, verdicts, strict=True)
        )
    )
    found = read_verdicts(judged)
    assert [row["correct"] for row in found] == [True, False, None, None]
    block = score_benchmark(found, "hash")
    assert (block["n"], block["k"], block["not_judged_rate"]) == (2, 2, 0.5)
    assert block["pass@1"]["mean"] == 0.5


def test_it_goes_on(tmp_path: Path) -> None:
    out = tmp_path / "answers.jsonl"
    write_answers(ScriptedEngine(answer), prompts(tmp_path), SAMPLING, 1, out)
    before = written(out)
    with out.open("a") as stream:
        stream.write('{"id": 1001, "pro')
    engine = ScriptedEngine(answer)
    write_answers(engine, prompts(tmp_path), SAMPLING, 2, out)
    assert len(engine.requests) == 2
    assert written(out)[:2] == before
    assert sorted(row["sample"] for row in written(out)) == [0, 0, 1, 1]


def test_what_does_not_fit_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    with pytest.raises(DataError, match="no problem in 'rust'"):
        write_answers(ScriptedEngine(answer), prompts(tmp_path), SAMPLING, 1, path, language="rust")
    path.write_text('{"id": 1, "prompt": "p", "dataset": "NOI", "language": "python", "content": "c"}\n')
    with pytest.raises(DataError, match="line 1, key 'verdict': missing"):
        read_verdicts(path)
    path.write_text('{"id": 1, "prompt": "p", "dataset": "NOI", "language": "python", "verdict": "AC"}\n')
    with pytest.raises(DataError, match="line 1: no key 'sample'"):
        read_verdicts(path)
