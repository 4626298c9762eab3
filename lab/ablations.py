"""What each part of the method is worth at nano scale: as many traces and steps, several seeds, paired intervals.

    python lab/ablations.py --base runs/nano --questions gamma,fusion --seeds 1,2,3 --out runs/ablations
    python lab/ablations.py --out runs/ablations --table        only print what is there

Every variant of a question starts from the same checkpoint and runs the same stages of the nano recipe with one setting
changed. A seed changes the problems and the draws of those stages. Finished runs are not done again. The difference to
the question's first variant is paired by held-out problem and by seed, with two intervals of Student's t: clustered by
problem, which says what other problems would have shown of these very models, and over the seeds' differences, which
says what training again would. Unless both leave out zero, no effect is seen.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean, stdev

from reasoncore.evals.comparison import read_samples
from reasoncore.evals.score import ProblemSamples
from reasoncore.evals.statistics import Estimate, paired_difference
from reasoncore.evals.student_t import student_t_quantile

RECIPE = Path(__file__).parents[1] / "recipes" / "nano.toml"


@dataclass(frozen=True)
class Question:
    """One comparison.

    Attributes:
        asks: The question in a sentence.
        start: Stage of the base run whose checkpoint all variants start from; None is the recipe's own base.
        stages: Stages that every variant runs, an evaluation last.
        variants: Overrides of each variant; the first one is what the others are compared with.
        benchmarks: What is compared.
        uses: Settings that name checkpoints of the base run, and of which stage.
        without: Stages that a variant leaves out.
    """

    asks: str
    start: str | None
    stages: tuple[str, ...]
    variants: Mapping[str, Mapping[str, object]]
    benchmarks: tuple[str, ...]
    uses: Mapping[str, str] = field(default_factory=dict)
    without: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def stages_of(self, variant: str) -> list[str]:
        """The stages that a variant runs."""
        return [stage for stage in self.stages if stage not in self.without.get(variant, ())]


MATH = ("procedural-math",)
REASONING = ("procedural-math", "procedural-code", "procedural-stem")
SPECTRUM = ("sft-broad", "fuse-broad", "sft-hard", "fuse-hard", "rl-math", "eval-rl-math")

QUESTIONS = {
    "gamma": Question(
        "Does MGPO's weight beat GRPO (gamma = 0)?",
        "fuse-hard",
        ("rl-math", "eval-rl-math"),
        {f"gamma={gamma}": {"stages.rl-math.gamma": gamma} for gamma in (0, 1, 2, 4)},
        MATH,
    ),
    "fusion": Question(
        "After the same RL, does a start chosen by Pass@K and fused beat one chosen by Pass@1, or the last checkpoint?",
        None,
        SPECTRUM,
        {
            how: {"stages.fuse-broad.chosen_by": how, "stages.fuse-hard.chosen_by": how}
            for how in ("last", "pass@1", "pass@k")
        },
        MATH,
    ),
    "curriculum": Question(
        "After the same RL, do two stages of SFT beat one with as many traces, the hard ones' epochs counted?",
        None,
        SPECTRUM,
        {
            "one stage": {
                "stages.sft-broad.data.math.count": 6_740,  # of some 560 hard traces, two epochs each
                "stages.sft-broad.data.code.count": 4_090,
                "stages.sft-broad.data.stem.count": 4_290,
            },
            "two stages": {},
        },
        MATH,
        without={"one stage": ("sft-hard", "fuse-hard")},
    ),
    "long2short": Question(
        "What does Long2Short's lambda buy in length, and cost in accuracy?",
        "rl-math",
        ("rl-short", "eval-rl-short"),
        {f"lambda={value}": {"stages.rl-short.long2short": value} for value in (0.0, 0.1, 0.2, 0.4)},
        MATH,
    ),
    "learning-potential": Question(
        "Does choosing traces by learning potential beat as many at random?",
        "rl-stem",
        ("distill", "eval-distill"),
        {how: {"stages.distill.selection.choose": how} for how in ("random", "learning-potential")},
        REASONING,
        {"stages.distill.teachers.math": "rl-short", "stages.distill.teachers.code": "rl-code"}
        | {"stages.distill.teachers.stem": "rl-stem"},
    ),
}


def main() -> None:
    """Run what is missing of the questions asked, then print the tables."""
    arguments = _arguments()
    names = arguments.questions.split(",") if arguments.questions else list(QUESTIONS)
    seeds = [int(seed) for seed in arguments.seeds.split(",")]
    for name in names:
        question = QUESTIONS[name]
        if not arguments.table:
            for seed in seeds:
                for variant in question.variants:
                    run_variant(arguments, name, variant, seed)
        print("\n".join(table(arguments.out, name, seeds)), flush=True)


def run_variant(arguments: argparse.Namespace, name: str, variant: str, seed: int) -> None:
    """Run one variant with one seed, or go on with it."""
    question = QUESTIONS[name]
    command = [sys.executable, "-m", "reasoncore.cli.main", "run", str(RECIPE), "--set", f"seed={seed}"]
    command += ["--run-dir", str(folder_of(arguments.out, name, variant, seed))]
    command += [word for stage in question.stages_of(variant) for word in ("--only", stage)]
    if question.start is not None:
        command += ["--from", str(checkpoint_of(arguments.base, question.start))]
    named = {key: checkpoint_of(arguments.base, stage) for key, stage in question.uses.items()}
    measured = {"evaluate.benchmarks": json.dumps(question.benchmarks), "expect": "{}"}
    given = dict(change.split("=", 1) for change in arguments.set)
    changes = {**measured, **question.variants[variant], **named, **given}
    command += [word for key, value in changes.items() for word in ("--set", f"{key}={value}")]
    print(f"{name}, {variant}, seed {seed}", file=sys.stderr, flush=True)
    subprocess.run(command, check=True)


def checkpoint_of(run: Path, stage: str) -> Path:
    """A stage's checkpoint in the base run."""
    (folder,) = run.glob(f"stages/*-{stage}/checkpoint")
    return folder.resolve()


