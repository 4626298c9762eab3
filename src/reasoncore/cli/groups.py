"""Commands of two words: ``contest build``, ``export gguf``, ``clr aggregate``, ``data build`` and their like."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

JsonFlag = Annotated[bool, typer.Option("--json", help="Print the result as JSON on stdout.")]

contest = typer.Typer(no_args_is_help=True, help="Fresh contests: make hidden tests, and the table of a model's score.")
export = typer.Typer(no_args_is_help=True, help="Checkpoints in other programs' formats.")
clr = typer.Typer(no_args_is_help=True, help="Claim-level reliability: weigh answers by the claims that held.")
data = typer.Typer(no_args_is_help=True, help="Training data: build a corpus from seed problems, and look at it.")

GROUPS = {"contest": contest, "export": export, "clr": clr, "data": data}


@contest.command("build")
def contest_build(
    folders: Annotated[list[Path], typer.Argument(metavar="FOLDER", help="A contest: a sub-folder for each problem.")],
    out: Annotated[Path, typer.Option(help="The file to write; its manifest stands beside it.")],
    tests: Annotated[int, typer.Option(min=2, max=100, help="Tests to generate for each problem.")] = 40,
    as_json: JsonFlag = False,
) -> None:
    """Make hidden tests from a contest's generators, reference solutions and brute forces, each checked by the others.

    Example: reasoncore contest build examples/contest-example --out contest.jsonl
    """
    from reasoncore.cli.contest import contest_build_command

    contest_build_command(folders, out, tests, as_json)


@contest.command("table")
def contest_table(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What contest build wrote.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Folder of an evaluation of it, with four samples.")],
    as_json: JsonFlag = False,
) -> None:
    """Print right first submissions by contest and in all, with intervals by problem and by contest.

    Example: reasoncore contest table contest.jsonl runs/eval-contest
    """
    from reasoncore.cli.contest import contest_table_command

    contest_table_command(file, out, as_json)


@export.command("gguf")
def export_gguf(
    checkpoint: Annotated[Path, typer.Argument(metavar="CKPT", help="Checkpoint folder in Hugging Face layout.")],
    out: Annotated[Path, typer.Option(help="The file.")],
    file_type: Annotated[str, typer.Option("--type", help="f16, or q8_0 for half the size.")] = "f16",
    name: Annotated[str | None, typer.Option(help="What the model is called. Default: the folder's name.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Write a checkpoint as one GGUF file, for llama.cpp, Ollama and LM Studio.

    Example: reasoncore export gguf runs/nano/final --out nano.gguf
    """
    from reasoncore.cli.export import export_gguf_command

    export_gguf_command(checkpoint, out, file_type, name, as_json)


@clr.command("aggregate")
def clr_aggregate(
    trajectories: Annotated[Path, typer.Argument(metavar="TRAJECTORIES.jsonl", help="A trajectory on each line.")],
    claims: Annotated[
        int | None, typer.Option(min=1, help="Claims asked for, M. Default: the most verdicts of any line.")
    ] = None,
    unparsable_valid: Annotated[
        bool, typer.Option("--unparsable-valid/--unparsable-refuted", help="What a verdict of null counts as.")
    ] = True,
    padded_valid: Annotated[
        bool, typer.Option("--padded-valid/--padded-refuted", help="What a missing verdict counts as.")
    ] = True,
    as_json: JsonFlag = False,
) -> None:
    """Weigh logged answers by the claims that held: the answer, each class's score and votes, and the plain vote.

    Example: reasoncore clr aggregate trajectories.jsonl
    with lines {"problem_id": "p1", "answer": "42", "gold": "42", "verdicts": [1, 1, 0, null, 1]}
    """
    from reasoncore.cli.clr import clr_aggregate_command

    clr_aggregate_command(trajectories, claims, unparsable_valid, padded_valid, as_json)


@data.command("build")
def data_build(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="Settings of the corpus, TOML.")],
    data: Annotated[Path | None, typer.Option(help="Folder of its files. Default: the folder of CONFIG.")] = None,
    out: Annotated[Path | None, typer.Option(help="Where it goes. Default: runs/data-NAME.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what the teacher would be asked, and ask nothing.")
    ] = False,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes. Default: one a core.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Build a corpus from seed problems; run it again after an interruption and it goes on, asking nothing twice.

    Example: reasoncore data build examples/gsm8k-corpus.toml --data DATA --out runs/gsm8k-corpus
    """
    from reasoncore.cli.data import data_build_command

    data_build_command(config, data, out, dry_run, workers, as_json)


@data.command("inspect")
def data_inspect(
    folder: Annotated[Path, typer.Argument(metavar="OUT", help="Folder of a corpus.")],
    rows: Annotated[int, typer.Option(min=0, help="How many rows to show.")] = 3,
    as_json: JsonFlag = False,
) -> None:
    """Show a corpus: its data card, and some rows of different strata.

    Example: reasoncore data inspect runs/gsm8k-corpus
    """
    from reasoncore.cli.data import data_inspect_command

    data_inspect_command(folder, rows, as_json)
