"""Building a corpus: votes, filters, stages that are not redone, a teacher that misbehaves, a kill at any moment."""

from __future__ import annotations

import itertools
import json
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from command_line import run_cli
from fake_endpoint import DONE, Body, FakeEndpoint, Reply, Script, delta, event, refuse, says

from reasoncore.data.build import Build, BuildSettings, load_build
from reasoncore.data.build.distil import similarity
from reasoncore.data.build.estimate import estimate
from reasoncore.data.build.expand import read_query
from reasoncore.data.build.label import majority_vote
from reasoncore.data.build.reasoning import read_verdict
from reasoncore.data.build.strata import stratum_of
from reasoncore.data.text_quality import repeated_lines, repeated_share
from reasoncore.errors import DataError, RecipeError, UserInputError
from reasoncore.infer.http import HttpEngine, Patience
from reasoncore.infer.scripted import ScriptedEngine
from reasoncore.model.checkpoint import load_checkpoint, save_checkpoint
from reasoncore.model.config import parse_config
from reasoncore.model.folder import resolve_base
from reasoncore.model.network import Decoder, initialise
from reasoncore.records import Completion
from reasoncore.verify.math import MathVerifier

Run = Callable[..., tuple[int, str, str]]
QUICK = Patience(attempts=1, backoff_s=0.01, max_backoff_s=0.02)
DATA = Path(os.environ.get("REASONCORE_DATA", Path(__file__).parents[2] / ".." / "shared" / "data"))


TWENTY_MILLION = {
    "model_type": "qwen2", "vocab_size": 1024, "hidden_size": 384, "intermediate_size": 1536, "num_hidden_layers": 8,
    "num_attention_heads": 6, "num_key_value_heads": 2, "max_position_embeddings": 1024, "rope_theta": 10000.0,
    "rms_norm_eps": 1e-6, "tie_word_embeddings": True, "hidden_act": "silu",
}  # fmt: skip


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    return lambda *words: run_cli(capsys, monkeypatch, *words)


@pytest.fixture(autouse=True)
def no_proxies_and_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "ALL_PROXY", "http_proxy", "all_proxy", "REASONCORE_API_KEY"):
        monkeypatch.delenv(name, raising=False)


