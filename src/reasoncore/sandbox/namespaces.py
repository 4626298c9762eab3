"""Namespaces and a minimal root for the zygote, where the machine grants them: on top of Landlock and seccomp.

As root they are taken directly; otherwise inside a user namespace, where the kernel lets ordinary users make one.

Standard library only: this runs in the zygote.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from reasoncore.sandbox import syscalls

_NEW_NS, _NEW_IPC, _NEW_USER, _NEW_PID, _NEW_NET = 0x00020000, 0x08000000, 0x10000000, 0x20000000, 0x40000000
_ISOLATION = _NEW_NS | _NEW_IPC | _NEW_PID | _NEW_NET
_NAMES = {"mount": _NEW_NS, "ipc": _NEW_IPC, "user": _NEW_USER, "pid": _NEW_PID, "network": _NEW_NET}

_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_NOEXEC, _MS_REMOUNT = 1, 2, 4, 8, 32
_MS_BIND, _MS_REC, _MS_PRIVATE, _MS_RELATIME = 4096, 16384, 1 << 18, 1 << 21
_ST_RELATIME = 4096
_KEPT_FLAGS = _MS_RDONLY | _MS_NOSUID | _MS_NODEV | _MS_NOEXEC | 1024 | 2048  # the same bits in statvfs
_MNT_DETACH = 2


def granted(visible: Sequence[str], root: str) -> bool:
    """Whether all of it works here, tried in a child process: some machines grant a namespace and nothing inside it."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            if enter():
                first = os.fork()
                if first == 0:
                    minimal_root(root, visible)
                    os._exit(0)
                code = os.waitstatus_to_exitcode(os.waitpid(first, 0)[1])
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def enter() -> list[str]:
    """Move this process into new namespaces; its next child is the first of the new pid namespace.

    Returns:
        The kinds obtained, empty when the machine grants none.

    Raises:
        OSError: A user namespace was granted but not the mapping of users in it.
    """
    user, group = os.getuid(), os.getgid()
    for flags in (_ISOLATION, _ISOLATION | _NEW_USER):
        try:
            syscalls.libc("unshare", flags)
        except OSError:
            continue
        if flags & _NEW_USER:
            Path("/proc/self/setgroups").write_text("deny")
            Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
            Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
        return [name for name, bit in _NAMES.items() if flags & bit]
    return []


def minimal_root(root: str, visible: Sequence[str]) -> None:
    """Make ``root`` this process's root: a small file system in memory with only ``visible`` in it, read-only.

    Needs a mount namespace of its own. Paths stay the same; symbolic links among them are kept as links, with what they
    point to beside them.

    Raises:
        OSError: A mount was refused.
    """
    _mount("none", "/", None, _MS_REC | _MS_PRIVATE, None)
    mount_memory(root, 1 << 20, 4096)
    # Links last and parents first: a folder would be passed over if a link had needed something inside it before.
    for path in (*sorted({os.path.realpath(path) for path in visible}), *visible):
        target = root + path
        if os.path.lexists(target):
            continue
        Path(target).parent.mkdir(parents=True, exist_ok=True)
        source = os.path.realpath(path)
        if source != path:
            os.symlink(source, target)
            target = root + source
            if os.path.lexists(target):
                continue
        if os.path.isdir(source):
            Path(target).mkdir(parents=True, exist_ok=True)
        else:
            Path(target).parent.mkdir(parents=True, exist_ok=True)
            Path(target).touch()
        _bind_read_only(source, target)
    os.chdir(root)
    syscalls.syscall(syscalls.PIVOT_ROOT[syscalls.machine], b".", b".")
    syscalls.libc("umount2", b".", _MNT_DETACH)
    os.chdir("/")


def mount_memory(folder: str, size_bytes: int, entries: int) -> None:
    """Mount a small file system in memory.

    Raises:
        OSError: The mount was refused.
    """
    _mount("tmpfs", folder, "tmpfs", _MS_NOSUID | _MS_NODEV, f"size={size_bytes},nr_inodes={entries},mode=755")


def _bind_read_only(source: str, target: str) -> None:
    _mount(source, target, None, _MS_BIND, None)
    flags = os.statvfs(target).f_flag
    kept = flags & _KEPT_FLAGS | (_MS_RELATIME if flags & _ST_RELATIME else 0)
    device = not os.path.isdir(source) and not os.path.isfile(source)
    added = _MS_NOSUID if device else _MS_NOSUID | _MS_NODEV | _MS_RDONLY
    _mount("none", target, None, _MS_REMOUNT | _MS_BIND | kept | added, None)


def _mount(source: str, target: str, kind: str | None, flags: int, data: str | None) -> None:
    encoded = [text.encode() if text is not None else None for text in (source, target, kind, data)]
    try:
        syscalls.libc("mount", *encoded[:3], flags, encoded[3])
    except OSError as error:
        raise OSError(error.errno, f"mount {target}: {os.strerror(error.errno or 0)}") from None
