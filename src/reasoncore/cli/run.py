"""``reasoncore run``."""

from __future__ import annotations

from pathlib import Path

from reasoncore.cli.output import print_result
from reasoncore.config import Recipe, load_recipe, only_stages


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
    recipe = only_stages(load_recipe(recipe_path, overrides), only, start)
    target = run_dir or Path("runs") / "-".join([recipe.name, *only])
    root = recipe_path.resolve().parent
    if dry_run:
        print_result(
            {"recipe": recipe.model_dump(mode="json"), "run_dir": str(target)}, plan_text(recipe, target), as_json
        )
        return
    from reasoncore.pipeline import run_recipe
    from reasoncore.run_dir import RunDir

    report = run_recipe(recipe, RunDir(target), root, fresh)
    result = {"run_dir": str(target), "final": str(target / "final"), "report": str(report)}
    print_result(result, f"checkpoint: {target / 'final'}\nreport: {report}", as_json)


def plan_text(recipe: Recipe, target: Path) -> str:
    """The resolved recipe and the stages in order, one ``key = value`` a line."""
    lines = [f"recipe {recipe.name}, sha256 {recipe.sha256()}", f"run folder {target}", ""]
    for number, (name, stage) in enumerate(recipe.stages.items(), start=1):
        lines.append(f"{number}. {name} ({stage.kind})")
    lines.append("")
    lines += _flat("", recipe.model_dump(mode="json"))
    return "\n".join(lines)


def _flat(prefix: str, value: object) -> list[str]:
    if isinstance(value, dict):
        return [line for key, inner in value.items() for line in _flat(f"{prefix}.{key}".lstrip("."), inner)]
    return [f"{prefix} = {'none' if value is None else value}"]