def write_jsonl(path: Path, rows: Sequence[Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def seeds(folder: Path, count: int = 6) -> Path:
    """Sums; the solutions are right."""
    rows = [
        {
            "question": f"Bakery number {i} sells {i + 2} loaves in the morning and {i} at night, how many in all?",
            "answer": str(2 * i + 2),
            "response": f"In the morning {i + 2}, at night {i}.\n{i + 2} + {i} = {2 * i + 2}\n\\boxed{{{2 * i + 2}}}",
        }
        for i in range(count)
    ]
    return write_jsonl(folder / "seeds.jsonl", rows)


def build(folder: Path, **sections: Any) -> dict[str, Any]:
    given = {"name": "c", "sources": {"own": {"path": "seeds.jsonl", "licence": "CC0"}}, "near_duplicates": False}
    settings = BuildSettings.model_validate(given | sections)
    return Build(settings, folder / "out", folder, workers=1).run()


def stage(card: dict[str, Any], name: str) -> dict[str, Any]:
    return next(one for one in card["stages"] if one["stage"] == name)


def corpus(folder: Path) -> list[dict[str, Any]]:
    return [
        row for path in sorted((folder / "out" / "corpus").glob("*.parquet")) for row in pq.read_table(path).to_pylist()
    ]


def rejected(folder: Path, name: str) -> list[dict[str, Any]]:
    (path,) = (folder / "out" / "stages").glob(f"{name}-*/rejected.jsonl")
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def sums_add_up(card: dict[str, Any]) -> bool:
    kept = None
    for one in card["stages"]:
        if one["in"] + one["made"] != one["kept"] + one["rejected"] or kept not in (None, one["in"]):
            return False
        if sum(one["reasons"].values()) != one["rejected"]:
            return False
        kept = one["kept"]
    return bool(kept == card["rows"])


# Votes.


@pytest.mark.parametrize(
    ("answers", "label", "reason"),
    [
        (["1/2", "0.5", "\\frac12", "3"], "1/2", ""),
        (["1", "1", "1", "2", "2", "3", "3"], None, "a label without a margin"),
        (["1", "2", "1", "2"], None, "a tie between labels"),
        ([None, None], None, "no answer to vote on"),
        (["7", None, None, None], "7", ""),
        (["x+1", "1+x", "x+2"], "x+1", ""),
    ],
)
def test_votes_are_by_classes(answers: list[str | None], label: str | None, reason: str) -> None:
    with MathVerifier() as verifier:
        vote = majority_vote(answers, verifier.equivalent, 0.25)
    assert (vote.answer, vote.reason) == (label, reason)
    assert sum(vote.votes.values()) + vote.abstained == len(answers)


def test_three_ways_to_write_a_half_are_one_class() -> None:
    with MathVerifier() as verifier:
        vote = majority_vote(["1/2", "0.5", "\\frac12", "3"], verifier.equivalent, 0.25)
    assert sorted(vote.votes.values()) == [1, 3]


# Filters on text.


def test_repetition_is_measured_by_hand() -> None:
    assert repeated_share(["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"]) == 0.0
    loop = ("one two three four five six seven eight nine ten " * 10).split()
    assert repeated_share(loop) == pytest.approx(1 - 10 / 91)
    assert repeated_lines("a\nb\nc\nd") == 0.0
    assert repeated_lines("a\na\na\nb") == 0.5


def test_distinct_traces_are_told_by_their_words() -> None:
    assert similarity("one two three four", "One, two; three: four!") == 1.0
    assert similarity("a b c d", "x y z w") == 0.0
    assert similarity("a b c d", "a b c e") == pytest.approx(1 / 3)


@pytest.mark.parametrize(("value", "name"), [(3, "below 4"), (4, "4-8"), (8, "from 8"), (None, "unknown")])
def test_strata(value: float | None, name: str) -> None:
    assert stratum_of(value, (4, 8)) == name


@pytest.mark.parametrize(
    ("text", "finish", "reason"),
    [
        ("Sure.\nProblem: How many are six apples?", "stop", ""),
        ("**Problem:** How many are six apples?", "stop", ""),
        ("Problem: How many are six", "length", "the new query was cut off"),
        ("I'm sorry, I cannot help. Problem: none of it here", "stop", "the teacher refused"),
        ('One could say: "I cannot carry five".\nProblem: How many are six apples?', "stop", ""),
        ("how about cats", "stop", "no new query in the answer"),
        ("Problem: x", "stop", "the new query is empty or far too long"),
        ("Problem: " + "long " * 5000, "stop", "the new query is empty or far too long"),
    ],
)
def test_a_new_query_is_read_or_refused(text: str, finish: Any, reason: str) -> None:
    query, why = read_query(Completion((), (), (), text, finish))
    assert why == reason
    assert (query == "How many are six apples?") == (not reason)


# Whole builds from known solutions.


def test_a_corpus_of_known_solutions(tmp_path: Path) -> None:
    seeds(tmp_path)
    card = build(tmp_path)
    assert sums_add_up(card)
    assert card["rows"] == 6
    rows = corpus(tmp_path)
    assert {row["licence"] for row in rows} == {"CC0"}
    assert all(row["response"].endswith("}") and row["tokens"] > 5 for row in rows)
    assert sorted(row["length"] for row in rows) == sorted(
        part["length"] for part in card["strata"] for _ in range(part["rows"])
    )
    assert "| distil | 6 | 0 | 6 | 0 |" in (tmp_path / "out" / "README.md").read_text()


def test_a_source_on_the_hub_is_fetched_and_one_that_cannot_be_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, str, str]] = []
    there = seeds(tmp_path)

    def download(repository: str, file: str, repo_type: str) -> str:
        asked.append((repository, file, repo_type))
        if file != "seeds.jsonl":
            raise OSError("404")
        return str(there)

    monkeypatch.setattr("huggingface_hub.hf_hub_download", download)
    assert build(tmp_path, sources={"own": {"path": "hf://datasets/me/sums/seeds.jsonl"}})["rows"] == 6
    assert asked == [("me/sums", "seeds.jsonl", "dataset")]
    for path, said in (("hf://datasets/me/sums/other.jsonl", "404"), ("hf://datasets/me/sums", "no file")):
        with pytest.raises(DataError, match=said):
            build(tmp_path, sources={"own": {"path": path}})


