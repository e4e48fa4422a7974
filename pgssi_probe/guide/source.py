"""What every reference document kept as data says about itself."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Literal

from pydantic import Field

from pgssi_probe.model.outcome import Frozen
from pgssi_probe.model.text import Bilingual


class Visibility(StrEnum):
    """How far a recommendation can be seen from outside."""

    FULL = "full"
    PARTIAL = "partial"
    NONE = "none"


class Source(Frozen):
    """Where facts of the data were read."""

    id: str
    title: str
    gives: str
    address: str | None = None


class Reference(Frozen):
    """A versioned document turned into data.

    `published`: a year, a month or a day. `reviewed`: the day the data were compared with their sources.
    """

    schema_version: Literal[1]
    title: Bilingual
    publisher: str
    reference: str
    version: str
    published: str = Field(pattern=r"^\d{4}(-\d{2}){0,2}$")
    address: str
    reviewed: date
    sources: tuple[Source, ...]
