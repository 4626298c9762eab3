"""How long a thread that waits for another one keeps its core busy.

OpenMP's threads spin before they sleep, GNU's 300,000 times by default. Where the other thread waits for a core itself,
that is what it waits for: beside two busy processes on two cores a step of RL took 128 s in place of 2. A tenth of it
costs nothing that could be measured on an idle machine, and makes that step 21 s (docs/LOG.md).
"""

from __future__ import annotations

from collections.abc import MutableMapping

_SPINS = "30000"
_CHOSEN = ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")


def spin_briefly(environment: MutableMapping[str, str]) -> None:
    """Set it for this process, which must not have loaded torch yet, unless the user has chosen."""
    if not any(name in environment for name in _CHOSEN):
        environment["GOMP_SPINCOUNT"] = _SPINS
