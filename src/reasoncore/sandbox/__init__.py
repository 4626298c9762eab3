"""Running untrusted programs: a confined child process for each, offline, without a container engine."""

from reasoncore.sandbox.client import ForkSandbox, Sandbox, SandboxUnavailableError
from reasoncore.sandbox.confine import Limits
from reasoncore.sandbox.outcome import Job, Outcome

__all__ = ["ForkSandbox", "Job", "Limits", "Outcome", "Sandbox", "SandboxUnavailableError"]
