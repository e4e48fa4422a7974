"""The 65 rules of the guide and the reference profiles, as versioned data read once."""

from pgssi_probe.guide.load import GuideError, guide, tls_profile, web_profile
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
from pgssi_probe.guide.web import WebProfile

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
    "WebProfile",
    "Weight",
    "guide",
    "tls_profile",
    "web_profile",
]
