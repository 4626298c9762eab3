"""Puts a report through the page template.

Model output is hostile and ends up on this page. Three walls: everything is escaped by default, characters that could
disturb the display are made visible, and the page's own policy (no script, no network) stands in the template.
"""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from reasoncore.evals.report import numbers
from reasoncore.evals.report.breakdown import breakdowns
from reasoncore.evals.report.collect import Report, Stage
from reasoncore.evals.report.plots import draw_curves, window_of
from reasoncore.evals.report.rollouts import choose_examples
from reasoncore.evals.report.scores import Estimate, mapping, text
from reasoncore.evals.report.verdict import cautions, metric_name, verdict

# Control characters, bidirectional overrides and lone surrogates: they hide or reorder text, or break the encoding.
DISTURBING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"
)


def render(report: Report) -> str:
    """The whole page."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )
    environment.filters.update(
        percent=numbers.percent, points=numbers.points, quantity=numbers.quantity, duration=numbers.duration, at=_at
    )
    return environment.get_template("page.html.jinja").render(**_context(report))


def _context(report: Report) -> dict[str, Any]:
    names = [evaluation.name for evaluation in report.evaluations]
    curves = [
        (stage, window_of(len(stage.metrics)), draw_curves(stage.metrics, f"s{place}"))
        for place, stage in enumerate(report.stages)
    ]
    measured = [(e, benchmark) for e in report.evaluations for benchmark in e.benchmarks.values()]
    differences = [comparison.difference for comparison in report.comparisons]
    recipe = mapping(report.run.get("recipe"))
    colour_of = dict(zip(names, _colours(len(names)), strict=True))
    return {
        "report": report,
        "verdict": verdict(report),
        "cautions": cautions(report),
        "facts": _facts(report),
        "colour_of": colour_of,
        "reach": max((abs(end) for d in differences for end in (d.mean, d.low, d.high) if end), default=1.0),
        "colour_of_columns": lambda columns: [colour_of[column] for column in columns],
        "metric_name": metric_name,
        "largest": _largest,
        "pass_head": _head("Pass", [benchmark.overall.pass_at for _, benchmark in measured]),
        "cons_head": _head("Cons", [benchmark.overall.cons_at for _, benchmark in measured]),
        "breakdowns": breakdowns(report.evaluations),
        "curves": [(stage, window, drawn) for stage, window, drawn in curves if drawn],
        "examples": choose_examples(_rollout_sources(report.stages)),
        "recipe": "\n".join(_recipe_lines(recipe)).strip() if recipe else None,
        "recipe_sha256": text(report.run.get("recipe_sha256")),
        "machine": mapping(report.run.get("machine")),
        "versions": mapping(report.run.get("versions")),
        "measured": measured,
        "hashes": [
            (stage.name, direction, path, sha256)
            for stage in report.stages
            for direction, files in (("read", stage.inputs), ("wrote", stage.outputs))
            for path, sha256 in files.items()
        ],
        "command": _command(report.run.get("command")),
    }


def _finalize(value: Any) -> Any:
    """Applied to all that the template prints, before it is escaped."""
    if isinstance(value, Markup):
        return value
    if value is None:
        return "–"
    return DISTURBING.sub(lambda found: f"\\u{ord(found[0]):04x}", value) if isinstance(value, str) else value


def _at(share: float, reach: float | None = None) -> str:
    """A horizontal position: a share on the scale 0 to 1 or, with ``reach``, a difference on -reach to +reach."""
    place = share if reach is None else 0.5 + 0.48 * share / reach
    return f"{100 * min(1.0, max(0.0, place)):.2f}%"


def _facts(report: Report) -> list[tuple[str, str]]:
    """The line under the verdict."""
    seconds = [stage.seconds for stage in report.stages if stage.seconds is not None]
    machine = mapping(report.run.get("machine"))
    started = text(report.run.get("started"))
    facts = {
        "started": started and started[:16].replace("T", " "),
        "time in stages": numbers.duration(sum(seconds)) if seconds else None,
        "seed": text(report.run.get("seed")),
        "device": text(machine.get("device")),
        "model": None if report.is_run else report.evaluations[0].model,
        "protocol": None if len(report.evaluations) != 1 else report.evaluations[0].protocol,
    }
    return [(name, fact) for name, fact in facts.items() if fact is not None]


def _colours(count: int) -> list[str]:
    """A CSS colour for each evaluation: the first grey, the last in the accent, those between in blues and greens."""
    between = [f"var(--stage-{1 + place % 4})" for place in range(max(0, count - 2))]
    return ["var(--stage-first)", *between, "var(--accent)"] if count > 1 else ["var(--accent)"][:count]


def _largest(by_k: dict[int, Estimate]) -> int | None:
    return max(by_k, default=None)


def _head(metric: str, columns: list[dict[int, Estimate]]) -> str:
    """``"Pass@8"`` when all have the same largest k, else ``"Pass@k"`` and each row says its own."""
    ks = {_largest(by_k) for by_k in columns}
    return f"{metric}@{ks.pop()}" if len(ks) == 1 and None not in ks else f"{metric}@k"


def _rollout_sources(stages: tuple[Stage, ...]) -> list[tuple[str, Path]]:
    """Rollouts of the evaluations; those of training only while there are no others to show."""
    measured = [(s.name, s.rollouts) for s in stages if s.kind == "eval" and s.rollouts is not None]
    return measured or [(s.name, s.rollouts) for s in stages if s.kind != "eval" and s.rollouts is not None]


def _recipe_lines(section: dict[str, Any], path: str = "") -> list[str]:
    """Like the TOML it came from: plain keys first, then a headed block for each nested section."""
    plain = {key: value for key, value in section.items() if not isinstance(value, dict)}
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in plain.items() if value is not None]
    if path and (lines or not section):
        lines = ["", f"[{path}]", *lines]
    for key, value in section.items():
        if isinstance(value, dict):
            lines += _recipe_lines(value, f"{path}.{key}" if path else str(key))
    return lines


def _command(value: Any) -> str | None:
    return shlex.join(str(part) for part in value) if isinstance(value, list) and value else None
