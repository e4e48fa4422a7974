"""What mending a weakness takes, and how it would be used: what a finding says beside the facts."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from pgssi_probe.model.outcome import Frozen
from pgssi_probe.model.text import Bilingual


class Attacker(StrEnum):
    """Who would use the weakness. `nobody`: a duty or a service at stake, without any attack."""

    VISITOR = "visitor"
    NETWORK = "network"
    LURE = "lure"
    DEVICE = "device"
    ACCOUNT = "account"
    SUPPLIER = "supplier"
    NOBODY = "nobody"


class Effort(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"

    @property
    def rank(self) -> int:
        """0 for low to 2 for high."""
        return list(Effort).index(self)


class Delay(StrEnum):
    """Working time and waiting together, from the decision to the mended application."""

    DAYS = "days"
    WEEKS = "weeks"
    MONTHS = "months"

    @property
    def rank(self) -> int:
        """0 for days to 2 for months."""
        return list(Delay).index(self)


class Action(Frozen):
    """What to do about the failures of one slug of a check. Findings that share a title are mended together.

    Cost, complexity and delay are usual orders of magnitude, not those of one organisation (PASSI asks for a priority
    by at least these three). `unobtrusive`: users notice nothing (a quality of the "pépites" of the 2013 directors'
    guide).
    """

    check: str
    slug: str
    title: Bilingual = Field(description="what to do, in words that the direction understands")
    attacker: Attacker
    scenario: Bilingual
    conditions: Bilingual
    cost: Effort
    complexity: Effort
    delay: Delay
    unobtrusive: bool
