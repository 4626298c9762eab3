"""Supervised fine-tuning: Learner on whole packed samples against TRL's SFTTrainer, same samples and weights.

A token is any of a sample's prompt or response, end-of-turn included; padding is not counted. TRL's packing is made for
FlashAttention, which has no CPU build: here it packs with "sdpa" and a block-diagonal mask, so that samples do not see
each other there either. Its fastest form is taken: packed rows of ``--max-length`` (1, 2 or 4 a pass), or batches of
like length, padded (16 or 32 samples a pass).
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import common
from common import Side, Turns

LEARNING_RATE = 1e-4
PEER_VARIANTS = ("packed-1", "packed-2", "packed-4", "padded-16", "padded-32")


def main() -> None:
    options = common.parser(__doc__, rounds=5)
    options.add_argument("--batch", type=int, default=128, help="samples of an optimiser step")
    options.add_argument("--steps", type=int, default=4, help="optimiser steps of a round")
    options.add_argument("--max-length", type=int, default=1024)
    options.add_argument("--variants", nargs="+", default=list(PEER_VARIANTS), help="forms of the peer to choose from")
    args = options.parse_args()
    if args.side:
        sides = {"ours": ours, "peer": peer, "floor": floor}
        common.serve(lambda turns: sides[args.side](args, turns), args.threads)
        return

    print(common.machine(args))
    with common.checkpoint(args.model) as folder, common.Floor(folder) as base:
        candidates = [Side("peer", variant) for variant in args.variants]
        best, tried = common.fastest(candidates, "sft", folder, key="seconds_per_token")
        reports = common.compare([Side("ours"), best], "sft", folder, args.rounds, args.warmup)
        base.measure()
    a, b = reports[Side("ours")], reports[best]
    speed_a, speed_b = ([r["tokens"] / r["seconds"] for r in side] for side in (a, b))
    rows = [common.paired("tokens/s, prompt and response", speed_a, speed_b, higher_is_better=True)]
    rate, body, head = base["rate_2048"], base["body"], base["head"]
    # Per token of ours: the peer's packing deals the samples out to steps differently.
    floors = [6 * (body * r["tokens"] + head * r["response_tokens"]) / rate / r["tokens"] for r in a]
    rates = [[{"seconds": r["seconds"] / r["tokens"]} for r in side] for side in (a, b)]
    rows.append(common.shares("share of the GEMM floor's speed", floors, *rates))
    text = f"{1 / statistics.median(floors):,.0f}"
    rows.append(["GEMM floor, tokens/s", text, text, "-"])
    rows.append(["GEMM rate at batch 2048, GFLOP/s", f"{rate / 1e9:,.0f}", f"{rate / 1e9:,.0f}", "-"])
    rows += common.memory_rows("sft", a, b)
    for side, seconds in tried.items():
        rows.append([f"TRL, {side.variant}, run alone: tokens/s", "-", f"{1 / seconds:,.0f}", "-"])
    common.print_table(f"SFT, {args.batch} samples a step", f"TRL, {best.variant}", rows)


def samples(args: argparse.Namespace) -> tuple[Any, list[Any], list[Any]]:
    """Tokenizer, traces of mixed strategies, and each as a training sequence of ours."""
    from reasoncore.config import TraceSource
    from reasoncore.data.problems import load_traces
    from reasoncore.domains import DOMAINS
    from reasoncore.model.tokenizer import load_tokenizer
    from reasoncore.train.supervised import to_sequences

    tokenizer = load_tokenizer(args.model, 1 << 30)
    count = args.batch * args.steps * (args.rounds + args.warmup + 4)
    sources = {"math": TraceSource(domain="math", count=count)}
    traces = load_traces(sources, DOMAINS, args.seed, Path.cwd())
    random.Random(args.seed).shuffle(traces)
    sequences = to_sequences([(trace.problem.prompt, trace.response) for trace in traces], tokenizer)
    assert all(len(s.token_ids) <= args.max_length for s in sequences), "samples longer than --max-length"
    return tokenizer, traces, sequences


def ours(args: argparse.Namespace, turns: Turns) -> None:
    from reasoncore.config import HardwareSettings, OptimiserSettings
    from reasoncore.model.weights import load_decoder
    from reasoncore.train.learner import Learner

    _, _, sequences = samples(args)
    hardware = HardwareSettings(device="cpu", threads=args.threads)
    learner = Learner(load_decoder(args.model), OptimiserSettings(learning_rate=LEARNING_RATE), hardware)
    position = 0
    while True:
        turns.wait()
        started = time.perf_counter()
        tokens = responses = 0
        loss = 0.0
        for _ in range(args.steps):
            batch = sequences[position : position + args.batch]
            position = (position + args.batch) % (len(sequences) - args.batch + 1)
            wanted = sum(sequence.response_length for sequence in batch)
            totals = learner.forward_backward(batch, lambda log_probs_R, _: (-log_probs_R.sum() / wanted, {}))  # noqa: B023
            learner.optim_step(LEARNING_RATE)
            loss = totals["loss"]
            tokens += sum(len(sequence.token_ids) for sequence in batch)
            responses += wanted
        seconds = time.perf_counter() - started
        turns.report(
            seconds=seconds,
            seconds_per_token=seconds / tokens,
            tokens=tokens,
            response_tokens=responses,
            loss=loss,
        )


def peer(args: argparse.Namespace, turns: Turns) -> None:
    from datasets import Dataset
    from transformers import TrainerCallback
    from trl import SFTConfig, SFTTrainer

    tokenizer, traces, sequences = samples(args)
    total = sum(len(sequence.token_ids) for sequence in sequences)
    form, size = args.variant.split("-")
    packed, rows = form == "packed", int(size)
    mean_row = args.max_length if packed else total / len(sequences)
    # As many tokens an optimiser step as ours has.
    accumulate = max(1, round(args.batch * total / len(sequences) / (rows * mean_row)))
    counted = {"tokens": 0, "responses": 0, "loss": 0.0, "started": 0.0}

    class Counting(SFTTrainer):
        def training_step(self, model: Any, inputs: Any, *rest: Any) -> Any:
            mask = inputs.get("attention_mask")
            counted["tokens"] += inputs["input_ids"].numel() if mask is None else int(mask.sum())
            counted["responses"] += int((inputs["labels"] != -100).sum())
            loss = super().training_step(model, inputs, *rest)
            counted["loss"] += float(loss)
            return loss

    class Rounds(TrainerCallback):
        def on_step_begin(self, _: Any, state: Any, *__: Any, **___: Any) -> None:
            if state.global_step % args.steps == 0:
                turns.wait()
                counted.update(tokens=0, responses=0, started=time.perf_counter())
            counted["loss"] = 0.0

        def on_step_end(self, _: Any, state: Any, *__: Any, **___: Any) -> None:
            if state.global_step % args.steps == 0:
                seconds = time.perf_counter() - counted["started"]
                turns.report(
                    seconds=seconds,
                    seconds_per_token=seconds / counted["tokens"],
                    tokens=counted["tokens"],
                    response_tokens=counted["responses"],
                    loss=counted["loss"],
                )

    prompts = [
        tokenizer.hf.apply_chat_template(
            [{"role": "user", "content": trace.problem.prompt}], tokenize=False, add_generation_prompt=True
        )
        for trace in traces
    ]
    # Plain text, to which the trainer adds the end-of-turn token: token for token what ours trains on.
    data = Dataset.from_list(
        [{"prompt": prompt, "completion": trace.response} for prompt, trace in zip(prompts, traces, strict=True)]
    )
    with tempfile.TemporaryDirectory() as output:
        config = SFTConfig(
            output_dir=output,
            use_cpu=True,
            bf16=False,
            gradient_checkpointing=False,
            per_device_train_batch_size=rows,
            gradient_accumulation_steps=accumulate,
            max_steps=args.steps * (args.rounds + args.warmup + 4),
            max_length=args.max_length,
            packing=packed,
            packing_strategy="bfd",
            train_sampling_strategy="random" if packed else "group_by_length",
            completion_only_loss=True,
            eos_token=tokenizer.hf.convert_ids_to_tokens(tokenizer.turn_end_id),
            learning_rate=LEARNING_RATE,
            lr_scheduler_type="constant",
            adam_beta1=0.9,
            adam_beta2=0.95,
            weight_decay=0.0,
            max_grad_norm=1.0,
            optim="adamw_torch_fused",
            report_to="none",
            save_strategy="no",
            logging_steps=10**6,
            disable_tqdm=True,
            seed=args.seed,
            model_init_kwargs={"dtype": "float32", "attn_implementation": "sdpa"},
        )
        trainer = Counting(
            model=str(args.model),
            args=config,
            train_dataset=data,
            processing_class=tokenizer.hf,
            callbacks=[Rounds()],
        )
        prepared = sum(len(ids) for ids in trainer.train_dataset["input_ids"])
        assert prepared == total, f"the trainer made {prepared} tokens of the samples' {total}"
        trainer.train()


def floor(args: argparse.Namespace, turns: Turns) -> None:
    common.measure_floor(turns, args.model, [2048])


if __name__ == "__main__":
    main()
