"""Puts a report through the page template.

Model output is hostile and ends up on this page. Three walls: everything is escaped by default, characters that could
disturb the display are made visible, and the page's own policy (no script, no network) stands in the template.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from reasoncore.evals.report import numbers
from reasoncore.evals.report.activity import times, total
from reasoncore.evals.report.breakdown import Breakdown, breakdowns
from reasoncore.evals.report.cautions import cautions
from reasoncore.evals.report.collect import UNFINISHED, Report, Stage
from reasoncore.evals.report.expectations import TOKENS
from reasoncore.evals.report.fusion import FUSED, outcome
from reasoncore.evals.report.matrix import final_losses, matrices
from reasoncore.evals.report.panels import HEIGHT, LEFT, WIDTH, panels
from reasoncore.evals.report.pipeline import KIND_NAMES, NOT_STARTED, pipeline, time_words
from reasoncore.evals.report.plots import draw_curves, window_of
from reasoncore.evals.report.rollouts import choose_examples
from reasoncore.evals.report.scores import Estimate, domain_of, mapping, text
from reasoncore.evals.report.verdict import metric_name, verdict

# What is longer than this is folded away at first.
FEW_SCORES, FEW_DIFFERENCES, FEW_COLUMNS, FEW_CURVES = 6, 12, 4, 3
# What self-distillation does with a trace, in the order of the columns.
FATES = ("kept", "outside_band", "trimmed", "too_short")

TOKEN_SHARES = (("0.1", "1 in 10"), ("0.5", "Median"), ("0.9", "9 in 10"), ("1.0", "Longest"))
CRITERIA = (
    ("prompt_strict", "Prompts, strict"),
    ("prompt_loose", "Prompts, loose"),
    ("instruction_strict", "Instructions, strict"),
    ("instruction_loose", "Instructions, loose"),
)

# Control characters, bidirectional overrides and lone surrogates: they hide or reorder text, or break the encoding.
DISTURBING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"
)


def render(environment: Environment, report: Report, pages: Mapping[tuple[str, str], str]) -> str:
    """The whole page.

    Args:
        environment: From :func:`make_environment`.
        report: What it is about.
        pages: Addresses of all rollouts by evaluation and benchmark.
    """
    page_of = {(evaluation, domain_of(benchmark)): page for (evaluation, benchmark), page in pages.items()}
    return environment.get_template("page.html.jinja").render(**_context(report), pages=pages, page_of=page_of)


def make_environment() -> Environment:
    """The templates, with the first two walls around what they print."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )
    environment.filters.update(
        percent=numbers.percent,
        points=numbers.points,
        signed=numbers.signed,
        quantity=numbers.quantity,
        duration=numbers.duration,
        at=_at,
        width=_width,
    )
    return environment


def _context(report: Report) -> dict[str, Any]:
    names = [evaluation.name for evaluation in report.evaluations]
    measured = [(e, benchmark) for e in report.evaluations for benchmark in e.benchmarks.values()]
    differences = [comparison.difference for comparison in report.comparisons]
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
        "measured": measured,
        "few_scores": FEW_SCORES,
        "few_differences": FEW_DIFFERENCES,
        "few_columns": FEW_COLUMNS,
        "few_curves": FEW_CURVES,
        "kind_names": KIND_NAMES,
        "token_shares": TOKEN_SHARES,
        "criteria": CRITERIA,
        **_stages(report),
        **_reading(report),
        **_provenance(report),
    }


