"""Attacks on the machine: every way out of the sandbox is refused, with namespaces and without them.

No program here does harm where the sandbox fails: signals are number 0, and what is changed is the test's own file.
"""

from __future__ import annotations

import os
import platform
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from code_attack import assert_denied, assert_prints, attempt, weak_sandbox

from reasoncore.sandbox import ForkSandbox, Job
from reasoncore.verify.code import CodeTask, CodeTest, CodeVerifier

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the sandbox needs Linux")
X86_64 = pytest.mark.skipif(platform.machine() != "x86_64", reason="call numbers of x86-64")


@pytest.fixture(scope="module", params=[ForkSandbox, weak_sandbox], ids=["full", "weak"])
def verifier(request: pytest.FixtureRequest) -> Iterator[CodeVerifier]:
    with CodeVerifier(request.param, workers=1) as shared:
        yield shared


PROCESSES = {
    "fork": "import os\nif os.fork() == 0: os._exit(0)",
    "forkpty": "import os\nif os.forkpty()[0] == 0: os._exit(0)",
    "posix_spawn": "import os\nos.posix_spawn('/bin/true', ['true'], {})",
    "exec": "import os\nos.execv('/bin/true', ['true'])",
    "exec of the interpreter": "import os, sys\nos.execv(sys.executable, ['python', '-c', ''])",
    "subprocess": "import subprocess\nsubprocess.run(['/bin/true'])",
    "shell": "import subprocess\nsubprocess.run('true', shell=True)",
    "popen": "import os\nos.popen('true').read()",
    "multiprocessing": "import multiprocessing\nmultiprocessing.get_context('fork').Process(target=print).start()",
    "process pool": (
        "from concurrent.futures import ProcessPoolExecutor\nProcessPoolExecutor(1).submit(print).result()"
    ),
}
SIGNALS = {
    "parent": "import os\nos.kill(os.getppid(), 0)",
    "first process": "import os\nos.kill(1, 0)",
    "own group": "import os\nos.kill(0, 0)",
    "everybody": "import os\nos.kill(-1, 0)",
    "group of the parent": "import os\nos.killpg(os.getpgid(os.getppid()), 0)",
    "parent by descriptor": "import os, signal\nsignal.pidfd_send_signal(os.pidfd_open(os.getppid()), 0)",
    "next process": "import os\nos.kill(os.getpid() + 1, 0)",
    "previous process": "import os\nos.kill(os.getpid() - 1, 0)",
    "owner of a descriptor": "import fcntl, os\nfcntl.fcntl(os.pipe()[0], fcntl.F_SETOWN, os.getppid())",
    "new group": "import os\nos.setpgid(0, 0)",
    "new session": "import os\nos.setsid()",
}
SOCKETS = {
    "tcp": "import socket\nsocket.socket()",
    "tcp 6": "import socket\nsocket.socket(socket.AF_INET6)",
    "udp": "import socket\nsocket.socket(socket.AF_INET, socket.SOCK_DGRAM)",
    "raw": "import socket\nsocket.socket(socket.AF_INET, socket.SOCK_RAW, 1)",
    "packet": "import socket\nsocket.socket(socket.AF_PACKET, socket.SOCK_RAW)",
    "netlink": "import socket\nsocket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)",
    "unix": "import socket\nsocket.socket(socket.AF_UNIX).connect('/run/docker.sock')",
    "abstract": "import socket\nsocket.socket(socket.AF_UNIX).connect('\\0name')",
    "vsock": "import socket\nsocket.socket(40, socket.SOCK_STREAM)",
    "alg": "import socket\nsocket.socket(38, socket.SOCK_SEQPACKET)",
    "pair of another family": "import socket\nsocket.socketpair(socket.AF_INET)",
    "a pair sending to a path": (
        "import socket\na, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)\na.sendto(b'x', '/dev/log')"
    ),
    "a descriptor sent away": (
        "import socket\na, b = socket.socketpair(socket.AF_UNIX)\nsocket.send_fds(a, [b'x'], [0])"
    ),
    "bind": "import socket\na, b = socket.socketpair()\na.bind('here')",
}
READING = {
    "passwords": "open('/etc/passwd').read()",
    "host name": "open('/etc/hostname').read()",
    "other folder": "import os\nos.listdir('/home')",
    "temporary files": "import os\nos.listdir('/tmp')",
    "own environment": "open('/proc/self/environ').read()",
    "own memory": "open('/proc/self/mem', 'rb').read(1)",
    "own descriptors": "import os\nos.listdir('/proc/self/fd')",
    "memory of the parent": "import os\nopen(f'/proc/{os.getppid()}/mem', 'rb').read(1)",
    "command of the parent": "import os\nopen(f'/proc/{os.getppid()}/cmdline').read()",
    "environment of the parent": "import os\nopen(f'/proc/{os.getppid()}/environ').read()",
    "working folder of the parent": "import os\nos.readlink(f'/proc/{os.getppid()}/cwd')",
    "kernel": "import os\nos.listdir('/sys/kernel')",
    "raw memory": "open('/dev/mem', 'rb').read(1)",
    "terminal": "open('/dev/tty', 'rb').read(1)",
    "up and up": "open('../../../../../../../../etc/passwd').read()",
    "the other scratch folder": "import os\nopen('../1/x' if os.getcwd().endswith('0') else '../0/x', 'w')",
}
WRITING = {
    "root": "open('/attack', 'w')",
    "temporary files": "import os\nopen(f'/tmp/attack-{os.getpid()}', 'w')",
    "shared memory": "open('/dev/shm/attack', 'w')",
    "standard library": "import os\nopen(os.__file__, 'a')",
    "byte code": "import os\nos.mkdir(os.path.dirname(os.__file__) + '/attack')",
    "parent folder": "open('../attack', 'w')",
    "random device": "import os\nos.open('/dev/urandom', os.O_WRONLY)",
    "symbolic link": "import os\nos.symlink('/etc/passwd', 'link')",
    "hard link": "import os\nos.link(os.__file__, 'link')",
    "fifo": "import os\nos.mkfifo('fifo')",
    "device": "import os\nos.mknod('null', 0o020666, os.makedev(1, 3))",
    "chroot": "import os\nos.chroot('.')",
    "owner": "import os\nos.chown('.', 0, 0)",
    "attributes": "import os\nos.setxattr('.', 'user.attack', b'x')",
}