def test_of_responses_that_begin_alike_the_first_few_stay(tmp_path: Path) -> None:
    rows = [json.loads(line) for line in seeds(tmp_path).read_text().splitlines()]
    for row in rows[1:5]:
        row["response"] = "Let us think about this step by step as we always do here:\n" + row["response"]
    write_jsonl(tmp_path / "seeds.jsonl", rows)
    card = build(tmp_path, quality={"max_same_start": 3})
    assert stage(card, "quality")["reasons"] == {"begins like too many others": 1}
    assert sums_add_up(card)


def test_what_is_wrong_repeated_or_contaminated_stays_behind_with_its_reason(tmp_path: Path) -> None:
    rows = [json.loads(line) for line in seeds(tmp_path).read_text().splitlines()]
    rows[1]["answer"] = "77"
    rows[2]["response"] = "and so on and so forth we go again now ok " * 30 + "\\boxed{6}"
    rows[4] |= {"question": rows[3]["question"]}
    write_jsonl(tmp_path / "seeds.jsonl", rows)
    write_jsonl(tmp_path / "eval.jsonl", [{"id": "q", "question": rows[5]["question"].upper()}])
    card = build(tmp_path, decontaminate={"against": ["eval.jsonl"]})
    assert sums_add_up(card)
    assert stage(card, "seeds")["reasons"] == {"the same prompt again": 1}
    assert stage(card, "distil")["reasons"] == {"wrong": 1}
    assert stage(card, "quality")["reasons"] == {"repeats itself": 1}
    assert stage(card, "decontaminate")["reasons"] == {"stands in eval.jsonl": 1}
    (row,) = rejected(tmp_path, "decontaminate")
    assert row["item"] == "q"
    assert row["words"] in rows[5]["question"].lower().replace(",", "")


def test_unchanged_stages_are_not_done_again_and_one_setting_redoes_what_follows(tmp_path: Path) -> None:
    seeds(tmp_path)
    build(tmp_path)
    when = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("kept.jsonl")}
    shards = {path: path.stat().st_mtime_ns for path in (tmp_path / "out" / "corpus").iterdir()}
    build(tmp_path)
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("kept.jsonl")} == when
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out" / "corpus").iterdir()} == shards
    build(tmp_path, quality={"min_words": 2})
    after = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("kept.jsonl")}
    assert {path.parent.name.rpartition("-")[0] for path in after.keys() - when.keys()} == {"quality"}
    assert all(after[path] == at for path, at in when.items())


def test_a_short_item_is_found_though_an_instruction_follows_it(tmp_path: Path) -> None:
    short = {"question": "Compute $\\dbinom{31}{28}$.", "answer": "4495", "response": "\\boxed{4495}"}
    write_jsonl(tmp_path / "seeds.jsonl", [short, {**short, "question": "Compute $\\dbinom{31}{27}$."}])
    write_jsonl(tmp_path / "eval.jsonl", [{"id": "e", "question": "compute $\\dbinom {31} {28}$"}])
    card = build(tmp_path, decontaminate={"against": ["eval.jsonl"]})
    assert stage(card, "decontaminate")["reasons"] == {"stands in eval.jsonl": 1}
    (left_out,) = rejected(tmp_path, "decontaminate")
    assert "{31}{28}" in left_out["row"]["problem"]["prompt"]


def test_blank_names_are_no_names(tmp_path: Path) -> None:
    row = {"question": "How much is 1 + 1?", "answer": "2", "response": "\\boxed{2}", "id": " ", "subdomain": " "}
    write_jsonl(tmp_path / "seeds.jsonl", [row])
    assert build(tmp_path)["rows"] == 1
    assert corpus(tmp_path)[0]["id"] == "seeds-0#0"


def test_near_duplicates_go_and_their_first_stays(tmp_path: Path) -> None:
    pytest.importorskip("datasketch")
    words = [f"word{i}" for i in range(60)]
    texts = [" ".join(words), " ".join([*words[:59], "changed"]), " ".join(reversed(words))]
    write_jsonl(tmp_path / "seeds.jsonl", [{"question": t, "answer": "1", "response": "\\boxed{1}"} for t in texts])
    card = build(tmp_path, near_duplicates={"threshold": 0.7})
    assert stage(card, "near-duplicates")["reasons"] == {"nearly the same query": 1}
    assert rejected(tmp_path, "near-duplicates")[0]["row"]["problem"]["prompt"].startswith(texts[1])


