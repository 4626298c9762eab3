"""A run that is killed again and again ends in the same bytes as one that is left alone."""

import hashlib
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from small import RECIPES, small_overrides

from reasoncore.config import load_recipe

RECIPE = RECIPES / "nano.toml"
KILLS = 10
# Measured once, at the end: what a kill in an evaluation does is the same anywhere.
SHORT = ["expect={}", 'evaluate.after=["rl-instruct"]']
CUT = [cut for cut in small_overrides(RECIPE) if ".eval-" not in cut or ".eval-rl-instruct." in cut]


TRAINED = [name for name, stage in load_recipe(RECIPE).stages.items() if stage.kind != "eval"]


def start(run: Path) -> subprocess.Popen[bytes]:
    overrides = [word for override in (*SHORT, *CUT) for word in ("--set", override)]
    command = [sys.executable, "-m", "reasoncore.cli.main", "run", str(RECIPE), "--run-dir", str(run), *overrides]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def weights(run: Path) -> dict[str, str]:
    """Digest of every weight file that a finished run leaves."""
    paths = [*run.glob("stages/*/checkpoint/model.safetensors"), run / "final" / "model.safetensors"]
    return {str(path.relative_to(run)): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def results(run: Path) -> list[str]:
    """Evaluation rollouts, which hold every sampled text."""
    return [path.read_text() for path in sorted(run.glob("stages/*-eval-*/rollouts.jsonl"))]


@pytest.mark.slow
def test_ten_kills_change_no_byte(tmp_path: Path) -> None:
    undisturbed, killed = tmp_path / "undisturbed", tmp_path / "killed"
    began = time.monotonic()
    assert start(undisturbed).wait() == 0
    whole = time.monotonic() - began

    moments = random.Random(7)
    kills, unfinished = 0, set()
    attempt = 0
    while kills < KILLS:
        folder = killed / f"{attempt}"
        process = start(folder)
        # Import takes a few seconds: from before any work to the middle of a stage or two.
        try:
            code = process.wait(timeout=moments.uniform(0.08, 0.35) * whole)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            kills += 1
            done = {path.parent.name for path in folder.glob("stages/*/manifest.json")}
            unfinished |= {path.name for path in folder.glob("stages/*") if path.name not in done}
        else:
            assert code == 0
            assert weights(folder) == weights(undisturbed)
            attempt += 1
    folder = killed / f"{attempt}"
    assert start(folder).wait() == 0
    assert weights(folder) == weights(undisturbed)
    assert results(folder) == results(undisturbed)
    assert len(weights(undisturbed)) == len(TRAINED) + 1
    assert len(unfinished) >= 4, "the kills must hit several stages"
