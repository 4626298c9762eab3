"""Every shipped recipe loads, and its small twin runs all its stages for two steps."""

import json
from pathlib import Path

import pytest
from transformers import AutoModelForCausalLM, AutoTokenizer

from reasoncore.config import (
    DistillStage,
    EvalStage,
    FuseStage,
    PretrainStage,
    Recipe,
    RLStage,
    SFTStage,
    load_recipe,
    sources_of,
)
from reasoncore.pipeline import run_recipe
from reasoncore.run_dir import RunDir

# The others start from bases and data of the user.
RECIPES = sorted((Path(__file__).parents[2] / "recipes").glob("nano*.toml"))


def two_steps(path: Path) -> Recipe:
    """The recipe with every stage cut to a few steps and a handful of problems."""
    recipe = load_recipe(path)
    overrides = []
    for name, stage in recipe.stages.items():
        cut: dict[str, object] = {f"{key}.count": 24 for key in sources_of(stage)}
        match stage:
            case PretrainStage():
                cut = {"documents": 40, "batch_size": 20, "model.hidden_size": 16, "model.intermediate_size": 16}
            case SFTStage(hard=None):
                # Long enough to learn to answer, so that RL finds prompts to learn from.
                cut = {f"{key}.count": 512 for key in sources_of(stage)} | {"batch_size": 32, "save_every": 25}
            case SFTStage():
                cut |= {"batch_size": 16, "save_every": 2, "hard.min_tokens": 4, "hard.min_error_rate": 0.1}
                cut["hard.rollouts"] = 2
            case FuseStage():
                cut |= {"k": 2, "samples": 2}
            case RLStage():
                cut |= {"steps": 2, "prompts_per_step": 4, "group_size": 4, "keep_always_right": "true"}
            case DistillStage():
                cut |= {"samples": 2, "batch_size": 8, "selection.min_tokens": 0, "selection.band": [0.0, 1.0]}
            case EvalStage():
                cut = {"limit": 8, "samples": 2}
        overrides += [f"stages.{name}.{key}={value}" for key, value in cut.items()]
    return load_recipe(path, overrides)


def test_there_are_recipes() -> None:
    assert {"nano.toml", "nano-base.toml"} <= {path.name for path in RECIPES}


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_two_steps_of_every_stage(path: Path, tmp_path: Path) -> None:
    recipe = two_steps(path)
    run = tmp_path / "run"
    report = run_recipe(recipe, RunDir(run), path.parent)
    assert report.stat().st_size > 10_000
    assert json.loads((run / "run.json").read_text())["recipe"]["name"] == recipe.name
    for number, (name, stage) in enumerate(recipe.stages.items(), start=1):
        folder = run / "stages" / f"{number:02d}-{name}"
        manifest = json.loads((folder / "manifest.json").read_text())
        assert manifest["status"] == "done"
        assert not list(folder.glob("resume-*"))
        assert manifest["spent"]
        if not isinstance(stage, EvalStage | FuseStage):
            steps = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
            assert max(row["step"] for row in steps) == manifest["summary"]["steps"] > 0
    model = AutoModelForCausalLM.from_pretrained(run / "final")
    tokenizer = AutoTokenizer.from_pretrained(run / "final")
    prompt = tokenizer.apply_chat_template([{"role": "user", "content": "1 + 1"}], add_generation_prompt=True)
    assert len(tokenizer) <= model.config.vocab_size
    assert tokenizer.decode(prompt["input_ids"] if hasattr(prompt, "keys") else prompt).endswith("assistant\n")