def test_sources_of_other_kinds_with_other_columns(tmp_path: Path) -> None:
    table = {"Frage": ["What is 1 + 1?"], "Loesung": ["1 + 1 = 2 #### 2"]}
    pq.write_table(pa.table(table), tmp_path / "a.parquet")
    (tmp_path / "b.csv").write_text("question,answer\nWhat is 2 + 2?,so 4 #### 4\n")
    card = build(
        tmp_path,
        sources={
            "a": {"path": "a.parquet", "fields": {"question": "Frage", "answer": "Loesung"}},
            "b": {"path": "b.csv"},
            "c": {"path": "procedural", "domain": "stem", "count": 4},
        },
    )
    assert sums_add_up(card)
    assert set(card["sources"]) == {"a", "b", "c"}


def test_a_reference_model_says_how_hard_a_query_is(tmp_path: Path) -> None:
    seeds(tmp_path, 4)
    reference = {"checkpoint": "nano-base", "rollouts": 2, "max_tokens": 16, "threads": 1}
    card = build(tmp_path, reference=reference)
    assert stage(card, "difficulty")["kept"] == 4
    assert {row["error_rate"] for row in corpus(tmp_path)} <= {0.0, 0.5, 1.0}
    assert sum(one["rows"] for one in card["strata"] if one["difficulty"] != "unknown") == 4


@pytest.mark.slow
@pytest.mark.skipif(not (DATA / "gsm8k_train.jsonl").exists(), reason="no data folder")
@pytest.mark.parametrize("base", ["nano-base", "random"])
def test_the_corpus_trains(base: str, run: Run, tmp_path: Path) -> None:
    card = build(tmp_path, sources={"gsm8k": {"path": str(DATA / "gsm8k_train.jsonl"), "count": 24}})
    assert card["rows"] >= 20
    start = base
    if base == "random":
        model = Decoder(parse_config(TWENTY_MILLION, "test"))
        initialise(model, 1)
        (tmp_path / "random").mkdir()
        save_checkpoint(tmp_path / "random", model, load_checkpoint(resolve_base("nano-base", tmp_path))[1], "a card")
        start = str(tmp_path / "random")
    (tmp_path / "r.toml").write_text(
        f'name = "r"\nbase = "{start}"\n[hardware]\nthreads = 1\n[stages.sft]\nkind = "sft"\nbatch_size = 4\n'
        'optimiser = { learning_rate = 1e-3 }\ndata = { math = { source = "out/corpus" } }\n'
    )
    code, _, err = run("run", str(tmp_path / "r.toml"), "--run-dir", str(tmp_path / "run"))
    assert code == 0, err
    manifest = json.loads((tmp_path / "run" / "stages" / "01-sft" / "manifest.json").read_text())
    assert manifest["summary"]["samples"] == card["rows"]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("seeds.jsonl", '{"question": "a b", "answer": "1"}\n{"question": "c d"}\n', "seeds.jsonl, line 2"),
        ("seeds.jsonl", "not json\n", "seeds.jsonl, line 1"),
        ("seeds.jsonl", '{"question": "a b", "answer": "1"}\n[1]\n', "seeds.jsonl, line 2"),
        ("seeds.csv", "question,other\na,b\n", "seeds.csv: no column 'answer'"),
        ("seeds.csv", "question,answer\na,1\nb,2,3\n", "seeds.csv, row 2"),
        ("seeds.parquet", {"question": ["a b"], "other": ["1"]}, "seeds.parquet, row 1: no column 'answer'"),
        ("seeds.parquet", {"question": ["a b", "c d"], "answer": ["1", None]}, "seeds.parquet, row 2"),
        ("seeds.parquet", "PAR1 nonsense", "seeds.parquet"),
    ],
)
def test_a_bad_row_is_named_and_what_is_there_stays(
    name: str, text: str | dict[str, Any], said: str, run: Run, tmp_path: Path
) -> None:
    """A build that is there already is left as it was, byte by byte."""
    (tmp_path / "seeds.jsonl").write_text('{"question": "How much is 1 + 1?", "answer": "2", "response": "It is 2."}\n')
    (tmp_path / "c.toml").write_text('name = "c"\nnear_duplicates = false\n[sources.own]\npath = "seeds.jsonl"\n')
    assert run("data", "build", str(tmp_path / "c.toml"), "--out", str(tmp_path / "out"))[0] == 0
    before = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    if isinstance(text, dict):
        pq.write_table(pa.table(text), tmp_path / name)
    else:
        (tmp_path / name).write_text(text)
    (tmp_path / "c.toml").write_text(
        f'name = "c"\n[sources.own]\npath = "{name}"\nfields = {{ answer = "answer", question = "question" }}\n'
    )
    code, _, err = run("data", "build", str(tmp_path / "c.toml"), "--out", str(tmp_path / "out"))
    assert code == 2
    assert said in err
    assert {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()} == before


