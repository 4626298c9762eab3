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
def test_a_kill_in_every_stage_changes_no_byte(tmp_path: Path) -> None:
    undisturbed, killed = tmp_path / "undisturbed", tmp_path / "killed"
    assert start(undisturbed).wait() == 0
    moments = random.Random(7)
    kills = 0
    for name in TRAINED:
        process = start(killed)
        while process.poll() is None and not list(killed.glob(f"stages/*-{name}")):
            time.sleep(0.02)
        time.sleep(moments.uniform(0.0, 1.5))
        kills += process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert start(killed).wait() == 0
    assert weights(killed) == weights(undisturbed)
    assert results(killed) == results(undisturbed)
    assert len(weights(undisturbed)) == len(TRAINED) + 1
    assert kills == len(TRAINED) == 10
