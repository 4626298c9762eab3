"""What this machine offers for isolation, and which of its files a program needs to see."""

from __future__ import annotations

import importlib.util
import os
import sys
import sysconfig
from pathlib import Path

from reasoncore.sandbox import landlock, syscalls

_LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache", "/etc/localtime")
_OFFERED = ("numpy", "sortedcontainers")
_DATA = ("/usr/share/zoneinfo", "/dev/null", "/dev/zero", "/dev/urandom", "/dev/random")


def check_platform(isolate: bool) -> None:
    """Make sure that this machine can run a program, and confine it where ``isolate`` is set.

    Raises:
        SandboxUnavailableError: It cannot; the message says what is missing.
    """
    from reasoncore.sandbox.client import SandboxUnavailableError

    if sys.platform != "linux":
        raise SandboxUnavailableError(
            f"no sandbox on {sys.platform}: it needs Landlock and seccomp", "Use Linux 5.13 or later; WSL 2 is one."
        )
    if not isolate:
        return
    cure = "Use Linux 5.13 or later with Landlock, or pass --unsafe-no-sandbox for programs you trust."
    if syscalls.machine not in syscalls.ARCHITECTURES:
        raise SandboxUnavailableError(f"no sandbox on {syscalls.machine} processors", cure)
    if landlock.abi_version() < 1:
        raise SandboxUnavailableError("no sandbox: this kernel has no Landlock, or it is switched off", cure)


def readable_paths() -> list[str]:
    """The standard library, shared libraries, the offered packages, time zones and harmless devices."""
    loaded = {line.split()[-1] for line in Path("/proc/self/maps").read_text().splitlines() if ".so" in line}
    interpreter = {str(Path(path).parent) for path in loaded if "libpython" in path}
    offered = [path for folder in packages().values() for path in (folder, f"{folder}.libs")]
    base = {"base": sys.base_prefix, "platbase": sys.base_exec_prefix}  # not a virtual environment's own packages
    library = [sysconfig.get_path(name, vars=base) for name in ("stdlib", "platstdlib")]
    wanted = [*library, *interpreter, *_LIBRARIES, *offered]
    paths = dict.fromkeys(path for path in [*wanted, *_DATA] if os.path.exists(path))
    return [path for path in paths if not any(path.startswith(f"{other}/") for other in paths)]


def packages() -> dict[str, str]:
    """Name and folder of the installed packages that programs may import: those LeetCode offers too."""
    found = {name: importlib.util.find_spec(name) for name in _OFFERED}
    return {name: str(Path(spec.origin).parent) for name, spec in found.items() if spec and spec.origin}