@pytest.mark.parametrize("body", PROCESSES.values(), ids=PROCESSES)
def test_no_other_process(verifier: CodeVerifier, body: str) -> None:
    assert_denied(verifier, body)


def test_no_shell_through_system(verifier: CodeVerifier) -> None:
    assert_prints(verifier, "import os\nprint(os.waitstatus_to_exitcode(os.system('true')))", "127")


@pytest.mark.parametrize("body", SIGNALS.values(), ids=SIGNALS)
def test_no_signal_to_others(verifier: CodeVerifier, body: str) -> None:
    assert_denied(verifier, body)


@pytest.mark.parametrize("body", SOCKETS.values(), ids=SOCKETS)
def test_no_network(verifier: CodeVerifier, body: str) -> None:
    assert_denied(verifier, body)


@pytest.mark.parametrize("body", READING.values(), ids=READING)
def test_nothing_to_read(verifier: CodeVerifier, body: str) -> None:
    assert_denied(verifier, body)


@pytest.mark.parametrize("body", WRITING.values(), ids=WRITING)
def test_nothing_to_change(verifier: CodeVerifier, body: str) -> None:
    assert_denied(verifier, body)


def test_no_connection_arrives(verifier: CodeVerifier) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        port = listener.getsockname()[1]
        assert_denied(verifier, f"import urllib.request as r\nr.socket.create_connection(('127.0.0.1', {port}))")
        with pytest.raises(TimeoutError):
            listener.accept()


def test_no_name_is_looked_up(verifier: CodeVerifier) -> None:
    assert_prints(verifier, attempt("import socket\nsocket.getaddrinfo('example.org', 80)"), "gaierror")


def test_our_files_are_out_of_reach(verifier: CodeVerifier, tmp_path: Path) -> None:
    secret = tmp_path / "expected.json"
    secret.write_text("42")
    secret.chmod(0o666)
    assert_denied(verifier, f"open({str(secret)!r}).read()")
    assert_denied(verifier, f"open({str(secret)!r}, 'w').write('3')")
    assert secret.read_text() == "42"


