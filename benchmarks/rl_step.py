"""One whole RL step (rollout, grading, update): rl_step against TRL's GRPOTrainer, same weights, prompts and lengths.

Both sides: groups of 8, no reference model, GRPO's loss (gamma = 0 on ours), one update a batch, the same MathVerifier.
With ``--rewards hash`` a rollout's reward is a bit of its text's checksum, so that every group has an advantage and
neither side may leave work out; ``real`` pays the verifier's verdict, and ours then skips rollouts without advantage.
"""

from __future__ import annotations

import argparse
import copy
import dataclasses
import statistics
import tempfile
import time
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import common
from common import Side, Turns

PEER_BATCHES = (32, 64, 256)
LEARNING_RATE = 1e-5


def main() -> None:
    options = common.parser(__doc__, rounds=5)
    options.add_argument("--prompts", type=int, default=32)
    options.add_argument("--samples", type=int, default=8, help="rollouts of a group")
    options.add_argument("--tokens", type=int, default=64, help="length of case (a)")
    options.add_argument("--lengths", type=Path, help="JSON list of lengths to draw case (b) from")
    options.add_argument("--batches", type=int, nargs="+", default=PEER_BATCHES, help="of the peer, to choose from")
    options.add_argument("--cases", nargs="+", default=["equal", "nano"], choices=["equal", "nano"])
    options.add_argument("--rewards", default="hash", choices=["hash", "real"])
    args = options.parse_args()
    if args.side:
        sides = {"ours": ours, "peer": peer, "floor": floor}
        common.serve(lambda turns: sides[args.side](args, turns), args.threads)
        return

    print(common.machine(args))
    total = args.prompts * args.samples
    results, chosen = {}, []
    with common.checkpoint(args.model) as folder, common.Floor(folder) as base:
        for case in args.cases:
            batches = [batch for batch in args.batches if total % batch == 0] or [total]
            best, _ = common.fastest([Side("peer", str(batch)) for batch in batches], case, folder)
            chosen.append(f"{best.variant} ({case})")
            reports = common.compare([Side("ours"), best], case, folder, args.rounds, args.warmup)
            results[case] = (reports[Side("ours")], reports[best])
            base.measure()
    rows: list[list[str]] = []
    for case, (a, b) in results.items():
        for title, key in (
            ("seconds a step", "seconds"),
            ("of that rollout", "rollout_seconds"),
            ("of that grading and update", "update_seconds"),
        ):
            times = [common.numbers(side, key) for side in (a, b)]
            rows.append(common.paired(f"{case}: {title}", *times, higher_is_better=False))
        speed_a, speed_b = ([r["tokens"] / r["seconds"] for r in side] for side in (a, b))
        rows.append(common.paired(f"{case}: completion tokens/s", speed_a, speed_b, higher_is_better=True))
        floors = [floor_seconds(base, report, total) for report in a]
        rows.append(common.shares(f"{case}: share of the GEMM floor's speed", floors, a, b))
        text = f"{statistics.median(floors):.3f}"
        rows.append([f"{case}: GEMM floor, seconds a step", text, text, "-"])
        rows += common.memory_rows(case, a, b)
    common.print_table(f"RL step, {total} rollouts", f"TRL, batch {', '.join(chosen)}", rows)


def floor_seconds(base: common.Report, report: common.Report, total: int) -> float:
    """Sampling each token once, and forward and backward over every rollout and its own prompt."""
    body, head = base["body"], base["head"]
    tokens, prompts = report["tokens"], report["prompt_tokens"]
    rollout = 2 * (body + head) * tokens / base[f"rate_{total}"]
    return rollout + 6 * (body * (tokens + prompts) + head * tokens) / base["rate_2048"]


