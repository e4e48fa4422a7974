"""What an engagement allows for a target at a moment, and what is missing for which checks. Pure: nothing is sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from pgssi_probe.check.metadata import CheckMetadata
from pgssi_probe.engagement import Engagement, Refusal
from pgssi_probe.engagement.declared import declared_table
from pgssi_probe.engine.plan import ACCOUNTS_NEEDED
from pgssi_probe.guide import Guide
from pgssi_probe.model.outcome import Level, Reason
from pgssi_probe.model.result import Plan
from pgssi_probe.model.verdict import Applicability, Reserve


@dataclass(frozen=True, slots=True)
class LevelState:
    """`until`: end of the present window when it is allowed. `refusals`: every reason why not."""

    level: Level
    until: datetime | None
    refusals: tuple[Refusal, ...]


@dataclass(frozen=True, slots=True)
class Lack:
    """Lines of the file without which some checks do not run, or run and conclude nothing (`silent`)."""

    lines: tuple[str, ...]
    cause: str
    checks: tuple[str, ...]
    level: Level | None = None
    """The level that the mandate does not list."""
    silent: bool = False


@dataclass(frozen=True, slots=True)
class Allowance:
    levels: tuple[LevelState, ...]
    runs: tuple[str, ...]
    """Checks that would run now."""
    requests_max: int
    seconds_max: float
    lacks: tuple[Lack, ...]
    elsewhere: Mapping[Reason, tuple[str, ...]]
    """Checks that would not run for a reason that no line of the file can change."""
    void: tuple[tuple[str, Applicability], ...]
    """Rules and parts without object in the declared context, by id."""
    reserves: tuple[Reserve, ...]
    unanswered: tuple[str, ...]


def levels_of(engagement: Engagement, url: str, now: datetime) -> tuple[LevelState, ...]:
    """Each level with the end of its window, or every line that stands against it."""
    states = []
    for level in Level:
        refusals = engagement.refusals_for(url, level, now)
        mandate = engagement.mandate
        until = mandate.window_end(now) if not refusals and mandate and level is not Level.PASSIVE else None
        states.append(LevelState(level, until, refusals))
    return tuple(states)


def lacks_of(engagement: Engagement, url: str, now: datetime, declared: Iterable[CheckMetadata]) -> tuple[Lack, ...]:
    """What to write for more checks to run or conclude, in the order: mandate, accounts, ports, declared values."""
    known = list(declared)
    found: list[Lack] = []
    refused: dict[tuple[str, Level | None], tuple[dict[str, None], list[str]]] = {}
    for metadata in known:
        for refusal in engagement.refusals_for(url, metadata.level, now):
            level = metadata.level if refusal.cause == "level_not_listed" else None
            lines, checks = refused.setdefault((refusal.cause, level), ({}, []))
            lines[refusal.line] = None
            if metadata.id not in checks:
                checks.append(metadata.id)
    found += [Lack(tuple(lines), cause, tuple(checks), level) for (cause, level), (lines, checks) in refused.items()]
    without: dict[str, list[str]] = {}
    for metadata in known:
        for label in dict.fromkeys(label for need in metadata.needs for label in ACCOUNTS_NEEDED.get(need, ())):
            if label not in engagement.accounts:
                without.setdefault(label, []).append(metadata.id)
    found += [Lack((f"accounts.{label}",), "account", tuple(checks)) for label, checks in without.items()]
    closed = tuple(
        line
        for line, there in (("scope.ports", engagement.scope.ports), ("scope.addresses", engagement.scope.addresses))
        if not there
    )
    if closed and (ports := tuple(metadata.id for metadata in known if "ports" in metadata.needs)):
        found.append(Lack(closed, "ports", ports))
    ids = {metadata.id for metadata in known}
    for name, one in declared_table().items():
        silent = tuple(check for check in one.needed_by if check in ids)
        if silent and name not in engagement.declared:
            found.append(Lack((f"declared.{name}",), "undeclared", silent, silent=True))
    return tuple(found)


def allowance(
    engagement: Engagement, url: str, now: datetime, declared: Mapping[str, CheckMetadata], plan: Plan, guide: Guide
) -> Allowance:
    """Everything that `engagement check` says of what would run, by the plan of a run started at `now`."""
    answers = engagement.context.answers
    lacks = lacks_of(engagement, url, now, declared.values())
    explained = {check for lack in lacks for check in lack.checks}
    elsewhere: dict[Reason, list[str]] = {}
    for entry in plan.entries:
        if not entry.runs and entry.reason is not None and entry.check not in explained:
            elsewhere.setdefault(entry.reason, []).append(entry.check)
    void = [
        (name, found)
        for rule in guide.rules
        for name, found in (
            (rule.id, guide.applies(rule, answers)),
            *((part.id, guide.part_applies(rule, part, answers)) for part in rule.parts),
        )
        if found is not None and not found.applies
    ]
    return Allowance(
        levels=levels_of(engagement, url, now),
        runs=tuple(entry.check for entry in plan.entries if entry.runs),
        requests_max=plan.requests_max,
        seconds_max=plan.seconds_max,
        lacks=lacks,
        elsewhere={reason: tuple(checks) for reason, checks in elsewhere.items()},
        void=tuple(void),
        reserves=plan.reserves,
        unanswered=tuple(question.id for question in guide.applicability.unanswered(answers)),
    )
