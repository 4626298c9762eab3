"""How many problems and samples fit into the time there is, and how exact the scores will be.

Symbols: n items, k samples an item, p_i the chance that item i is answered right, p their mean.

    difficulty    p_i ~ Beta(p c, (1 - p) c), c the concentration, so that
                  sigma^2 = Var(p_i) = p (1 - p) / (c + 1)    and    E = mean of p_i (1 - p_i) = p (1 - p) c / (c + 1)
    score         Var(mean) = sigma^2 / n + E / (n k)                        [1] section 3.1
    half-width    t_{0.975, n-1} sqrt(Var(mean)) for problems like these; 1.96 sqrt(E / (n k)) for the same again
    difference    omega^2 = 2 sigma^2 (1 - rho), rho the correlation of the p_i of two models on the same items;
                  smallest difference seen with power 80 % by a paired test at level 5 %:
                  (z_0.975 + z_0.8) sqrt((omega^2 + 2 E / k) / n)            [1] section 5, solved for the difference
                  (normal quantiles: a little too small below some 20 items)
    cost          hours = n k tokens / (3600 tokens per second)

[1] Miller 2024, Adding Error Bars to Evals, arXiv 2411.00640. The Beta model and its default concentration, 1, are
ours: half of the variance of one outcome then lies between items, which are mostly easy or hard for the model. Where
a first measurement is at hand, :func:`difficulty_of` takes both variances from it.

Doubling k can at best take E / (n k) away, where doubling n halves the whole variance for the same cost. So items come
before samples while there are items: a plan gives every benchmark all its items once, or an equal share of them where
that does not fit, and only then doubles the samples of one benchmark at a time, each time that which takes the most
variance for an hour.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from reasoncore.errors import UserInputError
from reasoncore.evals.statistics import Z95, smallest_detectable
from reasoncore.evals.student_t import student_t_quantile

K_VALUES = (1, 2, 4, 8, 16, 32, 64)
CONCENTRATION = 1.0
CORRELATION = 0.5


@dataclass(frozen=True, slots=True)
class Difficulty:
    """How hard a benchmark's items are for a model; shares, not percent.

    Attributes:
        p: Expected score, mean of p_i.
        between: sigma^2, the variance of p_i.
        within: E, the mean of p_i (1 - p_i).
    """

    p: float
    between: float
    within: float


def beta_difficulty(p: float, concentration: float = CONCENTRATION) -> Difficulty:
    """Items whose p_i follow a Beta distribution; a small concentration means that most are always or never solved.

    Raises:
        UserInputError: p not between 0 and 1, or a concentration that is not positive.
    """
    if not 0.0 < p < 1.0:
        raise UserInputError(f"expected score {p:g}: not between 0 and 1", "Give a share, such as 0.6 for 60 %.")
    if not concentration > 0.0:
        raise UserInputError(f"concentration {concentration:g}: must be positive", "Leave it out for 1.")
    return Difficulty(p, p * (1 - p) / (concentration + 1), p * (1 - p) * concentration / (concentration + 1))


def difficulty_of(item_means: Sequence[float], k: int) -> Difficulty:
    """Difficulty from a measurement: the share of right samples of each item, of k samples each.

    Var(x_i) = sigma^2 + E / k, and E is estimated without bias by the mean of x_i (1 - x_i) k / (k - 1).

    Raises:
        UserInputError: Fewer than two items or two samples, which cannot tell the two variances apart.
    """
    n = len(item_means)
    if n < 2 or k < 2:
        raise UserInputError(
            f"{n} items of {k} samples: too few to tell items from sampling", "Measure at least two of each."
        )
    p = sum(item_means) / n
    within = sum(x * (1 - x) for x in item_means) / n * k / (k - 1)
    between = sum((x - p) ** 2 for x in item_means) / (n - 1) - within / k
    return Difficulty(p, max(0.0, between), within)


@dataclass(frozen=True, slots=True)
class Workload:
    """A benchmark to plan for.

    Attributes:
        name: Its name.
        items: Problems it has.
        tokens: Mean tokens of a completion.
        difficulty: What is expected of the model on it.
    """

    name: str
    items: int
    tokens: float
    difficulty: Difficulty

    def __post_init__(self) -> None:
        if not self.name:
            raise UserInputError("a benchmark without a name", "Write it such as aime25=30:12000:0.9.")
        if self.items < 1 or not 0 < self.tokens < math.inf:
            raise UserInputError(
                f"benchmark {self.name!r}: {self.items} items of {self.tokens:g} tokens", "Both must be positive."
            )


@dataclass(frozen=True, slots=True)
class Option:
    """What n items with k samples each cost and tell; half-widths and differences in points, None for one item.

    Attributes:
        benchmark: Its name.
        items: n.
        k: Samples an item.
        hours: Time it takes.
        half_width: Expected 95 % half-width for problems like these.
        half_width_same_items: Likewise for the same problems sampled again.
        detectable: Smallest difference of two models on the same items that a paired test sees 4 times in 5.
    """

    benchmark: str
    items: int
    k: int
    hours: float
    half_width: float | None
    half_width_same_items: float
    detectable: float | None

    def as_json(self) -> dict[str, Any]:
        """The attributes."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class BudgetPlan:
    """Every benchmark at every k with all its items, and what to take.

    Attributes:
        hours: Time there is.
        table: Benchmarks in order, each at every k of ``K_VALUES``.
        chosen: One option a benchmark that fits together.
        all_items: Whether the chosen ones have all items.
    """

    hours: float
    table: tuple[Option, ...]
    chosen: tuple[Option, ...]
    all_items: bool

    @property
    def chosen_hours(self) -> float:
        """Time that what is chosen takes."""
        return sum(option.hours for option in self.chosen)

    def as_json(self) -> dict[str, Any]:
        """The attributes, and the hours of what is chosen."""
        return {**asdict(self), "chosen_hours": self.chosen_hours}


