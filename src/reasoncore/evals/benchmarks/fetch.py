"""Putting benchmark files into the data folder: pinned ones only, and under their name only with the pinned hash."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from reasoncore.domains import Domain
from reasoncore.errors import DataError, InfrastructureError, ReasoncoreError, UserInputError
from reasoncore.evals.benchmarks.load import DATA_VARIABLE, benchmark_file, data_sha256, find_benchmark, how_to_get
from reasoncore.evals.benchmarks.row import Pin

GITHUB_RAW = "https://raw.githubusercontent.com"
MAX_BYTES = 1 << 30
_SILENCE_S = 30.0


def fetch_missing(names: Sequence[str], data_dir: Path | None, domains: Mapping[str, Domain]) -> list[Path]:
    """Download the files of these benchmarks that are not in the data folder, which is made where it is not there.

    Returns:
        The new files.

    Raises:
        UserInputError: No data folder is given, or a missing file is not pinned: nothing is downloaded then.
        InfrastructureError: A file cannot be fetched; those before it are there.
        DataError: What was fetched has another hash; it is thrown away.
    """
    rows = [row for row in (find_benchmark(name, domains) for name in names) if row.source]
    given = data_dir or (Path(os.environ[DATA_VARIABLE]) if os.environ.get(DATA_VARIABLE) else None)
    if rows and given is not None:
        given.mkdir(parents=True, exist_ok=True)
    missing: dict[Path, Pin] = {}
    for row in rows:
        path = benchmark_file(row, given)
        assert path is not None
        if path.is_file():
            continue
        if not isinstance(row.source, Pin):
            raise UserInputError(f"benchmark {row.name!r}: {path.name} is not pinned", how_to_get(row, path))
        missing[path] = row.source
    for path, pin in missing.items():
        fetch_file(pin, path)
    return list(missing)


def fetch_file(pin: Pin, path: Path) -> None:
    """Download one file; ``path`` is there afterwards with the pinned hash, or not at all.

    Raises:
        InfrastructureError, DataError: As :func:`fetch_missing`.
    """
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=path.parent) as folder:
        fetched = (_from_github if pin.host == "github" else _from_hub)(pin, Path(folder))
        found = data_sha256(fetched)
        if found != pin.sha256:
            raise DataError(
                f"{pin.page}: has SHA-256 {found}, pinned is {pin.sha256}",
                "Look at the page: it may be an error page, or a damaged copy. Nothing was kept.",
            )
        fetched.replace(path)


def _from_github(pin: Pin, folder: Path) -> Path:
    import httpx2

    url = f"{GITHUB_RAW}/{pin.repository}/{pin.revision}/{pin.path}"
    target, size = folder / "fetched", 0
    try:
        with httpx2.stream("GET", url, timeout=_SILENCE_S) as response, target.open("wb") as stream:
            response.raise_for_status()
            for part in response.iter_bytes():
                size += len(part)
                if size > MAX_BYTES:
                    raise DataError(f"{url}: more than {MAX_BYTES >> 20} MiB", "Look at the page. Nothing was kept.")
                stream.write(part)
    except httpx2.HTTPError as error:
        raise _not_fetched(pin, error) from error
    return target


def _from_hub(pin: Pin, folder: Path) -> Path:
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError
    from huggingface_hub.utils import logging

    logging.set_verbosity_error()  # that it tries again is no news; the error that ends it is
    try:
        return Path(
            hf_hub_download(
                pin.repository, pin.path, repo_type="dataset", revision=pin.revision, local_dir=folder / "hub"
            )
        )
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError, ValueError) as error:
        raise _not_fetched(pin, error) from error


def _not_fetched(pin: Pin, error: Exception) -> ReasoncoreError:
    reason = (str(error).strip() or type(error).__name__).splitlines()[0]
    return InfrastructureError(
        f"{pin.repository}, {pin.path}: cannot be fetched ({reason})",
        f"Check the connection and run the same command again, or take the file from {pin.page}.",
    )