def test_settings_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text('name = "c"\n[sources.own]\npath = "x"\nlicense = "MIT"\n')
    with pytest.raises(RecipeError, match="licen"):
        load_build(tmp_path / "c.toml")
    (tmp_path / "c.toml").write_text('name = "c"\n[sources.own]\npath = "x"\n[expand]\n')
    with pytest.raises(RecipeError, match="known"):
        load_build(tmp_path / "c.toml")


@pytest.mark.skipif(not (DATA / "gsm8k_train.jsonl").exists(), reason="no data folder")
def test_all_of_gsm8k(run: Run, tmp_path: Path) -> None:
    pytest.importorskip("datasketch")
    example = Path(__file__).parents[2] / "examples" / "gsm8k-corpus.toml"
    code, printed, _ = run("data", "build", str(example), "--data", str(DATA), "--out", str(tmp_path / "out"), "--json")
    assert code == 0
    card = json.loads(printed)
    assert sums_add_up(card)
    assert stage(card, "seeds")["in"] == 7473
    assert card["rows"] > 7000
    assert stage(card, "decontaminate")["reasons"]["stands in gsm8k_test.jsonl"] > 50
    rows = corpus(tmp_path)
    assert len(rows) == card["rows"] == sum(one["rows"] for one in card["strata"])
    left_out = {one["stage"]: rejected(tmp_path, one["stage"]) for one in card["stages"]}
    assert {name: len(found) for name, found in left_out.items()} == {
        one["stage"]: one["rejected"] for one in card["stages"]
    }
    places = [row["id"] for row in rows] + [one["row"]["problem"]["id"] for found in left_out.values() for one in found]
    assert len(places) == len(set(places)) == 7473
    code, out, _ = run("data", "inspect", str(tmp_path / "out"), "--rows", "2")
    assert code == 0
    assert "| seeds | 7,473 |" in out


# A teacher behind a server.


def teaching(body: Body) -> str:
    """Writes new problems, and solves everything; wrong at every fifth seed."""
    asked = body["messages"][-1]["content"]
    draw = random.Random(f"{body['seed']}/{asked}")
    if "Write a new problem" in asked:
        return f"Problem: A farm has {draw.randint(2, 9)} hens and buys {draw.randint(100, 999)} more, how many then?"
    if "of use for training" in asked:
        return "USABLE" if draw.random() < 0.8 else "UNUSABLE: too easy"
    if "Is the reasoning" in asked:
        return "Step 1 holds.\n" + ("FLAWED" if draw.random() < 0.4 else "SOUND")
    numbers = [int(word) for word in asked.replace(",", "").split() if word.isdigit()]
    total = sum(numbers[-2:]) + (draw.random() < 0.2)
    words = " ".join(draw.choices(["first", "then", "so", "adding", "both", "numbers", "gives", "result"], k=12))
    return f"{words}\n\\boxed{{{total}}}"


def answer(reply: Reply, body: Body) -> None:
    usage = {"prompt_tokens": 20, "completion_tokens": 10}
    reply.stream([delta(teaching(body), "stop"), event({"choices": [], "usage": usage}), DONE])


