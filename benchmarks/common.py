"""What the benchmarks share: a small checkpoint, sides that take turns in processes of their own, floors, one table.

Each side of a comparison is a worker process: the same script with ``--side``. The parent lets them run one round at a
time, A B A B, so that both meet the same weather on the machine, and each has a peak memory of its own. The parent
imports no torch.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

# A nano recipe's policy after fine-tuning: many bare answers, some short workings, some long ones.
NANO_LENGTHS = Path(__file__).parent / "nano_lengths.json"

Report = dict[str, float]


# --- the command line ----------------------------------------------------------------------------------------------


def parser(description: str | None, rounds: int) -> argparse.ArgumentParser:
    """Options every benchmark has."""
    out = argparse.ArgumentParser(description=description, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    out.add_argument("--model", type=Path, help="checkpoint folder; none makes one of 0.9M random parameters")
    out.add_argument("--rounds", type=int, default=rounds, help="measured rounds of each side, interleaved")
    out.add_argument("--warmup", type=int, default=1, help="rounds of each side that are not measured")
    out.add_argument("--threads", type=int, default=2)
    out.add_argument("--seed", type=int, default=1)
    out.add_argument("--side", help=argparse.SUPPRESS)
    out.add_argument("--variant", default="", help=argparse.SUPPRESS)
    out.add_argument("--case", default="", help=argparse.SUPPRESS)
    return out


@dataclass(frozen=True)
class Side:
    """One worker: which side of which script, and a variant of it (such as a batch size)."""

    side: str
    variant: str = ""


# --- the parent ----------------------------------------------------------------------------------------------------


class Worker:
    """A side in its own process, doing one round when told to."""

    def __init__(self, side: Side, case: str, model: Path) -> None:
        self.side = side
        extra = ["--side", side.side, "--variant", side.variant, "--case", case, "--model", str(model)]
        quiet = {"TRANSFORMERS_VERBOSITY": "error", "HF_HUB_OFFLINE": "1", "HF_DATASETS_DISABLE_PROGRESS_BARS": "1"}
        quiet |= {"PYTHONWARNINGS": "ignore", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
        self.process = subprocess.Popen(
            [sys.executable, *sys.argv, *extra],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **quiet, "TOKENIZERS_PARALLELISM": "true"},
        )

    def round(self) -> Report:
        """Run one round and wait for its report."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.side}: the worker ended with status {self.process.wait()}; see its errors above")
        return json.loads(line)

    def close(self) -> None:
        """Tell the worker that there are no more rounds."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


def compare(sides: Sequence[Side], case: str, model: Path, rounds: int, warmup: int) -> dict[Side, list[Report]]:
    """Run sides in turn: warm-up rounds of each, then ``rounds`` times all of them in order."""
    out: dict[Side, list[Report]] = {side: [] for side in sides}
    with ExitStack() as stack:
        workers = [Worker(side, case, model) for side in sides]
        for worker in workers:
            stack.callback(worker.close)
        for number in range(-warmup, rounds):
            for worker in workers:
                report = worker.round()
                say(f"  {case} {worker.side.side} {worker.side.variant} {number}: {report}")
                if number >= 0:
                    out[worker.side].append(report)
    return out


def fastest(
    sides: Sequence[Side], case: str, model: Path, key: str = "seconds", rounds: int = 2
) -> tuple[Side, dict[Side, float]]:
    """The variant with the lowest median of ``key``, each run alone, and those medians."""
    if len(sides) == 1:
        return sides[0], {}
    medians = {
        side: statistics.median(report[key] for report in compare([side], case, model, rounds, 1)[side])
        for side in sides
    }
    say(f"  {case}: " + ", ".join(f"{side.variant}: {value:.3g}" for side, value in medians.items()))
    return min(medians, key=lambda side: medians[side]), medians


def say(text: str) -> None:
    """Progress; standard output is for the table alone."""
    print(text, file=sys.stderr, flush=True)


# --- the worker ----------------------------------------------------------------------------------------------------


class NoMoreRoundsError(Exception):
    """The parent has what it wanted."""


class Turns:
    """A worker's end: wait for a round, report it. Whatever else is printed goes to standard error."""

    def __init__(self) -> None:
        self.out = os.fdopen(os.dup(1), "w")
        os.dup2(2, 1)
        self.loaded: float | None = None

    def wait(self) -> None:
        """Block until it is this side's turn."""
        if self.loaded is None:
            self.loaded = _memory_mib("VmRSS")
        if not sys.stdin.readline():
            raise NoMoreRoundsError

    def report(self, **numbers: float) -> None:
        """End the round."""
        assert self.loaded is not None
        peak = _memory_mib("VmHWM")
        self.out.write(json.dumps({**numbers, "peak_mib": peak, "grown_mib": peak - self.loaded}) + "\n")
        self.out.flush()