def _stages(report: Report) -> dict[str, Any]:
    """What the sections about the pipeline, the expectations, the domains and the time need."""
    tables = matrices(report)
    found = [(stage, stage.fusion) for stage in report.stages if stage.fusion is not None]
    clocks = [(s.seconds, s.spent) for s in report.stages if s.seconds is not None or s.spent]
    lines = [
        times(s.name, s.status == UNFINISHED, s.seconds, s.spent)
        for s in report.stages
        if s.seconds is not None or s.spent
    ]
    lines = [*lines, total(clocks)] if any(line.parts for line in lines) else []
    by_benchmark: dict[str, list[Breakdown]] = {}
    for table in breakdowns(report.comparable):
        by_benchmark.setdefault(table.benchmark, []).append(table)
    fates = [fate for stage in report.stages for counts in stage.selection.values() for fate in counts]
    return {
        "boxes": pipeline(report),
        "not_started": NOT_STARTED,
        "time_words": time_words,
        "fates": list(dict.fromkeys((*FATES, *fates))),
        "expected_reach": _expected_reach(report),
        "tokens_metric": TOKENS,
        "fusions": [(stage, fusion, *outcome(fusion)) for stage, fusion in found],
        "fused": FUSED,
        "matrices": tables,
        "panels": panels(tables),
        "panel_width": WIDTH,
        "panel_height": HEIGHT,
        "panel_left": LEFT,
        "final_losses": final_losses(tables),
        "breakdowns": by_benchmark,
        "time_lines": lines,
        "activity_key": sorted(
            {part.name: part.colour for line in lines for part in line.parts}.items(), key=lambda item: item[1]
        ),
    }


def _reading(report: Report) -> dict[str, Any]:
    """Learning curves and rollouts."""
    curves = [
        (stage, window_of(len(stage.metrics)), draw_curves(stage.metrics, f"s{place}"))
        for place, stage in enumerate(report.stages)
    ]
    return {
        "curves": [(stage, window, drawn) for stage, window, drawn in curves if drawn],
        "curve_title": _curve_title,
        "examples": choose_examples(_rollout_sources(report.stages)),
    }


def _provenance(report: Report) -> dict[str, Any]:
    return {
        "recipe": "\n".join(_recipe_lines(report.recipe)).strip() if report.recipe else None,
        "recipe_sha256": text(report.run.get("recipe_sha256")),
        "machine": mapping(report.run.get("machine")),
        "versions": mapping(report.run.get("versions")),
        "hashes": [
            (stage.name, direction, path, sha256)
            for stage in report.stages
            for direction, files in (("read", stage.inputs), ("wrote", stage.outputs))
            for path, sha256 in files.items()
        ],
        "command": _command(report.run.get("command")),
    }


def _expected_reach(report: Report) -> float:
    """The largest number on the strips of the expectations."""
    ends = [e.bound for e in report.expectations]
    for value in (e.value for e in report.expectations if e.value is not None):
        ends += [value.mean, value.low, value.high]
    return max((abs(end) for end in ends if end), default=1.0)


def _curve_title(stage: Stage, window: int) -> str:
    status = "" if stage.status == "done" else f" ({stage.status})"
    smoothed = f", mean over {window}" if window > 1 else ""
    return f"{stage.name}{status}: {numbers.quantity(len(stage.metrics))} steps{smoothed}"


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


def _width(ends: tuple[float, float], reach: float) -> str:
    """The width of a stretch of the scale that :func:`_at` has."""
    low, high = (min(1.0, max(0.0, 0.5 + 0.48 * end / reach)) for end in ends)
    return f"{100 * max(0.0, high - low):.2f}%"


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
    """``"Pass@8"`` when all that have any have the same largest k, else ``"Pass@k"`` and each row says its own."""
    ks = {_largest(by_k) for by_k in columns if by_k}
    return f"{metric}@{ks.pop()}" if len(ks) == 1 else f"{metric}@k"


def _rollout_sources(stages: tuple[Stage, ...]) -> list[tuple[str, Path]]:
    """The first and the last evaluation of each benchmark; of training only while there are no others to show."""
    having = [stage for stage in stages if stage.rollouts is not None]
    having = [stage for stage in having if stage.kind == "eval"] or having
    ends: dict[str, list[str]] = {}
    for stage in having:
        for benchmark in stage.evaluation.benchmarks if stage.evaluation is not None else ("",):
            ends.setdefault(benchmark, []).append(stage.name)
    shown = {name for names in ends.values() for name in (names[0], names[-1])}
    return [(stage.name, stage.rollouts) for stage in having if stage.name in shown and stage.rollouts is not None]


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
