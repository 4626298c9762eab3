"""The command line: one thin function a verb. Heavy imports happen inside, so that ``--help`` is instant."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from reasoncore.cli.clr_options import CLAIMS, TRAJECTORIES, check_only_with_clr
from reasoncore.cli.exits import run_app
from reasoncore.cli.groups import GROUPS, JsonFlag
from reasoncore.cli.waiting_threads import spin_briefly

app = typer.Typer(
    name="reasoncore",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Train, measure and run a compact reasoning core.",
)

for name, group in GROUPS.items():
    app.add_typer(group, name=name)


@app.callback()
def _options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Options of every command; ``run_app`` reads ``--debug`` itself."""


@app.command()
def run(
    recipe: Annotated[Path, typer.Argument(help="A recipe file, such as recipes/nano.toml.")],
    run_dir: Annotated[Path | None, typer.Option(help="Where results go. Default: runs/NAME-OF-THE-RECIPE.")] = None,
    overrides: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Override a value; may be repeated.")
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="STAGE", help="Only this stage; may be repeated.")
    ] = None,
    start: Annotated[
        str | None, typer.Option("--from", metavar="CKPT", help="Start from this folder or hub id, not from the base.")
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Refuse a run folder that is not empty.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the resolved recipe and the plan.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Run a recipe's stages in order. Run it again after an interruption and it goes on.

    Example: reasoncore run recipes/nano.toml --set stages.rl-math.steps=20
    """
    from reasoncore.cli.run import run_command

    run_command(recipe, run_dir, overrides or [], only or [], start, fresh, dry_run, as_json)


@app.command("eval")
def evaluate(
    benchmarks: Annotated[
        str, typer.Option(help="Names, separated by commas; all-local; or files of your own, FILE.jsonl. See --list.")
    ] = "",
    list_benchmarks: Annotated[bool, typer.Option("--list", help="Print the table of benchmarks and end.")] = False,
    model: Annotated[Path | None, typer.Option(help="Checkpoint folder in Hugging Face layout.")] = None,
    endpoint: Annotated[str | None, typer.Option(help="Or the address of an OpenAI-compatible server.")] = None,
    model_name: Annotated[str | None, typer.Option(help="The name of the model there.")] = None,
    concurrency: Annotated[int, typer.Option(min=1, help="Most requests to the server at a time.")] = 8,
    data: Annotated[Path | None, typer.Option(help="Folder of the benchmark files. Default: $REASONCORE_DATA.")] = None,
    fetch: Annotated[
        bool, typer.Option("--fetch", help="Download missing files into it, those that are pinned to a hash.")
    ] = False,
    samples: Annotated[int | None, typer.Option(min=1, help="Completions a problem. Default: the benchmark's.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first N problems of each benchmark.")] = None,
    clr: Annotated[
        bool, typer.Option("--clr", help="Ask for claims too, check them, and weigh the samples by what held.")
    ] = False,
    claims: Annotated[
        int | None, typer.Option(min=1, help=f"With --clr: claims a completion. Default: {CLAIMS}.")
    ] = None,
    protocol: Annotated[str, typer.Option(help="Sampling settings by name: vt3b, vt1.5b, greedy.")] = "vt3b",
    temperature: Annotated[float | None, typer.Option(min=0.0, help="Instead of the protocol's.")] = None,
    top_p: Annotated[float | None, typer.Option(min=1e-6, max=1.0, help="Instead of the protocol's.")] = None,
    max_tokens: Annotated[int | None, typer.Option(min=1, help="Longest completion. Default: the protocol's.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the draws.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
    threads: Annotated[int, typer.Option(min=1, help="CPU threads.")] = 2,
    out: Annotated[Path | None, typer.Option(help="Where results go. Default: runs/eval-NAME-HASH.")] = None,
    bundle: Annotated[
        Path | None, typer.Option(metavar="FILE.zip", help="Also put all into one file, to be judged again.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Measure a checkpoint, or a model behind a server, on benchmarks. Run it again and it goes on.

    Example: reasoncore eval --model runs/nano/final --benchmarks gsm8k,math500 --data DATA --samples 4

    Example: reasoncore eval --endpoint http://localhost:8000 --model-name NAME --benchmarks aime25 --max-tokens 40960

    Example: reasoncore eval --list --data DATA
    """
    from reasoncore.cli.asked_model import AskedModel
    from reasoncore.cli.evaluate import eval_command, list_command

    if list_benchmarks:
        return list_command(data, as_json)
    check_only_with_clr(clr, claims=claims)
    sampling = {"temperature": temperature, "top_p": top_p, "max_tokens": max_tokens}
    eval_command(
        AskedModel(model, endpoint, model_name, concurrency, device, threads),
        benchmarks,
        data,
        samples,
        limit,
        protocol,
        sampling,
        seed,
        fetch,
        (claims or CLAIMS) if clr else None,
        out,
        bundle,
        as_json,
    )


@app.command()
def compare(
    out_a: Annotated[Path, typer.Argument(metavar="OUT_A", help="Folder of an evaluation.")],
    out_b: Annotated[Path, typer.Argument(metavar="OUT_B", help="Folder of another one, of the same problems.")],
    as_json: JsonFlag = False,
) -> None:
    """Compare two evaluations problem by problem: difference, interval, flips, and what could have been seen.

    Example: reasoncore compare runs/nano/stages/05-eval-fuse-hard runs/nano/stages/07-eval-rl-math
    """
    from reasoncore.cli.compare import compare_command

    compare_command(out_a, out_b, as_json)


@app.command()
def claim(
    figure: Annotated[str | None, typer.Argument(help="A published score in percent, as printed.")] = None,
    reported: Annotated[str | None, typer.Option(metavar="MODEL", help="Or a row of arXiv 2606.16140.")] = None,
    benchmark: Annotated[str | None, typer.Option(help="The benchmark it is a score of.")] = None,
    items: Annotated[int | None, typer.Option(min=1, help="Problems, where known.")] = None,
    generations: Annotated[int | None, typer.Option(min=1, help="Samples a problem, where known.")] = None,
    metric: Annotated[str, typer.Option(help="avg@k or cons@k.")] = "avg@k",
    cap: Annotated[str | None, typer.Option(help='Most tokens of a completion, or "none".')] = None,
    cutoff_rate: Annotated[float | None, typer.Option(min=0, max=1, help="Share cut off at the cap.")] = None,
    measured: Annotated[Path | None, typer.Option(metavar="OUT", help="An evaluation of one's own.")] = None,
    other_problems: Annotated[bool, typer.Option("--other-problems", help="It is of other problems.")] = False,
    contests: Annotated[bool, typer.Option("--contests", help="Add up the report's table of contests.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Check a published score: can it be, how exact is it, does a measurement agree with it?

    Example: reasoncore claim 91.4 --items 30 --generations 64

    Example: reasoncore claim --reported VibeThinker-3B --benchmark AIME25 --measured runs/eval-aime25
    """
    from reasoncore.cli.claim import claim_command

    protocol = {"items": items, "generations": generations, "metric": metric, "cap": cap, "cutoff_rate": cutoff_rate}
    claim_command(figure, reported, benchmark, protocol, measured, other_problems, contests, as_json)


@app.command()
def lint(
    benchmarks: Annotated[list[str], typer.Argument(metavar="BENCHMARK", help="Names, or files of problems.")],
    data: Annotated[Path | None, typer.Option(help="Folder of the benchmark files. Default: $REASONCORE_DATA.")] = None,
    rollouts: Annotated[
        Path | None, typer.Option(metavar="OUT", help="Also golds that an evaluation disputes.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Look for what is wrong with a benchmark: damaged golds, constant letters, duplicates, impossible tests.

    Example: reasoncore lint aime25 my-problems.jsonl --data DATA
    """
    from reasoncore.cli.lint import lint_command

    lint_command(benchmarks, data, rollouts, as_json)


@app.command()
def contamination(
    benchmarks: Annotated[list[str], typer.Argument(metavar="BENCHMARK", help="Names, or JSONL files of problems.")],
    out: Annotated[Path, typer.Option(help="Folder for contamination.json.")],
    data: Annotated[Path | None, typer.Option(help="Folder of the benchmark files. Default: $REASONCORE_DATA.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first N problems of each benchmark.")] = None,
    train: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help="A training file, JSONL or text; may be repeated.")
    ] = None,
    ngram: Annotated[int, typer.Option(min=1, max=10_000, help="Words of an n-gram.")] = 10,
    rollouts: Annotated[Path | None, typer.Option(metavar="OUT", help="An evaluation, for --cutoff.")] = None,
    cutoff: Annotated[str | None, typer.Option(metavar="DATE", help="First day after the training data.")] = None,
    dates: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Dates by problem id, CSV or JSON. Default: the problems' own.")
    ] = None,
    model: Annotated[Path | None, typer.Option(help="Checkpoint folder in Hugging Face layout.")] = None,
    endpoint: Annotated[str | None, typer.Option(help="Or the address of an OpenAI-compatible server.")] = None,
    model_name: Annotated[str | None, typer.Option(help="The name of the model there.")] = None,
    concurrency: Annotated[int, typer.Option(min=1, help="Most requests to the server at a time.")] = 8,
    samples: Annotated[int, typer.Option(min=1, help="Completions a problem.")] = 4,
    protocol: Annotated[str, typer.Option(help="Sampling settings by name: vt3b, vt1.5b, greedy.")] = "vt3b",
    temperature: Annotated[float | None, typer.Option(min=0.0, help="Instead of the protocol's.")] = None,
    max_tokens: Annotated[int | None, typer.Option(min=1, help="Longest completion. Default: the protocol's.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the twins, orders and draws.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
    threads: Annotated[int, typer.Option(min=1, help="CPU threads.")] = 2,
    as_json: JsonFlag = False,
) -> None:
    """Look for signs that a score is memory: leaks, dates, twins with other numbers, moved options, known text.

    Runs what the inputs allow: leaks with --train, dates with --rollouts and --cutoff, the rest with a model.

    Example: reasoncore contamination gsm8k --data DATA --train corpus.jsonl --model runs/nano/final --out runs/lens
    """
    from reasoncore.cli.asked_model import AskedModel
    from reasoncore.cli.contamination import contamination_command

    sampling = {"temperature": temperature, "max_tokens": max_tokens}
    contamination_command(
        benchmarks,
        data,
        limit,
        train or [],
        ngram,
        rollouts,
        dates,
        cutoff,
        AskedModel(model, endpoint, model_name, concurrency, device, threads),
        samples,
        protocol,
        sampling,
        seed,
        out,
        as_json,
    )


@app.command()
def regrade(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Folder of an evaluation, or a bundle of one (.zip).")],
    grader: Annotated[
        list[str] | None,
        typer.Option(help="own, exact, last-number, math-verify or loose; may be repeated. Default: all that apply."),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Judge an evaluation's rollouts again by several graders, sampling nothing; list every verdict that changes.

    Example: reasoncore regrade runs/eval-gsm8k --grader own --grader math-verify
    """
    from reasoncore.cli.regrade import regrade_command

    regrade_command(out, grader or [], as_json)


@app.command()
def budget(
    benchmarks: Annotated[
        list[str], typer.Argument(metavar="NAME=PROBLEMS:TOKENS:SCORE", help="Size, mean tokens, expected share right.")
    ],
    hours: Annotated[float, typer.Option(help="Time there is.")],
    tokens_per_second: Annotated[float, typer.Option(help="Of the whole machine, as measured.")],
    as_json: JsonFlag = False,
) -> None:
    """Plan an evaluation: how many problems and samples fit into the time, and how exact the scores will be.

    Example: reasoncore budget aime25=30:12000:0.9 math500=500:4000:0.95 --hours 8 --tokens-per-second 900
    """
    from reasoncore.cli.budget import budget_command

    budget_command(benchmarks, hours, tokens_per_second, as_json)


@app.command()
def report(
    folder: Annotated[Path, typer.Argument(help="A run folder, or the folder of an evaluation.")],
    bundle: Annotated[
        Path | None, typer.Option(metavar="FILE.zip", help="Also put an evaluation into one file, to be judged again.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Write report.html, which works offline, from what a folder holds; all rollouts are a click away.

    Example: reasoncore report runs/nano
    """
    from reasoncore.cli.report import report_command

    report_command(folder, bundle, as_json)


@app.command()
def verify(
    kind: Annotated[str, typer.Argument(help="math, choice, code or instructions.")],
    cases: Annotated[Path, typer.Argument(help="JSON lines, a case on each.")],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write verdicts here, not to stdout.")] = None,
    unsafe: Annotated[
        bool, typer.Option("--unsafe-no-sandbox", help="Run programs unconfined: only programs you trust.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Judge answers: line for line a verdict (correct: true, false, or null when it could not be judged) and a reason.

    Example: reasoncore verify math cases.jsonl -o verdicts.jsonl    with lines {"gold": "1/2", "answer": "0.5"}
    """
    from reasoncore.cli.verify import verify_command

    verify_command(kind, cases, output, unsafe, as_json)


@app.command()
def ask(
    question: Annotated[str | None, typer.Argument(help="The question; without one, or with -, it is read.")] = None,
    model: Annotated[Path | None, typer.Option(help="Checkpoint folder in Hugging Face layout.")] = None,
    endpoint: Annotated[str | None, typer.Option(help="Or the address of an OpenAI-compatible server.")] = None,
    model_name: Annotated[str | None, typer.Option(help="The name of the model there.")] = None,
    clr: Annotated[bool, typer.Option("--clr", help="Sample several answers, and weigh them by their claims.")] = False,
    k: Annotated[int | None, typer.Option(min=2, help=f"With --clr: trajectories. Default: {TRAJECTORIES}.")] = None,
    claims: Annotated[
        int | None, typer.Option(min=1, help=f"With --clr: claims a trajectory. Default: {CLAIMS}.")
    ] = None,
    instruction: Annotated[
        str | None, typer.Option(help="With --clr: what is said behind the question. Default: to box the answer.")
    ] = None,
    refuted: Annotated[bool, typer.Option("--refuted", help="With --clr: show the claims that were refuted.")] = False,
    protocol: Annotated[str, typer.Option(help="Sampling settings by name: vt3b, vt1.5b, greedy.")] = "vt3b",
    temperature: Annotated[float | None, typer.Option(min=0.0, help="Instead of the protocol's.")] = None,
    top_p: Annotated[float | None, typer.Option(min=1e-6, max=1.0, help="Instead of the protocol's.")] = None,
    max_tokens: Annotated[int | None, typer.Option(min=1, help="Longest completion. Default: the protocol's.")] = None,
    concurrency: Annotated[int, typer.Option(min=1, help="Most completions at a time.")] = 8,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the draws.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
    threads: Annotated[int, typer.Option(min=1, help="CPU threads.")] = 2,
    as_json: JsonFlag = False,
) -> None:
    """Ask a checkpoint, or a model behind a server, one question.

    Example: reasoncore ask "How many H atoms are in 5 molecules of C2H6?" --model runs/nano/final --max-tokens 192

    Example: reasoncore ask "..." --endpoint http://localhost:8000 --model-name NAME --clr --k 16 --refuted
    """
    from reasoncore.cli.ask import ask_command
    from reasoncore.cli.asked_model import AskedModel

    check_only_with_clr(clr, k=k, claims=claims, instruction=instruction, refuted=refuted)
    asked = AskedModel(model, endpoint, model_name, concurrency, device, threads)
    sampling = {"temperature": temperature, "top_p": top_p, "max_tokens": max_tokens}
    size = k or TRAJECTORIES, claims or CLAIMS
    ask_command(question, asked, clr, *size, instruction, protocol, sampling, seed, refuted, as_json)


@app.command()
def chat(
    model: Annotated[Path | None, typer.Option(help="Checkpoint folder in Hugging Face layout.")] = None,
    endpoint: Annotated[str | None, typer.Option(help="Or the address of an OpenAI-compatible server.")] = None,
    model_name: Annotated[str | None, typer.Option(help="The name of the model there.")] = None,
    system: Annotated[str | None, typer.Option(help="What the model is told before everything else.")] = None,
    protocol: Annotated[str, typer.Option(help="Sampling settings by name: vt3b, vt1.5b, greedy.")] = "vt3b",
    temperature: Annotated[float | None, typer.Option(min=0.0, help="Instead of the protocol's.")] = None,
    top_p: Annotated[float | None, typer.Option(min=1e-6, max=1.0, help="Instead of the protocol's.")] = None,
    max_tokens: Annotated[int | None, typer.Option(min=1, help="Longest answer. Default: the protocol's.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the draws.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
    threads: Annotated[int, typer.Option(min=1, help="CPU threads.")] = 2,
) -> None:
    """Talk to a checkpoint, or to a model behind a server, line by line.

    Example: reasoncore chat --model runs/nano/final --max-tokens 192
    """
    from reasoncore.cli.asked_model import AskedModel
    from reasoncore.cli.chat import chat_command

    asked = AskedModel(model, endpoint, model_name, 1, device, threads)
    chat_command(asked, system, protocol, {"temperature": temperature, "top_p": top_p, "max_tokens": max_tokens}, seed)


@app.command()
def serve(
    model: Annotated[Path | None, typer.Option(help="Checkpoint folder in Hugging Face layout.")] = None,
    endpoint: Annotated[str | None, typer.Option(help="Or the address of an OpenAI-compatible server.")] = None,
    model_name: Annotated[str | None, typer.Option(help="The name of the model there.")] = None,
    name: Annotated[str | None, typer.Option(help="What clients call it. Default: as it is called there.")] = None,
    host: Annotated[str, typer.Option(help="Where to listen; others than this machine need a key.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port.")] = 8017,
    concurrency: Annotated[int, typer.Option(min=1, help="Most calls of the model at a time.")] = 8,
    places: Annotated[int, typer.Option(min=1, help="Most requests at a time; a further one gets a 429.")] = 128,
    context: Annotated[
        int | None, typer.Option(min=16, help="Most tokens of a prompt with its answer. Default: the model's.")
    ] = None,
    instruction: Annotated[
        str | None, typer.Option(help="Of NAME+clr: what is said behind a question. Default: to box the answer.")
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
    threads: Annotated[int, typer.Option(min=1, help="CPU threads.")] = 2,
) -> None:
    """Serve a model over OpenAI's API: under its own name, and as NAME+clr, which weighs several answers.

    Example: reasoncore serve --model runs/nano/final --name nano --instruction ""

    Example: reasoncore serve --endpoint http://localhost:8080 --model-name NAME
    """
    from reasoncore.cli.asked_model import AskedModel
    from reasoncore.cli.serve import serve_command

    asked = AskedModel(model, endpoint, model_name, concurrency, device, threads)
    serve_command(asked, name, host, port, places, context, instruction)


@app.command()
def decontaminate(
    train: Annotated[list[Path], typer.Option(metavar="FILE", help="Training data, .jsonl or .parquet; repeatable.")],
    against: Annotated[
        list[Path], typer.Option(metavar="FILE", help="Evaluation items, .jsonl, .parquet or .csv; repeatable.")
    ],
    out: Annotated[Path, typer.Option(help="Folder for the clean files and removed.jsonl.")],
    ngram: Annotated[int, typer.Option(min=1, max=10_000, help="Words of an n-gram.")] = 10,
    field: Annotated[
        list[str] | None, typer.Option(help="Only this field of the training rows; repeatable. Default: all texts.")
    ] = None,
    against_field: Annotated[
        list[str] | None, typer.Option(help="Only this field of the evaluation items; repeatable.")
    ] = None,
    common: Annotated[
        int,
        typer.Option(min=0, help="Words in more items than this are boilerplate and not looked for; 0: all are."),
    ] = 10,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes. Default: one a core.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Take out training rows that share ten words in a row with an evaluation item; say which item and which words.

    Case, punctuation, layout and LaTeX spacing do not count. Items of five to nine words are looked for whole.

    Example: reasoncore decontaminate --train corpus.jsonl --against gsm8k_test.jsonl --against aime24.csv --out clean
    """
    from reasoncore.cli.decontaminate import decontaminate_command

    decontaminate_command(train, against, out, ngram, field or [], against_field or [], common, workers, as_json)


@app.command()
def fuse(
    checkpoints: Annotated[list[Path], typer.Argument(metavar="CKPT", help="Checkpoint folders, two or more.")],
    out: Annotated[Path, typer.Option(help="A new folder for the result.")],
    weights: Annotated[
        str | None, typer.Option(metavar="W,W...", help="Share of each, adding up to 1. Default: equal shares.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Average checkpoints that were trained from one base, parameter by parameter.

    Example: reasoncore fuse algebra geometry --weights 0.6,0.4 --out fused
    """
    from reasoncore.cli.fuse import fuse_command

    fuse_command(checkpoints, weights, out, as_json)


@app.command()
def doctor(as_json: JsonFlag = False) -> None:
    """Show what the code sandbox enforces on this machine, by trying it.

    Example: reasoncore doctor
    """
    from reasoncore.cli.doctor import doctor_command

    doctor_command(as_json)


def main() -> None:
    """Run the command line."""
    spin_briefly(os.environ)
    run_app(app)


if __name__ == "__main__":
    main()
