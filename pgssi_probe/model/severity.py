"""Severity: impact by ease of exploitation, on four levels each.

The matrix is the usual scale of PASSI audit reports (annex of the PASSI referential v1.0–2.1).
"""

from __future__ import annotations

from enum import StrEnum


class Impact(StrEnum):
    MINOR = "minor"
    IMPORTANT = "important"
    MAJOR = "major"
    CRITICAL = "critical"


class Ease(StrEnum):
    """How easily a weakness is exploited, from the hardest to the easiest."""

    DIFFICULT = "difficult"
    HIGH_SKILL = "high_skill"
    MODERATE = "moderate"
    EASY = "easy"


class Severity(StrEnum):
    MINOR = "minor"
    IMPORTANT = "important"
    MAJOR = "major"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for minor to 3 for critical."""
        return list(Severity).index(self)


_I, _J, _C, _M = Severity.IMPORTANT, Severity.MAJOR, Severity.CRITICAL, Severity.MINOR
MATRIX: dict[Impact, tuple[Severity, Severity, Severity, Severity]] = {
    Impact.MINOR: (_M, _M, _I, _J),
    Impact.IMPORTANT: (_M, _I, _I, _J),
    Impact.MAJOR: (_I, _J, _J, _C),
    Impact.CRITICAL: (_I, _J, _C, _C),
}


def severity(impact: Impact, ease: Ease) -> Severity:
    return MATRIX[impact][list(Ease).index(ease)]
