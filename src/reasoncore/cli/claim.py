"""``reasoncore claim``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from reasoncore.cli.output import print_result
from reasoncore.errors import UserInputError

if TYPE_CHECKING:
    from reasoncore.evals.claims import Score


def claim_command(
    figure: str | None,
    reported: str | None,
    benchmark: str | None,
    protocol: dict[str, Any],
    measured: Path | None,
    other_problems: bool,
    contests: bool,
    as_json: bool,
) -> None:
    """Check a published score, or the report's table of contests; print the verdict and the arithmetic."""
    from reasoncore.evals.claims import (
        ScoreProtocol,
        check_claim,
        claim_lines,
        contest_lines,
        contest_rows,
        printed_score,
        reported_score,
    )

    if contests:
        rows = contest_rows()
        print_result([row.as_json() for row in rows], "\n".join(contest_lines(rows)), as_json)
        return
    if (figure is None) == (reported is None) or (reported is not None and benchmark is None):
        raise UserInputError(
            "claim: one published score is needed", "Give a figure such as 91.4, or --reported MODEL with --benchmark."
        )
    if figure is not None:
        how = ScoreProtocol(**{**protocol, "cap": _cap(protocol["cap"])})
        claim = printed_score(figure, how, label=benchmark or "")
    else:
        assert reported is not None
        assert benchmark is not None
        claim = reported_score(reported, benchmark)
    against = None if measured is None else _measured(measured, benchmark)
    found = check_claim(claim, against, same_items=not other_problems)
    print_result(found.as_json(), "\n".join(claim_lines(found)), as_json)


def _cap(text: str | None) -> int | Literal["none"] | None:
    if text is None or text == "none":
        return text  # type: ignore[return-value]
    if not text.isdecimal():
        raise UserInputError(f"--cap {text}: not a number of tokens", 'Give a number, or "none" for no cap.')
    return int(text)


def _measured(out: Path, benchmark: str | None) -> Score:
    from reasoncore.evals.claims import score_of_rollouts
    from reasoncore.evals.comparison import read_rollouts
    from reasoncore.evals.results_file import read_results

    rows_of = read_rollouts(out)
    wanted = (benchmark or "").lower()
    chosen = [name for name in rows_of if name.lower() == wanted] or (list(rows_of) if len(rows_of) == 1 else [])
    if not chosen:
        raise UserInputError(
            f"{out}: which benchmark is the measurement of?", f"Name it with --benchmark: {', '.join(rows_of)}."
        )
    (name,) = chosen
    cap = read_results(out)["sampling"]["max_tokens"]
    return score_of_rollouts(rows_of[name], cap, f"{out}, {name}")
