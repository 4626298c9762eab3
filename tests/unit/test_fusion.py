"""Fusion gives the float64 average rounded once, whatever the type, size, order and place of the tensors."""

import hashlib
import json
import math
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from fusion_checkpoints import read_tensors, write_checkpoint
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from reasoncore.model.fusion import average, fuse
from reasoncore.model.fusion.weighted_sum import BLOCK, WeightedSum

TYPES = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}
WEIGHTS = [[0.5, 0.5], [0.25] * 4, [1 / 3] * 3, [0.1, 0.2, 0.3, 0.4], [0.0, 1.0], [1e-9, 0.3, 1 - 0.3 - 1e-9]]


# --- the reference -------------------------------------------------------------------------------------------------


def rounded_once(sums: np.ndarray, dtype: torch.dtype) -> Tensor:
    """Nearest value, ties to even, found among all values that a 16-bit type has."""
    if dtype in (torch.float64, torch.float32):
        return torch.from_numpy(sums).to(dtype)
    positive = torch.arange(0x8000, dtype=torch.int16).view(dtype)
    values = positive[positive.isfinite()].double().numpy()
    magnitudes = np.abs(sums)
    above = np.searchsorted(values, magnitudes).clip(0, len(values) - 1)
    below = (above - 1).clip(0)
    up, down = values[above] - magnitudes, magnitudes - values[below]
    codes = np.where((up < down) | ((up == down) & (above % 2 == 0)) | (magnitudes == values[above]), above, below)
    return torch.from_numpy((codes | np.where(np.signbit(sums), 0x8000, 0)).astype(np.uint16)).view(dtype)


def reference(tensors: list[Tensor], weights: list[float], dtype: torch.dtype) -> Tensor:
    arrays = [tensor.double().numpy() for tensor in tensors]
    sums = weights[0] * arrays[0]
    for weight, array in zip(weights[1:], arrays[1:], strict=True):
        sums = sums + weight * array
    return rounded_once(np.asarray(sums).reshape(-1), dtype).reshape(tensors[0].shape)


def assert_same_bits(a: dict[str, Tensor], b: dict[str, Tensor]) -> None:
    assert sorted(a) == sorted(b)
    for name in a:
        x, y = a[name].reshape(-1), b[name].reshape(-1)
        assert (a[name].dtype, a[name].shape) == (b[name].dtype, b[name].shape)
        assert torch.equal(x.view(torch.uint8), y.view(torch.uint8)), name


def random_tensors(seed: int, dtype: torch.dtype, large: int = 300_000) -> dict[str, Tensor]:
    """All sizes, and values from the smallest to large ones, on a coarse grid too, where ties are frequent."""
    generator = torch.Generator().manual_seed(seed)
    limits = torch.finfo(dtype)
    normal = torch.randn(large, generator=generator, dtype=torch.float64)
    wide = torch.randn(5_000, generator=generator, dtype=torch.float64) * torch.logspace(
        math.log2(limits.tiny) - 8, math.log2(limits.max) - 8, 5_000, base=2, dtype=torch.float64
    )
    grid = torch.randint(-300, 300, (BLOCK + 7,), generator=generator).double() / 64
    return {
        "large": normal.to(dtype).reshape(-1, 100),
        "wide": wide.to(dtype),
        "grid": grid.to(dtype),
        "scalar": torch.randn((), generator=generator).to(dtype),
        "empty": torch.empty(0, 4, dtype=dtype),
        "zeros": torch.tensor([0.0, -0.0, 1.0]).to(dtype),
    }


# --- values --------------------------------------------------------------------------------------------------------


def test_by_hand(tmp_path: Path) -> None:
    a = write_checkpoint(tmp_path / "a", {"x": torch.tensor([1.0, 2.0]), "y": torch.tensor(8.0)})
    b = write_checkpoint(tmp_path / "b", {"x": torch.tensor([3.0, -6.0]), "y": torch.tensor(0.0)})
    fuse([a, b], [0.25, 0.75], tmp_path / "out")
    fused = read_tensors(tmp_path / "out")
    assert fused["x"].tolist() == [2.5, -4.0]
    assert fused["y"].item() == 2.0


def test_rounds_once_by_hand() -> None:
    # 1 + 2^-8 is halfway between bfloat16's 1 and 1 + 2^-7. A little more goes up; by way of float32 it would go down.
    a, b, c = (
        torch.tensor(values).bfloat16()
        for values in ([1.0, 1.0, -1.0], [2**-7, 2**-7, -(2**-7)], [0, 2**-40, -(2**-40)])
    )
    stored = [tensor.view(torch.uint16).numpy() for tensor in (a, b, c)]
    result = WeightedSum([1.0, 0.5, 1.0], 64).sum(stored, ["BF16"] * 3, "BF16")
    assert torch.from_numpy(result).view(torch.bfloat16).tolist() == [1.0, 1 + 2**-7, -(1 + 2**-7)]


