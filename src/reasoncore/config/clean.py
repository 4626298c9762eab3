"""What training text has to be: filters on text alone, and words that no evaluation item may share with it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from reasoncore.config.settings import Settings

Share = Annotated[float, Field(ge=0, le=1)]


class TextQuality(Settings):
    """Filters on the text of one response; all bounds are ours."""

    min_words: int = Field(1, ge=0, description="of a response")
    max_words: int | None = Field(None, ge=1)
    max_repeated: Share = Field(0.3, description="share of a response's word 10-grams that stood there before")
    max_line_share: Share = Field(0.5, description="share of a response's lines that repeat another line")


class SharedWords(Settings):
    """How much of an evaluation item may stand in a row ([1.5B] section 3.5)."""

    ngram: int = Field(10, ge=1, le=10_000, description="words in a row; an item of fewer is looked for whole")
    common: int = Field(10, ge=0, description="what more items than this share is boilerplate; 0: nothing is")


class CleanSettings(TextQuality, SharedWords):
    """What a trace must be for SFT to learn from it."""

    benchmarks: tuple[str, ...] = Field((), description="nothing that these ask is trained on")
    data_dir: str | None = Field(None, description="where the benchmarks' files are")
