"""A bundle: an evaluation in one file, with all that a stranger needs to judge it again, and a hash of each part.

Two bundles of the same folder are the same bytes.
"""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

from reasoncore.errors import DataError, UserInputError
from reasoncore.run_dir import sha256_file

SUMS = "SHA256SUMS"
NEEDED = ("evaluation.json", "problems.jsonl", "results.json", "rollouts.jsonl")
_WELCOME = "README.txt"
_TEXT = """This is an evaluation by reasoncore {version}: what was asked (problems.jsonl), what the model wrote
(rollouts.jsonl), how it was asked (evaluation.json), the scores (results.json) and the report (report.html).

Judge it again, offline, without the model, and compare with the scores:

    reasoncore regrade {name}          with reasoncore {version}, installed from its repository

Programs in rollouts run in a sandbox. SHA256SUMS has the hash of every file: sha256sum --check SHA256SUMS
"""
_LONGEST = 16 * 2**30
_AT_THE_BEGINNING = (1980, 1, 1, 0, 0, 0)  # of time, for zip files


def write_bundle(folder: Path, target: Path, version: str) -> Path:
    """Put an evaluation into ``target``, which is replaced in one step.

    Raises:
        UserInputError: The folder is no finished evaluation, or the target cannot be written.
    """
    missing = [name for name in NEEDED if not (folder / name).is_file()]
    if missing:
        raise UserInputError(
            f"{folder}: no finished evaluation ({missing[0]} is not there)",
            "Name the --out folder of an evaluation that has ended, or the folder of an evaluation stage of a run.",
        )
    pages = sorted((folder / "rollouts").glob("*.html")) if (folder / "rollouts").is_dir() else []
    files = [folder / name for name in (*NEEDED, "checks.jsonl", "report.html") if (folder / name).is_file()] + pages
    parts = {path.relative_to(folder).as_posix(): path for path in files}
    welcome = _TEXT.format(version=version, name=target.name).encode()
    sums = {name: sha256_file(path) for name, path in parts.items()} | {_WELCOME: hashlib.sha256(welcome).hexdigest()}
    temporary = target.with_name(f".{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(temporary, "w") as archive:
            _add(archive, SUMS, "".join(f"{sha256}  {name}\n" for name, sha256 in sorted(sums.items())).encode())
            _add(archive, _WELCOME, welcome)
            for name, path in parts.items():
                with path.open("rb") as source, archive.open(_entry(name), "w", force_zip64=True) as sink:
                    while block := source.read(1 << 20):
                        sink.write(block)
        temporary.replace(target)
    except OSError as error:
        raise UserInputError(f"{target}: cannot be written ({error.strerror})", "Choose another place.") from error
    finally:
        temporary.unlink(missing_ok=True)
    return target


def unpack_bundle(bundle: Path, folder: Path) -> Path:
    """Unpack a bundle into an empty folder, and check every part against its hash.

    Raises:
        DataError: It is no bundle, or a part is missing, too much, or not what its hash says.
    """
    try:
        with zipfile.ZipFile(bundle) as archive:
            sums = _sums(archive, bundle)
            names = {entry.filename for entry in archive.infolist()} - {SUMS}
            if names != set(sums):
                raise _damaged(bundle, f"{min(names ^ set(sums))} is missing or is not in {SUMS}")
            if sum(entry.file_size for entry in archive.infolist()) > _LONGEST:
                raise _damaged(bundle, "larger than 16 GiB")
            for name, sha256 in sums.items():
                _unpack(archive, name, folder, sha256, bundle)
    except (OSError, zipfile.BadZipFile, EOFError) as error:
        raise _damaged(bundle, str(error)) from error
    missing = [name for name in NEEDED if name not in sums]
    if missing:
        raise _damaged(bundle, f"{missing[0]} is not in it")
    return folder


def _sums(archive: zipfile.ZipFile, bundle: Path) -> dict[str, str]:
    if SUMS not in archive.namelist():
        raise _damaged(bundle, f"it has no {SUMS}")
    lines = archive.read(SUMS).decode("utf-8", "replace").splitlines()
    return {name: sha256 for sha256, _, name in (line.partition("  ") for line in lines)}


def _unpack(archive: zipfile.ZipFile, name: str, folder: Path, sha256: str, bundle: Path) -> None:
    target = (folder / name).resolve()
    if folder.resolve() not in target.parents:
        raise _damaged(bundle, f"{name!r} would lie outside of it")
    target.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with archive.open(name) as source, target.open("wb") as sink:
        while block := source.read(1 << 20):
            digest.update(block)
            sink.write(block)
    if digest.hexdigest() != sha256:
        raise _damaged(bundle, f"{name} is not what its hash says")


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    archive.writestr(_entry(name), content)


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _AT_THE_BEGINNING)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    return entry


def _damaged(bundle: Path, what: str) -> DataError:
    return DataError(f"{bundle}: not a whole bundle ({what})", "Fetch it again from whoever made it.")