CHANGES = {
    "mode": "import os\nos.chmod({path!r}, 0)",
    "mode by lchmod": "import os\nos.chmod({path!r}, 0, follow_symlinks=True)",
    "times": "import os\nos.utime({path!r}, (0, 0))",
    "length": "import os\nos.truncate({path!r}, 0)",
    "existence": "import os\nos.unlink({path!r})",
    "name": "import os\nos.rename({path!r}, {path!r} + '2')",
    "place": "import os\nos.rename({path!r}, 'mine')",
}


@pytest.mark.parametrize("body", CHANGES.values(), ids=CHANGES)
def test_our_files_cannot_be_changed(verifier: CodeVerifier, tmp_path: Path, body: str) -> None:
    """Landlock says nothing of modes and times, nor, before its third version, of truncation."""
    ours = tmp_path / "ours"
    ours.write_text("42")
    before = ours.stat()
    assert_denied(verifier, body.format(path=str(ours)))
    after = ours.stat()
    assert (after.st_mode, after.st_mtime_ns, after.st_size) == (before.st_mode, before.st_mtime_ns, before.st_size)


def test_this_package_cannot_be_read(verifier: CodeVerifier) -> None:
    assert_prints(verifier, "import glob, sys\nprint(glob.glob('/**/reasoncore/verify', recursive=True))", "[]")


def test_descriptors_are_those_of_the_job(verifier: CodeVerifier) -> None:
    source = (
        "import os\nfound = []\nfor number in range(4096):\n"
        "    try: os.fstat(number)\n    except OSError: continue\n    found.append(number)\nprint(found)"
    )
    assert_prints(verifier, source, "[0, 1, 2, 4]")


@pytest.mark.parametrize("make", [ForkSandbox, weak_sandbox], ids=["full", "weak"])
def test_no_descriptor_is_left_when_we_have_many_open(make: type[ForkSandbox]) -> None:
    """The control socket gets a number as high as our own open files go; a program that has it can forge endings."""
    held = [os.open(os.devnull, os.O_RDONLY) for _ in range(150)]
    try:
        sandbox = make()
    finally:
        for descriptor in held:
            os.close(descriptor)
    source = (
        "import os\nfor number in range(6, 4096):\n"
        "    try: os.fstat(number)\n    except OSError: continue\n    print(number)"
    )
    assert sandbox.run(Job({"kind": "program", "source": source})).stdout == b""
    sandbox.end()


def test_our_process_gets_no_signal(verifier: CodeVerifier) -> None:
    seen: list[int] = []
    before = {number: signal.signal(number, lambda n, _: seen.append(n)) for number in (signal.SIGTERM, signal.SIGUSR1)}
    try:
        for number in before:
            body = f"import os\nassert os.getpid() != {os.getpid()}\nos.kill({os.getpid()}, {int(number)})"
            assert_denied(verifier, body)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert seen == []


