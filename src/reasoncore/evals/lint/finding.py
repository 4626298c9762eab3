"""What a check has to say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any, Literal

Severity = Literal["error", "warning"]
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong with a benchmark.

    Attributes:
        severity: ``"error"``: cannot be scored fairly. ``"warning"``: deserves a look.
        benchmark: Its name.
        problem_id: The problem, None where it is about the whole benchmark.
        what: What is wrong, the same words for every problem it is wrong with.
        evidence: What was seen there.
        cure: What to do about it.
    """

    severity: Severity
    benchmark: str
    problem_id: str | None
    what: str
    evidence: str
    cure: str

    def as_json(self) -> dict[str, Any]:
        """The attributes."""
        return asdict(self)


def finding_lines(found: Sequence[Finding], most: int = _SHOWN) -> list[str]:
    """The findings for people: those of one kind together, at most ``most`` of each shown."""
    if not found:
        return ["Nothing found."]

    def kind(finding: Finding) -> tuple[bool, str, str, str]:
        return finding.severity != "error", finding.benchmark, finding.what, finding.cure

    lines = []
    for _, same in groupby(sorted(found, key=kind), key=kind):
        group = list(same)
        first = group[0]
        lines.append(f"{first.severity}: {first.benchmark}: {first.what} ({len(group)})")
        lines += [f"    {f.problem_id or 'the benchmark'}: {f.evidence}" for f in group[:most]]
        lines += [f"    and {len(group) - most} more"] if len(group) > most else []
        lines.append(f"    {first.cure}")
    errors = sum(finding.severity == "error" for finding in found)
    return [*lines, f"{errors} errors, {len(found) - errors} warnings."]