def serve(run: Callable[[Turns], None], threads: int) -> None:
    """Run a side until the parent has had enough."""
    turns = Turns()
    import torch

    torch.set_num_threads(threads)
    with suppress(NoMoreRoundsError):
        run(turns)


def _memory_mib(field: str) -> float:
    """``VmRSS`` or its peak ``VmHWM``; unlike ``ru_maxrss`` the peak does not start at the parent's."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith(field)) / 1024
    except OSError:
        scale = 2**20 if sys.platform == "darwin" else 2**10
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / scale


# --- models, problems, lengths -------------------------------------------------------------------------------------


@contextmanager
def checkpoint(given: Path | None) -> Iterator[Path]:
    """The folder given, or a fresh 0.9M-parameter Qwen2 checkpoint in a temporary one."""
    if given is not None:
        yield given
        return
    with tempfile.TemporaryDirectory() as name:
        code = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import common; "
        subprocess.run([sys.executable, "-c", code + f"common.make_checkpoint({name!r})"], check=True)
        yield Path(name)


def make_checkpoint(folder: str) -> None:
    """Tokenizer of 1024 entries trained on procedural text, random weights."""
    from reasoncore.model.checkpoint import save_checkpoint
    from reasoncore.model.config import parse_config
    from reasoncore.model.network import Decoder, initialise
    from reasoncore.model.tokenizer import train_tokenizer
    from reasoncore.procedural import plain_text

    tokenizer = train_tokenizer((plain_text(index, 1) for index in range(4000)), 1024)
    shape = {
        "model_type": "qwen2",
        "vocab_size": 1024,
        "hidden_size": 128,
        "intermediate_size": 384,
        "num_hidden_layers": 4,
        "num_attention_heads": 4,
        "num_key_value_heads": 1,
        "max_position_embeddings": 2048,
        "rope_theta": 10000.0,
        "tie_word_embeddings": True,
    }
    model = Decoder(parse_config(shape, "benchmark"))
    initialise(model, 1)
    save_checkpoint(Path(folder), model, tokenizer, "Random weights.\n")


def problems(count: int, seed: int) -> list[Any]:
    """Procedural training problems."""
    from reasoncore.config import ProblemSource
    from reasoncore.data.problems import load_problems
    from reasoncore.domains import DOMAINS

    sources = {"math": ProblemSource(domain="math", count=count)}
    return load_problems(sources, DOMAINS, "train", seed, Path.cwd())


def load_lengths(path: Path | None, case: str, equal: int) -> list[int]:
    """The empirical lengths to draw from: one for the case ``equal``, else a JSON list, by default the recipe's own."""
    if case == "equal":
        return [equal]
    return [int(length) for length in json.loads((path or NANO_LENGTHS).read_text(encoding="utf-8"))]


def draw_lengths(empirical: Sequence[int], count: int, seed: int, number: int) -> list[int]:
    """Lengths of the ``count`` completions of round ``number``: the same for both sides."""
    return random.Random(f"{seed}/{number}").choices(empirical, k=count)


# --- both engines with lengths imposed -----------------------------------------------------------------------------


class ForcedLengths:
    """Makes ``LocalEngine`` give completion ``(request, sample)`` the length ``lengths[request * n + sample]``.

    It reaches into the engine's private state, which nothing outside a benchmark may do.
    """

    def __init__(self) -> None:

        from reasoncore.infer import local

        forced = self
        self.lengths: Sequence[int] = ()

        class Forced(local.Decoding):
            def add(self, prompt: Any, draws: Any) -> None:
                super().add(prompt, draws)
                rows = [self.waiting.pop() for _ in draws][::-1]
                limits = (forced.lengths[row.draw.key[0] * len(draws) + row.draw.key[1]] for row in rows)
                self.waiting += [replace(row, limit=limit) for row, limit in zip(rows, limits, strict=True)]

        local.Decoding = Forced  # type: ignore[misc]


def load_ours(folder: Path) -> tuple[Any, Any]:
    """Decoder, and a tokenizer for which no token ends a completion."""
    from reasoncore.model.checkpoint import load_checkpoint
    from reasoncore.model.tokenizer import ChatTokenizer

    class NeverStops(ChatTokenizer):
        stop_ids = ()  # type: ignore[assignment]

    model, tokenizer = load_checkpoint(folder)
    return model, NeverStops(tokenizer.hf)


def row_lengths(lengths: Sequence[int], prompt_width: int) -> Any:
    """A ``transformers`` stopping criterion that ends row ``i`` after ``lengths[i]`` new tokens."""
    import torch
    from transformers import StoppingCriteria, StoppingCriteriaList

    class RowLengths(StoppingCriteria):
        eos_token_id = None  # with this attribute ``generate`` writes padding into finished rows

        def __init__(self) -> None:
            self.last_B = torch.tensor(lengths) + prompt_width

        def __call__(self, input_ids: Any, scores: Any, **kwargs: Any) -> Any:
            return self.last_B <= input_ids.shape[1]

    return StoppingCriteriaList([RowLengths()])


