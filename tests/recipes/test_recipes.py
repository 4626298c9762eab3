"""The small twin of every nano recipe runs all its stages, and most kinds of stages alone."""

import json
from pathlib import Path

import pytest
from small import RECIPES, small_overrides
from transformers import AutoModelForCausalLM, AutoTokenizer

from reasoncore.config import EvalStage, FuseStage, load_recipe, only_stages
from reasoncore.pipeline import run_recipe
from reasoncore.run_dir import RunDir

# The others start from bases and data of the user.
PATHS = sorted(RECIPES.glob("nano*.toml"))


def test_there_are_recipes() -> None:
    assert {"nano.toml", "nano-base.toml"} <= {path.name for path in PATHS}


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_few_steps_of_every_stage(path: Path, tmp_path: Path) -> None:
    recipe = load_recipe(path, small_overrides(path))
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
    if path.stem == "nano":
        for name in ("sft-hard", "rl-short", "distill", "eval-distill"):
            start_alone(name, path, run / "final", tmp_path / name)


def start_alone(stage: str, path: Path, checkpoint: Path, run: Path) -> None:
    """Run one stage from a checkpoint that it is not usually run from."""
    named = {"sft-hard": ["hard.reference"], "distill": ["teachers.math", "teachers.code", "teachers.stem"]}
    others = [f"stages.{stage}.{key}={checkpoint}" for key in named.get(stage, [])]
    recipe = only_stages(load_recipe(path, [*small_overrides(path), *others]), [stage], str(checkpoint))
    run_recipe(recipe, RunDir(run), path.parent)
    manifest = json.loads((run / "stages" / f"01-{stage}" / "manifest.json").read_text())
    assert manifest["status"] == "done"
    assert any(key.startswith("start/") for key in manifest["inputs"])
