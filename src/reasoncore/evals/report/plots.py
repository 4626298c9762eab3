"""Learning curves as inline SVG that takes its colours and typeface from the page, light or dark.

Matplotlib draws with a few marker colours that mean nothing; ``svg`` then replaces them by CSS variables.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib
import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullFormatter
from numpy.typing import NDArray

from reasoncore.evals.report.svg import FIRST, INK, MUTED, RULE, SECOND, to_svg

Row = dict[str, float]
Array = NDArray[np.float64]

MAX_DOTS = 160
MAX_LINE_POINTS = 320
SMOOTH_FROM = 12  # fewer points than this are joined as they are

SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
STYLE = {
    "svg.fonttype": "none",
    "font.family": ["DejaVu Sans"],
    "font.size": 11.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": RULE,
    "axes.labelcolor": MUTED,
    "axes.linewidth": 1.0,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "axes.unicode_minus": True,
    "grid.color": RULE,
    "grid.linewidth": 0.6,
    "xtick.color": RULE,
    "ytick.color": RULE,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "path.simplify": False,
}


@dataclass(frozen=True, slots=True)
class Panel:
    """What one small plot shows.

    Attributes:
        series: Metric key and label, one or two; a key may end in ``*`` to take every k of Pass@k.
        unit: The label of the vertical axis.
        scale: Factor on the values, 100 for shares.
        reference: Height of a dashed line, where a value has a meaning of its own.
    """

    title: str
    unit: str
    series: tuple[tuple[str, str], ...]
    scale: float = 1.0
    log: bool = False
    smooth: bool = True
    reference: float | None = None


@dataclass(frozen=True, slots=True)
class Curve:
    """A drawn panel: the SVG, and the title and legend set in HTML beside it."""

    title: str
    legend: tuple[str, ...]
    svg: Markup


SHARED_PANELS = (
    Panel("Learning rate", "learning rate × 10⁶", (("learning_rate", "learning rate"),), scale=1e6, smooth=False),
    Panel("Gradient norm", "norm before clipping", (("grad_norm", "gradient norm"),)),
)
RL_PANELS = (
    Panel("Reward", "mean per rollout", (("reward", "reward"),)),
    Panel("Held-out probe", "% of problems", (("probe/pass@*", "Pass@"),), scale=100),
    Panel("Entropy", "nats per token", (("entropy", "entropy"),)),
    Panel(
        "Completion length",
        "tokens, mean",
        (("completions/mean_length", "all"), ("completions/mean_right_length", "right answers")),
    ),
    Panel(
        "Wasted sampling",
        "% of prompts, of rollouts",
        (
            ("frac_reward_zero_std", "all right or all wrong"),
            ("completions/clipped_ratio", "cut off"),
        ),
        scale=100,
    ),
    Panel(
        "Importance ratio",
        "learner ÷ sampler, mean",
        (("sampling/importance_sampling_ratio/mean", "importance ratio"),),
        reference=1.0,
    ),
    Panel(
        "Sampler mismatch",
        "|Δ log-probability|, nats",
        (
            ("sampling/sampling_logp_difference/mean", "mean"),
            ("sampling/sampling_logp_difference/max", "largest"),
        ),
        log=True,
    ),
    *SHARED_PANELS[::-1],
)
SFT_PANELS = (Panel("Loss", "nats per token", (("loss", "loss"),)), *SHARED_PANELS)


def draw_curves(rows: Sequence[Row], salt: str) -> tuple[Curve, ...]:
    """The panels that the metrics have data for. ``salt`` keeps the ids of different stages apart."""
    panels = RL_PANELS if any("reward" in row for row in rows) else SFT_PANELS
    curves = [_draw(panel, rows, f"{salt}-{index}") for index, panel in enumerate(panels)]
    return tuple(curve for curve in curves if curve is not None)


def window_of(count: int) -> int:
    """Width of the running mean for a series of ``count`` points, odd; 1 when it is too short to smooth."""
    return 1 if count < SMOOTH_FROM else max(3, count // 16) | 1


def _draw(panel: Panel, rows: Sequence[Row], salt: str) -> Curve | None:
    series = [found for key, label in panel.series for found in _series(key, label, rows)][:2]
    series = [(label, steps, values * panel.scale) for label, steps, values in series]
    if panel.log:
        series = [(label, steps[values > 0], values[values > 0]) for label, steps, values in series]
    series = [item for item in series if len(item[1])]
    if not series:
        return None
    with matplotlib.rc_context({**STYLE, "svg.hashsalt": salt}):
        figure = Figure(figsize=(5.2, 2.9), facecolor="none", layout="constrained")
        axes = figure.add_subplot(facecolor="none")
        colors = (FIRST, SECOND)[: len(series)]
        for item, color in zip(series, colors, strict=True):
            _plot(axes, *item[1:], color, panel.smooth)
        if panel.reference is not None:
            axes.axhline(panel.reference, color=MUTED, linewidth=1, linestyle=(0, (3, 3)))
        axes.set_xlabel("step")
        axes.set_ylabel(panel.unit)
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True, steps=[1, 2, 5, 10]))
        if panel.log:
            axes.set_yscale("log")
            axes.yaxis.set_major_formatter(FuncFormatter(_power_of_ten))
            axes.yaxis.set_minor_formatter(NullFormatter())
        else:
            axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
            axes.ticklabel_format(axis="y", useOffset=False)
        svg = to_svg(figure, salt, panel.title)
    return Curve(panel.title, tuple(label for label, _, _ in series), svg)


def _series(key: str, label: str, rows: Sequence[Row]) -> list[tuple[str, Array, Array]]:
    """Label, steps and values of a metric; for ``probe/pass@*`` the smallest and the largest k."""
    named = [(key, label)]
    if key.endswith("*"):
        ks = sorted({int(found[len(key) - 1 :]) for row in rows for found in row if _is_k(found, key[:-1])})
        named = [(f"{key[:-1]}{k}", f"{label}{k}") for k in dict.fromkeys((*ks[:1], *ks[-1:]))]
    found = []
    for name, shown in named:
        points = [(row["step"], row[name]) for row in rows if name in row]
        if points:
            steps, values = np.asarray(points, dtype=float).T
            found.append((shown, steps, values))
    return found


def _is_k(key: str, prefix: str) -> bool:
    return key.startswith(prefix) and key[len(prefix) :].isdecimal()


def _plot(axes: Axes, steps: Array, values: Array, color: str, smooth: bool) -> None:
    window = window_of(len(steps))
    if window == 1:
        axes.plot(steps, values, color=color, linewidth=1.6, marker="o", markersize=4)
        return
    if smooth:
        dots = slice(None, None, -(-len(steps) // MAX_DOTS))
        axes.plot(
            steps[dots], values[dots], color=color, linestyle="none", marker="o", markersize=2.8, mew=0, alpha=0.4
        )
        values = _centred_mean(values, window)
    line = slice(None, None, -(-len(steps) // MAX_LINE_POINTS))
    axes.plot(steps[line], values[line], color=color, linewidth=1.8)


def _centred_mean(values: Array, window: int) -> Array:
    """Mean over ``window`` values around each; near the ends over those that exist."""
    ones = np.ones(window)
    return np.convolve(values, ones, "same") / np.convolve(np.ones_like(values), ones, "same")


def _power_of_ten(value: float, _: int) -> str:
    """``"10⁻⁵"``; no label for what is not a power of ten."""
    exponent = math.log10(value)
    if abs(exponent - round(exponent)) > 1e-6:
        return ""
    return "10" + str(round(exponent)).translate(SUPERSCRIPT)
