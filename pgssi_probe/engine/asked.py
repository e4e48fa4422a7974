"""What is asked of a run, and the plan that follows from it. Nothing is sent here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pgssi_probe.check.context import Target
from pgssi_probe.clock import Clock, SystemClock
from pgssi_probe.engagement import Engagement
from pgssi_probe.engine.plan import Selection, accounts_needed, make_plan
from pgssi_probe.model.account import Account
from pgssi_probe.model.result import Plan
from pgssi_probe.registry import UnknownCheck, checks


@dataclass(frozen=True, slots=True)
class Scan:
    """What to scan and how. `command_line` is shown in the report: it must hold no secret.

    `accounts` are those that `labels_needed` names, their secrets resolved: a run asks nobody.
    """

    target: Target
    engagement: Engagement = field(default_factory=Engagement)
    selection: Selection = field(default_factory=Selection)
    engagement_file: Path | None = None
    contact: str = ""
    command_line: tuple[str, ...] = ()
    accounts: Mapping[str, Account] = field(default_factory=dict)


def plan_of(scan: Scan, clock: Clock | None = None) -> Plan:
    """The plan of a scan; UnknownCheck when the selection names a check or family that does not exist."""
    known = checks()
    families = {identifier.split(".")[0] for identifier in known}
    for name in (*scan.selection.only, *scan.selection.skip):
        if name not in known and name not in families:
            from difflib import get_close_matches

            raise UnknownCheck(name, tuple(get_close_matches(name, [*known, *families], n=3)))
    declared = [check.metadata for check in known.values()]
    return make_plan(declared, scan.target, scan.engagement, scan.selection, (clock or SystemClock()).now())


def labels_needed(scan: Scan, clock: Clock | None = None) -> frozenset[str]:
    """Labels of the accounts whose secrets the scan needs: none when no check that signs in would run."""
    running = (entry.check for entry in plan_of(scan, clock).entries if entry.runs)
    return accounts_needed(checks()[name].metadata for name in running)
