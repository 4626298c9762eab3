"""The sandbox as the machine allows it: with and without namespaces, as root and as an ordinary user."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SOURCE = Path(__file__).parents[2] / "src"
ORDINARY_USER = 1000
BEGIN = """
import json, sys
sys.path.insert(0, {source!r})
from reasoncore.sandbox import ForkSandbox, Job, seccomp, syscalls
def refuse_namespaces():
    program = seccomp._Program()
    program.add(seccomp._LOAD, 0)
    program.add(seccomp._JUMP_EQUAL, {{"x86_64": 272, "aarch64": 97}}[syscalls.machine], 0, 1)
    program.end(seccomp._REFUSE)
    program.end(seccomp._ALLOW)
    syscalls.libc("prctl", seccomp.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    seccomp.install(b"".join(program.code))
"""
EXAMINE = """
from reasoncore.sandbox.doctor import examine
if {refuse_namespaces}:
    refuse_namespaces()
enforced, probes = examine()
sandbox = ForkSandbox()
served = Job({{"kind": "serve", "source": "def f(a):\\n    a.append(1)\\n    return len(a)", "entry_point": "f"}})
tests = Job({{"kind": "test", "source": "x = []\\nassert f(x) == 1 and x == [1]", "setup": "", "entry_point": "f",
              "names": []}})
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


def _run_as(user: int | None, script: str) -> Any:
    """What a script prints, as JSON, run as this user."""
    path = _interpreter_for(user) if user is not None else sys.executable
    identity: dict[str, Any] = {} if user is None else {"user": user, "group": user, "extra_groups": []}
    command = [path, "-c", BEGIN.format(source=str(SOURCE)) + script]
    done = subprocess.run(command, capture_output=True, text=True, cwd="/", timeout=120, check=False, **identity)
    if user is not None and "PermissionError" in done.stderr and str(SOURCE) in done.stderr:
        pytest.skip("an ordinary user cannot read the source here")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("refuse_namespaces", [False, True], ids=["as granted", "no namespaces"])
@pytest.mark.parametrize("ordinary", [False, True], ids=["this user", "an ordinary user"])
def test_everything_is_stopped_in_every_mode(ordinary: bool, refuse_namespaces: bool) -> None:
    if ordinary and os.getuid() != 0:
        pytest.skip("only root can become another user")
    user = ORDINARY_USER if ordinary else None
    enforced, not_stopped, session = _run_as(user, EXAMINE.format(refuse_namespaces=refuse_namespaces))
    assert not_stopped == []
    assert session == {"passed": True}
    if refuse_namespaces:
        assert enforced["namespaces"] == []
    if ordinary:
        assert enforced["user"] == ORDINARY_USER


BOMB = """
import resource
from reasoncore.verify.code import CodeTask, CodeTest, CodeVerifier
resource.setrlimit(resource.RLIMIT_NPROC, (400, 400))
refuse_namespaces()
bomb = {bomb!r}
honest = "import time\\ntime.sleep(0.3)\\nprint(3)"
task = CodeTask((CodeTest("stdin", "", "3"),) * 4, time_limit_s=2.0)
with CodeVerifier(workers=2) as verifier:
    verdicts = verifier.judge_many([bomb, honest] * 4, [task] * 8)
print(json.dumps([verdict.correct for verdict in verdicts]))
"""
NATIVE_THREADS = """
import ctypes, mmap, time
page = mmap.mmap(-1, 1 << 16, prot=7)
page.write(bytes.fromhex("b83800000031d24d31d24d31c00f054885c07401c3b8220000000f05ebf7"))
address = ctypes.addressof(ctypes.c_char.from_buffer(page))
clone = ctypes.CFUNCTYPE(ctypes.c_long, ctypes.c_ulong, ctypes.c_ulong)(address)
while True: clone(0x50f00, address + 0x8000)
"""


@pytest.mark.skipif(os.getuid() != 0 or platform.machine() != "x86_64", reason="a user to become; code of x86-64")
def test_a_bomb_of_threads_where_users_are_shared() -> None:
    """It takes every process that the user may have; those who need one wait until it is killed."""
    assert _run_as(ORDINARY_USER, BOMB.format(bomb=NATIVE_THREADS)) == [False, True] * 4
