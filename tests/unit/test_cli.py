"""The command line as a user meets it: exit codes, two-line errors, nothing lost."""

import errno
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from command_line import run_cli

RECIPES = Path(__file__).parents[2] / "recipes"
NANO = RECIPES / "nano.toml"


def test_help_is_fast_and_imports_no_torch() -> None:
    command = [sys.executable, "-X", "importtime", "-m", "reasoncore.cli.main", "--help"]
    best = 9.0
    for _ in range(3):
        began = time.monotonic()
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        best = min(best, time.monotonic() - began)
    assert "torch" not in done.stderr
    assert all(verb in done.stdout for verb in ("run", "eval", "report"))
    assert best < 0.3 or "CI" in os.environ


def broken_base(folder: Path, how: str) -> Path:
    """A copy of the embedded base with one thing wrong."""
    from reasoncore.model.folder import resolve_base

    base = folder / how
    shutil.copytree(resolve_base("nano-base", folder), base)
    if how == "no-config":
        (base / "config.json").unlink()
    elif how == "truncated-weights":
        weights = base / "model.safetensors"
        weights.write_bytes(weights.read_bytes()[:100_000])
    elif how == "small-embedding":
        config = json.loads((base / "config.json").read_text())
        (base / "config.json").write_text(json.dumps({**config, "vocab_size": 600}))
    elif how == "other-rope":
        config = json.loads((base / "config.json").read_text())
        (base / "config.json").write_text(json.dumps({**config, "rope_parameters": {"rope_type": "foo"}}))
    elif how == "no-tokenizer":
        for path in base.glob("tokenizer*"):
            path.unlink()
    return base


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("no-config", "no readable config.json"),
        ("truncated-weights", "damaged or cut short"),
        ("small-embedding", "the tokenizer has 1024 entries but the embedding only 600 rows"),
        ("other-rope", "config.json: rope_type 'foo' is not supported\ncure: Use one of: default, llama3."),
        ("no-tokenizer", "its tokenizer cannot be loaded"),
    ],
)
def test_broken_bases(how: str, said: str, tmp_path: Path, capsys, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    base = broken_base(tmp_path, how)
    code, out, err = run_cli(capsys, monkeypatch, "run", NANO, "--run-dir", tmp_path / "r", "--set", f"base={base}")
    assert (code, out) == (2, "")
    assert said in err
    assert err.count("\n") == 2
    assert err.startswith("error: ")
    assert "\ncure: " in err
    assert not (tmp_path / "r").exists(), "nothing may be started"


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("stages.rl-math.step=20", "Did you mean stages.rl-math.steps?"),
        ("stages.rl-maths.steps=20", "Did you mean stages.rl-math?"),
        ("hardwear.threads=1", "Did you mean hardware?"),
        ("stages.rl-math.kind=ppo", "Use one of: pretrain, sft, fuse, rl, distill, eval."),
        ("stages.rl-math.steps=many", "stages.rl-math.steps"),
        ("stages.sft-broad.data.math.levels=[7]", "stages.sft-broad.data.math: unknown level 7"),
        ("stages.sft-broad.data.math.strategies={guess=1}", "unknown strategy 'guess'"),
        ("stages.eval-rl-math.protocol=greddy", "Did you mean greedy?"),
        ("evaluate.protocol=greddy", "Did you mean greedy?"),
        ("evaluate.limt=3", "Did you mean stages.eval-fuse-hard.limit?"),
        ("evaluate.after=['rl-maths']", "Did you mean evaluate.after.rl-math?"),
        ("stages.distill.start=rl-instruct", "is not an earlier stage"),
        ("stages.distill.teachers.code=nowhere", "stages.distill.teachers.code nowhere: no such folder"),
        ("stages.sft-hard.hard.reference=rl-shrt", "or one of these: nano-base, sft-broad, fuse-broad."),
        ("stages.sft-broad.keep_checkpoints=false", "keep_checkpoints = true"),
        ("stages.rl-code.data.code.domain=cod", "unknown domain 'cod'"),
        ("expect.code-rl.before=eval-rl", "is not an evaluation stage that measures procedural-code"),
        ("expect.code-rl.at_most=1.0", "give either at_least or at_most"),
        ("domains=['mine.py']", "no such file"),
        ("judge=procedual", "or one of these: nano-base, procedural."),
        ("stages.rl-math.data.math.source=none.jsonl", "none.jsonl: no such file"),
        ("seed", "not of the form key=value"),
        ("base=./nowhere", "no such folder"),
        ("base=some-one/some-model", "the hub gave no model of that name"),
    ],
)
def test_wrong_values(override: str, said: str, tmp_path: Path, capsys, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    code, _, err = run_cli(capsys, monkeypatch, "run", NANO, "--run-dir", tmp_path / "r", "--set", override)
    assert code == 2
    assert said in err
    assert err.count("\n") == 2


def test_recipe_that_is_not_there(tmp_path: Path, capsys, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    code, _, err = run_cli(capsys, monkeypatch, "run", tmp_path / "missing.toml")
    assert code == 2
    assert "missing.toml: no readable recipe" in err


def test_unknown_key_comes_before_what_it_causes(tmp_path: Path, capsys, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "r.toml").write_text('name="x"\nbase="nano-base"\n[stages.a]\nkind="eval"\nbenchmark=["gsm8k"]\n')
    code, _, err = run_cli(capsys, monkeypatch, "run", tmp_path / "r.toml")
    assert code == 2
    assert "Did you mean stages.a.benchmarks?" in err


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"question": "1+1?", "answer": "2"}\n{"question": oops}\n', "mine.jsonl, line 2: not valid JSON"),
        ('{"question": "1+1?"}\n', "mine.jsonl, line 1, key 'answer'"),
        ("", "holds no problems"),
    ],
)
def test_broken_problem_files(content: str, said: str, tmp_path: Path, capsys, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "mine.jsonl"
    path.write_text(content)
    words = ["run", NANO, "--run-dir", tmp_path / "r", "--set", f"stages.rl-math.data.math.source={path}"]
    code, _, err = run_cli(capsys, monkeypatch, *words)
    assert code == 2
    assert said in err
    assert err.count("\n") == 2
    assert not (tmp_path / "r").exists(), "found before any work"


def test_run_folder_of_another_recipe_is_left_alone(tmp_path: Path, capsys, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    from reasoncore.config import load_recipe
    from reasoncore.run_dir import RunDir

    RunDir(tmp_path / "r").open(recipe := load_recipe(NANO), {"recipe": recipe.model_dump(mode="json")})
    code, _, err = run_cli(capsys, monkeypatch, "run", NANO, "--run-dir", tmp_path / "r", "--set", "seed=2")
    assert code == 2
    assert "different: seed" in err
    code, _, err = run_cli(capsys, monkeypatch, "run", NANO, "--run-dir", tmp_path / "r", "--fresh")
    assert code == 2
    assert "--fresh never touches" in err


def test_dry_run_prints_every_value_and_does_nothing(tmp_path: Path, capsys, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    words = ["run", NANO, "--run-dir", tmp_path / "r", "--dry-run", "--set", "stages.rl-math.steps=7"]
    code, out, _ = run_cli(capsys, monkeypatch, *words)
    assert code == 0
    assert "stages.rl-math.steps = 7" in out
    assert "stages.rl-math.importance_cap = 2.0" in out
    code, out, _ = run_cli(capsys, monkeypatch, *words, "--json")
    assert json.loads(out)["recipe"]["stages"]["rl-math"]["steps"] == 7
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("stages.sft-broad.data.math.subdomains=['algbra']", "stages.sft-broad.data.math: unknown subdomain 'algbra'"),
        ("stages.sft-broad.data.math.strategies={guess=1}", "unknown strategy 'guess'"),
        ("stages.rl-code.data.code.levels=[9]", "stages.rl-code.data.code: unknown level 9"),
        ("stages.rl-code.data.code.domain=cod", "stages.rl-code.data.code: unknown domain 'cod'"),
        ("stages.fuse-broad.probe.math.levels=[9]", "stages.fuse-broad.probe.math: unknown level 9"),
        ("stages.rl-math.data.math={source='x.jsonl',format='y'}", "stages.rl-math.data.math: unknown format 'y'"),
        ("evaluate.protocol=greddy", "Did you mean greedy?"),
        ("stages.eval-clr.benchmarks=['gsm9k']", "unknown benchmark 'gsm9k'; nearest: 'gsm8k'"),
        ("stages.sft-broad.clean.benchmarks=['gsm9k']", "unknown benchmark 'gsm9k'; nearest: 'gsm8k'"),
    ],
)
def test_dry_run_refuses_what_no_run_would_take(override: str, said: str, capsys, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    code, out, err = run_cli(capsys, monkeypatch, "run", NANO, "--dry-run", "--set", override)
    assert (code, out) == (2, "")
    assert said in err


def test_dry_run_warns_of_checkpoints_that_are_nowhere(capsys, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    wrong = ("stages.distill.teachers.code=rl-cod", "base=./none", "judge=procedual")
    words = ["run", NANO, "--dry-run", *(word for one in wrong for word in ("--set", one))]
    code, out, _ = run_cli(capsys, monkeypatch, *words, "--json")
    assert code == 0
    (warning,) = json.loads(out)["plan"]["warnings"]
    assert "refuses: base = './none', judge = 'procedual', stages.distill.teachers.code = 'rl-cod'. Mend" in warning


def test_dry_run_of_a_corpus_that_is_damaged(tmp_path: Path, capsys, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "a.parquet").write_text("garbage")
    words = ["run", NANO, "--dry-run", "--set", f"stages.sft-broad.data.math.source={tmp_path}"]
    code, _, err = run_cli(capsys, monkeypatch, *words)
    assert code == 2
    assert "a.parquet: not a Parquet file" in err


def test_a_misspelt_section_is_named_before_what_it_leads_to(tmp_path: Path, capsys, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    wrong = NANO.read_text().replace("[stages.rl-math]", "[stage.rl-math]")
    (tmp_path / "r.toml").write_text(wrong)
    code, _, err = run_cli(capsys, monkeypatch, "run", tmp_path / "r.toml")
    assert code == 2
    assert "r.toml: unknown key stage\ncure: Did you mean stages?" in err


def test_full_disk_is_one_line_and_the_run_can_go_on(tmp_path: Path, capsys, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "small.toml").write_text(
        """
name = "small"
base = "nano-base"
[stages.eval-base]
kind = "eval"
benchmarks = ["procedural-math"]
limit = 4
samples = 1
max_tokens = 64
[stages.sft]
kind = "sft"
batch_size = 16
max_length = 320
save_every = 10
optimiser = { learning_rate = 2e-3 }
data = { math = { count = 640 } }
[stages.rl]
kind = "rl"
steps = 1
max_tokens = 64
optimiser = { learning_rate = 2e-4 }
data = { math = { count = 40, levels = [1] } }
"""
    )
    words = ["run", tmp_path / "small.toml", "--run-dir", tmp_path / "r"]
    from safetensors import SafetensorError

    from reasoncore.run_dir import StageDir

    def no_space(self: StageDir, name: str, *rows: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path / name))

    def no_space_for_weights(self: StageDir, step: int, fill: object) -> None:
        raise SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)")

    for method, failure in (("append", no_space), ("save_snapshot", no_space_for_weights)):
        with monkeypatch.context() as patch:
            patch.setattr(StageDir, method, failure)
            code, _, err = run_cli(capsys, patch, *words)
        assert code == 1, err
        assert "error: the disk is full" in err
        assert "Free some space and run the same command again" in err
    code, out, err = run_cli(capsys, monkeypatch, *words)
    assert code == 0, err
    assert "eval-base (eval): done before" in err
    assert "report:" in out


def test_an_interruption_says_how_to_go_on(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from reasoncore.cli import doctor, main

    def interrupted(as_json: bool) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(doctor, "doctor_command", interrupted)
    monkeypatch.setattr(sys, "argv", ["reasoncore", "doctor"])
    with pytest.raises(SystemExit) as stopped:
        main.main()
    assert stopped.value.code == 130
    lines = capsys.readouterr().err.strip().splitlines()
    assert [line.partition(":")[0] for line in lines] == ["error", "cure"]


@pytest.mark.parametrize(
    ("given", "left"),
    [
        ({}, {"GOMP_SPINCOUNT": "30000"}),
        ({"GOMP_SPINCOUNT": "5"}, {"GOMP_SPINCOUNT": "5"}),
        ({"OMP_WAIT_POLICY": "active"}, {"OMP_WAIT_POLICY": "active"}),
    ],
)
def test_waiting_threads_spin_briefly_unless_the_user_has_chosen(given: dict[str, str], left: dict[str, str]) -> None:
    from reasoncore.cli.waiting_threads import spin_briefly

    spin_briefly(given)
    assert given == left


def test_the_command_line_sets_it_before_torch_is_loaded() -> None:
    show = "import os, sys; sys.argv = ['reasoncore', '--help']; from reasoncore.cli import main\n"
    show += "try: main.main()\nexcept SystemExit: print(os.environ['GOMP_SPINCOUNT'], 'torch' in sys.modules)"
    chosen = ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")
    environment = {key: value for key, value in os.environ.items() if key not in chosen}
    done = subprocess.run([sys.executable, "-c", show], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.splitlines()[-1] == "30000 False"


def test_claims_go_with_clr_in_an_evaluation_too(capsys, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    code, _, err = run_cli(capsys, monkeypatch, "eval", "--model", "x", "--benchmarks", "gsm8k", "--claims", 3)
    assert (code, err) == (2, "error: --claims goes with --clr\ncure: Add --clr, or leave --claims out.\n")
