"""A run goes on only from what it began with: changed data, lost checkpoints and stale stages are named."""

import json
import shutil
from pathlib import Path

import pytest

from reasoncore.config import load_recipe, only_stages
from reasoncore.errors import DataError, RecipeError, StageFailedError, UserInputError
from reasoncore.pipeline import run_recipe
from reasoncore.run_dir import RunDir

RECIPE = """
name = "small"
base = "nano-base"

[stages.sft]
kind = "sft"
batch_size = 8
max_length = 320
save_every = 2
keep_checkpoints = true
optimiser = { learning_rate = 1e-3 }
data = { mine = { domain = "math", source = "mine.jsonl" } }

[stages.fuse]
kind = "fuse"
of = "sft"
k = 1
samples = 1
max_tokens = 16
probe = { math = { count = 8, levels = [1] } }
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = [
        {"question": f"What is {i} + 1?", "answer": str(i + 1), "response": f"\\boxed{{{i + 1}}}"} for i in range(40)
    ]
    (tmp_path / "mine.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "small.toml").write_text(RECIPE)
    return tmp_path


def run(folder: Path, *overrides: str) -> None:
    run_recipe(load_recipe(folder / "small.toml", overrides), RunDir(folder / "run"), folder)


def test_a_finished_run_is_not_built_on_other_data(folder: Path) -> None:
    run(folder)
    run(folder)  # nothing to do
    fusion = json.loads((folder / "run/stages/02-fuse/fusion.json").read_text())
    assert list(fusion["candidates"]) == ["step-000002", "step-000004", "last"]
    assert sum(fusion["weights"].values()) == pytest.approx(1.0)
    inputs = json.loads((folder / "run/stages/02-fuse/manifest.json").read_text())["inputs"]
    assert {f"candidates/{name}/model.safetensors" for name in fusion["candidates"]} <= set(inputs)
    assert "stage fuse" in (folder / "run/final/README.md").read_text()
    with (folder / "mine.jsonl").open("a") as stream:
        stream.write(json.dumps({"question": "More?", "answer": "1", "response": "1"}) + "\n")
    with pytest.raises(StageFailedError, match=r"stage sft: data/mine\.jsonl is not what it was"):
        run(folder)


def test_an_interrupted_stage_does_not_go_on_over_other_data(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from reasoncore.stage import StageContext

    def stop(self: StageContext, *rest: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(StageContext, "finish", stop)
        with pytest.raises(KeyboardInterrupt):
            run(folder)
    text = (folder / "mine.jsonl").read_text()
    (folder / "mine.jsonl").write_text(text.replace("What is 3 + 1?", "What is three + 1?"))
    with pytest.raises(StageFailedError, match=r"mine\.jsonl is not what it was"):
        run(folder)
    (folder / "mine.jsonl").write_text(text)
    run(folder)


def test_lost_candidates_are_named(folder: Path) -> None:
    run(folder)
    shutil.rmtree(folder / "run/stages/01-sft/checkpoints/step-000002")
    with pytest.raises(StageFailedError, match="stage fuse: candidates/step-000002"):
        run(folder)


def test_what_is_wrong_with_a_later_stage_is_said_before_any_work(folder: Path) -> None:
    with pytest.raises(DataError, match="one probing problem only of math/algebra"):
        run(folder, "stages.fuse.probe.math.count=4")
    (folder / "other.jsonl").write_text('{"id": "mine-0", "question": "What else?", "answer": "7", "response": "7"}\n')
    with pytest.raises(DataError, match="is another one elsewhere in the data"):
        run(folder, 'stages.sft.data.other={ domain = "math", source = "other.jsonl" }')
    assert not (folder / "run").exists()
    with pytest.raises(UserInputError, match="distinct"):
        run(folder, "stages.fuse.probe.math.count=1000000")


def test_a_stage_alone_from_any_checkpoint(folder: Path) -> None:
    run(folder)
    whole = load_recipe(folder / "small.toml", ["stages.fuse.of=['run/final','run/stages/01-sft/checkpoint']"])
    alone = only_stages(whole, ["fuse"], str(folder / "run/final"))
    assert list(alone.stages) == ["fuse"]
    run_recipe(alone, RunDir(folder / "alone"), folder)
    with pytest.raises(RecipeError, match="no such stage"):
        only_stages(whole, ["fuze"], None)


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("stages.fuse.of=[]", "names no checkpoint"),
        ("stages.fuse.of='eval'", "no SFT stage"),
        ("stages.fuse.start='sft'", "starts from nothing"),
        ("stages.fuse.k=2", "too few for k"),
        ("stages.sft.optimiser.learning_rate=inf", "finite"),
    ],
)
def test_wrong_settings(override: str, said: str, folder: Path) -> None:
    with pytest.raises(RecipeError, match=said):
        load_recipe(folder / "small.toml", [override])


GRADED = """
from dataclasses import replace
from reasoncore.domains import DOMAINS
DOMAIN = replace(DOMAINS["math"], name="sums")
"""


def test_a_changed_verifier_or_benchmark_is_another_run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "sums.py").write_text(GRADED)
    (folder / "small.toml").write_text(
        RECIPE.replace("[stages.sft]", 'domains = ["sums.py"]\n[stages.sft]', 1).replace(
            "data = { mine", 'clean = { benchmarks = ["procedural-math"], ngram = 1_000 }\ndata = { mine', 1
        )
    )
    run(folder)
    run(folder)
    (folder / "sums.py").write_text(GRADED + "\n# stricter\n")
    with pytest.raises(StageFailedError, match=r"sums\.py is not what it was"):
        run(folder)
    (folder / "sums.py").write_text(GRADED)
    (folder / "run/stages/01-sft/manifest.json").unlink()
    monkeypatch.setattr("reasoncore.evals.benchmarks.generated.PROCEDURAL_SEED", 99)
    with pytest.raises(StageFailedError, match=r"not those that it began with"):
        run(folder)