@pytest.mark.parametrize("weights", WEIGHTS, ids=str)
@pytest.mark.parametrize("dtype", TYPES.values(), ids=str)
def test_equals_the_float64_reference(dtype: torch.dtype, weights: list[float], tmp_path: Path) -> None:
    inputs = [random_tensors(seed, dtype) for seed in range(len(weights))]
    folders = [write_checkpoint(tmp_path / str(number), tensors) for number, tensors in enumerate(inputs)]
    fuse(folders, weights, tmp_path / "out")
    expected = {name: reference([each[name] for each in inputs], weights, dtype) for name in inputs[0]}
    assert_same_bits(read_tensors(tmp_path / "out"), expected)


@pytest.mark.parametrize("dtype", TYPES.values(), ids=str)
def test_the_first_decides_the_type(dtype: torch.dtype, tmp_path: Path) -> None:
    weights = [0.2, 0.3, 0.1, 0.4]
    order = [dtype, *(other for other in TYPES.values() if other != dtype)]
    inputs = [{"x": torch.randn(1000, generator=torch.Generator().manual_seed(3)).to(each)} for each in order]
    folders = [write_checkpoint(tmp_path / str(number), tensors) for number, tensors in enumerate(inputs)]
    fuse(folders, weights, tmp_path / "out")
    assert_same_bits(read_tensors(tmp_path / "out"), {"x": reference([each["x"] for each in inputs], weights, dtype)})


@given(
    st.lists(st.floats(0, 1), min_size=2, max_size=6).filter(lambda weights: sum(weights) > 0.1),
    st.lists(st.floats(width=16, allow_nan=False, allow_infinity=False), min_size=1, max_size=50),
    st.sampled_from(["F32", "F16", "BF16"]),
)
@settings(max_examples=100, deadline=None)
def test_an_average_of_equals_is_the_same(weights: list[float], values: list[float], dtype: str) -> None:
    tensor = torch.tensor(values).to(TYPES[dtype])
    stored = tensor.view(torch.uint16).numpy() if dtype == "BF16" else tensor.numpy()
    normalised = [weight / sum(weights) for weight in weights]
    result = WeightedSum(normalised, 4096).sum([stored] * len(weights), [dtype] * len(weights), dtype)
    assert result is not None
    assert result.tobytes() == stored.tobytes()


def test_a_checkpoint_with_itself(tmp_path: Path) -> None:
    folder = write_checkpoint(tmp_path / "a", random_tensors(1, torch.bfloat16))
    fuse([folder, folder, folder], [0.5, 0.3, 0.2], tmp_path / "out")
    name = "model.safetensors"
    assert (tmp_path / "out" / name).read_bytes() == (folder / name).read_bytes()


def test_integers_are_kept(tmp_path: Path) -> None:
    tensors = {"mask": torch.tensor([True, False]), "ids": torch.arange(5), "x": torch.ones(3)}
    folders = [write_checkpoint(tmp_path / name, tensors) for name in "ab"]
    fuse(folders, [0.5, 0.5], tmp_path / "out")
    assert_same_bits(read_tensors(tmp_path / "out"), tensors)


# --- folders -------------------------------------------------------------------------------------------------------


