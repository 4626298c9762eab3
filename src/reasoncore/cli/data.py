"""``reasoncore data``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from reasoncore.cli.output import print_result
from reasoncore.errors import InfrastructureError, UserInputError


def data_build_command(
    config: Path, data: Path | None, out: Path | None, dry_run: bool, workers: int | None, as_json: bool
) -> None:
    """Build a corpus, or go on with it.

    Raises:
        InfrastructureError: The teacher answered nothing at all; what could be made without it is there.
    """
    from reasoncore.data.build import Build, load_build
    from reasoncore.data.build.teacher import NO_ANSWER

    settings = load_build(config)
    target = out or Path("runs") / f"data-{settings.name}"
    build = Build(settings, target, data or config.parent, workers)
    if dry_run:
        from reasoncore.data.build.estimate import estimate, estimate_text

        found = estimate(build)
        print_result(found, estimate_text(found), as_json)
        return
    card = build.run()
    from reasoncore.data.build.card import card_text

    print_result(
        {**card, "out": str(target)}, f"{card_text(card)}\ncorpus, card and every rejected row: {target}", as_json
    )
    failed = any(NO_ANSWER in stage["reasons"] for stage in card["stages"])
    if failed and not build.heard:
        unanswered = sum(stage["unanswered"] for stage in card["stages"])
        raise InfrastructureError(
            f"the teacher answered none of {unanswered} requests; the rejected rows in {target / 'stages'} say why",
            "Mend that, and run the same command again: it asks for what is missing.",
        )


def data_inspect_command(folder: Path, rows: int, as_json: bool) -> None:
    """Show a corpus: its card and some rows."""
    from reasoncore.data.build.card import card_text
    from reasoncore.data.files import read_parquet

    if not (folder / "card.json").is_file():
        raise UserInputError(f"{folder}: no corpus", "Give the folder that reasoncore data build wrote.")
    again = "Run reasoncore data build again: it makes what is missing."
    try:
        card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
        parts, names = [card_text(card)], list(card["files"])
    except (ValueError, KeyError, TypeError) as error:
        raise UserInputError(f"{folder / 'card.json'}: damaged ({error!r})", again) from error
    shown: list[dict[str, Any]] = []
    for name in names:
        if not (folder / "corpus" / name).is_file():
            raise UserInputError(f"{folder / 'corpus' / name}: is in the card, and not there", again)
        if len(shown) < rows:
            shown += read_parquet(folder / "corpus" / name)[:1]
    for row in shown:
        parts.append(f"--- {row['id']}: {row['length']} tokens, difficulty {row['difficulty']}")
        parts.append(f"{row['prompt']}\n> {row['response']}")
    print_result({"card": card, "rows": shown}, "\n".join(parts), as_json)
