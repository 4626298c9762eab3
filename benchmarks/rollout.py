"""Sampling: LocalEngine.generate against transformers' model.generate, same weights, prompts and lengths.

(a) equal: every completion has the same number of tokens. (b) nano: lengths of a small policy, very unequal.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import common
from common import Side, Turns

PEER_BATCHES = (128, 256)


def main() -> None:
    options = common.parser(__doc__, rounds=5)
    options.add_argument("--prompts", type=int, default=32)
    options.add_argument("--samples", type=int, default=8, help="completions a prompt")
    options.add_argument("--tokens", type=int, default=64, help="length of case (a)")
    options.add_argument("--lengths", type=Path, help="JSON list of lengths to draw case (b) from")
    options.add_argument("--batches", type=int, nargs="+", default=PEER_BATCHES, help="of the peer, to choose from")
    options.add_argument("--cases", nargs="+", default=["equal", "nano"], choices=["equal", "nano"])
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
            batches = sorted({min(batch, total) for batch in args.batches})
            best, _ = common.fastest([Side("peer", str(batch)) for batch in batches], case, folder)
            chosen.append(f"{best.variant} ({case})")
            reports = common.compare([Side("ours"), best], case, folder, args.rounds, args.warmup)
            results[case] = (reports[Side("ours")], reports[best])
            base.measure()
    rate = base[f"rate_{total}"]
    per_token = 2 * (base["body"] + base["head"]) / rate
    rows: list[list[str]] = []
    for case, (a, b) in results.items():
        speed_a, speed_b = ([r["tokens"] / r["seconds"] for r in side] for side in (a, b))
        rows.append(common.paired(f"{case}: useful tokens/s", speed_a, speed_b, higher_is_better=True))
        floors = [r["tokens"] * per_token + r["prompt_tokens"] * 2 * base["body"] / rate for r in a]
        rows.append(common.shares(f"{case}: share of the GEMM floor's speed", floors, a, b))
        rows += common.memory_rows(case, a, b)
    rows.append([f"GEMM floor at batch {total}, tokens/s", f"{1 / per_token:,.0f}", f"{1 / per_token:,.0f}", "-"])
    rows.append(["GEMM rate there, GFLOP/s", f"{rate / 1e9:,.0f}", f"{rate / 1e9:,.0f}", "-"])
    common.print_table(f"rollout, {total} completions", f"generate, batch {', '.join(chosen)}", rows)


def ours(args: argparse.Namespace, turns: Turns) -> None:
    from reasoncore.config import HardwareSettings
    from reasoncore.infer.engine import Request, SamplingParams
    from reasoncore.infer.local import LocalEngine

    model, tokenizer = common.load_ours(args.model)
    hardware = HardwareSettings(device="cpu", threads=args.threads)
    engine = LocalEngine(model, tokenizer, hardware)
    empirical = common.load_lengths(args.lengths, args.case, args.tokens)
    forced = common.ForcedLengths()
    sampling = SamplingParams(temperature=1.0, top_p=1.0, top_k=0, max_tokens=max(empirical))
    problems = common.problems(args.prompts, args.seed)
    number = 0
    while True:
        forced.lengths = common.draw_lengths(empirical, args.prompts * args.samples, args.seed, number)
        requests = [
            Request(({"role": "user", "content": p.prompt},), args.samples, seed=number * 1000 + i)
            for i, p in enumerate(problems)
        ]
        turns.wait()
        started = time.perf_counter()
        groups = engine.generate(requests, sampling)
        seconds = time.perf_counter() - started
        made = [len(completion.token_ids) for group in groups for completion in group]
        assert made == forced.lengths, "lengths were not imposed"
        prompt_tokens = sum(len(group[0].prompt_token_ids) for group in groups)
        turns.report(seconds=seconds, tokens=sum(made), prompt_tokens=prompt_tokens)
        number += 1


def peer(args: argparse.Namespace, turns: Turns) -> None:
    import torch
    from transformers import AutoModelForCausalLM, GenerationConfig

    from reasoncore.model.tokenizer import load_tokenizer

    model = AutoModelForCausalLM.from_pretrained(args.model, dtype=torch.float32).eval()
    model.generation_config = GenerationConfig()  # the checkpoint's own would set top_p and end tokens
    tokenizer = load_tokenizer(args.model, model.config.vocab_size)
    pad = tokenizer.end_of_text_id
    prompts = tokenizer.prompt_ids(
        [[{"role": "user", "content": p.prompt}] for p in common.problems(args.prompts, args.seed)]
    )
    empirical = common.load_lengths(args.lengths, args.case, args.tokens)
    batch = int(args.variant) // args.samples  # prompts of one call
    torch.manual_seed(args.seed)
    number = 0
    while True:
        lengths = common.draw_lengths(empirical, args.prompts * args.samples, args.seed, number)
        turns.wait()
        started = time.perf_counter()
        made = []
        for first in range(0, len(prompts), batch):
            part = prompts[first : first + batch]
            wanted = lengths[first * args.samples : (first + len(part)) * args.samples]
            width = max(map(len, part))
            ids_BT = torch.tensor([[pad] * (width - len(p)) + list(p) for p in part])
            mask_BT = torch.tensor([[0] * (width - len(p)) + [1] * len(p) for p in part])
            out_XT = model.generate(
                input_ids=ids_BT,
                attention_mask=mask_BT,
                do_sample=True,
                temperature=1.0,
                top_p=1.0,
                top_k=0,
                num_return_sequences=args.samples,
                max_new_tokens=max(empirical),
                pad_token_id=pad,
                stopping_criteria=None if args.case == "equal" else common.row_lengths(wanted, width),
            )
            made += [row[:length] for row, length in zip(out_XT[:, width:].tolist(), wanted, strict=True)]
        texts = tokenizer.decode(made)  # ours returns text as well
        seconds = time.perf_counter() - started
        assert len(texts) == len(lengths)
        assert [len(row) for row in made] == lengths, "lengths were not imposed"
        turns.report(seconds=seconds, tokens=sum(lengths))
        number += 1


def floor(args: argparse.Namespace, turns: Turns) -> None:
    common.measure_floor(turns, args.model, [args.prompts * args.samples])


if __name__ == "__main__":
    main()
