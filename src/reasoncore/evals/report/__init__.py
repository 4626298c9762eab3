"""The report: one self-contained HTML page about a run folder or an evaluation folder.

    collect       reads the folder into plain dataclasses, whatever is there of it
    scores        the numbers of an evaluation: estimates with intervals, per benchmark, subdomain and level
    verdict       the sentence at the top; cautions: what a careful reader should know before believing it
    pipeline      the figure: every stage, what it did, and what it changed in every domain
    expectations  does every stage do what the recipe expects of it; fusion: did averaging help
    matrix        stages against domains, and what was forgotten; panels: the same as small plots
    activity      where the time went, and what bounds each stage
    rollouts      picks a few problems and shows them answered right and wrong
    problem_pages every rollout of every evaluation, on pages of their own
    plots, svg    learning curves as inline SVG
    render        puts the above through ``page.html.jinja``

The same folder always gives the same bytes: no clock, no random number and no network is involved.
"""

from __future__ import annotations

from pathlib import Path

from reasoncore.errors import UserInputError
from reasoncore.evals.report.collect import collect
from reasoncore.evals.report.problem_pages import write_problem_pages
from reasoncore.evals.report.render import make_environment, render
from reasoncore.run_dir import write_text_atomic

__all__ = ["write_report"]


def write_report(folder: Path) -> Path:
    """Write ``report.html`` into a run folder or an evaluation folder and return its path.

    The pages with all rollouts come to lie in ``rollouts`` beside it. The page replaces an older one in a single step,
    so a reader never sees half of it.

    Raises:
        UserInputError: The folder is neither kind, or cannot be written to.
    """
    report = collect(folder)
    environment = make_environment()
    sources = [
        (stage.name, stage.rollouts) for stage in report.stages if stage.kind == "eval" and stage.rollouts is not None
    ]
    target = folder / "report.html"
    try:
        pages = write_problem_pages(environment, sources, folder, report.title)
        write_text_atomic(target, render(environment, report, pages))
    except OSError as error:
        raise UserInputError(
            f"{target}: cannot be written ({error.strerror})", "Check the folder's permissions and the free disk space."
        ) from error
    return target
