"""How soon a weakness is to be mended, and whether mending it is a "pépite".

The priority crosses the severity with cost, complexity and delay, the three that PASSI names. A "pépite" has at least
two of four qualities: cheap, quick, unobtrusive for users, of high benefit (2013 directors' guide, sheet 6).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pgssi_probe.model.action import Action, Delay, Effort
from pgssi_probe.model.severity import Severity

PRIORITIES: Final = (1, 2, 3, 4)
QUALITIES: Final = ("cheap", "quick", "unobtrusive", "beneficial")
PEPITE_MIN: Final = 2
RULES_OF_BENEFIT: Final = 2
_BASE: Final = {Severity.CRITICAL: 1, Severity.MAJOR: 2, Severity.IMPORTANT: 3, Severity.MINOR: 4}


def is_light(action: Action) -> bool:
    """Cheap, simple and quick at once."""
    return (action.cost, action.complexity, action.delay) == (Effort.LOW, Effort.LOW, Delay.DAYS)


def priority(severity: Severity | None, action: Action | None, *, proved: bool) -> int:
    """1 (without delay) to 4 (when the occasion arises).

    What is light to mend goes one step before its severity; what is only suspected goes one step after.
    """
    step = _BASE[severity] if severity else 4
    if severity is not Severity.CRITICAL and action is not None and is_light(action):
        step -= 1
    return max(1, min(4, step if proved else step + 1))


def qualities(action: Action | None, severity: Severity | None, rules: Sequence[str]) -> tuple[str, ...]:
    """Those that the action has. The benefit is high when it mends a major deviation or brings back several rules."""
    high = severity is not None and severity.rank >= Severity.MAJOR.rank
    held = {
        "cheap": action is not None and action.cost is Effort.LOW,
        "quick": action is not None and action.delay is Delay.DAYS,
        "unobtrusive": action is not None and action.unobtrusive,
        "beneficial": high or len(rules) >= RULES_OF_BENEFIT,
    }
    return tuple(name for name in QUALITIES if held[name])


def is_pepite(held: Sequence[str]) -> bool:
    return len(held) >= PEPITE_MIN