def taught(endpoint: FakeEndpoint, **more: Any) -> dict[str, Any]:
    teacher = {"kind": "endpoint", "endpoint": endpoint.url, "model": "t", "concurrency": 4, "max_tokens": 50} | more
    return {"teacher": teacher, "expand": {"per_seed": 2}, "label": {"samples": 5}, "quality": {"ask_teacher": True}}


def test_a_teacher_expands_labels_filters_and_solves(tmp_path: Path) -> None:
    seeds(tmp_path)
    with FakeEndpoint(answer) as endpoint:
        card = build(tmp_path, **taught(endpoint))
        asked = len(endpoint.bodies)
        assert build(tmp_path, **taught(endpoint))["rows"] == card["rows"]
        assert len(endpoint.bodies) == asked
    assert sums_add_up(card)
    assert stage(card, "expand")["made"] == 12
    assert card["teacher"]["answers"] == asked
    rows = corpus(tmp_path)
    new = [row for row in rows if "+" in row["id"]]
    assert new
    facts = json.loads(new[0]["facts"])
    assert facts["label"]["margin"] >= 0.25
    asked_along = [json.loads(row["facts"]).get("dimension") for row in rows] + [
        one["row"]["facts"].get("dimension") for name in ("expand", "label") for one in rejected(tmp_path, name)
    ]
    assert {*asked_along} - {None} == {"concepts", "skeleton", "constraints", "objective"}
    assert all(row["error_rate"] is not None for row in rows)
    assert {row["difficulty"] for row in rows} - {"unknown"}
    queries = Counter(row["prompt"] for row in rows)
    assert max(queries.values()) == 2


def test_a_reference_costs_nothing_and_the_card_is_the_same_however_often_it_is_built(tmp_path: Path) -> None:
    seeds(tmp_path, 3)
    reference = {"checkpoint": "nano-base", "rollouts": 2, "max_tokens": 16, "threads": 1}
    with FakeEndpoint(answer) as endpoint:
        given = taught(endpoint, usd_per_million_tokens=10.0) | {"reference": reference}
        card = build(tmp_path, **given)
        written = (tmp_path / "out" / "card.json").read_bytes()
        build(tmp_path, **given)
        asked = len(endpoint.bodies)
    assert (tmp_path / "out" / "card.json").read_bytes() == written
    assert card["teacher"] == {
        "answers": asked,
        "prompt_tokens": 20 * asked,
        "tokens": 10 * asked,
        "usd": pytest.approx(10 * asked * 10 / 1e6),
    }


def test_a_dry_run_asks_nothing_and_says_no_less_than_is_asked(tmp_path: Path) -> None:
    seeds(tmp_path)
    with FakeEndpoint(answer) as endpoint:
        given = {"name": "c", "sources": {"own": {"path": "seeds.jsonl"}}, "near_duplicates": False}
        prices = {"usd_per_million_tokens": 10.0, "usd_per_million_prompt_tokens": 1.0}
        settings = BuildSettings.model_validate(given | taught(endpoint, **prices))
        found = estimate(Build(settings, tmp_path / "out", tmp_path))
        assert endpoint.bodies == []
        card = build(tmp_path, **taught(endpoint, **prices))
    assert found["requests"] == {"expand": 12, "label": 60, "queries": 18, "distil": 72}
    assert card["teacher"]["answers"] <= sum(found["requests"].values())
    assert 0 < card["teacher"]["usd"] <= found["usd_at_most"]


def test_the_majority_says_whether_reasoning_is_sound(tmp_path: Path) -> None:
    seeds(tmp_path)
    with FakeEndpoint(answer) as endpoint:
        card = build(tmp_path, **taught(endpoint) | {"quality": {"reasoning_votes": 5}})
    assert sums_add_up(card)
    kept, left_out = corpus(tmp_path), rejected(tmp_path, "reasoning")
    votes = [json.loads(row["facts"])["reasoning"] for row in kept]
    assert kept
    assert left_out
    assert all(vote["sound"] > vote["flawed"] and sum(vote.values()) == 5 for vote in votes)
    assert all(row["row"]["facts"]["reasoning"]["flawed"] >= 3 for row in left_out)


