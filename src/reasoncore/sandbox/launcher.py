"""The launcher: starts the zygote and outlives all that comes of it, to remove the folder they had.

It does so whatever becomes of our process, whose death closes the zygote's socket.

Standard library only: the zygote is forked from here.
"""

from __future__ import annotations

import json
import os
import socket
import sys

from reasoncore.sandbox import confine, namespaces, scratch, zygote


def main() -> None:
    """The launcher: start the zygote; when all it started has ended, remove the folder and end."""
    config = zygote.Config(**json.loads(sys.argv[1]))
    os.closerange(zygote.STDERR + 1, config.control)
    os.closerange(config.control + 1, 1 << 16)
    parent, name = os.path.split(config.folder)
    above = os.open(parent, os.O_PATH | os.O_DIRECTORY)  # in a namespace the path leads elsewhere
    try:
        _launch(config, above)
        while True:
            os.wait()
    except ChildProcessError:
        scratch.remove(name, above)
    finally:
        os._exit(0)


def _launch(config: zygote.Config, above: int) -> None:
    """Decide about user and namespaces, and fork the zygote."""
    control = socket.socket(fileno=config.control)
    claim: socket.socket | None = None
    try:
        confine.adopt_orphans()
        user: int | None = None
        if config.isolate and os.geteuid() == 0:
            user, claim = confine.claim_user()
        kinds: list[str] = []
        if config.isolate and namespaces.granted(config.readable, config.folder):
            kinds = namespaces.enter()
        pid = os.fork()
    except OSError as error:
        zygote.report(control, error)
        return
    if pid == 0:
        try:
            os.close(above)
            if claim is not None:
                claim.close()
            zygote.be_zygote(config, control, user, kinds)
        finally:
            os._exit(1)
    control.close()
    if claim is not None:
        claim.detach()  # held until the launcher ends
