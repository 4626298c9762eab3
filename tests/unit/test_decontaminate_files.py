"""Decontamination of files as people have them: odd columns, odd rows, names that collide, and an interrupt."""

from __future__ import annotations

import datetime
import decimal
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reasoncore.data.decontaminate import ItemText, ProtectedIndex, decontaminate, scan_texts
from reasoncore.data.decontaminate.protect import protected_texts
from reasoncore.data.executor import map_shards
from reasoncore.errors import DataError, InfrastructureError, UserInputError

TWELVE = "If Ann has 12 apples and eats half of them, how many does she have left?"
INDEX = ProtectedIndex.of([ItemText("eval.jsonl", "e0", TWELVE)])


def write_lines(path: Path, *lines: str | bytes) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"".join((line if isinstance(line, bytes) else line.encode()) + b"\n" for line in lines))
    return path


def removed(folder: Path) -> list[Any]:
    return [json.loads(line) for line in (folder / "removed.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize(
    "values",
    [
        [datetime.datetime(2024, 1, 2)] * 3,
        [datetime.date(2024, 1, 2)] * 3,
        [decimal.Decimal("1.5")] * 3,
        [b"\xff\x00"] * 3,
        pa.array(["x"] * 3, pa.string_view()),
        pa.array([[("key", "value")]] * 3, pa.map_(pa.string(), pa.string())),
        pa.array([b"0" * 16] * 3, pa.uuid()),
        [{"deep": [datetime.datetime(2024, 1, 2)]}] * 3,
    ],
)
def test_columns_of_every_type_go_over_and_can_be_told_of(values: Any, tmp_path: Path) -> None:
    pq.write_table(pa.table({"p": ["none", TWELVE, "other"], "x": values}), tmp_path / "t.parquet")
    decontaminate([tmp_path / "t.parquet"], INDEX, tmp_path / "out", workers=1)
    before, after = pq.read_table(tmp_path / "t.parquet"), pq.read_table(tmp_path / "out" / "t.parquet")
    assert after.schema == before.schema
    assert after.to_pylist() == [before.to_pylist()[0], before.to_pylist()[2]]
    assert removed(tmp_path / "out")[0]["content"]["p"] == TWELVE


@pytest.mark.parametrize(
    "column",
    [
        [TWELVE.encode()],
        pa.array([[("question", TWELVE)]], pa.map_(pa.string(), pa.string())),
        pa.array([TWELVE], pa.string_view()),
        pa.array([json.dumps({"q": TWELVE})], pa.json_()),
    ],
)
def test_texts_in_columns_of_other_types_are_looked_through(column: Any, tmp_path: Path) -> None:
    pq.write_table(pa.table({"p": column}), tmp_path / "t.parquet")
    assert decontaminate([tmp_path / "t.parquet"], INDEX, tmp_path / "out", workers=1).removed == 1


def test_texts_that_look_like_times_keep_their_words(tmp_path: Path) -> None:
    day = "2024-01-02T10:30:00Z"
    index = ProtectedIndex.of([ItemText("eval", "day", day)])
    path = write_lines(tmp_path / "t.jsonl", json.dumps({"p": day}), json.dumps({"p": "2024-01-03T10:30:00Z"}))
    assert decontaminate([path], index, tmp_path / "out", workers=1).removed == 1


def test_of_a_key_that_is_there_twice_both_values_are_looked_at(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "t.jsonl", f'{{"p": "{TWELVE}", "p": "harmless"}}', '{"p": "x"}')
    assert decontaminate([path], INDEX, tmp_path / "out", workers=1).removed == 1


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize(
    "bad", ["[1]", '{"p": ', b'{"p": "\xff ' + TWELVE.encode() + b'"}', '{"a":' * 990 + "1" + "}" * 990]
)
def test_a_bad_row_is_an_error_of_ours_in_every_process(bad: str | bytes, workers: int, tmp_path: Path) -> None:
    path = write_lines(tmp_path / "t.jsonl", '{"p": "fine"}', bad)
    with pytest.raises(DataError, match=r"t\.jsonl"):
        decontaminate([path], INDEX, tmp_path / "out", workers=workers)
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("workers", [1, 2])
def test_a_removed_row_is_told_of_as_it_stands(workers: int, tmp_path: Path) -> None:
    rows = [
        b'\xef\xbb\xbf{"p": "%s"}\r' % TWELVE.encode(),
        '{"p": "clean"}',
        f'{{"p": "{TWELVE}",  "n": NaN, "half": "\\ud83d", "é": "\u2028"}}',
        b'{"p": "%s", "half": "\xed\xa0\xbd"}' % TWELVE.encode(),
    ]
    path = write_lines(tmp_path / "t.jsonl", *rows)
    assert decontaminate([path], INDEX, tmp_path / "out", workers=workers).removed == 3
    told = (tmp_path / "out" / "removed.jsonl").read_text(encoding="utf-8").split("\n")
    assert told[0].endswith(f'"content": {{"p": "{TWELVE}"}}}}')
    assert told[1].endswith(f'"content": {rows[2]}}}')
    assert [(row["row"], sorted(row["content"])) for row in map(json.loads, told[:3])] == [
        (1, ["p"]),
        (3, ["half", "n", "p", "é"]),
        (4, ["half", "p"]),
    ]
    assert json.loads(told[2])["content"]["half"] == "\ud83d"


@pytest.mark.parametrize(
    "lines",
    [
        ['{"p": "TWELVE", "d": [null, null]}'],
        ['{"d": [null, null], "p": "x"}', '{"d": ["TWELVE"]}'],
        ['{"d": [null, "TWELVE"]}'],
        ['{"d": {}, "p": [[], ["TWELVE"]]}'],
    ],
)
@pytest.mark.parametrize("end", ["\n", ""])
def test_lists_of_nothing_are_rows_like_others(lines: list[str], end: str, tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_text(("\n".join(lines) + end).replace("TWELVE", TWELVE))
    assert decontaminate([tmp_path / "t.jsonl"], INDEX, tmp_path / "out", workers=1).removed == 1


def test_a_key_that_is_not_utf8_is_a_bad_line(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "t.jsonl", '{"p": "x"}', b'{"\xff": "x"}')
    with pytest.raises(DataError, match=r"t\.jsonl, line 2: not JSON"):
        decontaminate([path], INDEX, tmp_path / "out", workers=1)


def test_a_text_of_a_parquet_file_that_is_not_utf8_is_an_error_of_ours(tmp_path: Path) -> None:
    broken = pa.array([b"\xff " + TWELVE.encode()]).view(pa.string())
    pq.write_table(pa.table({"question": broken}), tmp_path / "t.parquet")
    with pytest.raises(DataError, match=r"t\.parquet, row group 1, row 1 of it: not UTF-8"):
        decontaminate([tmp_path / "t.parquet"], INDEX, tmp_path / "out", workers=1)
    with pytest.raises(DataError, match=r"t\.parquet: cannot be read"):
        list(protected_texts(tmp_path / "t.parquet", (), 10))


@pytest.mark.parametrize("codec", ["zstd", "none", "snappy"])
def test_a_parquet_file_stays_as_compressed_as_it_was(codec: str, tmp_path: Path) -> None:
    pq.write_table(pa.table({"p": ["x", TWELVE]}), tmp_path / "t.parquet", compression=codec)
    assert decontaminate([tmp_path / "t.parquet"], INDEX, tmp_path / "out", workers=1).removed == 1
    kept = [pq.ParquetFile(path / "t.parquet").metadata.row_group(0) for path in (tmp_path, tmp_path / "out")]
    assert kept[0].column(0).compression == kept[1].column(0).compression


def test_an_item_of_which_boilerplate_leaves_too_little_is_looked_for_as_a_whole() -> None:
    ask = "Please reason step by step and put your final answer within the box."
    items = [ItemText("eval", f"{number}", f"What is {number} * {number + 1}? {ask}") for number in range(20)]
    index = ProtectedIndex.of(items)
    texts = ["", items[3].text.upper(), "—", f"Say hello. {ask}", f"{items[4].text} Twice.", "Plain words."]
    assert [(match.text, match.item.item) for match in scan_texts(texts, index)] == [(1, "3")]


def end_own_process(given: None, shard: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_process_that_dies_is_a_failure_of_ours() -> None:
    with pytest.raises(InfrastructureError, match="a process that worked on the data died"):
        list(map_shards(end_own_process, None, range(3), 2))


def wait_in_a_worker(given: Path, shard: int) -> None:
    (given / f"{os.getpid()}").touch()
    time.sleep(600)


def test_workers_end_with_a_process_that_is_killed(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from reasoncore.data.executor import map_shards; "
        f"sys.path.insert(0, {str(Path(__file__).parent)!r}); from test_decontaminate_files import wait_in_a_worker; "
        f"list(map_shards(wait_in_a_worker, Path({str(tmp_path)!r}), range(2), 2))"
    )
    process = subprocess.Popen([sys.executable, "-c", code])
    deadline = time.monotonic() + 60
    while len(workers := [int(path.name) for path in tmp_path.iterdir()]) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    process.kill()
    process.wait()
    assert len(workers) == 2
    while alive := [worker for worker in workers if is_running(worker)]:
        assert time.monotonic() < deadline, alive
        time.sleep(0.05)


def is_running(process: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{process}/status").read_text()
    except FileNotFoundError:
        return False


def test_a_field_that_no_row_has_is_refused(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "t.jsonl", '{"response": "x"}', '{"other": 1}')
    with pytest.raises(DataError, match="no training row has a field respnse"):
        decontaminate([path], INDEX, tmp_path / "out", fields=["response", "respnse"], workers=1)
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("row", [{"Question": "what is 2 + 2"}, {"question": "  ?"}])
def test_an_evaluation_file_with_nothing_to_look_for_is_refused(row: dict[str, str], tmp_path: Path) -> None:
    path = write_lines(tmp_path / "e.jsonl", json.dumps(row))
    with pytest.raises(DataError, match="no text in it that could be looked for"):
        list(protected_texts(path, (), 10))


def taken(folder: Path, train: Sequence[Path], against: Sequence[Path] = ()) -> str:
    """Why a folder is refused; nothing in it may have changed."""
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with pytest.raises(UserInputError) as error:
        decontaminate(train, INDEX, folder, workers=1, against=against)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    return error.value.message


def test_no_file_of_anybody_is_written_over(tmp_path: Path) -> None:
    train = write_lines(tmp_path / "in" / "t.jsonl", '{"p": "x"}')
    own = write_lines(tmp_path / "evals" / "t.jsonl", json.dumps({"question": TWELVE}))
    assert "would be written over" in taken(tmp_path / "evals", [train], [own])
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "t.jsonl").symlink_to(train)
    assert "would be written over" in taken(tmp_path / "in", [tmp_path / "links" / "t.jsonl"])
    write_lines(tmp_path / "mine" / "removed.jsonl", "{}")
    assert "not from this command" in taken(tmp_path / "mine", [train])
    (tmp_path / "new").mkdir()
    clash = write_lines(tmp_path / "in" / "removed.jsonl", '{"p": "x"}')
    assert "written beside the clean ones" in taken(tmp_path / "new", [clash])


def test_its_own_results_are_made_again(tmp_path: Path) -> None:
    train = write_lines(tmp_path / "in" / "t.jsonl", '{"p": "x"}', json.dumps({"p": TWELVE}))
    for _ in range(2):
        assert decontaminate([train], INDEX, tmp_path / "out", workers=1).removed == 1
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"t.jsonl", "removed.jsonl", "decontamination.json"}


def test_an_interrupt_leaves_two_lines_and_no_half_files(tmp_path: Path) -> None:
    """Ctrl-C goes to the whole group of processes."""
    line = json.dumps({"p": "some words of no interest " * 40}) + "\n"
    (tmp_path / "t.jsonl").write_text(line * 60_000)
    write_lines(tmp_path / "e.jsonl", json.dumps({"question": TWELVE}))
    command = ["-m", "reasoncore.cli.main", "decontaminate", "--train", "t.jsonl", "--against", "e.jsonl"]
    process = subprocess.Popen(
        [sys.executable, *command, "--out", "out", "--workers", "2"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while not (tmp_path / "out" / "t.jsonl.part").exists() and process.poll() is None:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in said
    assert "Exception" not in said
    assert list((tmp_path / "out").iterdir()) == []