def option_of(work: Workload, items: int, k: int, tokens_per_second: float, correlation: float = CORRELATION) -> Option:
    """What ``items`` items of a benchmark with ``k`` samples each cost and tell."""
    between, within = work.difficulty.between, work.difficulty.within
    hours = items * k * work.tokens / tokens_per_second / 3600.0
    same = 100.0 * Z95 * math.sqrt(within / (items * k))
    if items == 1:
        return Option(work.name, items, k, hours, None, same, None)
    half = 100.0 * student_t_quantile(0.975, items - 1) * math.sqrt(between / items + within / (items * k))
    omega2 = 2.0 * between * (1.0 - correlation)
    detectable = 100.0 * smallest_detectable(math.sqrt((omega2 + 2.0 * within / k) / items))
    return Option(work.name, items, k, hours, half, same, detectable)


def plan_budget(
    workloads: Sequence[Workload], hours: float, tokens_per_second: float, correlation: float = CORRELATION
) -> BudgetPlan:
    """What fits into the time there is.

    Args:
        workloads: The benchmarks, which share the time.
        hours: Time there is.
        tokens_per_second: Of the whole machine, all sequences together, as measured.
        correlation: rho, of the difficulty of items for the two models of a comparison, 0 to 1.

    Raises:
        UserInputError: No benchmark or one twice, numbers out of range, or not even one item of each benchmark fits.
    """
    if not workloads or len({work.name for work in workloads}) < len(workloads):
        raise UserInputError("no benchmark to plan for, or one named twice", "Name each benchmark once.")
    if not (0 < hours < math.inf and 0 < tokens_per_second < math.inf):
        raise UserInputError(f"{hours:g} hours at {tokens_per_second:g} tokens/s", "Both must be positive.")
    if not 0.0 <= correlation <= 1.0:
        raise UserInputError(f"correlation {correlation:g}: not from 0 to 1", "Leave it out for 0.5.")

    def option(work: Workload, items: int, k: int) -> Option:
        return option_of(work, items, k, tokens_per_second, correlation)

    table = tuple(option(work, work.items, k) for work in workloads for k in K_VALUES)
    once = sum(option(work, work.items, 1).hours for work in workloads)
    if once > hours:
        counts = [math.floor(work.items * hours / once) for work in workloads]
        if 0 in counts:
            raise UserInputError(
                f"{hours:g} h: every problem once takes {once:.3g} h, and no equal share of them fits",
                "Give more hours, fewer benchmarks or a faster machine.",
            )
        chosen = [option(work, count, 1) for work, count in zip(workloads, counts, strict=True)]
        return BudgetPlan(hours, table, tuple(chosen), False)
    samples = _doubled({work.name: work for work in workloads}, hours, tokens_per_second)
    return BudgetPlan(hours, table, tuple(option(work, work.items, samples[work.name]) for work in workloads), True)


def _doubled(works: Mapping[str, Workload], hours: float, tokens_per_second: float) -> dict[str, int]:
    """Samples by benchmark: from one each, doubled where an hour takes the most variance, as long as it fits."""
    cost = {name: work.items * work.tokens / tokens_per_second / 3600.0 for name, work in works.items()}
    samples = dict.fromkeys(works, 1)
    left = hours - sum(cost.values())
    while True:
        fitting = [name for name, k in samples.items() if k < K_VALUES[-1] and cost[name] * k <= left]
        if not fitting:
            return samples
        best = max(fitting, key=lambda name: _gain(works[name], samples[name]) / (cost[name] * samples[name]))
        left -= cost[best] * samples[best]
        samples[best] *= 2


def _gain(work: Workload, k: int) -> float:
    """Variance that doubling k takes off the mean."""
    return work.difficulty.within / (2.0 * work.items * k)


def enough_samples(options: Sequence[Option]) -> int | None:
    """The smallest k whose half-width is within 5 % of that of the largest; None for one item.

    Args:
        options: Of one benchmark with one number of items.
    """
    widths = {option.k: option.half_width for option in options if option.half_width is not None}
    return min((k for k, width in widths.items() if width <= 1.05 * widths[max(widths)]), default=None)


def budget_lines(plan: BudgetPlan) -> list[str]:
    """The table, what to take of it, and why."""
    head = "benchmark            items    k     hours      like      same   detectable"
    lines = [head, *map(_row, plan.table), "", f"Into {plan.hours:g} h fit, in {plan.chosen_hours:.2f} h:"]
    lines += [*map(_row, plan.chosen), ""]
    if plan.all_items:
        lines.append("Every problem fits at least once; what is left goes into more samples of the same problems.")
    else:
        lines.append("Not every problem fits once: take this many of each, drawn at random, with one sample each.")
    for name in dict.fromkeys(option.benchmark for option in plan.table):
        enough = enough_samples([option for option in plan.table if option.benchmark == name])
        if enough is not None and enough < K_VALUES[-1]:
            lines.append(f"{name}: past {enough} samples the interval narrows by less than 5 %; only problems help.")
    return [
        *lines,
        "like: half-width of the 95 % interval in points, for problems like these; same: for these very problems.",
        "detectable: difference of two models on the same problems, in points, that is seen 4 times in 5.",
    ]


def _row(option: Option) -> str:
    like, seen = (f"{'-' if x is None else format(x, '.1f'):>9}" for x in (option.half_width, option.detectable))
    return (
        f"{option.benchmark:<18} {option.items:>7} {option.k:>4} {option.hours:>9.2f} {like} "
        f"{option.half_width_same_items:>9.1f} {seen:>12}"
    )
