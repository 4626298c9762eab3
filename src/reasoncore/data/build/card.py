"""The data card: what is in the corpus, where it comes from, and what every stage did, as JSON and as text."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reasoncore.data.build.config import BuildSettings
from reasoncore.data.build.stage_folder import StageResult

_BARS = 40
_COUNTED = {"sources": "source", "licences": "licence", "domains": "domain"}


@dataclass(slots=True)
class Tally:
    """Counts of a corpus, taken while its rows go by; ``queries`` are told by domain and id."""

    rows: int = 0
    tokens: array[int] = field(default_factory=lambda: array("q"))
    queries: set[tuple[str, str]] = field(default_factory=set)
    counts: dict[str, Counter[str]] = field(default_factory=lambda: {key: Counter() for key in _COUNTED})
    strata: Counter[tuple[str, str]] = field(default_factory=Counter)

    def counting(self, rows: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """The same rows."""
        for row in rows:
            self.rows += 1
            self.tokens.append(row["tokens"])
            self.queries.add((row["domain"], row["id"].rpartition("#")[0]))
            for key, column in _COUNTED.items():
                self.counts[key][str(row[column])] += 1
            self.strata[row["length"], row["difficulty"]] += 1
            yield row

    def as_json(self) -> dict[str, Any]:
        """For the card."""
        tokens = sorted(self.tokens)
        shares = (0, 0.25, 0.5, 0.75, 0.95, 1) if tokens else ()
        return {
            "rows": self.rows,
            "queries": len(self.queries),
            "tokens": sum(tokens),
            "token_quantiles": {f"{share:g}": tokens[int(share * (len(tokens) - 1))] for share in shares},
            "token_histogram": _histogram(tokens),
            **{key: dict(sorted(counts.items())) for key, counts in self.counts.items()},
            "strata": [
                {"length": length, "difficulty": difficulty, "rows": count}
                for (length, difficulty), count in sorted(self.strata.items())
            ],
        }


def make_card(
    settings: BuildSettings,
    stages: Sequence[StageResult],
    tally: Mapping[str, Any],
    hashes: Mapping[str, str],
    inputs: Mapping[str, Mapping[str, str]],
    spent: Mapping[str, Any],
) -> dict[str, Any]:
    """Everything, as JSON.

    Args:
        tally: As :meth:`Tally.as_json` has it.
        hashes: SHA-256 of the corpus's files, by name.
        inputs: SHA-256 of what each source was read from, and of each evaluation file.
        spent: What the teacher was asked.
    """
    return {
        "name": settings.name,
        **tally,
        "stages": [
            {
                "stage": one.name,
                "folder": one.rows.parent.name,
                **one.counts,
                "reasons": dict(sorted(one.reasons.items())),
                "unanswered": one.unanswered,
            }
            for one in stages
        ],
        "teacher": dict(spent),
        "settings": settings.model_dump(mode="json"),
        "inputs": dict(inputs),
        "files": dict(hashes),
    }


def card_text(card: Mapping[str, Any]) -> str:
    """For people, as Markdown."""
    lines = [
        f"# {card['name']}",
        "",
        f"{card['rows']:,} worked solutions of {card['queries']:,} queries, {card['tokens']:,} tokens; by reasoncore.",
        "",
        "| stage | in | made | kept | rejected | why |",
        "|---|---|---|---|---|---|",
    ]
    for stage in card["stages"]:
        why = "; ".join(f"{reason}: {count:,}" for reason, count in stage["reasons"].items())
        counts = " | ".join(f"{stage[key]:,}" for key in ("in", "made", "kept", "rejected"))
        lines.append(f"| {stage['stage']} | {counts} | {why} |")
    for title, key in (("source", "sources"), ("licence", "licences"), ("domain", "domains")):
        lines += ["", f"| {title} | rows |", "|---|---|", *(f"| {name} | {n:,} |" for name, n in card[key].items())]
    lines += ["", "| length in tokens | difficulty (error rate) | rows |", "|---|---|---|"]
    lines += [f"| {one['length']} | {one['difficulty']} | {one['rows']:,} |" for one in card["strata"]]
    most = max((count for _, count in card["token_histogram"]), default=1)
    lines += ["", "Tokens of a response:", ""]
    lines += [f"    {label:>12} {'#' * round(_BARS * n / most):<{_BARS}} {n:,}" for label, n in card["token_histogram"]]
    lines += [
        "",
        "Every rejected row is in `rejected.jsonl` of its stage's folder, with its reason. `card.json` names the "
        "folders, and has settings and hashes; other folders in `stages` are of earlier runs.",
    ]
    return "\n".join(lines) + "\n"


def _histogram(tokens: Sequence[int]) -> list[tuple[str, int]]:
    """Counts between powers of two."""
    counts = Counter(max(1, count).bit_length() for count in tokens)
    return [
        (f"{2 ** (bits - 1)}-{2**bits - 1}", counts[bits])
        for bits in range(min(counts, default=1), max(counts, default=0) + 1)
    ]
