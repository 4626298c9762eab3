"""The sandbox as the machine allows it: with and without namespaces, as root and as an ordinary user."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src"
ORDINARY_USER = 1000
EXAMINE = """
import json, sys
sys.path.insert(0, {source!r})
from reasoncore.sandbox import ForkSandbox, Job, seccomp, syscalls
from reasoncore.sandbox.doctor import examine
if {refuse_namespaces}:
    program = seccomp._Program()
    program.add(seccomp._LOAD, 0)
    program.add(seccomp._JUMP_EQUAL, {{"x86_64": 272, "aarch64": 97}}[syscalls.machine], 0, 1)
    program.end(seccomp._REFUSE)
    program.end(seccomp._ALLOW)
    syscalls.libc("prctl", seccomp.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    seccomp.install(b"".join(program.code))
enforced, probes = examine()
sandbox = ForkSandbox()
served = Job({{"kind": "serve", "source": "def f(a):\\n    a.append(1)\\n    return len(a)", "entry_point": "f"}})
tests = Job({{"kind": "test", "source": "x = []\\nassert f(x) == 1 and x == [1]", "setup": "", "entry_point": "f"}})
session = sandbox.run_session(served, tests)[1].result
sandbox.end()
print(json.dumps([enforced, [p.attempt for p in probes if not p.stopped], session]))
"""


def _interpreter_for(user: int) -> str:
    """A Python that this user can start: not one in root's home."""
    for candidate in (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3"):
        path = shutil.which(candidate)
        if path is None:
            continue
        check = "import sys; sys.exit(sys.version_info < (3, 11))"
        try:
            done = subprocess.run([path, "-c", check], user=user, group=user, extra_groups=[], cwd="/", check=False)
        except PermissionError:
            continue
        if done.returncode == 0 and os.access(SOURCE, os.R_OK):
            return path
    pytest.skip(f"no Python that user {user} may start")


@pytest.mark.parametrize("refuse_namespaces", [False, True], ids=["as granted", "no namespaces"])
@pytest.mark.parametrize("ordinary", [False, True], ids=["this user", "an ordinary user"])
def test_everything_is_stopped_in_every_mode(ordinary: bool, refuse_namespaces: bool) -> None:
    if ordinary and os.getuid() != 0:
        pytest.skip("only root can become another user")
    script = EXAMINE.format(source=str(SOURCE), refuse_namespaces=refuse_namespaces)
    path = _interpreter_for(ORDINARY_USER) if ordinary else sys.executable
    identity = {"user": ORDINARY_USER, "group": ORDINARY_USER, "extra_groups": []} if ordinary else {}
    done = subprocess.run(
        [path, "-c", script], capture_output=True, text=True, cwd="/", timeout=120, check=False, **identity
    )
    if ordinary and "PermissionError" in done.stderr and str(SOURCE) in done.stderr:
        pytest.skip("an ordinary user cannot read the source here")
    assert done.returncode == 0, done.stderr
    enforced, not_stopped, session = json.loads(done.stdout)
    assert not_stopped == []
    assert session == {"passed": True}
    if refuse_namespaces:
        assert enforced["namespaces"] == []
    if ordinary:
        assert enforced["user"] == ORDINARY_USER
