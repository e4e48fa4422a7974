"""What a run has so far, and what must not be stored of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pgssi_probe.model.account import Account
from pgssi_probe.model.outcome import Outcome
from pgssi_probe.model.result import CheckRun, Event
from pgssi_probe.redact import People, Redactor


@dataclass
class Gathered:
    """What the run has so far."""

    runs: dict[str, CheckRun] = field(default_factory=dict)
    outcomes: list[Outcome] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)


def redactor_of(accounts: Mapping[str, Account]) -> Redactor:
    """A key of its own, the canaries of the accounts, longest first, and the names that their user names tell."""
    canaries = {secret.reveal() for account in accounts.values() for secret in account.canaries}
    people = People.of(account.username for account in accounts.values())
    return Redactor(values=tuple(sorted(canaries, key=len, reverse=True)), people=people)
