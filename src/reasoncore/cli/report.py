"""``reasoncore report``."""

from __future__ import annotations

from pathlib import Path

import reasoncore
from reasoncore.cli.output import print_result
from reasoncore.evals.bundle import write_bundle
from reasoncore.evals.report import write_report


def report_command(folder: Path, bundle: Path | None, as_json: bool) -> None:
    """Write the report, and the bundle where one is asked for; print where they are."""
    written = {"report": str(write_report(folder))}
    if bundle is not None:
        written["bundle"] = str(write_bundle(folder, bundle, reasoncore.__version__))
    print_result(written, "\n".join(written.values()), as_json)