# Every call a known way out begins with: (number on x86-64, arguments).
CALLS: dict[str, tuple[int, ...]] = {
    "ptrace": (101, 0), "process_vm_readv": (310, 1), "process_vm_writev": (311, 1), "kcmp": (312, 1, 1),
    "pidfd_open": (434, 1, 0), "pidfd_getfd": (438, 0, 0, 0), "pidfd_send_signal": (424, 0, 0), "tkill": (200, 1, 0),
    "rt_sigqueueinfo": (129, 1, 0), "fork": (57,), "vfork": (58,), "clone without thread": (56, 17),
    "clone with namespaces": (56, 0x7E020000), "thread without its memory": (56, 0x10E00),
    "thread with folders of its own": (56, 0x10D00), "thread with descriptors of its own": (56, 0x10B00),
    "thread with handlers of its own": (56, 0x10700), "thread in a namespace": (56, 0x10F00 | 1 << 30),
    "lock of a range": (72, 1, 6), "lock of a range, waiting": (72, 1, 7), "lock of a file": (72, 1, 37),
    "lock of a file, waiting": (72, 1, 38), "execve": (59,), "execveat": (322,), "unshare": (272, 0x10000000),
    "setns": (308, 0, 0), "mount": (165,), "umount2": (166,), "pivot_root": (155,), "chroot": (161,),
    "move_mount": (429,), "fsopen": (430,), "open_tree": (428,), "mount_setattr": (442,), "bpf": (321,),
    "perf_event_open": (298,), "io_uring_setup": (425, 1), "io_uring_enter": (426, 0), "io_uring_register": (427, 0),
    "userfaultfd": (323, 0), "keyctl": (250, 0), "add_key": (248,), "request_key": (249,), "memfd_create": (319,),
    "memfd_secret": (447, 0), "shmget": (29, 0, 4096, 0o1600), "shmat": (30, 0), "semget": (64, 0, 1, 0o1600),
    "msgget": (68, 0, 0o1600), "mq_open": (240,), "socket": (41, 2, 1), "connect": (42, 0), "bind": (49, 0),
    "listen": (50, 0), "accept": (43, 0), "sendmsg": (46, 0), "setsockopt": (54, 0), "symlink": (88,), "link": (86,),
    "mknod": (133,), "chmod": (90,), "fchmod": (91, 0, 0), "fchmodat": (268,), "fchmodat2": (452,), "chown": (92,),
    "setxattr": (188,), "utimensat": (280,), "utime": (132,), "truncate": (76,), "open_by_handle_at": (304,),
    "name_to_handle_at": (303,), "openat2": (437,), "inotify_init": (253,), "fanotify_init": (300,), "splice": (275,),
    "vmsplice": (278,), "seccomp": (317, 1), "landlock_create_ruleset": (444,), "landlock_restrict_self": (446,),
    "prctl dumpable": (157, 4, 1), "prctl parent death": (157, 1, 0), "prctl secure bits": (157, 28, 0),
    "prctl reaper": (157, 36, 1), "prctl ptracer": (157, 0x59616D61, -1), "prlimit of the parent": (302, 1, 7),
    "arch_prctl": (158, 0x1001), "personality": (135, 0x0040000), "modify_ldt": (154,), "iopl": (172, 3),
    "ioperm": (173,), "init_module": (175,), "finit_module": (313,), "kexec_load": (246,), "reboot": (169,),
    "swapon": (167,), "acct": (163,), "syslog": (103, 2), "setuid": (105, 0), "setresuid": (117, 0, 0, 0),
    "capset": (126,), "setpgid": (109, 0, 0), "setsid": (112,), "setpriority": (141, 0, 0, -1),
    "sched_setaffinity": (203,), "sched_setscheduler": (144, 0, 1), "mlock": (149,), "mlockall": (151, 1),
    "move_pages": (279, 1), "process_madvise": (440,), "clock_settime": (227,), "settimeofday": (164,),
    "sethostname": (170, 0, -1), "timer_create": (222,), "fallocate": (285, 1, 0, 0, 1 << 30), "sync": (162,),
    "ioctl to stuff a terminal": (16, 0, 0x5412), "ioctl owner": (16, 0, 0x8901), "number unknown": (999,),
}  # fmt: skip


@X86_64
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_no_direct_system_call(verifier: CodeVerifier, call: tuple[int, ...]) -> None:
    source = f"""
import ctypes, errno
libc = ctypes.CDLL(None, use_errno=True)
result = libc.syscall(*[ctypes.c_long(part) for part in {call}], *[ctypes.c_long(0)] * {7 - len(call)})
print("done" if result >= 0 else errno.errorcode[ctypes.get_errno()])
"""
    assert_prints(verifier, source, "EPERM")


@X86_64
@pytest.mark.parametrize(
    "code", ["b814000000cd80c3", "b8270000400f05c3"], ids=["32-bit call", "x32 call"]
)  # mov eax, getpid; int 0x80 or syscall; ret
def test_calls_of_another_numbering_end_the_program(verifier: CodeVerifier, code: str) -> None:
    source = f"""
import ctypes, mmap
page = mmap.mmap(-1, 4096, prot=7)
page.write(bytes.fromhex({code!r}))
print(3, flush=True)
ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()
"""
    verdict = _judge_three(verifier, source)
    assert verdict == (False, ["RE"], f"signal {int(signal.SIGSYS)}")


@X86_64
def test_clone3_looks_like_a_call_that_is_not_there(verifier: CodeVerifier) -> None:
    source = (
        "import ctypes, errno\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        "print(libc.syscall(435, bytes(64), 64), errno.errorcode[ctypes.get_errno()])"
    )
    assert_prints(verifier, source, "-1 ENOSYS")


def _judge_three(verifier: CodeVerifier, source: str) -> tuple[bool | None, list[str], str]:
    verdict = verifier.judge(source, CodeTask((CodeTest("stdin", "", "3"),)))
    signalled = "signal" + verdict.reason.partition("signal")[2].partition(" (")[0]
    return verdict.correct, verdict.details["tests"], signalled
