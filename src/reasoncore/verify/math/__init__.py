"""Judging mathematical answers."""

from reasoncore.verify.math.verifier import MathVerifier, read_math_case

__all__ = ["MathVerifier", "read_math_case"]
