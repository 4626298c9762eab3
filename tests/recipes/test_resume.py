"""A run that is killed again and again ends in the same bytes as one that is left alone."""

import hashlib
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

RECIPE = Path(__file__).parents[2] / "recipes" / "nano.toml"
KILLS = 10
SHORT = {
    "stages.eval-base.limit": 16,
    "stages.eval-base.samples": 2,
    "stages.sft-math.data.count": 640,
    "stages.sft-math.batch_size": 16,
    "stages.sft-math.save_every": 4,
    "stages.eval-sft.limit": 16,
    "stages.eval-sft.samples": 2,
    "stages.rl-math.data.count": 160,
    "stages.rl-math.steps": 40,
    "stages.rl-math.prompts_per_step": 8,
    "stages.rl-math.group_size": 4,
    "stages.rl-math.max_tokens": 96,
    "stages.rl-math.save_every": 3,
    "stages.rl-math.probe.every": 10,
    "stages.rl-math.probe.data.count": 8,
    "stages.eval-rl.limit": 16,
    "stages.eval-rl.samples": 2,
}


def start(run: Path) -> subprocess.Popen[bytes]:
    overrides = [word for key, value in SHORT.items() for word in ("--set", f"{key}={value}")]
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
            code = process.wait(timeout=moments.uniform(0.15, 0.6) * whole)
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
    assert len(weights(undisturbed)) == 3
    assert len(unfinished) >= 2, "the kills must hit several stages"
