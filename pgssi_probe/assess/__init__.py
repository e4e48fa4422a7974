"""From outcomes and declarations to the 65 verdicts: pure, versioned, without a clock, a file or a network."""

from pgssi_probe.assess.again import reassess
from pgssi_probe.assess.verdicts import ASSESSMENT_VERSION, assess, summarise

__all__ = ["ASSESSMENT_VERSION", "assess", "reassess", "summarise"]
