"""The 65 rules of the guide and the reference profiles, as versioned data read once."""

from pgssi_probe.guide.load import GuideError, guide, tls_profile
from pgssi_probe.guide.model import (
    Coverage,
    Edge,
    Family,
    Guide,
    Obligation,
    Part,
    PlannedCheck,
    Rule,
    RuleClass,
    Weight,
)
from pgssi_probe.guide.tls import Grade, TlsProfile

__all__ = [
    "Coverage",
    "Edge",
    "Family",
    "Grade",
    "Guide",
    "GuideError",
    "Obligation",
    "Part",
    "PlannedCheck",
    "Rule",
    "RuleClass",
    "TlsProfile",
    "Weight",
    "guide",
    "tls_profile",
]
