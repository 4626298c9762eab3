"""What a recipe expects of its stages: paired differences between two evaluations, with the bound they should keep."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from reasoncore.config.settings import Settings

Metric = Literal["pass@1", "pass@k", "correct_tokens"]


class Expectation(Settings):
    """One claim about a stage, checked on held-out problems by the report.

    Differences of ``pass@1`` and ``pass@k`` (the largest k measured) are in points, means over the benchmarks;
    ``correct_tokens`` is the change in % of the mean length of right answers.
    """

    claim: str = Field(description="what is expected, in a sentence")
    metric: Metric = "pass@1"
    benchmarks: tuple[str, ...] = Field(min_length=1)
    before: str = Field(description="evaluation stage to compare with")
    after: str = Field(description="evaluation stage that is compared")
    at_least: float | None = None
    at_most: float | None = None

    @model_validator(mode="after")
    def _one_bound(self) -> Expectation:
        if (self.at_least is None) == (self.at_most is None):
            raise ValueError("give either at_least or at_most")
        return self
