"""The plan that ``reasoncore run RECIPE --dry-run`` prints."""

from reasoncore.plan.build import make_plan
from reasoncore.plan.found import look
from reasoncore.plan.records import Plan
from reasoncore.plan.text import plan_text

__all__ = ["Plan", "look", "make_plan", "plan_text"]
