"""The 65 rules of the guide and the reference profiles, as versioned data read once."""

from pgssi_probe.guide.load import GuideError, guide, tls_profile
from pgssi_probe.guide.model import (
    Coverage,
    Edge,
    Family,
    Guide,
    Obligation,
    Observability,
    Part,
    PlannedCheck,
    Rule,
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
    "Observability",
    "Part",
    "PlannedCheck",
    "Rule",
    "TlsProfile",
    "Weight",
    "guide",
    "tls_profile",
]
