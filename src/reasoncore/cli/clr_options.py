"""The options of ``ask`` and ``eval`` that mean something only with ``--clr``."""

from __future__ import annotations

from reasoncore.errors import UserInputError

TRAJECTORIES, CLAIMS = 8, 5


def check_only_with_clr(clr: bool, **given: object) -> None:
    """Refuse what would be ignored.

    Args:
        given: Each option's value by its name; None or False where it was not given.

    Raises:
        UserInputError: One was given without ``--clr``.
    """
    for name, value in given.items():
        if not clr and value is not None and value is not False:
            raise UserInputError(f"--{name} goes with --clr", f"Add --clr, or leave --{name} out.")
