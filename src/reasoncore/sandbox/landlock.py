"""What of the file system a sandboxed program sees: Landlock (the kernel's Documentation/userspace-api/landlock.rst).

Standard library only: this runs in the zygote.
"""

from __future__ import annotations

import ctypes
import errno
import os
import stat
import struct
from collections.abc import Iterable

from reasoncore.sandbox import syscalls

_CREATE_RULESET_VERSION = 1
_RULE_PATH_BENEATH = 1

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR, _REMOVE_DIR, _REMOVE_FILE = (1 << bit for bit in range(6))
_MAKE_DIR, _MAKE_REG, _TRUNCATE = 1 << 7, 1 << 8, 1 << 14
_FILE_RIGHTS_BY_ABI = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}  # number of file rights the kernel knows
_NET_RIGHTS = 0b11  # bind, connect TCP; from ABI 4
_SCOPES = 0b11  # abstract sockets, signals; from ABI 6

READ = _READ_FILE | _READ_DIR
WRITE = READ | _WRITE_FILE | _REMOVE_DIR | _REMOVE_FILE | _MAKE_DIR | _MAKE_REG | _TRUNCATE
_ON_FILES = _WRITE_FILE | _READ_FILE | _TRUNCATE | _EXECUTE


def abi_version() -> int:
    """Version of Landlock in this kernel, 0 where there is none or it is switched off."""
    try:
        return syscalls.syscall(syscalls.LANDLOCK_CREATE_RULESET, None, 0, _CREATE_RULESET_VERSION)
    except OSError as error:
        if error.errno in (errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM):
            return 0
        raise


def make_ruleset(readable: Iterable[str], writable: Iterable[str]) -> int:
    """Descriptor of a ruleset: these paths and what is below them; nothing else, no TCP, no signals to outside.

    Raises:
        OSError: The kernel has no Landlock, or a path is not there.
    """
    abi = abi_version()
    handled = (1 << _FILE_RIGHTS_BY_ABI.get(abi, 16)) - 1
    attributes = struct.pack("<QQQ", handled, _NET_RIGHTS if abi >= 4 else 0, _SCOPES if abi >= 6 else 0)
    size = 24 if abi >= 6 else 16 if abi >= 4 else 8
    ruleset = syscalls.syscall(syscalls.LANDLOCK_CREATE_RULESET, attributes, size, 0)
    for paths, rights in ((readable, READ), (writable, WRITE)):
        for path in paths:
            _allow(ruleset, path, rights & handled)
    return ruleset


def _allow(ruleset: int, path: str, rights: int) -> None:
    descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
            rights &= _ON_FILES
        rule = struct.pack("<Qi", rights, descriptor)
        syscalls.syscall(syscalls.LANDLOCK_ADD_RULE, ruleset, _RULE_PATH_BENEATH, rule, 0)
    finally:
        os.close(descriptor)


def restrict(ruleset: int) -> None:
    """Put this process, for good, under a ruleset; needs ``no_new_privs``.

    Raises:
        OSError: The kernel refused.
    """
    syscalls.syscall(syscalls.LANDLOCK_RESTRICT_SELF, ruleset, 0)


assert ctypes.sizeof(ctypes.c_long) == 8, "64-bit machines only"
