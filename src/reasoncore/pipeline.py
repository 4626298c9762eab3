"""The pipeline: a recipe's stages in order, each from the checkpoint the last one left."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from reasoncore.config import (
    PROCEDURAL,
    PROCEDURAL_JUDGE,
    EvalStage,
    FuseStage,
    Recipe,
    SFTStage,
    longest_asked,
    references,
    sources_of,
)
from reasoncore.data.problems import check_rows, load_problems, load_worked
from reasoncore.distill.stage import run_distill
from reasoncore.domains import Domain, load_domains
from reasoncore.domains.open_ended import open_ended_judge
from reasoncore.evals.comparison import collect_results
from reasoncore.evals.report import write_report
from reasoncore.evals.stage import eval_plan, run_eval
from reasoncore.model.checkpoint import load_checkpoint
from reasoncore.model.folder import decisive_files, resolve_base
from reasoncore.paths import find_near
from reasoncore.progress import say
from reasoncore.recipe_names import check_recipe_names
from reasoncore.rl.stage import run_rl
from reasoncore.run_dir import RunDir, StageDir, copy_folder_atomic, now, write_json_atomic
from reasoncore.seeding import derive_seed
from reasoncore.sft.clean import benchmark_prompts
from reasoncore.sft.fuse import run_fuse
from reasoncore.sft.pretrain import run_pretrain
from reasoncore.sft.specialists import split_probes
from reasoncore.sft.stage import run_sft
from reasoncore.stage import StageContext

RUN_STAGE: dict[str, Callable[[StageContext], None]] = {
    "pretrain": run_pretrain,
    "sft": run_sft,
    "fuse": run_fuse,
    "rl": run_rl,
    "distill": run_distill,
    "eval": run_eval,
}


def run_recipe(recipe: Recipe, run_dir: RunDir, root: Path, fresh: bool = False) -> Path:
    """Run every stage that is not done yet and write ``final/``, ``results.json`` and ``report.html``.

    Args:
        root: Paths in the recipe are relative to this folder.
        fresh: Refuse a run folder that is not empty.

    Returns:
        The path of the report.
    """
    torch.set_num_threads(recipe.hardware.threads)
    domains = load_domains(recipe.domains, root)
    current = check_inputs(recipe, domains, root)
    open_ended = cache(partial(open_ended_judge, recipe.judge, root, recipe.hardware))
    graders = files_of_graders(recipe, root)
    run_dir.open(recipe, describe_run(recipe), fresh)
    earlier: dict[str, StageDir] = {}
    try:
        for number, (name, settings) in enumerate(recipe.stages.items(), start=1):
            directory = run_dir.stage(number, name)
            heading = f"stage {number} of {len(recipe.stages)}: {name} ({settings.kind})"
            context = StageContext(
                name=name,
                directory=directory,
                settings=settings,
                start=current,
                earlier=dict(earlier),
                domains=domains,
                open_ended=open_ended,
                run_seed=recipe.seed,
                hardware=recipe.hardware,
                recipe_name=recipe.name,
                recipe_sha256=recipe.sha256(),
                root=root,
                graders=graders,
            )
            if settings.start is not None:
                context = replace(context, start=context.checkpoint(settings.start))
            manifest = directory.manifest
            if manifest is None:
                say(heading)
                RUN_STAGE[settings.kind](context)
            else:
                context.check_inputs(manifest["inputs"])
                directory.drop_snapshots()
                say(f"{heading}: done before")
            if directory.checkpoint.is_dir():
                current = directory.checkpoint
                earlier[name] = directory
        checkpoint = current
        assert checkpoint is not None
        copy_folder_atomic(checkpoint, run_dir.path / "final")
    except BaseException:
        try:
            summarise(run_dir.path, recipe)
        except Exception as trouble:  # what stopped the run matters more
            say(f"the report could not be written: {trouble}")
        raise
    else:
        return summarise(run_dir.path, recipe)
    finally:
        run_dir.close()


def files_of_graders(recipe: Recipe, root: Path) -> dict[str, Path]:
    """The files that decide verdicts and are the recipe's own, by what they are."""
    found = {f"domains/{name}": find_near(name, root) for name in recipe.domains}
    if recipe.judge != PROCEDURAL_JUDGE:
        found |= {f"judge/{path.name}": path for path in decisive_files(resolve_base(recipe.judge, root))}
    return {name: path for name, path in found.items() if path is not None}


