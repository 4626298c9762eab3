"""Judging programs: hidden tests in a sandbox."""

from reasoncore.verify.code.task import CodeTask, CodeTest, read_code_case
from reasoncore.verify.code.verifier import CodeVerifier

__all__ = ["CodeTask", "CodeTest", "CodeVerifier", "read_code_case"]
