"""``reasoncore chat``."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from reasoncore.cli.asked_model import AskedModel
from reasoncore.cli.output import read_line
from reasoncore.errors import ReasoncoreError
from reasoncore.records import whole_characters

if TYPE_CHECKING:
    from reasoncore.infer.async_engine import AsyncEngine
    from reasoncore.infer.engine import SamplingParams
    from reasoncore.records import Message

HELP = "/new forgets the conversation, /undo the last exchange; an empty line or Ctrl-D ends it"


def chat_command(
    model: AskedModel, system: str | None, protocol: str, sampling_overrides: dict[str, Any], seed: int
) -> None:
    """Talk to a model; every question is answered with all that was said before."""
    from reasoncore.evals.protocols import find_protocol

    model.check("chat")
    given = {name: value for name, value in sampling_overrides.items() if value is not None}
    asyncio.run(_chat(model, system, replace(find_protocol(protocol), **given), seed))


async def _chat(model: AskedModel, system: str | None, sampling: SamplingParams, seed: int) -> None:
    opening: list[Message] = [{"role": "system", "content": system}] if system else []
    said = list(opening)
    async with model.live_engine() as engine:
        _note(f"{model.name}: {HELP}")
        while (line := await asyncio.to_thread(_read_line)) is not None:
            match line:
                case "/new":
                    said = list(opening)
                case "/undo":
                    del said[max(len(opening), len(said) - 2) :]
                case _ if line.startswith("/"):
                    _note(HELP)
                case _:
                    question: Message = {"role": "user", "content": line}
                    answer = await _answer(engine, [*said, question], sampling, seed)
                    if answer is not None:
                        said += [question, {"role": "assistant", "content": answer}]


async def _answer(engine: AsyncEngine, said: list[Message], sampling: SamplingParams, seed: int) -> str | None:
    """The answer, printed as it comes; None where there is none. The seed's samples go on with the conversation."""
    from reasoncore.verify.judge_prompt import without_thoughts

    told = False

    def tell(text: str) -> None:
        nonlocal told
        told = True
        print(text, end="", flush=True)

    try:
        had = await engine.complete(said, sampling, seed, len(said), tell)
    except ReasoncoreError as error:
        _note(f"error: {error.message}\ncure: {error.cure}")
        return None
    print("" if told else had.text, flush=True)
    if had.finish == "length":
        _note("cut off at the token limit; --max-tokens raises it")
    # Thoughts are left out of what the next turn sees, as the models' own chat templates do.
    return (without_thoughts(had.text) or had.text).strip()


def _read_line() -> str | None:
    """What the user writes; None at the end."""
    if sys.stdin.isatty():
        print("> ", end="", file=sys.stderr, flush=True)
    return whole_characters(read_line(sys.stdin)).strip() or None


def _note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