@pytest.mark.parametrize(
    ("text", "finish", "sound"),
    [
        ("All of it holds.\nSOUND", "stop", True),
        ("First I thought SOUND.\nSOUND\nNo:\n**FLAWED**", "stop", False),
        ("SOUND", "length", None),
        ("It is sound.", "stop", None),
        ("<think>\nFLAWED", "stop", None),
        ("SOUNDLY done", "stop", None),
        ("FLAWED\n\nSOUND reasoning would have needed n = 0.", "stop", False),
    ],
)
def test_a_verdict_on_reasoning_is_read(text: str, finish: Any, sound: bool | None) -> None:
    assert read_verdict(Completion((), (), (), text, finish)) is sound


def endless(reply: Reply, body: Body) -> None:
    reply.stream(itertools.repeat(delta("and so on ")))


GARBAGE: dict[str, Script] = {
    "endless": endless,
    "the same for ever": says([delta("so it is, as it was. " * 500, "stop"), DONE]),
    "garbage": says([delta("\x00\ufffd" * 50, "stop"), DONE]),
    "a refusal": says([delta("I'm sorry, but I cannot do this.", "stop"), DONE]),
    "truncated": says([delta("Problem: and then it is cut", "length"), DONE]),
    "429": refuse(429, "slow down"),
    "html": says([b"<html>no</html>"]),
}


