"""Scratch folders, where hostile programs make what they like: emptying them, and telling when there is too much.

One step down or up at a time, by descriptors: no recursion, no long paths, and the working folder stays what it is.

Standard library only: this runs in the zygote.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Generator, Iterator

MAX_BYTES = 64 << 20
MAX_ENTRIES = 4096
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def empty(folder: str) -> Iterator[None]:
    """Remove everything below, however deep, as far as this is iterated: one entry at a time."""
    return _empty(os.open(folder, _FOLDER))


def remove(name: str, parent: int) -> None:
    """Remove the folder of this name in ``parent``, a descriptor, and everything below.

    Raises:
        FileNotFoundError: It is gone already.
        OSError: Someone still writes there.
    """
    for _ in _empty(os.open(name, _FOLDER, dir_fd=parent)):
        pass
    os.rmdir(name, dir_fd=parent)


def overfull(folder: str) -> bool:
    """Whether there is more below than a program may have; it may go on making and removing meanwhile."""
    size = 0
    with contextlib.closing(_walk(os.open(folder, _FOLDER))) as walk:
        for entries, (name, parent, _) in enumerate(walk, 1):
            with contextlib.suppress(FileNotFoundError):
                size += 512 * os.stat(name, dir_fd=parent, follow_symlinks=False).st_blocks
            if entries > MAX_ENTRIES or size > MAX_BYTES:
                return True
    return False


def _empty(folder: int) -> Iterator[None]:
    for name, parent, is_folder in _walk(folder):
        (os.rmdir if is_folder else os.unlink)(name, dir_fd=parent)
        yield


def _walk(here: int) -> Generator[tuple[str, int, bool], None, None]:
    """Everything below, a folder after what is in it: name, descriptor of the folder it is in, whether it is a folder.

    Args:
        here: Descriptor of the topmost folder; taken over.
    """
    left: list[list[str]] = []  # the folders still to be seen, of each folder on the way down
    try:
        while True:
            files, folders = _look_around(here)
            for name in files:
                yield name, here, False
            left.append(folders)
            while not (below := _open_last(left[-1], here)):
                left.pop()
                if not left:
                    return
                here = _step(here, os.open("..", _FOLDER, dir_fd=here))
                yield left[-1].pop(), here, True
            here = _step(here, below)
    finally:
        os.close(here)


def _look_around(here: int) -> tuple[list[str], list[str]]:
    """Names of what is no folder, and of the folders."""
    with os.scandir(here) as scan:
        entries = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in scan]
    return [name for name, is_folder in entries if not is_folder], [name for name, is_folder in entries if is_folder]


def _open_last(folders: list[str], here: int) -> int | None:
    """Descriptor of the last of these that is still there, None if none is; those that are gone are dropped."""
    while folders:
        try:
            os.chmod(folders[-1], 0o700, dir_fd=here)
            return os.open(folders[-1], _FOLDER, dir_fd=here)
        except FileNotFoundError:  # the program has just removed it
            folders.pop()
    return None


def _step(here: int, there: int) -> int:
    os.close(here)
    return there
