"""The plan of a run: every formula by hand, the real recipes with what the reports give, what a dry run says."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reasoncore.config import PlanSettings, Recipe, load_recipe
from reasoncore.errors import DataError, RecipeError
from reasoncore.model.config import parse_config
from reasoncore.plan import look, make_plan
from reasoncore.plan.costs import (
    GIB,
    activation_bytes,
    cache_row_bytes,
    decode_rows,
    decoding_flops,
    memory,
    parameters,
    product_parameters,
    reading_flops,
    training_flops,
)
from reasoncore.plan.found import Found, FoundBenchmark
from reasoncore.plan.text import WIDTH, plan_text, si
from reasoncore.plan.work import Work, plan_work

RECIPES = Path(__file__).parents[2] / "recipes"
REAL = {"3b": RECIPES / "vibethinker-3b.toml", "1.5b": RECIPES / "vibethinker-1.5b.toml"}
TINY = {
    "model_type": "qwen2",
    "vocab_size": 10,
    "hidden_size": 4,
    "intermediate_size": 6,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "head_dim": 2,
    "max_position_embeddings": 100,
    "tie_word_embeddings": True,
}
SHAPE = parse_config(TINY, "tiny")


def hardware(**values: Any) -> Any:
    return load_recipe(RECIPES / "nano.toml").hardware.model_copy(update=values)


# The arithmetic of a decoder


def test_parameters() -> None:
    # A layer: 4 x (8 joined + 4 out + 3 x 6 inner) + 8 norms + 8 biases = 136; 2 of them, 40 embedding, 4 norm.
    assert parameters(SHAPE) == product_parameters(SHAPE) == 316
    untied = parse_config({**TINY, "tie_word_embeddings": False}, "untied")
    assert (parameters(untied), product_parameters(untied)) == (356, 316)


def test_parameters_of_real_bases() -> None:
    import torch

    from reasoncore.model.config import read_config
    from reasoncore.model.folder import resolve_base
    from reasoncore.model.network import Decoder

    for shape in (
        read_config(resolve_base("nano-base", RECIPES)),
        parse_config({**TINY, "model_type": "qwen3"}, "qwen3"),
        parse_config({**TINY, "model_type": "llama", "tie_word_embeddings": False, "attention_bias": True}, "llama"),
    ):
        with torch.device("meta"):
            assert parameters(shape) == sum(p.numel() for p in Decoder(shape).parameters())
    # What the hub says of Qwen2.5-Math-1.5B and Qwen2.5-Coder-3B.
    assert plan_of("1.5b")["totals"]["parameters"] == 1_543_714_304
    assert plan_of("3b")["totals"]["parameters"] == 3_085_938_688


def test_flops() -> None:
    # Forward over 3 tokens: 2 x 316 x 3 = 1896, attention 2 x 2 layers x 4 x 9 = 144.
    assert reading_flops(SHAPE, 3) == 2040
    assert training_flops(SHAPE, 3, checkpointing=False) == 3 * 2040
    assert training_flops(SHAPE, 3, checkpointing=True) == 4 * 2040
    # 2 tokens behind 3: 2 x 316 x 2, and 4 x 2 layers x 4 x (3 x 2 + 2^2 / 2).
    assert decoding_flops(SHAPE, 3, 2) == 1264 + 256
    # Reading a prompt and decoding behind it is reading both, but for half a token's attention to itself.
    assert reading_flops(SHAPE, 30) + decoding_flops(SHAPE, 30, 70) == pytest.approx(reading_flops(SHAPE, 100))


def test_activation_bytes() -> None:
    # A layer's token: 12 x 4 + 2 x 8 + 2 x (4 + 2) + 2 x 4 + 8 x 6 = 132; logits 5 x 10 x 6.
    assert activation_bytes(SHAPE, 5, checkpointing=False) == 5 * 2 * 132 + 300
    assert activation_bytes(SHAPE, 5, checkpointing=True) == 5 * (2 * 16 + 2 * 132) + 300


def test_activations_are_what_the_network_keeps() -> None:
    import torch

    from reasoncore.model.attention import PackedAttention, end_to_end
    from reasoncore.model.network import Decoder, initialise

    sizes = {"vocab_size": 64, "hidden_size": 128, "intermediate_size": 704, "head_dim": 64, "num_hidden_layers": 3}
    shape, tokens = parse_config({**TINY, **sizes}, "small"), 512
    model = Decoder(shape)
    initialise(model, 0)
    # The network's share without logits, and the copies of the weights that autocast makes.
    logits = tokens * shape.vocab_size * 6
    weights = {p.untyped_storage().data_ptr() for p in model.parameters()}
    copies = sum(2 * p.numel() for p in model.layers.parameters() if p.dim() > 1)
    for checkpointing in (False, True):
        model.checkpoint_activations = checkpointing
        kept: dict[int, torch.Tensor] = {}

        def keep(tensor: torch.Tensor, kept: dict[int, torch.Tensor] = kept) -> torch.Tensor:
            kept[tensor.untyped_storage().data_ptr()] = tensor
            return tensor

        attention = PackedAttention(end_to_end([tokens]), torch.device("cpu"))
        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor), torch.autocast("cpu"):
            hidden = model(torch.zeros(tokens, dtype=torch.long), attention.positions_N, attention)
        assert hidden.requires_grad
        measured = sum(t.untyped_storage().nbytes() for key, t in kept.items() if key not in weights)
        planned = activation_bytes(shape, tokens, checkpointing) - logits
        if (
            checkpointing
        ):  # after the forward pass only the layers' inputs are there, and the last norm's input and result
            assert measured == pytest.approx((3 + 2) * 4 * 128 * tokens, rel=0.15)
            assert planned > measured
        else:
            # On a CPU a norm also keeps its result in float32, two a layer.
            planned += 2 * 3 * 4 * 128 * tokens
            assert measured - copies == pytest.approx(planned, rel=0.06)


def test_cache_rows() -> None:
    assert cache_row_bytes(SHAPE, 7) == 2 * 2 * 2 * 2 * 7
    window = GIB // 64 // 16  # 64 rows in a GiB, one of them spare
    assert decode_rows(SHAPE, window, hardware(kv_cache_gib=1.0, decode_rows=256)) == 63
    assert decode_rows(SHAPE, window, hardware(kv_cache_gib=1.0, decode_rows=32)) == 32
    assert decode_rows(SHAPE, window * 1000, hardware(kv_cache_gib=1.0)) == 1


def test_cache_rows_are_the_engines() -> None:
    import torch

    from reasoncore.infer.kv_cache import KVCache

    assert KVCache.bytes_per_row(SHAPE, 7, torch.bfloat16) == cache_row_bytes(SHAPE, 7)


def test_memory() -> None:
    cut = hardware(tokens_per_micro_batch=2, decode_rows=3, kv_cache_gib=1.0)
    needed = memory(SHAPE, cut, longest_trained=5, window=7, keeps_optimiser=True)
    bytes_of = {
        "weights": 6 * 316,
        "gradients": 4 * 316,
        "optimiser": 8 * 316,
        "activations": 1620,
        "kv_cache": 4 * 112,
    }
    assert {name: getattr(needed, name) * GIB for name in bytes_of} == pytest.approx(bytes_of)
    assert needed.training * GIB == pytest.approx(18 * 316 + 1620)
    assert needed.sampling * GIB == pytest.approx(14 * 316 + 448)
    assert needed.peak == needed.training
    only_sampling = memory(SHAPE, cut, longest_trained=0, window=7, keeps_optimiser=False)
    assert (only_sampling.training, only_sampling.peak * GIB) == (0.0, pytest.approx(6 * 316 + 448))
    more = hardware(tokens_per_micro_batch=10)
    assert memory(SHAPE, more, 5, 0, False).activations * GIB == activation_bytes(SHAPE, 10, False)


# What the stages do

SMALL = """
name = "small"
base = "far-away/base"
[stages.sft]
kind = "sft"
epochs = 3
batch_size = 32
max_length = 50
save_every = 4
keep_checkpoints = true
optimiser = { learning_rate = 1e-3 }
data = { math = { source = "math.jsonl" }, stem = { count = 20 } }
[stages.fuse]
kind = "fuse"
of = "sft"
samples = 8
max_tokens = 30
probe = { math = { count = 11 } }
[stages.hard]
kind = "sft"
batch_size = 32
max_length = 50
optimiser = { learning_rate = 1e-3 }
data = { math = { source = "math.jsonl", count = 40 } }
hard = { reference = "fuse", rollouts = 8, max_tokens = 60 }
[stages.rl]
kind = "rl"
steps = 10
prompts_per_step = 4
group_size = 5
max_tokens = 40
filter_rollouts = 2
optimiser = { learning_rate = 1e-3 }
data = { math = { count = 30 } }
probe = { every = 4, samples = 2, data = { math = { count = 7 } } }
[stages.distill]
kind = "distill"
epochs = 2
batch_size = 16
max_length = 50
samples = 4
max_tokens = 40
optimiser = { learning_rate = 1e-3 }
data = { math = { count = 25 } }
teachers = { math = "rl" }
[stages.eval]
kind = "eval"
benchmarks = ["aime25", "procedural-math", "other.jsonl"]
protocol = "greedy"
limit = 20
"""
ASSUMED = """
[plan]
prompt_tokens = 10
response_tokens = { sft = 20, fuse = 12, rl = 1000, eval = 30 }
trained_share = { hard = 0.5, rl = 0.4, distill = 0.3 }
count = { "math.jsonl" = 80, "other.jsonl" = 5 }
[plan.device]
name = "abacus"
memory_gib = 1
devices = 2
usd_per_hour = 3.0
peak_tflops = 1e-6
training_utilisation = 0.5
decode_tokens_per_second = 4.0
prefill_tokens_per_second = 8.0
"""
FOUND = Found(
    benchmarks={"aime25": FoundBenchmark(64, 30), "procedural-math": FoundBenchmark(8, 400, generated=True)},
    protocols={"greedy": 90},
    shape=SHAPE,
)


def small(tmp_path: Path, text: str = SMALL + ASSUMED, *overrides: str) -> tuple[Recipe, PlanSettings | None]:
    (tmp_path / "small.toml").write_text(text)
    recipe = load_recipe(tmp_path / "small.toml", overrides)
    return recipe, recipe.plan


def test_work(tmp_path: Path) -> None:
    recipe, assumed = small(tmp_path)
    assert plan_work(recipe, assumed, FOUND) == {
        "sft": Work(100, steps=10, trained=300),  # ceil(3 x 100 / 32)
        # Candidates after 4 and 8 steps and at the end; 6 problems to choose by, 5 to compare 3 and the fusion on.
        "fuse": Work(11, prompts=3 * 6 + 4 * 5, rollouts=8 * 38),
        "hard": Work(40, steps=1, prompts=40, rollouts=320, trained=20),
        # The filter's 30 x 2, the steps' 10 x 4 x 5, the probe's 7 x 2 at steps 0, 4, 8.
        "rl": Work(30, steps=10, prompts=30 + 40 + 21, rollouts=60 + 200 + 42, trained=80),
        "distill": Work(25, steps=4, prompts=25, rollouts=100, scored=100, trained=60),
        # 20 of 30 and of 400 problems, and the 5 of a benchmark that the table does not have, once each.
        "eval": Work(45, prompts=45, rollouts=20 * 64 + 20 * 8 + 5),
    }


def test_work_bounds(tmp_path: Path) -> None:
    recipe, assumed = small(tmp_path, SMALL + ASSUMED, "stages.fuse.chosen_by=last", "stages.rl.prompts_per_step=50")
    work = plan_work(recipe, assumed, FOUND)
    assert work["fuse"].rollouts == 8 * 2 * 5
    assert work["rl"].trained == 0.4 * 10 * 30 * 5, "no step has a prompt twice"


def test_costs_of_a_stage(tmp_path: Path) -> None:
    recipe, assumed = small(tmp_path)
    stages = {stage.name: stage.costs for stage in make_plan(recipe, assumed, FOUND).stages}
    sft, rl, distill = stages["sft"], stages["rl"], stages["distill"]
    assert sft
    assert rl
    assert distill
    assert (sft.trained_tokens, sft.generated_tokens, sft.read_tokens) == (300 * 30, 0, 0)
    assert sft.flops == 300 * training_flops(SHAPE, 30, False)
    assert sft.device_hours * 3600 == pytest.approx(sft.flops / (1e6 * 0.5))
    assert sft.usd == 3 * sft.device_hours
    # A mean beyond what the stage allows is cut to it.
    assert (rl.response_tokens, rl.generated_tokens, rl.read_tokens) == (40, 302 * 40, 91 * 10)
    training = 80 * training_flops(SHAPE, 50, False)
    assert rl.flops == training + 302 * decoding_flops(SHAPE, 10, 40) + 91 * reading_flops(SHAPE, 10)
    assert rl.device_hours * 3600 == pytest.approx(302 * 40 / 4 + 910 / 8 + training / 5e5)
    assert distill.is_longest
    assert (distill.response_tokens, distill.read_tokens) == (40, 25 * 10 + 100 * 50)


def test_totals_and_how_far_they_move(tmp_path: Path) -> None:
    recipe, assumed = small(tmp_path, SMALL + ASSUMED, "plan.published_device_hours=2.0")
    totals = make_plan(recipe, assumed, FOUND).totals
    assert totals
    assert totals.usd == pytest.approx(3 * totals.device_hours)
    assert totals.days == pytest.approx(totals.device_hours / 2 / 24)
    assert totals.ratio == pytest.approx(totals.device_hours / 2)
    moved = {row.assumption: row for row in totals.sensitivity}
    for override, name, halved in (
        ("plan.device.decode_tokens_per_second=2.0", "decode rate", True),
        ("plan.device.training_utilisation=1.0", "training utilisation", False),
        ("plan.response_tokens={sft=10, fuse=6, rl=500, eval=15}", "response lengths", True),
        ('plan.count={"math.jsonl"=160, "other.jsonl"=5}', "rows of data", False),
        ("stages.rl.steps=5", "RL steps", True),
    ):
        other = make_plan(*small(tmp_path, SMALL + ASSUMED, override), FOUND).totals
        assert other
        expected = moved[name].halved if halved else moved[name].doubled
        assert other.device_hours == pytest.approx(expected), name
    assert moved["decode rate"].halved > totals.device_hours > moved["decode rate"].doubled
    assert moved["RL steps"].halved < totals.device_hours < moved["RL steps"].doubled


def test_no_assumptions_no_costs(tmp_path: Path) -> None:
    recipe, assumed = small(tmp_path, SMALL)
    plan = make_plan(recipe, assumed, FOUND)
    assert plan.totals is None
    assert all(stage.costs is None for stage in plan.stages)
    assert plan.warnings == (
        "not here, and their size not in plan.count, so counted as empty: math.jsonl, other.jsonl",
    )
    assert plan.stages[3].work.rollouts == 302


def test_a_base_of_unknown_shape(tmp_path: Path) -> None:
    recipe, assumed = small(tmp_path)
    plan = make_plan(recipe, assumed, Found())
    assert plan.totals is None
    assert any("base far-away/base is not here and plan.model does not" in warning for warning in plan.warnings)


def test_what_is_here_goes_before_what_is_assumed(tmp_path: Path) -> None:
    (tmp_path / "math.jsonl").write_text('{"problem": "1", "answer": "1"}\n\n{"problem": "2", "answer": "2"}\n')
    recipe, assumed = small(tmp_path, SMALL + ASSUMED, "base=nano-base")
    found = look(recipe, None, tmp_path)
    assert found.rows == {"math.jsonl": 2}
    assert found.shape
    assert found.shape.hidden_size == 128
    (tmp_path / "math.jsonl").unlink()
    (tmp_path / "math.jsonl").mkdir()  # a corpus is a folder
    for name in "ab":
        pq.write_table(pa.table({"id": ["1", "2", "3"]}), tmp_path / "math.jsonl" / f"{name}.parquet")
    assert look(recipe, None, tmp_path).rows == {"math.jsonl": 6}
    assert plan_work(recipe, assumed, found)["sft"].items == 22
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "config.json").write_text(json.dumps(TINY))
    recipe, _ = small(tmp_path, SMALL + ASSUMED, "base=base")
    assert look(recipe, None, tmp_path).shape == SHAPE


def test_benchmarks_of_ones_own(tmp_path: Path) -> None:
    own = tmp_path / "own.jsonl"
    recipe, _ = small(tmp_path, SMALL, f'stages.eval.benchmarks=["{own}"]')
    assert look(recipe, None, tmp_path).benchmarks == {}
    own.write_text('{"problem": "1", "answer": "1"}\n{"problem": "2", "answer": "2"}\n')
    found = look(recipe, None, tmp_path)
    assert found.benchmarks == {str(own): FoundBenchmark(4, 2)}
    assert plan_work(recipe, None, found)["eval"].rollouts == 8
    own.write_text("{}\n")
    with pytest.raises(DataError, match=r"own\.jsonl"):
        look(recipe, None, tmp_path)


def test_warnings_where_memory_is_too_small(tmp_path: Path) -> None:
    quiet = make_plan(*small(tmp_path), FOUND)
    assert not any("more than" in warning for warning in quiet.warnings)
    loud = make_plan(*small(tmp_path, SMALL + ASSUMED, "plan.device.memory_gib=1e-5"), FOUND)
    training, sampling = (warning for warning in loud.warnings if "more than" in warning)
    assert "GiB of abacus while training: sft 0, hard 0, rl 0, distill 0" in training
    assert "activation_checkpointing" in training
    assert "while sampling: fuse 0, hard 0, rl 0, distill 0, eval 0" in sampling
    assert "kv_cache_gib" in sampling


def test_warning_where_the_context_is_too_short(tmp_path: Path) -> None:
    plan = make_plan(*small(tmp_path, SMALL + ASSUMED, "stages.rl.max_tokens=91"), FOUND)
    (warning,) = (text for text in plan.warnings if "context" in text)
    assert "context is 100 tokens, but these ask for up to 101: rl." in warning


def test_unused_assumptions_are_named(tmp_path: Path) -> None:
    plan = make_plan(*small(tmp_path, SMALL + ASSUMED, "plan.response_tokens.rl-maths=5"), FOUND)
    assert any(note.endswith("but no stage or kind here: rl-maths") for note in plan.notes)


def test_assumptions_are_no_part_of_the_run(tmp_path: Path) -> None:
    cheap, dear = (small(tmp_path, SMALL + ASSUMED, f"plan.device.usd_per_hour={price}")[0] for price in (1.0, 9.0))
    assert cheap.plan != dear.plan
    assert cheap.sha256() == dear.sha256()
    with pytest.raises(RecipeError, match=r"Did you mean plan\.device\.memory_gib\?"):
        small(tmp_path, SMALL + ASSUMED, "plan.device.memory_gb=1")


# Text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (999, "999"),
        (1000, "1.00K"),
        (9_999, "10.0K"),
        (123_456, "123K"),
        (999_600, "1.00M"),
        (1.58e20, "158E"),
    ],
)
def test_si(number: float, text: str) -> None:
    assert si(number) == text


# The real recipes


def plan_of(which: str, *overrides: str) -> dict[str, Any]:
    from dataclasses import asdict

    recipe = load_recipe(REAL[which], overrides)
    assert recipe.plan
    # What this machine happens to have must not matter.
    return asdict(make_plan(recipe, recipe.plan, look(recipe, recipe.plan.model, Path("/nowhere"))))


def test_stages_of_the_real_recipes() -> None:
    stages = {
        which: [(name, stage.kind) for name, stage in load_recipe(path).stages.items() if stage.kind != "eval"]
        for which, path in REAL.items()
    }
    assert stages["3b"] == [
        ("sft-broad", "sft"),
        ("fuse-broad", "fuse"),
        ("sft-hard", "sft"),
        ("fuse-hard", "fuse"),
        ("rl-math", "rl"),
        ("rl-short", "rl"),
        ("rl-code", "rl"),
        ("rl-stem", "rl"),
        ("distill", "distill"),
        ("rl-instruct", "rl"),
    ]
    assert stages["1.5b"] == [
        ("sft", "sft"),
        ("fuse", "fuse"),
        ("rl-math-16k", "rl"),
        ("rl-math-32k", "rl"),
        ("rl-code", "rl"),
    ]
    for path in REAL.values():
        evaluated = [name for name, stage in load_recipe(path).stages.items() if stage.kind == "eval"]
        assert evaluated
        assert evaluated[-1] == list(load_recipe(path).stages)[-1]


SFT_OF_3B = {
    "batch_size": 128,
    "optimiser.learning_rate": 5e-5,
    "optimiser.warmup_fraction": 0.05,
    "optimiser.final_learning_rate": 8e-8,
}
RL_OF_3B = {"max_tokens": 65_536, "temperature": 1.0}
PUBLISHED = {
    "3b": {
        "base": "Qwen/Qwen2.5-Coder-3B",
        **{f"stages.{stage}.{key}": value for stage in ("sft-broad", "sft-hard") for key, value in SFT_OF_3B.items()},
        "stages.sft-broad.epochs": 5,
        "stages.sft-hard.epochs": 2,
        "stages.sft-hard.hard.reference": "WeiboAI/VibeThinker-1.5B",
        "stages.sft-hard.hard.rollouts": 8,
        "stages.sft-hard.hard.min_error_rate": 0.75,
        "stages.sft-hard.hard.min_tokens": 5000,
        "stages.fuse-broad.chosen_by": "pass@k",
        "stages.fuse-hard.chosen_by": "pass@k",
        **{
            f"stages.rl-{stage}.{key}": value
            for stage in ("math", "short", "code", "stem", "instruct")
            for key, value in RL_OF_3B.items()
        },
        "stages.rl-math.long2short": 0.0,
        "stages.rl-short.long2short": 0.2,
        "stages.rl-short.keep_always_right": True,
        "stages.distill.teachers": {"math": "rl-short", "code": "rl-code", "stem": "rl-stem"},
        "stages.rl-instruct.data.constraints.format": "ifeval",
        "stages.rl-instruct.data.open.format": "prompts",
        "stages.eval-rl-instruct.protocol": "vt3b",
    },
    "1.5b": {
        "base": "Qwen/Qwen2.5-Math-1.5B",
        "stages.fuse.chosen_by": "pass@k",
        "stages.rl-math-16k.max_tokens": 16_384,
        "stages.rl-math-32k.max_tokens": 32_768,
        "stages.rl-math-16k.temperature": 1.0,
        "stages.eval-rl-code.protocol": "vt1.5b",
        "plan.published_device_hours": 3900,
        "plan.device.usd_per_hour": 2.0,
    },
}


@pytest.mark.parametrize(("which", "key"), [(which, key) for which, table in PUBLISHED.items() for key in table])
def test_published_numbers(which: str, key: str) -> None:
    recipe = load_recipe(REAL[which])
    value: Any = {**recipe.model_dump(), "plan": recipe.plan and recipe.plan.model_dump()}
    for part in key.split(".") if not key.startswith("stages.") else ["stages", *key.split(".")[1:]]:
        value = value[part]
    assert value == PUBLISHED[which][key]


def test_samples_of_the_reports() -> None:
    recipe = load_recipe(REAL["3b"])
    assert look(recipe, None, Path("/nowhere")).benchmarks["aime25"].samples == 64
    assert recipe.stages["eval-rl-instruct"].samples is None  # type: ignore[union-attr]


@pytest.mark.parametrize("path", REAL.values(), ids=REAL)
def test_every_number_says_where_it_is_from(path: Path) -> None:
    run, _, _ = path.read_text().partition("\n[plan]\n")
    unsaid = []
    for line in run.splitlines():
        code, _, comment = re.sub(r'"[^"]*"', '""', line).partition("#")
        if re.search(r"=.*\d", code) and not re.search(r"ours|\[3B\]|\[1\.5B\]", comment):
            unsaid.append(line)
    assert not unsaid


ROWS = {
    "questions": {"problem": "1 + 1?", "answer": "2"},
    "cases": {"prompt": "Write f.", "entry_point": "f", "tests": [{"type": "assert", "code": "assert f(1) == 2"}]},
    "ifeval": {"prompt": "Say it.", "instruction_id_list": ["punctuation:no_comma"], "kwargs": [{}]},
    "prompts": {"prompt": "Say it."},
}


@pytest.mark.parametrize("path", REAL.values(), ids=REAL)
def test_sources_are_what_the_readers_read(path: Path, tmp_path: Path) -> None:
    from reasoncore.config import TraceSource, sources_of
    from reasoncore.data.problems import check_rows, check_source_names
    from reasoncore.domains import DOMAINS

    for stage in load_recipe(path).stages.values():
        for source in sources_of(stage).values():
            row = ROWS[source.format or next(iter(DOMAINS[source.domain].formats))]
            file = tmp_path / source.source
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps({**row, "response": "Two."} if isinstance(source, TraceSource) else row))
            check_source_names("data.x", source, DOMAINS)
            check_rows(source, DOMAINS, tmp_path)


@pytest.mark.parametrize("which", REAL)
def test_real_recipes_fit_their_device_and_know_every_size(which: str) -> None:
    plan = plan_of(which)
    (warning,) = plan["warnings"]
    assert "raise max_position_embeddings" in warning
    assert all(stage["work"]["items"] > 0 for stage in plan["stages"])


def test_overrides_move_the_plan() -> None:
    before, after = plan_of("1.5b"), plan_of("1.5b", "stages.rl-code.group_size=32", "plan.device.usd_per_hour=4.0")
    rollouts = [plan["stages"][8]["work"]["rollouts"] for plan in (before, after)]
    assert rollouts[1] - rollouts[0] == 200 * 128 * 16
    assert after["totals"]["device_hours"] > before["totals"]["device_hours"]
    assert after["totals"]["usd"] > 2 * before["totals"]["usd"]
    raised = plan_of("1.5b", "plan.model.max_position_embeddings=65536")
    assert raised["warnings"] == ()
    assert raised["totals"]["device_hours"] == before["totals"]["device_hours"]


def test_the_published_figure_is_within_what_free_assumptions_allow() -> None:
    totals = plan_of("1.5b")["totals"]
    assert 0.5 < totals["ratio"] < 2.0
    decode = next(row for row in totals["sensitivity"] if row["assumption"] == "decode rate")
    assert decode["doubled"] < 3900 < decode["halved"]


def test_the_figures_of_the_page() -> None:
    page = (RECIPES.parent / "docs" / "recipes.md").read_text(encoding="utf-8")
    totals = plan_of("1.5b")["totals"]
    assert f"comes to {totals['device_hours']:,.0f}, {totals['ratio']:.2f} of" in page
    for row in totals["sensitivity"]:
        assert f"| {row['halved']:,.0f} | {row['doubled']:,.0f} |" in page


def dry_run(*words: object) -> str:
    """Standard output of a dry run in a process of its own, which must not import torch."""
    command = [sys.executable, "-X", "importtime", "-m", "reasoncore.cli.main", "run", *map(str, words), "--dry-run"]
    environment = {key: value for key, value in os.environ.items() if key != "REASONCORE_DATA"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    assert not re.search(r"\| +torch$", done.stderr, re.MULTILINE)
    return done.stdout


def test_dry_run_of_a_real_recipe() -> None:
    out = dry_run(REAL["1.5b"], "--set", "hardware.activation_checkpointing=false")
    plan, _, values = out.partition("\n\nname = ")
    assert max(map(len, plan.splitlines())) <= WIDTH
    assert plan.startswith("recipe vibethinker-1.5b, sha256 ")
    assert "run folder runs/vibethinker-1.5b" in plan
    assert re.search(r"^ 5\.  rl-math-16k +rl +30\.0K +400 +1\.06M +9\.53G ", plan, re.MULTILINE)
    assert re.search(r"^published 3,900 device-hours; the plan's total is 0\.\d\d of it$", plan, re.MULTILINE)
    assert re.search(r"^decode rate +4,000 tokens/s +[\d,]+ \(\d\.\d\d\) +[\d,]+ \(\d\.\d\d\)$", plan, re.MULTILINE)
    assert "warning: more than the 78 GiB of H800 80GB while training: sft " in plan
    assert "stages.rl-code.importance_cap = 2.0" in values
    assert "plan.device.decode_tokens_per_second = 4000.0" in values


def test_dry_run_of_some_stages_compares_with_nothing() -> None:
    out = dry_run(REAL["1.5b"], "--only", "rl-code", "--from", "somewhere/else")
    assert "total " in out
    assert "published" not in out.partition("\n\nname = ")[0]


def test_dry_run_without_assumptions() -> None:
    out = dry_run(RECIPES / "nano.toml", "--json")
    result = json.loads(out)
    assert result["recipe"]["name"] == "nano"
    assert result["plan"]["totals"] is None
    rl = next(stage for stage in result["plan"]["stages"] if stage["name"] == "rl-math")
    settings = result["recipe"]["stages"]["rl-math"]
    sampled = settings["steps"] * settings["prompts_per_step"] * settings["group_size"]
    assert rl["work"]["rollouts"] == sampled + settings["data"]["math"]["count"] * settings["filter_rollouts"]
    assert rl["costs"] is None


def test_text_of_both_recipes_fits() -> None:
    for path in REAL.values():
        recipe = load_recipe(path)
        assert recipe.plan
        text = plan_text(make_plan(recipe, recipe.plan, look(recipe, recipe.plan.model, Path("/nowhere"))), recipe.plan)
        assert max(map(len, text.splitlines())) <= WIDTH
        assert {len(line) for line in text.splitlines()[: len(recipe.stages) + 1]} == {len(text.splitlines()[0])}
