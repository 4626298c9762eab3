"""``reasoncore decontaminate``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from reasoncore.cli.output import print_result
from reasoncore.errors import UserInputError

_MOST_ITEMS = 10


def decontaminate_command(
    training: Sequence[Path],
    against: Sequence[Path],
    out: Path,
    n: int,
    fields: Sequence[str],
    against_fields: Sequence[str],
    common: int,
    workers: int | None,
    as_json: bool,
) -> None:
    """Take out the rows of training files in which evaluation items stand."""
    from reasoncore.data.decontaminate import ProtectedIndex, decontaminate
    from reasoncore.data.decontaminate.protect import check_names, protected_texts

    for path in (*training, *against):
        if not path.is_file():
            raise UserInputError(f"{path}: no such file", "Give training files and evaluation files.")
    check_names(against)
    texts = (text for path in against for text in protected_texts(path, against_fields, n))
    index = ProtectedIndex.of(texts, n, common)
    outcome = decontaminate(training, index, out, fields, workers, against)
    items = sum(map(len, outcome.items.values()))
    lines = [f"{outcome.removed:,} of {outcome.rows:,} rows removed, {items:,} evaluation items met"]
    lines += [
        f"  {name}: {one.removed:,} of {one.rows:,} rows" for name, one in outcome.files.items() if len(training) > 1
    ]
    for source, met in sorted(outcome.items.items()):
        shown = ", ".join(sorted(met)[:_MOST_ITEMS]) + (" ..." if len(met) > _MOST_ITEMS else "")
        lines.append(f"  {source}: {outcome.sources[source]:,} rows, {len(met):,} items ({shown})")
    if index.boilerplate:
        lines.append(f"  {index.boilerplate:,} n-grams of more than {common} items were taken for boilerplate")
    lines.append(f"clean files and removed.jsonl, which names item and words of each row: {out}")
    print_result({**outcome.as_json(), "out": str(out)}, "\n".join(lines), as_json)