class Rewards:
    """The MathVerifier, and in its verdict's place the text's checksum when asked for."""

    def __init__(self, kind: str) -> None:
        from reasoncore.verify.math import MathVerifier

        self.kind, self.verifier = kind, MathVerifier()

    def judge(self, problems: Sequence[Any], responses: Sequence[str]) -> list[Any]:
        """As our judge of all domains."""
        return self.judge_many(responses, [problem.answer for problem in problems])

    def judge_many(self, responses: Sequence[str], golds: Sequence[str]) -> list[Any]:
        verdicts = self.verifier.judge_many(responses, golds)
        if self.kind == "real":
            return verdicts
        bits = [zlib.crc32(text.encode()) & 1 for text in responses]
        return [
            dataclasses.replace(verdict, correct=bool(bit), reward=float(bit))
            for verdict, bit in zip(verdicts, bits, strict=True)
        ]

    def close(self) -> None:
        self.verifier.close()


def steps(args: argparse.Namespace) -> int:
    """Steps that either side may be asked for."""
    return args.rounds + args.warmup + 3


def ours(args: argparse.Namespace, turns: Turns) -> None:
    from reasoncore.config import HardwareSettings, OptimiserSettings, ProblemSource, RLStage
    from reasoncore.infer.engine import SamplingParams
    from reasoncore.infer.local import LocalEngine
    from reasoncore.rl.step import rl_step
    from reasoncore.timing import Clock
    from reasoncore.train.learner import Learner

    model, tokenizer = common.load_ours(args.model)
    hardware = HardwareSettings(device="cpu", threads=args.threads)
    empirical = common.load_lengths(args.lengths, args.case, args.tokens)
    forced = common.ForcedLengths()
    settings = RLStage(
        kind="rl",
        optimiser=OptimiserSettings(learning_rate=LEARNING_RATE),
        data={"math": ProblemSource(domain="math", count=args.prompts)},
        steps=steps(args),
        prompts_per_step=args.prompts,
        group_size=args.samples,
        gamma=0.0,
        max_tokens=max(empirical),
    )
    sampling = SamplingParams(max_tokens=max(empirical))
    learner = Learner(model, settings.optimiser, hardware)
    engine = LocalEngine(learner.model, tokenizer, hardware)
    problems = common.problems(args.prompts * steps(args), args.seed)
    rewards = Rewards(args.rewards)
    try:
        for step in range(steps(args)):
            forced.lengths = common.draw_lengths(empirical, args.prompts * args.samples, args.seed, step)
            batch = problems[step * args.prompts : (step + 1) * args.prompts]
            generated = 0.0
            real_generate = LocalEngine.generate

            def timed(*given: Any, **named: Any) -> Any:
                nonlocal generated
                began = time.perf_counter()
                out = real_generate(engine, *given, **named)  # noqa: B023
                generated = time.perf_counter() - began
                return out

            engine.generate = timed  # type: ignore[method-assign]
            turns.wait()
            started = time.perf_counter()
            groups, row = rl_step(step, batch, engine, rewards, learner, settings, sampling, args.seed, Clock())
            seconds = time.perf_counter() - started
            made = [len(completion.token_ids) for group in groups for completion in group.completions]
            assert made == forced.lengths, "lengths were not imposed"
            turns.report(
                seconds=seconds,
                rollout_seconds=generated,
                update_seconds=seconds - generated,
                tokens=sum(made),
                prompt_tokens=row["num_tokens"] - sum(made),
                reward=row["reward"],
                idle=row["frac_reward_zero_std"],
            )
    finally:
        rewards.close()


