"""``reasoncore contest``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from reasoncore.cli.output import print_result


def contest_build_command(folders: Sequence[Path], out: Path, tests: int, as_json: bool) -> None:
    """Make a file of problems with hidden tests from the folders of contests."""
    from reasoncore.evals.contest import NOT_THE_JUDGES, build_contests, build_lines, manifest_path

    built = build_contests(folders, out, tests)
    manifest = manifest_path(out)
    result = {
        "label": NOT_THE_JUDGES,
        "problems": [item.as_json() for item in built],
        "file": str(out),
        "manifest": str(manifest),
    }
    lines = [*build_lines(built), f"{NOT_THE_JUDGES}: the tests are the authors'", f"problems: {out}"]
    print_result(result, "\n".join([*lines, f"manifest: {manifest}"]), as_json)


def contest_table_command(file: Path, out: Path, as_json: bool) -> None:
    """Print the table of contests of an evaluation of such a file."""
    from reasoncore.evals.contest import evaluated_contests, table_lines

    table = evaluated_contests(file, out)
    print_result(table.as_json(), "\n".join(table_lines(table)), as_json)
