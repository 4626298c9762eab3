"""Fusing four checkpoints of 400 MB: ``fuse``, mergekit's linear merge, and reading and writing the same bytes.

    python benchmarks/fusion.py --mergekit PYTHON [--cold]

PYTHON is an interpreter that has mergekit 0.1.5 and its dependencies. Every round of a side is a process of its own;
they take turns, with the files in the page cache or, with --cold, on the disk alone. Timed are the call (imports are
done) and the whole process. Reading and writing is one thread with a buffer of 1 MiB that reads the four files and
writes the bytes of one. A result is compared, element for element, with the average made in float64 and rounded once.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import common

COUNT = 4
WEIGHTS = [0.4, 0.3, 0.2, 0.1]
FILE = "model.safetensors"
# Layers of a small Llama that make 400 MB.
LAYERS = {"float32": 12, "bfloat16": 28}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--mergekit", help="a Python that has mergekit")
    options.add_argument("--rounds", type=int, default=5, help="measured rounds of each side, after one of warm-up")
    options.add_argument("--dtypes", nargs="+", choices=LAYERS, default=list(LAYERS))
    options.add_argument("--cold", action="store_true", help="read from the disk: empty the page cache of the inputs")
    options.add_argument("--folder", type=Path, help="where to put 2.4 GB for a while; default: the temporary folder")
    options.add_argument("--side", choices=SIDES, help=argparse.SUPPRESS)
    options.add_argument("--dtype", help=argparse.SUPPRESS)
    args = options.parse_args()
    if args.side:
        SIDES[args.side](args.dtype)
        return
    interpreters = {"copy": sys.executable, "fuse": sys.executable, "mergekit": args.mergekit}
    if args.mergekit is None:
        common.say("mergekit: left out; give --mergekit PYTHON, an interpreter that has mergekit 0.1.5")
        del interpreters["mergekit"]
    load = os.getloadavg()[0]
    print(f"{os.cpu_count()} cores; {args.rounds} rounds, median (min to max); load average at the start {load:.1f}")
    for dtype in args.dtypes:
        with tempfile.TemporaryDirectory(dir=args.folder) as name:
            compare(interpreters, args.rounds, dtype, args.cold, Path(name))


def compare(interpreters: dict[str, str], rounds: int, dtype: str, cold: bool, folder: Path) -> None:
    """Run all sides on new checkpoints and print a table."""
    run_side(sys.executable, "make", dtype, folder)
    reports: dict[str, list[common.Report]] = {side: [] for side in interpreters}
    wrong: dict[str, str] = {}
    for number in range(rounds + 1):
        for side, interpreter in interpreters.items():
            os.sync()
            if cold:
                leave_page_cache(folder)
            report = run_side(interpreter, side, dtype, folder)
            common.say(f"  {dtype} {side} {number}: {report}")
            if number:
                reports[side].append(report)
            elif side != "copy":
                wrong[side] = f"{run_side(sys.executable, 'check', dtype, folder)['wrong']:,.0f}"
            shutil.rmtree(folder / "out")
    print_report(f"{dtype}, {'from the disk' if cold else 'from the page cache'}", reports, wrong)


def leave_page_cache(folder: Path) -> None:
    for number in range(COUNT):
        with (folder / str(number) / FILE).open("rb") as stream:
            os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def print_report(files: str, reports: dict[str, list[common.Report]], wrong: dict[str, str]) -> None:
    """One table for a kind of files."""
    copy, ours, peer = reports["copy"], reports["fuse"], reports.get("mergekit")
    rows = []
    titles = {"call": "seconds, the call", "cpu": "CPU seconds of it", "process": "seconds, the whole process"}
    for key, title in titles.items():
        if peer:
            rows.append(common.paired(title, common.numbers(ours, key), common.numbers(peer, key), False))
        else:
            rows.append([title, common.spread(common.numbers(ours, key)), "-", "-"])
    peaks = [max(common.numbers(side, "peak_mib")) if side else None for side in (ours, peer)]
    ratio = f"{peaks[1] / peaks[0]:.2f}" if peaks[0] and peaks[1] else "-"
    rows.append(["peak RSS, MiB", *(f"{peak:,.0f}" if peak else "-" for peak in peaks), ratio])
    rows.append(["elements unlike the float64 average", wrong["fuse"], wrong.get("mergekit", "-"), "-"])
    rows.append(["reading and writing the same bytes", *[common.spread(common.numbers(copy, "call"))] * 2, "-"])
    times = ["times that, the call"]
    for side in (ours, peer or []):
        each = [a["call"] / b["call"] for a, b in zip(side, copy, strict=False)]
        times.append(f"{statistics.median(each):.2f} ({min(each):.2f} to {max(each):.2f})" if each else "-")
    common.print_table(f"fuse, {COUNT} x 400 MB, {files}", "mergekit 0.1.5, linear", [*rows, [*times, "-"]])


def run_side(interpreter: str, side: str, dtype: str, folder: Path) -> common.Report:
    """One round in a process of its own, in that folder."""
    quiet = {"TRANSFORMERS_VERBOSITY": "error", "HF_HUB_OFFLINE": "1", "PYTHONWARNINGS": "ignore"}
    command = [interpreter, str(Path(__file__).resolve()), "--side", side, "--dtype", dtype]
    began = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env={**os.environ, **quiet}, stdout=subprocess.PIPE, text=True)
    seconds = time.perf_counter() - began
    if done.returncode:
        raise SystemExit(f"{side}: ended with status {done.returncode}; see its errors above")
    numbers: common.Report = json.loads(done.stdout.splitlines()[-1])
    return {**numbers, "process": seconds}


# --- the sides: each works in the current folder and prints one line ------------------------------------------------


class Call:
    """Times what is done inside, and reports it with the peak memory of the process."""

    def __enter__(self) -> None:
        self.began, self.cpu = time.perf_counter(), time.process_time()

    def __exit__(self, *_: object) -> None:
        call, cpu = time.perf_counter() - self.began, time.process_time() - self.cpu
        print(json.dumps({"call": call, "cpu": cpu, "peak_mib": common._memory_mib("VmHWM")}))


def copy(dtype: str) -> None:
    buffer = memoryview(bytearray(2**20))
    Path("out").mkdir()
    with Call(), (Path("out") / FILE).open("wb", buffering=0) as out:
        for number in range(COUNT):
            with (Path(str(number)) / FILE).open("rb", buffering=0) as stream:
                while count := stream.readinto(buffer):
                    if number == 0:
                        out.write(buffer[:count])


def fuse(dtype: str) -> None:
    from reasoncore.model.fusion import fuse

    with Call():
        fuse([Path(str(number)) for number in range(COUNT)], WEIGHTS, Path("out"))


def mergekit(dtype: str) -> None:
    from mergekit.config import MergeConfiguration
    from mergekit.merge import run_merge
    from mergekit.options import MergeOptions

    models = [{"model": str(number), "parameters": {"weight": weight}} for number, weight in enumerate(WEIGHTS)]
    config = MergeConfiguration.model_validate({"merge_method": "linear", "dtype": dtype, "models": models})
    with Call():
        run_merge(config, "out", MergeOptions(copy_tokenizer=False, write_model_card=False, quiet=True))


def make(dtype: str) -> None:
    """Small Llamas of random weights."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        vocab_size=32000,
        hidden_size=768,
        intermediate_size=2048,
        num_hidden_layers=LAYERS[dtype],
        num_attention_heads=12,
        num_key_value_heads=4,
        tie_word_embeddings=True,
    )
    for number in range(COUNT):
        torch.manual_seed(number)
        LlamaForCausalLM(config).to(getattr(torch, dtype)).save_pretrained(str(number))
    print("{}")


def check(dtype: str) -> None:
    """Count the elements of the result that differ from the float64 average, rounded once."""
    import torch
    from safetensors import safe_open

    def rounded(sums: torch.Tensor) -> torch.Tensor:
        singles = sums.float()
        if dtype == "float32":
            return singles
        # float32 towards zero with its last bit set where inexact, from where rounding to bfloat16 is right.
        bits = singles.view(torch.int32) - (singles.double().abs() > sums.abs()).int()
        return (bits | (singles.double() != sums).int()).view(torch.float32).bfloat16()

    inputs = [safe_open(Path(str(number)) / FILE, "pt") for number in range(COUNT)]
    wrong = 0
    for path in Path("out").glob("*.safetensors"):
        out = safe_open(path, "pt")
        for name in out.keys():  # noqa: SIM118 (not a dict)
            terms = [weight * file.get_tensor(name).double() for weight, file in zip(WEIGHTS, inputs, strict=True)]
            wrong += int((out.get_tensor(name) != rounded(sum(terms[1:], terms[0]))).sum())
    print(json.dumps({"wrong": wrong}))


SIDES = {"copy": copy, "fuse": fuse, "mergekit": mergekit, "make": make, "check": check}

if __name__ == "__main__":
    main()
