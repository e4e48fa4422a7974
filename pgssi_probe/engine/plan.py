"""The plan: what will run, what will not, why, and how much it will send. Nothing is sent to make it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pydantic import JsonValue

from pgssi_probe import collectors
from pgssi_probe.check.context import Target
from pgssi_probe.check.metadata import CheckMetadata
from pgssi_probe.engagement import Engagement, Refusal
from pgssi_probe.guide import guide
from pgssi_probe.model.outcome import Level, Reason
from pgssi_probe.model.result import Plan, PlanEntry, PlannedCollection

ACCOUNTS_NEEDED: Mapping[str, tuple[str, ...]] = {
    "account": ("a",),
    "two_accounts": ("a", "b"),
    "second_role": ("low", "high"),
    "sacrifice": ("sacrifice",),
}
"""Labels of the accounts that each need asks for."""
ACCOUNT_NEEDS = frozenset(ACCOUNTS_NEEDED)
UNMET: Mapping[str, Reason] = {
    "mailbox": Reason.NOT_YET_AVAILABLE,
}

READING: Final = ("GET", "HEAD")
BY_DOOR: Final = frozenset({"sign_in", "oracle"})
"""Collections made once for each sign-in page, where roles have their own."""


def methods_at(level: Level, declared: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the declared methods that a run at a level may use: without a mandate nothing is sent but readings."""
    return tuple(method for method in declared if method in READING) if level is Level.PASSIVE else declared


def accounts_needed(running: Iterable[CheckMetadata]) -> frozenset[str]:
    """Labels of the accounts that checks sign in with: secrets of others are never asked for."""
    running = list(running)
    needed = {label for metadata in running for need in metadata.needs for label in ACCOUNTS_NEEDED.get(need, ())}
    return frozenset(needed.union(*(metadata.also_uses for metadata in running)))


@dataclass(frozen=True, slots=True)
class Selection:
    """What the operator asked for. `level` is the most intrusive level wanted; None for all that is allowed."""

    level: Level | None = None
    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()

    def excludes(self, check: str) -> bool:
        """A family (`headers`) or an id selects."""

        def named(names: tuple[str, ...]) -> bool:
            return any(check == name or check.startswith(f"{name}.") for name in names)

        return (bool(self.only) and not named(self.only)) or named(self.skip)


def allowed_level(target: Target, engagement: Engagement, selection: Selection, now: datetime) -> Level:
    """The level of the run: what is asked for, within what the mandate allows now."""
    highest = engagement.highest_level(target.url, now)
    if selection.level is None:
        return highest
    return min(highest, selection.level, key=lambda level: level.rank)


def make_plan(
    declared: Iterable[CheckMetadata],
    target: Target,
    engagement: Engagement,
    selection: Selection,
    now: datetime,
) -> Plan:
    """One entry a check, in order of id. What the checks that run collect together is counted once."""
    level = allowed_level(target, engagement, selection, now)
    declared = list(declared)
    entries = [_entry(metadata, target, engagement, selection, level, now) for metadata in declared]
    running = [entry for entry in entries if entry.runs]
    planned = [metadata for metadata, entry in zip(declared, entries, strict=True) if entry.runs]
    doors = 1 + len({json.dumps(own, sort_keys=True) for own in logins_of(engagement)})
    collections = [_collection(name, level, doors) for name in sorted(collections_of(planned, level, engagement))]
    counted: list[PlanEntry | PlannedCollection] = [*running, *collections]
    requests = sum(each.requests_max for each in counted)
    connections = sum(each.connections_max for each in counted)
    seconds = sum(entry.seconds_max for entry in running)
    pace = requests / engagement.limits.requests_per_second
    return Plan(
        entries=tuple(entries),
        collections=tuple(each for each in collections if each.requests_max or each.connections_max),
        requests_max=min(requests, engagement.limits.max_requests),
        connections_max=min(connections, engagement.limits.max_connections),
        seconds_max=min(max(pace, seconds / engagement.limits.concurrency), engagement.limits.max_seconds),
        reserves=guide().applicability.reserves_of(engagement.context.answers),
    )


def collections_of(running: Iterable[CheckMetadata], level: Level, engagement: Engagement) -> frozenset[str]:
    """Names of the shared collections that checks may make at a level: each is made once at most."""
    running = list(running)
    accounts = not accounts_needed(running).isdisjoint(engagement.accounts)
    return collectors.reachable(
        (name for metadata in running for name in metadata.collects),
        level,
        lambda need: accounts if need == "account" else not browser_is_missing(),
    )


def logins_of(engagement: Engagement) -> list[JsonValue]:
    """How accounts sign in that do so their own way."""
    own = engagement.told.get("logins")
    return [*own.values()] if isinstance(own, dict) else []


def _collection(name: str, level: Level, doors: int = 1) -> PlannedCollection:
    declaration = collectors.declared()[name]
    times = doors if name in BY_DOOR else 1
    return PlannedCollection(
        name=name,
        title=declaration.title,
        requests_max=declaration.requests * times,
        methods=methods_at(level, declaration.methods),
        connections_max=declaration.connections,
    )


def _entry(
    metadata: CheckMetadata,
    target: Target,
    engagement: Engagement,
    selection: Selection,
    level: Level,
    now: datetime,
) -> PlanEntry:
    reason, missing = _obstacle(metadata, target, engagement, selection, level, now)
    return PlanEntry(
        check=metadata.id,
        level=metadata.level,
        runs=reason is None,
        reason=reason,
        missing=missing,
        requests_max=metadata.sends.requests,
        methods=methods_at(level, metadata.sends.methods),
        connections_max=metadata.sends.connections,
        seconds_max=metadata.sends.seconds,
    )


def _obstacle(
    metadata: CheckMetadata,
    target: Target,
    engagement: Engagement,
    selection: Selection,
    level: Level,
    now: datetime,
) -> tuple[Reason | None, str | None]:
    if selection.excludes(metadata.id):
        return Reason.DESELECTED, None
    if "https" in metadata.needs and target.scheme != "https":
        return Reason.NOT_HTTPS, None
    for need in metadata.needs:
        if need in UNMET:
            return UNMET[need], need
        if need == "browser" and browser_is_missing():
            return Reason.BROWSER_MISSING, need
        if need == "ports" and not (engagement.scope.ports and engagement.scope.addresses):
            return Reason.UNDECLARED, "scope.addresses" if engagement.scope.ports else "scope.ports"
        for label in ACCOUNTS_NEEDED.get(need, ()):
            if label not in engagement.accounts:
                return Reason.ACCOUNT_MISSING, f"accounts.{label}"
    # A mandate may list a level and not the one below it: each is asked for by itself.
    refusal: Refusal | None = engagement.refusal_for(target.url, metadata.level, now)
    if refusal is not None:
        return Reason.MANDATE_MISSING, refusal.line
    if metadata.level.rank > level.rank:
        return Reason.LEVEL_EXCLUDED, None
    for name in metadata.needs_declared:
        if not engagement.told.get(name):
            return Reason.UNDECLARED, f"declared.{name}"
    return None, None


def browser_is_missing() -> bool:
    from pgssi_probe.browser.chromium import missing

    return bool(missing())
