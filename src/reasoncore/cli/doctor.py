"""``reasoncore doctor``."""

from __future__ import annotations

import platform
from dataclasses import asdict
from typing import Any

from reasoncore import __version__
from reasoncore.cli.output import print_result
from reasoncore.errors import InfrastructureError
from reasoncore.sandbox.client import SandboxUnavailableError


def doctor_command(as_json: bool) -> None:
    """Try the sandbox; print what this machine enforces."""
    from reasoncore.sandbox.doctor import examine

    machine: dict[str, Any] = {
        "reasoncore": __version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
    }
    try:
        enforced, probes = examine()
    except SandboxUnavailableError as error:
        result: dict[str, Any] = {**machine, "sandbox": None, "missing": error.message}
        print_result(result, f"{_lines(machine)}\nsandbox        none: {error.message}", as_json)
        raise
    result = {**machine, "sandbox": enforced, "probes": [asdict(probe) for probe in probes]}
    described = {
        "sandbox": "Landlock, seccomp, resource limits",
        "Landlock": f"ABI {enforced['landlock_abi']}",
        "namespaces": ", ".join(enforced["namespaces"]) or "none granted here",
        "user": f"{enforced['user']}" + (", of its own" if enforced["own_user"] else ", yours, without privileges"),
    }
    attempts = [f"  {'stopped' if p.stopped else 'ALLOWED':<9}{p.attempt:<36}{p.how}" for p in probes]
    heading = "What a hostile program tried just now:"
    print_result(result, "\n".join([_lines(machine), _lines(described), "", heading, *attempts]), as_json)
    allowed = [probe.attempt for probe in probes if not probe.stopped]
    if allowed:
        raise InfrastructureError(
            f"the sandbox let a program {allowed[0]}", "Do not run programs you do not trust on this machine."
        )


def _lines(values: dict[str, Any]) -> str:
    return "\n".join(f"{name:<15}{value}" for name, value in values.items())