def summarise(run: Path, recipe: Recipe) -> Path:
    """Write ``results.json`` and ``report.html`` from what the stages have left so far; the report's path."""
    write_json_atomic(run / "results.json", collect_results(run, recipe.expect))
    return write_report(run)


def check_inputs(recipe: Recipe, domains: Mapping[str, Domain], root: Path) -> Path | None:
    """Find everything wrong with a recipe's inputs before any work is done. Returns the base checkpoint.

    Raises:
        UserInputError: A base, reference, data file, benchmark, domain, level, strategy or protocol that is not there.
    """
    recipe.hardware.resolved_device()
    check_recipe_names(recipe, domains)
    if recipe.judge != PROCEDURAL_JUDGE:
        load_checkpoint(resolve_base(recipe.judge, root, "judge", [PROCEDURAL_JUDGE]))
    earlier: list[str] = []
    for name, settings in recipe.stages.items():
        for key, source in sources_of(settings).items():
            check_rows(source, domains, root)
            if key.startswith("probe."):  # of a split that is small
                load_worked(source, domains, "probe", 0, root)
        files = {key: source for key, source in sources_of(settings).items() if source.source != PROCEDURAL}
        load_problems(files, domains, "train", 0, root)  # together: no two problems with one id
        if isinstance(settings, FuseStage):
            seed = derive_seed(recipe.seed, name)
            split_probes(name, load_problems(settings.probe, domains, "probe", derive_seed(seed, "problems"), root))
        if isinstance(settings, SFTStage) and settings.clean is not None:
            list(benchmark_prompts(settings.clean, domains, root, limit=1))
        if isinstance(settings, EvalStage):
            _ = eval_plan(settings, recipe.seed, domains, root).tasks
        for key, reference in references(settings).items():
            if reference not in recipe.stages:
                resolve_base(reference, root, f"stages.{name}.{key}", earlier)
        if not isinstance(settings, EvalStage):
            earlier.append(name)
    if recipe.base is None:
        return None
    base = resolve_base(recipe.base, root)
    model, _ = load_checkpoint(base)
    _note_short_context(recipe, model.config.max_position_embeddings)
    return base


def _note_short_context(recipe: Recipe, context: int) -> None:
    """Say which stages ask for more tokens than the base can place; they run, but cut or drop."""
    asked = {name: longest_asked(stage) for name, stage in recipe.stages.items()}
    too_long = [name for name, tokens in asked.items() if tokens is not None and tokens > context]
    if too_long:
        say(
            f"note: the base places {context:,} tokens, and these stages ask for more: {', '.join(too_long)}. Longer "
            "traces are dropped and completions cut there; a copy of the base may say more in its config.json"
        )


def describe_run(recipe: Recipe) -> dict[str, Any]:
    """The contents of ``run.json``: what is run, by what, on what."""
    pages, page_size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    packages = ("reasoncore", "torch", "transformers", "tokenizers", "safetensors", "math-verify", "numpy")
    return {
        "name": recipe.name,
        "seed": recipe.seed,
        "recipe_sha256": recipe.sha256(),
        "started": now(),
        "command": ["reasoncore", *sys.argv[1:]],
        "versions": {"python": platform.python_version(), **{name: version(name) for name in packages}},
        "machine": {
            "platform": platform.platform(),
            "cpu": _cpu_name(),
            "cores": os.cpu_count(),
            "memory_gib": round(pages * page_size / 2**30, 1),
            "device": recipe.hardware.resolved_device(),
            "threads": recipe.hardware.threads,
        },
        "recipe": recipe.model_dump(mode="json"),
    }


def _cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())
