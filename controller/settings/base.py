"""What the sections of config.yaml are made of: their common form, and bounded values."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

_DAY = 86_400.0
_YEAR = 31_536_000.0
Count = Annotated[int, Field(gt=0, le=10_000)]
Bytes = Annotated[int, Field(gt=0, le=10**12)]
Pause = Annotated[float, Field(gt=0, le=_DAY)]
"""Seconds that something waits: the system's own calls take no more than 24 days."""
MaybePause = Annotated[float, Field(ge=0, le=_DAY)]
Span = Annotated[float, Field(gt=0, le=_YEAR)]
"""Seconds after which something counts."""
MaybeSpan = Annotated[float, Field(ge=0, le=_YEAR)]
Dollars = Annotated[float, Field(ge=0, le=1e9)]
Tokens = Annotated[int, Field(ge=0, le=10**15)]
Word = Annotated[str, Field(pattern=r"^[^\x00]*$")]
"""A text that a program can be given."""
Variable = Annotated[str, Field(pattern=r"^[^=\x00]+$")]
Argument = Word | tuple[Word, ...]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=40)]


class Section(BaseModel):
    """A part of config.yaml; an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")