@pytest.mark.parametrize("how", GARBAGE)
def test_a_teacher_that_gives_nothing_of_use_ends_the_build_with_reasons(
    how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reasoncore.infer.http.HttpEngine", partial(HttpEngine, patience=QUICK))
    seeds(tmp_path, 3)
    with FakeEndpoint(GARBAGE[how]) as endpoint:
        card = build(tmp_path, **taught(endpoint))
    assert sums_add_up(card)
    assert card["rows"] == 0
    assert sum(one["rejected"] for one in card["stages"]) > 0


@pytest.mark.parametrize("how", ["endless", "garbage", "a refusal", "truncated", "429"])
def test_nothing_that_a_teacher_gives_passes_the_cap(how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reasoncore.infer.http.HttpEngine", partial(HttpEngine, patience=QUICK))
    seeds(tmp_path)
    with FakeEndpoint(GARBAGE[how]) as endpoint:
        card = build(tmp_path, **taught(endpoint, usd_per_million_tokens=1000.0, most_usd=0.2))
    assert sums_add_up(card)
    assert card["teacher"]["usd"] <= 0.2
    if how == "endless":  # the four whose longest answers fit have broken off, and are charged in full
        assert len(endpoint.bodies) == 4
        assert card["teacher"]["usd"] == pytest.approx(0.2)


def test_a_teacher_that_writes_more_than_it_was_asked_for_is_not_asked_again_once_the_cap_is_passed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reasoncore.infer.http.HttpEngine", partial(HttpEngine, patience=QUICK))
    seeds(tmp_path)
    with FakeEndpoint(GARBAGE["the same for ever"]) as endpoint:
        build(tmp_path, **taught(endpoint, usd_per_million_tokens=1000.0, most_usd=0.5))
        assert len(endpoint.bodies) == 10  # as many as would have fitted, of fifty tokens each


def test_a_teacher_that_answers_nothing_at_all_is_a_failure(run: Run, tmp_path: Path) -> None:
    seeds(tmp_path)
    with FakeEndpoint(refuse(400)) as endpoint:
        lines = [f"{key} = {json.dumps(value)}" for key, value in taught(endpoint)["teacher"].items()]
        config = tmp_path / "c.toml"
        config.write_text(
            'name = "c"\nnear_duplicates = false\n[sources.own]\npath = "seeds.jsonl"\n[teacher]\n' + "\n".join(lines)
        )
        code, out, error = run("data", "build", str(config), "--out", str(tmp_path / "out"), "--json")
    assert code == 1
    assert "the teacher answered none of 24 requests" in error
    assert json.loads(out)["rows"] == 0
    assert {one["reason"] for one in rejected(tmp_path, "distil")} == {"no answer from the teacher"}


def test_an_engine_of_ones_own_teaches(tmp_path: Path) -> None:
    seeds(tmp_path)
    settings = BuildSettings.model_validate(
        {
            "name": "c",
            "sources": {"own": {"path": "seeds.jsonl"}},
            "teacher": {"kind": "engine", "model": "scripted"},
            "near_duplicates": False,
        }
    )
    engine = ScriptedEngine(
        lambda request, sample: teaching({"messages": request.messages, "seed": (request.seed, sample)})
    )
    assert Build(settings, tmp_path / "out", tmp_path, workers=1, engine=engine).run()["rows"] > 0
    with pytest.raises(UserInputError, match="no engine"):
        Build(settings, tmp_path / "other", tmp_path, workers=1).run()


def test_the_cap_holds_and_a_higher_one_goes_on(tmp_path: Path) -> None:
    seeds(tmp_path)
    prices = {"usd_per_million_tokens": 1000.0}  # a cent a request, at most five
    with FakeEndpoint(answer) as endpoint:
        card = build(tmp_path, **taught(endpoint, **prices, most_usd=0.3))
        assert card["teacher"]["usd"] <= 0.3
        first = len(endpoint.bodies)
        assert 20 <= first <= 30
        assert sums_add_up(card)
        assert any("the cap on cost" in one["reasons"] for one in card["stages"])
        whole = build(tmp_path, **taught(endpoint, **prices, most_usd=100.0))
    assert whole["rows"] > card["rows"]
    assert sum(one["unanswered"] for one in whole["stages"]) == 0
    asked = Counter(json.dumps([body["messages"], body["seed"]]) for body in endpoint.bodies)
    assert max(asked.values()) == 1


SCRIPT = """
import sys
from pathlib import Path
from reasoncore.data.build import Build, load_build
Build(load_build(Path(sys.argv[1])), Path(sys.argv[2]), Path(sys.argv[1]).parent, workers=1).run()
"""


@pytest.mark.slow
def test_killed_ten_times_it_ends_in_the_same_bytes_and_asks_nothing_twice(tmp_path: Path) -> None:
    """One request at a time: when one arrives, the answer to the one before has been stored."""
    seeds(tmp_path, 12)
    running: list[subprocess.Popen[bytes]] = []
    answered: list[str] = []
    fatal: set[int] = set()

    def answers_or_kills(reply: Reply, body: Body) -> None:
        if len(answered) in fatal:
            fatal.remove(len(answered))
            assert running[-1].poll() is None
            running[-1].send_signal(signal.SIGKILL)
            return
        answered.append(json.dumps([body["messages"], body["seed"]]))
        answer(reply, body)

    def build_again(out: Path, endpoint: FakeEndpoint) -> int:
        path = tmp_path / "c.toml"
        path.write_text(
            'name = "c"\nnear_duplicates = { threshold = 0.9 }\n[sources.own]\npath = "seeds.jsonl"\n'
            f'[teacher]\nkind = "endpoint"\nendpoint = "{endpoint.url}"\nmodel = "t"\nconcurrency = 1\n'
            "max_tokens = 50\n"
            "[expand]\nper_seed = 2\n[label]\nsamples = 4\n[distil]\nsamples = 3\n"
        )
        running.append(subprocess.Popen([sys.executable, "-c", SCRIPT, str(path), str(out)], stderr=subprocess.DEVNULL))
        return running[-1].wait(120)

    with FakeEndpoint(answers_or_kills) as endpoint:
        assert build_again(tmp_path / "whole", endpoint) == 0
    whole = sorted(answered)
    answered.clear()
    fatal |= set(random.Random(3).sample(range(len(whole)), 10))
    with FakeEndpoint(answers_or_kills) as endpoint:
        endings = [build_again(tmp_path / "killed", endpoint) for _ in range(11)]
    assert endings == [-signal.SIGKILL] * 10 + [0]
    assert sorted(answered) == whole  # each once, and nothing else
    assert len(set(whole)) == len(whole)
    one, other = tmp_path / "whole", tmp_path / "killed"
    names = sorted(path.relative_to(one) for path in (one / "corpus").iterdir())
    assert names == sorted(path.relative_to(other) for path in (other / "corpus").iterdir())
    assert all((one / name).read_bytes() == (other / name).read_bytes() for name in [*names, Path("README.md")])
    cards = [json.loads((folder / "card.json").read_text()) for folder in (one, other)]
    for card in cards:
        del card["settings"]["teacher"]["endpoint"]  # another port
    assert cards[0] == cards[1]
