"""Starting a module of this package in a process of its own, so that it can be limited and killed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import reasoncore


def start_module(module: str, *arguments: object) -> subprocess.Popen[bytes]:
    """Start ``python -m module`` with unbuffered pipes to its input and from its output.

    Raises:
        OSError: It could not be started.
    """
    paths = [str(Path(reasoncore.__file__).parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])]
    return subprocess.Popen(
        [sys.executable, "-P", "-m", module, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        bufsize=0,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        start_new_session=True,  # so that Ctrl-C in the terminal reaches only this process
    )
