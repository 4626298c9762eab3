"""``reasoncore fuse``: what it prints, and what it refuses in two lines."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from command_line import run_cli
from fusion_checkpoints import CONFIG, TOKENIZER, read_tensors, write_checkpoint

TENSORS = {"x": torch.ones(4, 2), "y": torch.zeros(3), "count": torch.tensor([1, 2])}


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Checkpoints ``a`` and ``b`` that fit together, in the current folder."""
    monkeypatch.chdir(tmp_path)
    for name in "ab":
        write_checkpoint(tmp_path / name, TENSORS)
    return tmp_path


def test_equal_shares_by_default(folders: Path, capsys, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    code, out, _ = run_cli(capsys, monkeypatch, "fuse", "a", "b", "a", "--out", "out")
    assert code == 0
    assert out == "0.333333333 x a\n0.333333333 x b\n0.333333333 x a\ncheckpoint: out\n"
    assert read_tensors(folders / "out")["x"].tolist() == TENSORS["x"].tolist()


def test_json(folders: Path, capsys, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    (folders / "out").mkdir()
    code, out, _ = run_cli(capsys, monkeypatch, "fuse", "a", "b", "--weights", "0.25, 0.75", "--out", "out", "--json")
    assert code == 0
    result = json.loads(out)
    assert result["checkpoint"] == "out"
    assert [(part["path"], part["weight"]) for part in result["inputs"]] == [("a", 0.25), ("b", 0.75)]
    assert all(len(part["sha256"]["model.safetensors"]) == 64 for part in result["inputs"])


@pytest.mark.parametrize(
    ("words", "said", "cure"),
    [
        (["a"], "1 checkpoint to fuse", "two or more"),
        (["a", "b", "--weights", "1"], "1 weights for 2 checkpoints", "such as 0.5,0.5"),
        (["a", "b", "--weights", "0.5,half"], "--weights 0.5,half: not numbers", "separated by commas"),
        (["a", "b", "--weights", "0.5,"], "not numbers", "separated by commas"),
        (["a", "b", "--weights", "nan,0.5"], "weight nan: not a number of at least 0", "0.5,0.5"),
        (["a", "b", "--weights", "-0.5,1.5"], "weight -0.5: not a number of at least 0", "0.5,0.5"),
        (["a", "b", "--weights", "inf,0"], "weight inf", "0.5,0.5"),
        (["a", "b", "--weights", "1,3"], "add up to 4, not to 1", "Give 0.25,0.75."),
        (["a", "b", "--weights", "0,0"], "add up to 0, not to 1", "Give 0.5,0.5."),
        (["a", "b", "--weights", "0.5,0.500002"], "add up to 1.000002", "Give 0.499999"),
        (["a", "nowhere"], "nowhere: no such folder", "Hugging Face layout"),
        (["a", "."], ".: no config.json in it", "Hugging Face layout"),
        (["a", "b", "--out", "a"], "a: is one of the checkpoints to fuse", "another folder"),
        (["a", "b", "--out", "full"], "full: not empty", "new folder"),
        (["a", "b", "--out", "full/file"], "full/file: not a folder", "new folder"),
    ],
)
def test_wrong_arguments(words: list[str], said: str, cure: str, folders: Path, capsys, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    (folders / "full").mkdir()
    (folders / "full" / "file").touch()
    assert_refused(["--out", "out", *words], said, cure, folders, capsys, monkeypatch)


def assert_refused(words: list[str], said: str, cure: str, folder: Path, capsys, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    before = sorted(folder.rglob("*"))
    code, out, err = run_cli(capsys, monkeypatch, "fuse", *words)
    assert (code, out) == (2, "")
    first, second = err.splitlines()
    assert said in first
    assert cure in second
    assert first.startswith("error: ")
    assert second.startswith("cure: ")
    assert sorted(folder.rglob("*")) == before, "nothing may be left behind"


def changed(**tensors: torch.Tensor | None) -> dict[str, torch.Tensor]:
    return {name: tensor for name, tensor in (TENSORS | tensors).items() if tensor is not None}


def cut(path: Path, count: int) -> None:
    path.write_bytes(path.read_bytes()[:count])


def replace_header(path: Path, header: bytes) -> None:
    path.write_bytes(len(header).to_bytes(8, "little") + header)


BROKEN: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "config": (
        lambda b: write_checkpoint(b, TENSORS, config=CONFIG | {"hidden_size": 16}),
        "b/config.json: hidden_size is 16, 8 in a",
        "one base",
    ),
    "rope in another spelling": (
        lambda b: write_checkpoint(b, TENSORS, config=CONFIG | {"rope_parameters": {"rope_theta": 5e4}}),
        "b/config.json: rope_theta is 50000.0, 10000.0 in a",
        "one base",
    ),
    "nested config": (
        lambda b: write_checkpoint(b, TENSORS, config=CONFIG | {"vision": {"depth": 2}}),
        "b/config.json: vision is {",
        "one base",
    ),
    "config not JSON": (
        lambda b: write_checkpoint(b, TENSORS) and (b / "config.json").write_text("{"),
        "b/config.json: not valid JSON",
        "again",
    ),
    "tokenizer": (
        lambda b: write_checkpoint(b, TENSORS, tokenizer={"model": {"vocab": {"b": 0, "a": 1}}}),
        "b/tokenizer.json: another tokenizer than a/tokenizer.json",
        "one base",
    ),
    "no tokenizer": (
        lambda b: write_checkpoint(b, TENSORS, tokenizer=None),
        "b: has no tokenizer.json, a has one",
        "one base",
    ),
    "shape": (
        lambda b: write_checkpoint(b, changed(x=torch.ones(2, 4))),
        "b/model.safetensors: x has shape [2, 4], [4, 2] in a/model.safetensors",
        "one base",
    ),
    "missing tensor": (lambda b: write_checkpoint(b, changed(y=None)), "b: has no tensor y, a has one", "one base"),
    "tensor too many": (
        lambda b: write_checkpoint(b, changed(z=torch.ones(1))),
        "a: has no tensor z, b has one",
        "one base",
    ),
    "integers": (
        lambda b: write_checkpoint(b, changed(count=torch.tensor([1, 3]))),
        "b/model.safetensors: count differs from the one in a/model.safetensors, and I64 has no averages",
        "the same",
    ),
    "integers for floats": (
        lambda b: write_checkpoint(b, changed(y=torch.zeros(3, dtype=torch.int32))),
        "b/model.safetensors: y is of type I32, F32 in a",
        "one base",
    ),
    "nan": (
        lambda b: write_checkpoint(b, changed(y=torch.tensor([0, float("nan"), 0]))),
        "b/model.safetensors: y holds a value that is not finite",
        "Leave",
    ),
    "bfloat16 infinity": (
        lambda b: write_checkpoint(b, changed(y=torch.tensor([0, -float("inf"), 0]).bfloat16())),
        "b/model.safetensors: y holds a value that is not finite",
        "Leave",
    ),
    "8-bit floats": (
        lambda b: write_checkpoint(b, changed(y=torch.zeros(3).to(torch.float8_e4m3fn))),
        "b/model.safetensors: y is of type F8_E4M3",
        "Convert",
    ),
    "no weights": (
        lambda b: write_checkpoint(b, TENSORS) and (b / "model.safetensors").unlink(),
        "b: no model.safetensors and no model.safetensors.index.json",
        "safetensors",
    ),
    "missing shard": (
        lambda b: (
            write_checkpoint(b, {"x": TENSORS["x"]}, changed(x=None))
            and (b / "model-00002-of-00002.safetensors").unlink()
        ),
        "b/model-00002-of-00002.safetensors: not found",
        "again",
    ),
    "misplaced tensor": (
        lambda b: (
            write_checkpoint(b, {"x": TENSORS["x"]}, changed(x=None))
            and shutil.copy(b / "model-00001-of-00002.safetensors", b / "model-00002-of-00002.safetensors")
        ),
        "b/model-00002-of-00002.safetensors: x is also in b/model-00001-of-00002.safetensors",
        "again",
    ),
    "index of other folders": (
        lambda b: (
            write_checkpoint(b, TENSORS)
            and (b / "model.safetensors.index.json").write_text('{"weight_map": {"x": "../a/model.safetensors"}}')
        ),
        "b/model.safetensors.index.json: does not name safetensors files beside it",
        "again",
    ),
    "index without a map": (
        lambda b: write_checkpoint(b, TENSORS) and (b / "model.safetensors.index.json").write_text("[]"),
        "b/model.safetensors.index.json: not a safetensors index",
        "again",
    ),
    "cut short": (
        lambda b: write_checkpoint(b, TENSORS) and cut(b / "model.safetensors", -4),
        "b/model.safetensors: damaged or cut short",
        "again",
    ),
    "cut in the header": (
        lambda b: write_checkpoint(b, TENSORS) and cut(b / "model.safetensors", 20),
        "b/model.safetensors: damaged or cut short",
        "again",
    ),
    "empty": (
        lambda b: write_checkpoint(b, TENSORS) and cut(b / "model.safetensors", 0),
        "b/model.safetensors: empty",
        "again",
    ),
    "no header": (
        lambda b: write_checkpoint(b, TENSORS) and replace_header(b / "model.safetensors", b"hello"),
        "b/model.safetensors: damaged or cut short",
        "again",
    ),
    "overlapping tensors": (
        lambda b: (
            write_checkpoint(b, TENSORS)
            and replace_header(
                b / "model.safetensors",
                b'{"x": {"dtype": "U8", "shape": [0], "data_offsets": [0, 0]},'
                b' "y": {"dtype": "U8", "shape": [-1], "data_offsets": [0, -1]}}',
            )
        ),
        "b/model.safetensors: damaged or cut short",
        "again",
    ),
}


@pytest.mark.parametrize("how", BROKEN)
def test_checkpoints_that_do_not_fit(how: str, folders: Path, capsys, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    make, said, cure = BROKEN[how]
    shutil.rmtree(folders / "b")
    make(Path("b"))
    assert_refused(["a", "b", "--out", "out"], said, cure, folders, capsys, monkeypatch)


def test_a_value_that_is_not_finite_counts_with_weight_zero(folders: Path, capsys, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    write_checkpoint(folders / "c", changed(x=torch.full((4, 2), float("inf"))))
    words = ["a", "c", "--weights", "1,0", "--out", "out"]
    assert_refused(words, "c/model.safetensors: x holds a value", "Leave", folders, capsys, monkeypatch)


def test_an_average_too_large_for_its_type(folders: Path, capsys, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    write_checkpoint(folders / "half", changed(x=TENSORS["x"].half()))
    write_checkpoint(folders / "large", changed(x=TENSORS["x"] * 1e6))
    said = "half/model.safetensors: the average of x is too large for F16"
    assert_refused(["half", "large", "--out", "out"], said, "wider type", folders, capsys, monkeypatch)


def test_what_may_differ(folders: Path, capsys, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    config = {
        **{key: value for key, value in CONFIG.items() if key != "rope_theta"},
        "rope_parameters": {"rope_theta": 10000, "rope_type": "default"},
        "transformers_version": "9",
        "torch_dtype": "bfloat16",
        "eos_token_id": 7,
        "sliding_window": None,
    }
    tokenizer = TOKENIZER | {"padding": {"length": 7}}
    write_checkpoint(folders / "c", changed(x=TENSORS["x"].bfloat16()), config=config, tokenizer=tokenizer)
    code, _, err = run_cli(capsys, monkeypatch, "fuse", "a", "c", "--out", "new/out")
    assert code == 0, err
    assert json.loads((folders / "new/out/config.json").read_text()) == CONFIG
