"""Domains of one's own: Python files, named in the recipe, that each define ``DOMAIN``."""

from __future__ import annotations

import runpy
from collections.abc import Sequence
from pathlib import Path

from reasoncore.domains.table import DOMAINS, Domain
from reasoncore.errors import DataError
from reasoncore.paths import find_near


def load_domains(files: Sequence[str], root: Path) -> dict[str, Domain]:
    """The table of domains with a row for each file.

    Args:
        files: Paths, relative to ``root`` or to the current folder. The files are run: they are the user's own code.

    Raises:
        DataError: A file is not there, does not run, or defines no domain of a new name.
    """
    table = dict(DOMAINS)
    for name in files:
        domain = _load(name, root)
        if domain.name in table:
            raise DataError(f"{name}: there is a domain {domain.name!r} already", "Give it a name of its own.")
        table[domain.name] = domain
    return table


def _load(name: str, root: Path) -> Domain:
    path = find_near(name, root)
    if path is None:
        raise DataError(f"domains: {name}: no such file", f"Give the path of a Python file. Looked in {root}.")
    try:
        domain = runpy.run_path(str(path)).get("DOMAIN")
    except Exception as error:
        raise DataError(f"{path}: does not run ({type(error).__name__}: {error})", "Mend the file.") from error
    if not isinstance(domain, Domain):
        raise DataError(f"{path}: defines no DOMAIN", "Add DOMAIN = reasoncore.domains.Domain(...).")
    return domain
