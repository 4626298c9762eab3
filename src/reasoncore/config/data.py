"""Where problems and worked solutions come from. Sources have names, so that overrides reach each."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from reasoncore.config.settings import Settings

PROCEDURAL = "procedural"


class ProblemSource(Settings):
    """Problems with trusted answers: the domain's procedural generator, or a file.

    ``subdomains`` and ``levels`` choose among procedural problems and are not used for a file.
    """

    domain: str = Field(description="row of the domain table; the source's own name unless it is given")
    source: str = Field(PROCEDURAL, description='"procedural", a file of problems, or the folder of a corpus')
    format: str | None = Field(None, description="how the file is read; none takes the domain's first format")
    count: int | None = Field(None, ge=1, description="how many problems; none takes the whole file")
    subdomains: tuple[str, ...] | None = Field(None, description="none takes all")
    levels: tuple[int, ...] = Field((1, 2, 3), min_length=1)

    @model_validator(mode="after")
    def _procedural_is_endless(self) -> ProblemSource:
        if self.source == PROCEDURAL and self.count is None:
            raise ValueError('count is needed when source = "procedural"')
        return self


class TraceSource(ProblemSource):
    """Problems with worked solutions, each written by a strategy drawn with the given weight.

    A problem is drawn among the strategies that it has a solution by.
    """

    strategies: dict[str, float] = Field(default_factory=lambda: {"direct": 1.0, "steps": 1.0, "check": 1.0})
    teaches: Literal["solutions", "claims", "checks"] = Field(
        "solutions",
        description='"claims": CLR\'s stage 1, a solution and the claims it stands on; "checks": its stage 2, verdicts '
        "on claims, some of them spoiled; solutions without a line to claim are left out of both",
    )
    claims: int = Field(5, ge=1, description="M of CLR, claims a solution")

    @model_validator(mode="after")
    def _some_strategy_has_weight(self) -> TraceSource:
        if min(self.strategies.values(), default=-1.0) < 0 or sum(self.strategies.values()) <= 0:
            raise ValueError("strategies need weights of at least 0, one of them above 0")
        return self


def _name_is_domain(sources: Any) -> Any:
    """A source that names no domain is of the domain it is called after."""
    if not isinstance(sources, dict):
        return sources
    return {
        name: {"domain": name, **source} if isinstance(source, dict) else source for name, source in sources.items()
    }


ProblemSources = Annotated[dict[str, ProblemSource], BeforeValidator(_name_is_domain), Field(min_length=1)]
TraceSources = Annotated[dict[str, TraceSource], BeforeValidator(_name_is_domain), Field(min_length=1)]