def folder_of(out: Path, name: str, variant: str, seed: int) -> Path:
    """The run folder of a variant."""
    return out / name / variant.replace("@", "-at-").replace(" ", "-") / f"seed-{seed}"


def table(out: Path, name: str, seeds: Sequence[int]) -> Iterator[str]:
    """The lines of a question's table, from what has been run."""
    question = QUESTIONS[name]
    yield f"\n{question.asks}\n"
    yield "| variant | benchmark | seeds | Pass@1 %, by seed | Pass@1 (problems; seeds) | Pass@8 (the same) | tokens |"
    yield "|---|---|---|---|---|---|---|"
    reference, *_ = question.variants
    for variant in question.variants:
        for benchmark in question.benchmarks:
            both = [seed for seed in seeds if _done(out, name, variant, seed) and _done(out, name, reference, seed)]
            if not both:
                yield f"| {variant} | {benchmark} | none yet | | | | |"
                continue
            mine = {seed: _samples(out, name, variant, seed)[benchmark] for seed in both}
            other = {seed: _samples(out, name, reference, seed)[benchmark] for seed in both}
            shares = ", ".join(f"{100 * _mean(samples):.1f}" for samples in mine.values())
            differences = ["reference" if variant == reference else said(mine, other, k) for k in (1, 8)]
            lengths = ", ".join(f"{_right_length(samples):.1f}" for samples in mine.values())
            yield f"| {variant} | {benchmark} | {len(both)} | {shares} | {' | '.join(differences)} | {lengths} |"


BySeed = Mapping[int, Mapping[str, ProblemSamples]]


def said(mine: BySeed, other: BySeed, k: int) -> str:
    """One variant minus the other in Pass@k, in points, with both intervals, and plainly when it shows nothing."""
    by_problem = over_problems(mine, other, k)
    intervals = [(by_problem.ci95_low, by_problem.ci95_high), over_seeds(mine, other, k)]
    ends = "; ".join("-" if low is None or high is None else f"{low:+.1f} to {high:+.1f}" for low, high in intervals)
    clear = all(low is not None and high is not None and not low <= 0 <= high for low, high in intervals)
    return f"{by_problem.mean:+.1f} ({ends}){'' if clear else ', no effect seen'}"


def over_problems(mine: BySeed, other: BySeed, k: int) -> Estimate:
    """The difference with an interval clustered by problem; the seeds of a problem are one cluster."""
    values: tuple[dict[str, list[float]], dict[str, list[float]]] = ({}, {})
    for side, by_seed in zip(values, (mine, other), strict=True):
        for samples in by_seed.values():
            for problem, sampled in samples.items():
                if (value := sampled.pass_at(k)) is not None:
                    side.setdefault(problem, []).append(100 * value)
    shared = [problem for problem in values[0] if problem in values[1]]
    return paired_difference(
        {problem: values[0][problem] for problem in shared},
        {problem: values[1][problem] for problem in shared},
        proportion=False,
    )


def over_seeds(mine: BySeed, other: BySeed, k: int) -> tuple[float | None, float | None]:
    """Student's t interval of the seeds' differences; none of fewer than two."""
    differences = [100 * (_pass_at(mine[seed], k) - _pass_at(other[seed], k)) for seed in mine]
    if len(differences) < 2:
        return None, None
    half = student_t_quantile(0.975, len(differences) - 1) * stdev(differences) / len(differences) ** 0.5
    return mean(differences) - half, mean(differences) + half


def _pass_at(samples: Mapping[str, ProblemSamples], k: int) -> float:
    return mean(value for problem in samples.values() if (value := problem.pass_at(k)) is not None)


def _done(out: Path, name: str, variant: str, seed: int) -> bool:
    return bool(list(folder_of(out, name, variant, seed).glob(f"stages/*-{QUESTIONS[name].stages[-1]}/results.json")))


def _samples(out: Path, name: str, variant: str, seed: int) -> dict[str, dict[str, ProblemSamples]]:
    (folder,) = folder_of(out, name, variant, seed).glob(f"stages/*-{QUESTIONS[name].stages[-1]}")
    return read_samples(folder)


def _mean(samples: Mapping[str, ProblemSamples]) -> float:
    shares = [sum(problem.correct) / len(problem.correct) for problem in samples.values() if problem.correct]
    return sum(shares) / len(shares)


def _right_length(samples: Mapping[str, ProblemSamples]) -> float:
    lengths = [tokens for problem in samples.values() for tokens in problem.right_tokens]
    return sum(lengths) / len(lengths) if lengths else float("nan")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", type=Path, default=Path("runs/nano"), help="a finished nano run to start from")
    parser.add_argument("--questions", help=f"of {', '.join(QUESTIONS)}; default: all")
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--out", type=Path, default=Path("runs/ablations"))
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="override for every variant")
    parser.add_argument("--table", action="store_true", help="run nothing")
    return parser.parse_args()


if __name__ == "__main__":
    main()