# --- the floor -----------------------------------------------------------------------------------------------------


class Floor(dict[str, float]):
    """The best of what the side ``floor`` measured so far: the machine is not always at its best."""

    def __init__(self, model: Path) -> None:
        super().__init__()
        self.worker = Worker(Side("floor"), "floor", model)
        self.measure()

    def measure(self) -> None:
        """Measure again; call it between cases."""
        for key, value in self.worker.round().items():
            self[key] = max(value, self.get(key, 0.0))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.worker.close()


def measure_floor(turns: Turns, folder: Path, batches: Sequence[int]) -> None:
    """Side ``floor``: the model's own matrix products and nothing else, at each batch, best of many.

    Reports parameters of the layers' matrices (``body``) and of the output matrix (``head``), and ``rate_<batch>`` in
    FLOP/s.
    """
    import time

    import torch
    import torch.nn.functional as F  # noqa: N812

    from reasoncore.model.config import read_config

    config = read_config(folder)
    hidden, heads = config.hidden_size, config.num_attention_heads + 2 * config.num_key_value_heads
    layer = [
        (hidden, heads * config.head_dim),
        (config.num_attention_heads * config.head_dim, hidden),
        (hidden, 2 * config.intermediate_size),
        (config.intermediate_size, hidden),
    ]
    body = config.num_hidden_layers * sum(rows * columns for rows, columns in layer)
    shapes = layer * config.num_hidden_layers + [(hidden, config.vocab_size)]
    weights = [torch.randn(columns, rows) for rows, columns in shapes]
    inputs_of = {batch: [torch.randn(batch, rows) for rows, _ in shapes] for batch in batches}
    flop = 2 * sum(weight.numel() for weight in weights)
    while True:
        turns.wait()
        rates = {}
        for batch, inputs in inputs_of.items():
            best = float("inf")
            began = time.perf_counter()
            while time.perf_counter() - began < 2:
                started = time.perf_counter()
                with torch.inference_mode():
                    for x, weight in zip(inputs, weights, strict=True):
                        F.linear(x, weight)
                best = min(best, time.perf_counter() - started)
            rates[f"rate_{batch}"] = flop * batch / best
        turns.report(body=body, head=hidden * config.vocab_size, **rates)


# --- the table -----------------------------------------------------------------------------------------------------


def numbers(reports: Sequence[Report], key: str) -> list[float]:
    """One number of every round."""
    return [report[key] for report in reports]


def spread(values: Sequence[float]) -> str:
    """Median (min to max)."""
    return f"{_short(statistics.median(values))} ({_short(min(values))} to {_short(max(values))})"


def paired(title: str, ours: Sequence[float], peer: Sequence[float], higher_is_better: bool) -> list[str]:
    """A row of the table; the ratio is of paired rounds and above 1 where ours is better."""
    ratios = [a / b if higher_is_better else b / a for a, b in zip(ours, peer, strict=True)]
    text = f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
    return [title, spread(ours), spread(peer), text]


def memory_rows(case: str, ours: Sequence[Report], peer: Sequence[Report]) -> list[list[str]]:
    """Peak memory, whole and above what was there with everything loaded."""
    rows = []
    for title, key in (("peak RSS, MiB", "peak_mib"), ("of that, grown while working, MiB", "grown_mib")):
        a, b = max(numbers(ours, key)), max(numbers(peer, key))
        rows.append([f"{case}: {title}", f"{a:,.0f}", f"{b:,.0f}", f"{b / a:.2f}" if a > 0 else "-"])
    return rows


def shares(title: str, floors: Sequence[float], ours: Sequence[Report], peer: Sequence[Report]) -> list[str]:
    """Time the floor takes for the same work over the time a side took; ``floors`` in seconds, one a round."""
    out = [title]
    for side in (ours, peer):
        each = [floor / seconds for floor, seconds in zip(floors, numbers(side, "seconds"), strict=True)]
        out.append(f"{statistics.median(each):.0%}")
    return [*out, "-"]


def print_table(first: str, peer: str, rows: Sequence[Sequence[str]]) -> None:
    """Markdown, columns aligned."""
    table = [[first, "reasoncore", peer, "ratio"], *rows]
    widths = [max(len(row[column]) for row in table) for column in range(4)]
    lines = [" | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in table]
    rule = "-|-".join("-" * width for width in widths)
    print("\n".join(f"| {line} |" for line in (lines[0], rule, *lines[1:])).replace(f"| {rule} |", f"|-{rule}-|"))


def machine(args: argparse.Namespace) -> str:
    """One line on where the numbers were taken."""
    from importlib.metadata import PackageNotFoundError, version

    found = []
    for name in ("torch", "transformers", "trl"):
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    return (
        f"{os.cpu_count()} cores, {args.threads} threads, {', '.join(found)}; {args.rounds} interleaved rounds after "
        f"{args.warmup} of warm-up, median (min to max); load average at the start {load:.1f}"
    )


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
