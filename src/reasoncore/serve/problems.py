"""Errors in the shape that OpenAI's clients read."""

from __future__ import annotations

from starlette.responses import JSONResponse

from reasoncore.errors import ReasoncoreError, ServerUnusableError, UserInputError


class ApiError(Exception):
    """An answer that is an error.

    Args:
        status: HTTP status.
        message: What is wrong and what to do about it.
        kind: OpenAI's ``type``.
        param: The part of the request that is wrong.
        code: OpenAI's ``code``.
        retry_after_s: What the client is told to wait.
    """

    def __init__(
        self,
        status: int,
        message: str,
        kind: str = "invalid_request_error",
        param: str | None = None,
        code: str | None = None,
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.kind, self.param, self.code = status, kind, param, code
        self.retry_after_s = retry_after_s

    @classmethod
    def of(cls, error: ReasoncoreError) -> ApiError:
        """What an engine's error is to a client: the request's fault, or the upstream's."""
        message = f"{error.message}. {error.cure}"
        if isinstance(error, UserInputError) and not isinstance(error, ServerUnusableError):
            return cls(400, message)
        return cls(502, message, "upstream_error")

    def as_json(self) -> dict[str, object]:
        """The body."""
        return {"error": {"message": str(self), "type": self.kind, "param": self.param, "code": self.code}}

    def response(self) -> JSONResponse:
        """The whole response."""
        headers = {} if self.retry_after_s is None else {"Retry-After": str(self.retry_after_s)}
        return JSONResponse(self.as_json(), self.status, headers=headers)
