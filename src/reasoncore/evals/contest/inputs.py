"""Drawing a problem's inputs: its generator, asked for one seed after another until there are enough that differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from reasoncore.errors import DataError
from reasoncore.evals.contest.programs import Program, json_text, run_program
from reasoncore.sandbox import Sandbox

GENERATOR_LIMIT_S = 10.0
SEEDS_PER_INPUT = 5  # small inputs are often drawn twice; a generator that needs more hardly depends on its seed

Size = Literal["small", "large"]


@dataclass(frozen=True, slots=True)
class Drawn:
    """An input, and what the generator was asked for."""

    size: Size
    seed: int
    value: Any

    @property
    def where(self) -> str:
        """Which input it is, for errors."""
        return f"{self.size} input of seed {self.seed}"


def draw_inputs(
    sandbox: Sandbox, generator: Program, size: Size, count: int, seen: set[str], *, text: bool
) -> list[Drawn]:
    """The first ``count`` inputs that differ, by seeds from 0.

    Args:
        sandbox: Where the generator runs.
        generator: It defines ``generate(seed, size)``.
        size: What it is asked for.
        count: How many.
        seen: Inputs there are already, as JSON; those drawn are added.
        text: Inputs are text for standard input, and not a function's arguments.

    Raises:
        DataError: It fails, gives no input, gives two inputs for one seed, or hardly depends on the seed.
        SandboxFailedError: The sandbox failed.
    """
    drawn: list[Drawn] = []
    for seed in range(SEEDS_PER_INPUT * count):
        if len(drawn) == count:
            break
        found = _draw(sandbox, generator, size, seed, text=text)
        key = json_text(found.value)
        if key not in seen:
            seen.add(key)
            drawn.append(found)
    if len(drawn) < count:
        raise DataError(
            f"{generator.label}: only {len(drawn)} different {size} inputs from {SEEDS_PER_INPUT * count} seeds",
            "Draw from more inputs, by the seed, or ask for fewer tests.",
        )
    return drawn


def _draw(sandbox: Sandbox, generator: Program, size: Size, seed: int, *, text: bool) -> Drawn:
    where = f"size {size!r}, seed {seed}"
    values = [run_program(sandbox, generator, [seed, size], where).output for _ in range(2)]
    if json_text(values[0]) != json_text(values[1]):
        raise DataError(f"{generator.label}, {where}: two runs differ", "Draw from random.Random(seed) alone.")
    if not isinstance(values[0], str if text else list | dict):
        wanted = "text for standard input" if text else "a list of arguments or an object of keyword arguments"
        raise DataError(f"{generator.label}, {where}: gives no input", f"Return {wanted}.")
    return Drawn(size, seed, values[0])