def peer(args: argparse.Namespace, turns: Turns) -> None:
    import torch
    from datasets import Dataset
    from transformers import TrainerCallback
    from trl import GRPOConfig, GRPOTrainer

    from reasoncore.model.tokenizer import load_tokenizer

    tokenizer = load_tokenizer(args.model, 1 << 30)
    stop_ids = torch.tensor(tokenizer.stop_ids)
    total = args.prompts * args.samples
    empirical = common.load_lengths(args.lengths, args.case, args.tokens)
    problems = common.problems(args.prompts * steps(args), args.seed)
    rewards = Rewards(args.rewards)
    state: dict[str, float] = {}

    def reward(completions: list[Any], answer: list[str], **_: Any) -> list[float]:
        texts = [messages[0]["content"] for messages in completions]
        return [verdict.reward for verdict in rewards.judge_many(texts, answer)]

    class Rounds(TrainerCallback):
        def on_step_begin(self, *_: Any, **__: Any) -> None:
            turns.wait()
            state["started"] = time.perf_counter()

        def on_step_end(self, *_: Any, **__: Any) -> None:
            seconds = time.perf_counter() - state["started"]
            metrics = trainer._metrics["train"]
            mean = metrics["completions/mean_length"][-1]
            assert abs(mean * total - state["tokens"]) < 1, "lengths were not imposed"
            turns.report(
                seconds=seconds,
                rollout_seconds=state["generate"],
                update_seconds=seconds - state["generate"],
                tokens=state["tokens"],
                prompt_tokens=metrics["num_tokens"][-1] - state.get("seen", 0) - state["tokens"],
                reward=metrics["reward"][-1],
                idle=metrics["frac_reward_zero_std"][-1],
            )
            state["seen"] = metrics["num_tokens"][-1]

    with tempfile.TemporaryDirectory() as output:
        config = GRPOConfig(
            output_dir=output,
            use_cpu=True,
            bf16=False,
            gradient_checkpointing=False,
            per_device_train_batch_size=int(args.variant),
            gradient_accumulation_steps=total // int(args.variant),
            steps_per_generation=total // int(args.variant),
            num_generations=args.samples,
            num_iterations=1,
            max_steps=steps(args),
            max_completion_length=max(empirical),
            temperature=1.0,
            top_p=1.0,
            top_k=0,
            beta=0.0,
            epsilon=0.2,
            loss_type="grpo",
            scale_rewards="group",
            learning_rate=LEARNING_RATE,
            lr_scheduler_type="constant",
            adam_beta1=0.9,
            adam_beta2=0.95,
            weight_decay=0.0,
            max_grad_norm=1.0,
            optim="adamw_torch_fused",
            shuffle_dataset=False,
            report_to="none",
            save_strategy="no",
            logging_steps=10**6,
            disable_tqdm=True,
            seed=args.seed,
            model_init_kwargs={"dtype": "float32"},
        )
        trainer = GRPOTrainer(
            model=str(args.model),
            reward_funcs=reward,
            args=config,
            train_dataset=Dataset.from_list(
                [{"prompt": [{"role": "user", "content": p.prompt}], "answer": p.answer} for p in problems]
            ),
            processing_class=tokenizer.hf,
            callbacks=[Rounds()],
        )
        trainer.model.generation_config.eos_token_id = None
        real_generate, round_number = trainer.model.generate, 0

        def generate(*, input_ids: Any, generation_config: Any, **rest: Any) -> Any:
            """The model's own ``generate`` with lengths imposed: stop tokens stop nothing, each row ends on time."""
            nonlocal round_number
            started = time.perf_counter()
            lengths = common.draw_lengths(empirical, total, args.seed, round_number)
            width = input_ids.shape[1]
            config = copy.deepcopy(generation_config)
            config.eos_token_id = None
            stopping = None if args.case == "equal" else common.row_lengths(lengths, width)
            out_BT = real_generate(input_ids=input_ids, generation_config=config, stopping_criteria=stopping, **rest)
            new_BT = out_BT[:, width:]
            new_BT[torch.isin(new_BT, stop_ids)] = 300
            last_B = torch.tensor(lengths) - 1
            ends_B = last_B < new_BT.shape[1] - 1  # the trainer masks what follows an end token
            new_BT[ends_B.nonzero().squeeze(1), last_B[ends_B]] = tokenizer.turn_end_id
            state["tokens"], round_number = sum(lengths), round_number + 1
            state["generate"] = time.perf_counter() - started
            return out_BT

        trainer.model.generate = generate
        assert len(trainer.train_dataset) == len(problems)
        try:
            trainer.train()
        finally:
            rewards.close()


def floor(args: argparse.Namespace, turns: Turns) -> None:
    common.measure_floor(turns, args.model, sorted({args.prompts * args.samples, 2048}))


if __name__ == "__main__":
    main()