def test_shards_and_another_order(tmp_path: Path) -> None:
    inputs = [random_tensors(seed, torch.float32, large=700_000) for seed in range(3)]
    names = list(inputs[0])
    folders = [
        write_checkpoint(
            tmp_path / "a", *({name: inputs[0][name] for name in part} for part in (names[:2], names[2:]))
        ),
        write_checkpoint(tmp_path / "b", *({name: inputs[1][name]} for name in names[::-1])),
        write_checkpoint(tmp_path / "c", inputs[2]),
    ]
    record = fuse(folders, [0.2, 0.3, 0.5], tmp_path / "out", {"scores": {"algebra": 0.5}})
    shards = sorted(path.name for path in folders[0].glob("*.safetensors"))
    assert sorted(path.name for path in (tmp_path / "out").glob("*.safetensors")) == shards
    fused = read_tensors(tmp_path / "out", shards)
    expected = {name: reference([each[name] for each in inputs], [0.2, 0.3, 0.5], torch.float32) for name in fused}
    assert_same_bits(fused, expected)
    for folder, part in zip(folders, record["inputs"], strict=True):
        files = sorted(folder.glob("*.safetensors"))
        assert part["sha256"] == {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    for name in ("model.safetensors.index.json", "config.json", "tokenizer.json", "chat_template.jinja"):
        assert (tmp_path / "out" / name).read_bytes() == (folders[0] / name).read_bytes()


def test_record_and_card(tmp_path: Path) -> None:
    folders = [write_checkpoint(tmp_path / name, {"x": torch.ones(2)}) for name in "ab"]
    record = fuse(folders, [0.75, 0.25], tmp_path / "out", {"probe": {"algebra": 0.5}})
    assert json.loads((tmp_path / "out" / "fusion.json").read_text()) == record
    assert [(part["path"], part["weight"]) for part in record["inputs"]] == [
        (str(folders[0]), 0.75),
        (str(folders[1]), 0.25),
    ]
    assert record["facts"] == {"probe": {"algebra": 0.5}}
    card = (tmp_path / "out" / "README.md").read_text()
    assert f"0.75 x `{folders[0]}`" in card
    assert '"algebra": 0.5' in card


def test_loads_here_and_in_transformers(tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from reasoncore.model.checkpoint import load_checkpoint, save_checkpoint
    from reasoncore.model.folder import resolve_base

    model, tokenizer = load_checkpoint(resolve_base("nano-base", tmp_path))
    folders = []
    for seed in range(2):
        torch.manual_seed(seed)
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.add_(torch.randn_like(parameter), alpha=0.01)
        folders.append(tmp_path / str(seed))
        folders[-1].mkdir()
        save_checkpoint(folders[-1], model, tokenizer, "")
    fuse(folders, [0.5, 0.5], tmp_path / "out")
    (first, _), (second, _), (fused, _) = (load_checkpoint(folder) for folder in (*folders, tmp_path / "out"))
    for a, b, c in zip(first.parameters(), second.parameters(), fused.parameters(), strict=True):
        assert torch.equal(c, ((a.double() + b.double()) / 2).float())
    ids = torch.tensor([AutoTokenizer.from_pretrained(tmp_path / "out").encode("What is 1 + 2?")])
    theirs = AutoModelForCausalLM.from_pretrained(tmp_path / "out")
    with torch.no_grad():
        assert theirs(ids).logits.isfinite().all()
        mean = (theirs.get_input_embeddings().weight - fused.embed_tokens.weight).abs().max()
    assert mean == 0


def test_any_architecture(tmp_path: Path) -> None:
    from transformers import GPT2Config, GPT2LMHeadModel

    for seed in range(2):
        torch.manual_seed(seed)
        config = GPT2Config(vocab_size=50, n_embd=16, n_layer=2, n_head=2, n_positions=32)
        GPT2LMHeadModel(config).to(torch.bfloat16).save_pretrained(tmp_path / str(seed), max_shard_size="5KB")
    fuse([tmp_path / "0", tmp_path / "1"], [0.5, 0.5], tmp_path / "out")
    models = [GPT2LMHeadModel.from_pretrained(tmp_path / name).state_dict() for name in ("0", "1", "out")]
    assert len(list((tmp_path / "out").glob("*.safetensors"))) > 1
    for name, fused in models[2].items():
        assert torch.equal(fused, ((models[0][name].float() + models[1][name].float()) / 2).bfloat16())


# --- nothing half-written, little memory ---------------------------------------------------------------------------


@pytest.mark.parametrize("failure", [OSError("no space"), KeyboardInterrupt()])
def test_a_failure_leaves_nothing(failure: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders = [write_checkpoint(tmp_path / name, random_tensors(0, torch.float32)) for name in "ab"]
    before = sorted(tmp_path.iterdir())
    written = 0

    def fail_later(descriptor: int, content: memoryview, offset: int) -> None:
        nonlocal written
        written += 1
        if written > 1:
            raise failure

    monkeypatch.setattr(average, "_write_at", fail_later)
    with pytest.raises(type(failure)):
        fuse(folders, [0.5, 0.5], tmp_path / "out")
    assert sorted(tmp_path.iterdir()) == before


def test_a_kill_leaves_no_result_and_the_next_run_works(tmp_path: Path) -> None:
    folders = [write_checkpoint(tmp_path / name, random_tensors(0, torch.float32)) for name in "ab"]
    code = (
        "import os, signal, sys; from pathlib import Path; from reasoncore.model.fusion import average, fuse\n"
        "average._write_at = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "fuse([Path(sys.argv[1]), Path(sys.argv[2])], [0.5, 0.5], Path(sys.argv[3]))"
    )
    killed = subprocess.run([sys.executable, "-c", code, *folders, tmp_path / "out"], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert not (tmp_path / "out").exists()
    fuse(folders, [0.5, 0.5], tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b", "out"]


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads the peak from /proc")
def test_memory_does_not_grow_with_a_tensor(tmp_path: Path) -> None:
    shape = [151_936, 1024]
    size = 2 * math.prod(shape)
    header = json.dumps({"embed": {"dtype": "BF16", "shape": shape, "data_offsets": [0, size]}}).encode()
    for name in "abcd":
        folder = write_checkpoint(tmp_path / name, {"x": torch.ones(1)})
        with (folder / "model.safetensors").open("wb") as stream:
            stream.write(len(header).to_bytes(8, "little") + header)
            stream.truncate(8 + len(header) + size)
    code = (
        "import sys; from pathlib import Path; from reasoncore.model.fusion import fuse\n"
        "fuse([Path(name) for name in 'abcd'], [0.25] * 4, Path('out'))\n"
        "assert 'torch' not in sys.modules\n"
        "print(next(line for line in open('/proc/self/status') if line.startswith('VmHWM')).split()[1])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    (tmp_path / "out" / "model.safetensors").unlink()
    assert int(done.stdout) / 1024 < 200, "MiB in all; the tensor has 297"
