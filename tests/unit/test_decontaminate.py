"""Decontamination: what was planted is found, what is only near is kept, and hashing finds what a plain set finds."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from command_line import run_cli
from hypothesis import example, given
from hypothesis import strategies as st

from reasoncore.data import shards
from reasoncore.data.decontaminate import ItemText, Match, ProtectedIndex, decontaminate, scan_texts
from reasoncore.data.decontaminate.index import SHORTEST_INSIDE
from reasoncore.data.word_hashes import hashed_words, ngram_hashes
from reasoncore.data.words import fold_buffer, words_of
from reasoncore.errors import DataError, UserInputError

Run = Callable[..., tuple[int, str, str]]
DATA = Path(os.environ.get("REASONCORE_DATA", Path(__file__).parents[2] / ".." / "shared" / "data"))
TWELVE = "If Ann has 12 apples and eats \\frac{1}{2} of them, how many does she have left?"
EIGHT = "Prove that every tree has exactly two colours."


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    return lambda *words: run_cli(capsys, monkeypatch, *words)


def index(*texts: str, n: int = 10) -> ProtectedIndex:
    return ProtectedIndex.of((ItemText("eval.jsonl", f"e{i}", text) for i, text in enumerate(texts)), n)


def all_of(texts: Sequence[str], n: int = 10) -> ProtectedIndex:
    """Boilerplate included."""
    return ProtectedIndex.of((ItemText("eval.jsonl", f"e{i}", text) for i, text in enumerate(texts)), n, common=0)


def hits(texts: Sequence[str], protected: ProtectedIndex) -> set[int]:
    return {match.text for match in scan_texts(texts, protected)}


def brute_force(texts: Sequence[str], items: Sequence[str], n: int) -> set[tuple[int, tuple[str, ...]]]:
    """The same, with sets of tuples of words."""
    grams: set[tuple[str, ...]] = set()
    for item in items:
        words = tuple(words_of(item))
        size = min(n, len(words))
        if size >= min(n, SHORTEST_INSIDE):
            grams |= {words[i : i + size] for i in range(len(words) - size + 1)}
    sizes = {len(gram) for gram in grams}
    found = set()
    for number, text in enumerate(texts):
        words = tuple(words_of(text))
        for size in sizes:
            for place in range(len(words) - size + 1):
                if words[place : place + size] in grams:
                    found.add((number, words[place : place + size]))
    wholes = {tuple(words_of(item)) for item in items if 0 < len(words_of(item)) < min(n, SHORTEST_INSIDE)}
    return found | {(i, tuple(words_of(text))) for i, text in enumerate(texts) if tuple(words_of(text)) in wholes}


# Words.


@given(st.text() | st.text(st.sampled_from("\\frac 12½")))
@example("\\frac12 \\tfrac345 frac12 \\frac 6 7 \\frac89é")
@example("a\uff9e\u0301 b\u0f73\u0301")
def test_numpy_finds_the_words_that_python_finds(text: str) -> None:
    data = text.encode("utf-8", "replace")
    buffer, _ = fold_buffer(data, np.array([0]))
    words = hashed_words(buffer)
    found = [buffer[a:b].lower().decode() for a, b in zip(words.starts, words.ends, strict=True)]
    assert found == words_of(data.decode())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2x + 3", "2 X+3"),
        ("\\frac{1}{2}", "\\frac 1 2"),
        ("\\dfrac12 + \\frac 34", "\\dfrac{1}{2}+\\frac{3}{4}"),
        ("3\\,x^2", "3 x ^ {2}"),
        ("ﬁne ½", "FINE 1⁄2"),
        ("cafe\u0301", "CAFÉ"),
        ("f_name(x)", "f name x"),
        ("－１２", "12"),
    ],
)
def test_layout_case_and_latex_spacing_do_not_count(one: str, other: str) -> None:
    assert words_of(one) == words_of(other) != []


def test_a_buffer_keeps_its_texts_apart_when_characters_grow_and_shrink() -> None:
    texts = ["½ of it", "\\frac12", "\\frac3", "4", "e\u0301", "ﬀ", "plain", "— — —", ""]
    joined = "\0".join(texts).encode()
    ends = np.cumsum([len(text.encode()) + 1 for text in texts])
    buffer, moved = fold_buffer(joined, ends)
    words = hashed_words(buffer)
    owner = np.searchsorted(moved, words.starts, "right")
    for number, text in enumerate(texts):
        own = np.flatnonzero(owner == number)
        assert [buffer[words.starts[i] : words.ends[i]].decode() for i in own] == words_of(text)


def test_the_hash_of_an_ngram_is_that_of_its_words_in_order() -> None:
    words = hashed_words(b"a b c d e a b c d e b a").hashes
    five = ngram_hashes(words, 5)
    assert five[0] == five[5] != five[1]
    for n in range(1, 13):
        assert len(ngram_hashes(words, n)) == 13 - n
    assert len(ngram_hashes(words, 13)) == 0
    assert [*ngram_hashes(words, 5, np.array([0, 7]))] == [five[0], five[7]]
    assert [*ngram_hashes(words, 5, slice(None, None, 3))] == [*five[::3]]
    pairs = ngram_hashes(words, 2)
    assert pairs[0] != pairs[10]  # a b, b a
    factor = 0x9E3779B97F4A7C15
    assert int(pairs[3]) == (int(words[3]) + factor * int(words[4])) % 2**64


# What is found.


@pytest.mark.parametrize(
    "text",
    [
        TWELVE,
        TWELVE.upper().replace(",", " --").replace("?", "!!!"),
        TWELVE.replace("\\frac{1}{2}", "\\frac { 1 } { 2 }"),
        "Well, let me think. " * 400 + TWELVE + " That is easy." * 400,
        "x" * 5000 + " " + TWELVE,
        "Ünïcödé — before. " + TWELVE + " ½ after",
    ],
)
def test_a_planted_item_is_found(text: str) -> None:
    (first, *_) = scan_texts(["nothing", text, "nothing else"], index("Another question, of no matter", TWELVE))
    assert (first.text, first.item.item) == (1, "e1")
    assert len(first.words) == 10
    assert set(first.words) <= set(words_of(text))


def test_a_short_item_is_found_whole_and_its_part_is_not() -> None:
    protected = index(EIGHT)
    assert hits([f"Long before. {EIGHT.lower()} And after.", "every tree has exactly two colours"], protected) == {0}


def test_a_very_short_item_is_found_only_as_the_whole_text() -> None:
    assert hits(["What is 7*8?", "So what is 7*8? It is 56.", "what is 7 8"], index("What is 7*8?")) == {0, 2}


def test_nine_shared_words_and_boilerplate_are_kept() -> None:
    nine = " ".join(words_of(TWELVE)[:9])
    assert not hits([f"{nine} oranges instead", "Please reason step by step and box the answer."], index(TWELVE))


def test_what_many_items_share_is_boilerplate() -> None:
    mark = "Please reason step by step and put your final answer within the box."
    items = [f"Question number {i} has words of its own, {i * 7} of them. {mark}" for i in range(12)]
    training = [f"Another one. {mark}", items[3]]
    assert hits(training, index(*items)) == {1}
    assert index(*items).boilerplate > 0
    assert not hits([f"of them. {mark}"], index(*items))  # the last word of an item's own before it is no sign
    short = [f"How many are {i} and {i + 1}? {mark}" for i in range(12)]
    assert hits([f"So how many are 3 and 4? I see. {mark}", "how many are 3"], index(*short)) == {0}
    assert hits(training, all_of(items)) == {0, 1}


def test_words_of_two_texts_are_not_put_together() -> None:
    words = words_of(TWELVE)
    assert not hits([" ".join(words[:9]), " ".join(words[9:])], index(TWELVE))


def test_every_place_is_a_match_and_says_the_words() -> None:
    words = words_of(TWELVE)
    found = scan_texts([TWELVE], index(TWELVE))
    assert [match.words for match in found] == [tuple(words[i : i + 10]) for i in range(len(words) - 9)]


def test_long_words_that_differ_in_the_middle_are_told_apart() -> None:
    one, other = "a" * 20 + "b" + "c" * 20, "a" * 20 + "x" + "c" * 20
    protected = index(" ".join([one] * 10), " ".join([other] * 10))
    (found,) = scan_texts([" ".join([other] * 10)], protected)
    assert found.words == (other,) * 10


@given(st.integers(0, 2**32), st.integers(1, 12))
def test_it_finds_what_a_set_finds(seed: int, n: int) -> None:
    draw = random.Random(seed)
    vocabulary = ["a", "bb", "The", "x1", "½", "é", "longerword", "straße", "7"]
    texts = [" ".join(draw.choices(vocabulary, k=draw.randint(0, 30))) for _ in range(20)]
    items = [" ".join(draw.choices(vocabulary, k=draw.randint(0, 15))) for _ in range(10)]
    found = {(match.text, match.words) for match in scan_texts(texts, all_of(items, n))}
    assert found == brute_force(texts, items, n)


def test_equal_hashes_of_different_words_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "reasoncore.data.decontaminate.index.ngram_hashes",
        lambda *given: ngram_hashes(*given) % np.uint64(3),
    )
    draw = random.Random(5)
    texts, items = ([" ".join(draw.choices("abcd", k=draw.randint(1, 9))) for _ in range(40)] for _ in range(2))
    found = {(match.text, match.words) for match in scan_texts(texts, all_of(items, n=4))}
    assert found == brute_force(texts, items, 4)
    assert len(found) > 20


@pytest.mark.skipif(not (DATA / "gsm8k_train.jsonl").exists(), reason="no data folder")
def test_it_finds_what_a_set_finds_in_real_texts() -> None:
    def texts_of(name: str, *fields: str) -> list[str]:
        rows = map(json.loads, (DATA / name).read_text(encoding="utf-8").splitlines())
        return [row[field] for row in rows for field in fields]

    draw = random.Random(7)
    training = draw.sample(texts_of("gsm8k_train.jsonl", "question", "answer"), 5000)
    items = draw.sample([*texts_of("gsm8k_test.jsonl", "question"), *texts_of("math500.jsonl", "problem")], 500)
    training += [f"{item} Let me think." for item in items[:20]]
    found = {(match.text, match.words) for match in scan_texts(training, all_of(items))}
    assert found == brute_force(training, items, 10)
    assert {number for number, _ in found} >= set(range(5000, 5000 + 20)) - {
        5000 + i for i in range(20) if len(words_of(items[i])) < SHORTEST_INSIDE
    }


# Files.


def write_jsonl(path: Path, rows: Sequence[Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def read_jsonl(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_other_rows_go_over_byte_by_byte_and_removed_ones_name_item_and_words(tmp_path: Path) -> None:
    lines = [
        '{"prompt":   "one", "response": "fine"}',
        json.dumps({"prompt": "two", "response": f"It says: {TWELVE}"}),
        json.dumps({"messages": [{"role": "user", "content": EIGHT}], "n": 3}),
        '{"prompt": "four", "response": null, "extra": {"deep": ["é"]}}',
    ]
    (tmp_path / "t.jsonl").write_text("\n".join(lines), encoding="utf-8")  # no newline at the end
    outcome = decontaminate([tmp_path / "t.jsonl"], index(TWELVE, EIGHT), tmp_path / "out", workers=1)
    assert (outcome.rows, outcome.removed) == (4, 2)
    assert (tmp_path / "out" / "t.jsonl").read_text(encoding="utf-8") == f"{lines[0]}\n{lines[3]}"
    first, second = read_jsonl(tmp_path / "out" / "removed.jsonl")
    assert (first["row"], first["matches"][0]["item"], first["content"]) == (2, "e0", json.loads(lines[1]))
    assert first["matches"][0]["words"] == " ".join(words_of(TWELVE)[:10])
    assert (second["row"], second["matches"][0]) == (
        3,
        {"source": "eval.jsonl", "item": "e1", "words": " ".join(words_of(EIGHT))},
    )
    report = json.loads((tmp_path / "out" / "decontamination.json").read_text())
    assert report["rows"] == 4
    assert report["removed_by_source"] == {"eval.jsonl": 2}
    assert report["items_met"] == {"eval.jsonl": ["e0", "e1"]}


@pytest.mark.parametrize("workers", [1, 2])
def test_shards_lose_and_double_nothing(workers: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "SHARD_BYTES", 300)
    rows = [{"id": i, "text": TWELVE if i % 7 == 0 else f"row {i} " + "word " * (i % 40)} for i in range(200)]
    path = write_jsonl(tmp_path / "t.jsonl", rows)
    assert len(list(shards.shards_of(path))) > 10
    decontaminate([path], index(TWELVE), tmp_path / "out", workers=workers)
    assert read_jsonl(tmp_path / "out" / "t.jsonl") == [row for row in rows if row["text"] != TWELVE]
    assert [row["row"] for row in read_jsonl(tmp_path / "out" / "removed.jsonl")] == list(range(1, 201, 7))


def test_parquet_in_row_groups(tmp_path: Path) -> None:
    table = pa.table({
        "prompt": ["one", "two", TWELVE, None, "five"],
        "turns": [[], [{"text": EIGHT}], [], None, [{"text": "ok"}, {"text": "½"}]],
        "label": pa.array(["a", "b", "a", "b", "a"]).dictionary_encode(),
    })  # fmt: skip
    pq.write_table(table, tmp_path / "t.parquet", row_group_size=2)
    decontaminate([tmp_path / "t.parquet"], index(TWELVE, EIGHT), tmp_path / "out", workers=1)
    assert pq.read_table(tmp_path / "out" / "t.parquet").equals(table.take([0, 3, 4]))
    assert [row["row"] for row in read_jsonl(tmp_path / "out" / "removed.jsonl")] == [2, 3]


def test_rows_of_many_forms_are_looked_through_all_the_same(tmp_path: Path) -> None:
    rows = [{"a": 1}, {"a": TWELVE}, {"a": [TWELVE]}, {"b": {"c": [{"d": TWELVE}]}}, {"a": None}]
    path = write_jsonl(tmp_path / "t.jsonl", rows)
    path.write_text(path.read_text() + "\n\n" + json.dumps({"a": TWELVE}) + "\n")
    decontaminate([path], index(TWELVE), tmp_path / "out", workers=1)
    assert [row["row"] for row in read_jsonl(tmp_path / "out" / "removed.jsonl")] == [2, 3, 4, 8]


@pytest.mark.parametrize(
    "rows",
    [
        [{"text": None}, {"text": TWELVE}],
        [{"text": []}, {"text": [TWELVE]}],
        [{"text": "2026-01-01"}, {"text": TWELVE}],
        [{"text": {"when": "2026-01-01 10:00:00"}}, {"text": {"when": TWELVE}}],
        [{"text": ["2026-01-01"]}, {"text": ["2026-01-02", TWELVE]}],
        [{"text": 1, "other": "x"}, {"text": 1.5, "other": TWELVE}],
        [{"text": 1}, {"text": TWELVE}],
        [{"text": {"a": None}}, {"text": {"a": TWELVE}}],
        [{"other": 1}, {"text": TWELVE}],
        [{}, {"text": TWELVE}],
    ],
)
def test_rows_of_other_types_than_the_first(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    path = tmp_path / "train.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    outcome = decontaminate([path], index(TWELVE), tmp_path / "out", workers=1)
    assert (outcome.rows, outcome.removed) == (2, 1)
    assert (tmp_path / "out" / "train.jsonl").read_text() == json.dumps(rows[0]) + "\n"


def test_only_some_fields(tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "t.jsonl", [{"q": TWELVE, "note": "x"}, {"q": "x", "note": TWELVE}])
    decontaminate([path], index(TWELVE), tmp_path / "out", fields=["q"], workers=1)
    assert [row["row"] for row in read_jsonl(tmp_path / "out" / "removed.jsonl")] == [1]


@pytest.mark.parametrize("bad", ['{"a": ', "[1]", '"text"', "{'a': 1}"])
def test_a_row_that_is_none_is_named_and_nothing_is_left_half(bad: str, tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text(f'{{"a": "fine"}}\n{bad}\n')
    with pytest.raises(DataError, match="line 2"):
        decontaminate([path], index(TWELVE), tmp_path / "out", workers=1)
    assert list((tmp_path / "out").iterdir()) == []


def test_a_corrupt_parquet_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "t.parquet").write_bytes(b"PAR1 nonsense PAR1")
    with pytest.raises(DataError, match=r"t\.parquet"):
        decontaminate([tmp_path / "t.parquet"], index(TWELVE), tmp_path / "out", workers=1)


def test_training_files_are_never_written_over(tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "t.jsonl", [{"a": TWELVE}])
    with pytest.raises(UserInputError, match="written over"):
        decontaminate([path], index(TWELVE), tmp_path, workers=1)


def test_the_command(run: Run, tmp_path: Path) -> None:
    train = write_jsonl(tmp_path / "t.jsonl", [{"prompt": TWELVE}, {"prompt": "a b c"}, {"answer": "18 apples"}])
    against = write_jsonl(tmp_path / "e.jsonl", [{"id": "q7", "question": TWELVE, "answer": "18 apples"}])
    code, out, _ = run("decontaminate", "--train", str(train), "--against", str(against), "--out", str(tmp_path / "o"))
    assert code == 0
    assert "1 of 3 rows removed" in out
    assert "q7" in out
    code, _, err = run(
        "decontaminate", "--train", str(train), "--against", "nowhere.jsonl", "--out", str(tmp_path / "p")
    )
    assert code == 2
    assert "nowhere.jsonl: no such file" in err


def test_the_command_takes_other_sizes_and_columns(run: Run, tmp_path: Path) -> None:
    nine = " ".join(words_of(TWELVE)[:9])
    train = write_jsonl(tmp_path / "t.jsonl", [{"prompt": nine, "note": "x"}, {"prompt": "x", "note": TWELVE}])
    against = write_jsonl(tmp_path / "e.jsonl", [{"id": "q7", "question": TWELVE}])

    def removed(*words: str) -> list[int]:
        out = tmp_path / "-".join(["o", *words])
        command = ("decontaminate", "--train", str(train), "--against", str(against), "--out", str(out))
        assert run(*command, *words)[0] == 0
        return [row["row"] for row in read_jsonl(out / "removed.jsonl")]

    assert removed() == [2]
    assert removed("--ngram", "9") == [1, 2]
    assert removed("--ngram", "9", "--field", "prompt") == [1]
    assert removed("--field", "note") == [2]


def test_an_evaluation_file_without_the_field_is_refused(run: Run, tmp_path: Path) -> None:
    train = write_jsonl(tmp_path / "t.jsonl", [{"prompt": TWELVE}])
    code, _, err = run(
        "decontaminate", "--train", str(train), "--against", str(train), "--against-field", "question", "--out",
        str(tmp_path / "o"),
    )  # fmt: skip
    assert code == 2
    assert "no field question" in err


def test_a_match_is_a_record() -> None:
    item = ItemText("s", "i", "t")
    assert Match(0, item, ("a",)).item.source == "s"


@pytest.mark.parametrize("gap", [" ", "\t\r", '{"a": "x"} {"a": "y"}'])
def test_lines_that_are_no_rows_shift_nothing(gap: str, tmp_path: Path) -> None:
    """A JSON reader passes over blank lines, and the row of a match is that of the line."""
    path = tmp_path / "train.jsonl"
    rows = [{"a": "clean 0"}, {"a": "clean 1"}, {"a": TWELVE}, {"a": "clean 3"}]
    lines = [json.dumps(row) for row in rows]
    path.write_text("\n".join([lines[0], gap, *lines[1:]]) + "\n", encoding="utf-8")
    if gap.strip():
        with pytest.raises(DataError, match="line 2: not JSON"):
            decontaminate([path], index(TWELVE), tmp_path / "out", workers=1)
        return
    assert decontaminate([path], index(TWELVE), tmp_path / "out", workers=1).removed == 1
    (removed,) = map(json.loads, (tmp_path / "out" / "removed.jsonl").read_text().splitlines())
    assert removed["content"] == rows[2]


@pytest.mark.parametrize("kind", [pa.list_(pa.string(), 2), pa.list_(pa.string()), pa.large_list(pa.string())])
def test_lists_of_every_kind_are_looked_into(kind: pa.DataType, tmp_path: Path) -> None:
    path = tmp_path / "train.parquet"
    pq.write_table(pa.table({"options": pa.array([["a", "b"], ["c", TWELVE], ["d", "e"]], kind)}), path)
    assert decontaminate([path], index(TWELVE), tmp_path / "out", workers=1).removed == 1
