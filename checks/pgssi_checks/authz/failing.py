"""Addresses at which the server failed when somebody else asked: told one by one, without voiding the rest."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from pgssi_checks.authz.telling import subject_of
from pgssi_probe.check import CheckContext, Exchange, Observation, Reason, inconclusive

FEW: Final = 0.25
"""Share of the addresses that may fail before the application is taken to be out of order [ours]."""
MOST_TOLD: Final = 20


def failed(answer: Exchange) -> bool:
    """Whether the server failed: it answered, with 500 or above. A brake or no answer at all is not of one address."""
    return answer.response is not None and answer.response.status >= 500


def not_evaluated(ctx: CheckContext, failing: Iterable[str], unknown: int, asked: int) -> list[Observation] | None:
    """An outcome for each template at which the server failed; None when these are many, or when more than these is
    `unknown`, so that nothing is to be said of the rest. `asked` counts all addresses."""
    names = list(failing)
    if unknown > len(names) or len(names) > FEW * asked:
        return None
    different = list(dict.fromkeys(names))[:MOST_TOLD]
    return [inconclusive(subject_of(ctx.target, name), Reason.SERVER_ERROR) for name in different]
