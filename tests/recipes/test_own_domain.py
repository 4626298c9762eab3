"""The domain of docs/own-domain.md, as it stands there, runs through SFT, RL and evaluation."""

import json
import re
from pathlib import Path

import pytest

from reasoncore.config import load_recipe
from reasoncore.domains import load_domains
from reasoncore.errors import DataError, UserInputError
from reasoncore.pipeline import run_recipe
from reasoncore.run_dir import RunDir

PAGE = (Path(__file__).parents[2] / "docs" / "own-domain.md").read_text(encoding="utf-8")


def write_example(folder: Path) -> Path:
    for language, name in (("python", "roman.py"), ("toml", "roman.toml")):
        block = re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
        assert block is not None
        (folder / name).write_text(block[1], encoding="utf-8")
    return folder / "roman.toml"


def test_the_example_runs_and_its_verifier_is_the_one_that_judges(tmp_path: Path) -> None:
    recipe = load_recipe(write_example(tmp_path))
    run_recipe(recipe, RunDir(tmp_path / "run"), tmp_path)
    results = json.loads((tmp_path / "run" / "results.json").read_text())
    assert results["stages"]["eval"]["benchmarks"]["procedural-roman"]["n"] == 5
    rows = [json.loads(line) for line in (tmp_path / "run/stages/02-rl/rollouts.jsonl").read_text().splitlines()]
    assert {row["domain"] for row in rows} == {"roman"}
    assert {row["reason"] for row in rows if row["finish"] != "length"} == {"equal", "different"}
    asked = {row["prompt"] for row in rows}
    held_out = (tmp_path / "run/stages/03-eval/rollouts.jsonl").read_text().splitlines()
    assert not asked & {json.loads(line)["prompt"] for line in held_out}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "no such file"),
        ("x = 1", "defines no DOMAIN"),
        ("DOMAIN = 3", "defines no DOMAIN"),
        ("1 / 0", "does not run"),
        ("def (", "does not run"),
        (
            "from reasoncore.domains import DOMAINS\nDOMAIN = DOMAINS['math']",
            "there is a domain 'math' already",
        ),
    ],
)
def test_files_that_are_no_domain(text: str | None, said: str, tmp_path: Path) -> None:
    if text is not None:
        (tmp_path / "mine.py").write_text(text)
    with pytest.raises(DataError, match=said):
        load_domains(["mine.py"], tmp_path)


def test_an_unknown_domain_is_named_before_any_work(tmp_path: Path) -> None:
    recipe = load_recipe(write_example(tmp_path), ["stages.rl.data={romann={count=3}}"])
    with pytest.raises(UserInputError, match="unknown domain 'romann'"):
        run_recipe(recipe, RunDir(tmp_path / "run"), tmp_path)
    assert not (tmp_path / "run").exists()
