"""``reasoncore run``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from reasoncore.cli.output import print_result
from reasoncore.config import PlanSettings, Recipe, load_recipe, only_stages


def run_command(
    recipe_path: Path,
    run_dir: Path | None,
    overrides: list[str],
    only: list[str],
    start: str | None,
    fresh: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Load the recipe; print the plan, or run it and say where the report is."""
    loaded = load_recipe(recipe_path, overrides)
    recipe = only_stages(loaded, only, start)
    target = run_dir or Path("runs") / "-".join([recipe.name, *only])
    root = recipe_path.resolve().parent
    if dry_run:
        assumed = loaded.plan
        if assumed is not None and only:  # what is published is of the whole run
            assumed = assumed.model_copy(update={"published_device_hours": None})
        print_result(*dry_run_result(recipe, assumed, target, root), as_json)
        return
    from reasoncore.pipeline import run_recipe
    from reasoncore.run_dir import RunDir

    report = run_recipe(recipe, RunDir(target), root, fresh)
    result = {"run_dir": str(target), "final": str(target / "final"), "report": str(report)}
    print_result(result, f"checkpoint: {target / 'final'}\nreport: {report}", as_json)


def dry_run_result(
    recipe: Recipe, assumed: PlanSettings | None, target: Path, root: Path
) -> tuple[dict[str, Any], str]:
    """The resolved recipe and its plan, as values and as text, ``key = value`` a line after the plan's table."""
    from reasoncore.plan import look, make_plan, plan_text

    plan = make_plan(recipe, assumed, look(recipe, assumed.model if assumed else None, root))
    resolved = recipe.model_dump(mode="json")
    if assumed is not None:
        resolved["plan"] = assumed.model_dump(mode="json")
    lines = [f"recipe {recipe.name}, sha256 {recipe.sha256()}", f"run folder {target}", ""]
    lines += [plan_text(plan, assumed), "", *_flat("", resolved)]
    values = {"recipe": resolved, "recipe_sha256": recipe.sha256(), "run_dir": str(target), "plan": asdict(plan)}
    return values, "\n".join(lines)


def _flat(prefix: str, value: object) -> list[str]:
    if isinstance(value, dict):
        return [line for key, inner in value.items() for line in _flat(f"{prefix}.{key}".lstrip("."), inner)]
    return [f"{prefix} = {'none' if value is None else value}"]
