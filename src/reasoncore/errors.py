"""Errors that a user can act on.

Every error carries what went wrong and where (``message``) and how to mend it (``cure``). The command line prints the
two as one line each. Each class is also the standard-library type a caller would expect to catch.
"""

from __future__ import annotations


class ReasoncoreError(Exception):
    """Base of every error this package raises on purpose.

    Args:
        message: What is wrong and where: file, line, key.
        cure: What to do about it.
    """

    exit_code = 1

    def __init__(self, message: str, cure: str) -> None:
        super().__init__(message)
        self.message = message
        self.cure = cure

    def __reduce__(self) -> tuple[type[ReasoncoreError], tuple[str, str]]:
        """Errors come out of other processes whole."""
        return type(self), (self.message, self.cure)

    def __str__(self) -> str:
        return f"{self.message}\n{self.cure}"


class UserInputError(ReasoncoreError, ValueError):
    """Wrong arguments, recipe, data or checkpoint. Exit code 2."""

    exit_code = 2


class RecipeError(UserInputError):
    """A recipe that cannot be read or does not fit its schema."""


class DataError(UserInputError):
    """A data file with a row that cannot be used; the message names file and line."""


class CheckpointError(UserInputError):
    """A checkpoint folder that is incomplete, damaged or of an unsupported kind."""


class RequestRefusedError(UserInputError):
    """A server refuses this request; it may well answer others."""


class ServerUnusableError(UserInputError):
    """A server refuses every request: a wrong address, key or model."""


class StageFailedError(ReasoncoreError, RuntimeError):
    """A stage could not do its work; what was done so far is kept. Exit code 1."""


class InfrastructureError(ReasoncoreError, RuntimeError):
    """Our own machinery failed (a worker died, a service is away). Never a wrong answer; exit code 1.

    Attributes:
        begun_answers: Answers of a server that began and broke off before it was given up: it may charge for them.
    """

    begun_answers = 0
