"""Judging multiple-choice answers."""

from reasoncore.verify.choice.verifier import ChoiceTask, ChoiceVerifier, choice_task, read_choice_case

__all__ = ["ChoiceTask", "ChoiceVerifier", "choice_task", "read_choice_case"]
