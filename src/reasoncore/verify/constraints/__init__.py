"""Verifiable instructions: the constraints, the table of them, and the judge of responses."""

from reasoncore.verify.constraints.constraint import Constraint
from reasoncore.verify.constraints.table import CONSTRAINTS
from reasoncore.verify.constraints.task import InstructionTask, read_instruction_case, read_instruction_task
from reasoncore.verify.constraints.verifier import InstructionVerifier

__all__ = [
    "CONSTRAINTS",
    "Constraint",
    "InstructionTask",
    "InstructionVerifier",
    "read_instruction_case",
    "read_instruction_task",
]
