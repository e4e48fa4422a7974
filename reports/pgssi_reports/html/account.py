"""What an auditor asks of a control: who allowed it, over what, by which means, what was left out."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from pgssi_probe.model.outcome import Outcome, Reason, Status
from pgssi_probe.model.result import CheckRun, Event, MandateSummary
from pgssi_probe.model.verdict import Verdict
from pgssi_reports.html.evidence import EvidenceRef, EvidenceShelf
from pgssi_reports.html.findings import reference_rows
from pgssi_reports.html.source import Source
from pgssi_reports.words import Words

EVENTS_MAX = 600
OUTCOMES_MAX = 60

Row = tuple[str, str]


@dataclass(frozen=True)
class CheckView:
    """One check of the run. `why` is None when it completed."""

    id: str
    version: int
    title: str
    level: str
    state: str
    completed: bool
    why: str | None
    requests: str
    connections: str
    duration: str
    results: tuple[Row, ...]
    references: tuple[Row, ...]


@dataclass(frozen=True)
class NotRun:
    """Checks that did not run for the same reason. A row is (title or None, id, the line that is missing)."""

    reason: str
    checks: tuple[tuple[str | None, str, str | None], ...]


@dataclass(frozen=True)
class Unsure:
    subject: str
    reason: str
    check: str


@dataclass(frozen=True)
class Unevaluated:
    """A rule without a verdict. `reason` is the most frequent one among its parts."""

    rule: str
    title: str
    reason: str


@dataclass(frozen=True)
class ToJustify:
    rule: str
    title: str
    documents: tuple[str, ...]


@dataclass(frozen=True)
class EventView:
    at: str
    kind: str
    subject: str
    detail: str


@dataclass(frozen=True)
class Observed:
    """What a check saw without fault. `counts` is false when no verdict rests on it: noted, and no more."""

    id: str
    check: str
    counts: bool
    sentences: tuple[tuple[str, str], ...]
    hidden: int
    evidence: tuple[EvidenceRef, ...]


def run_rows(source: Source) -> tuple[Row, ...]:
    """The measures of the run, as (name, value)."""
    run, words = source.result.run, source.words
    values = {
        "id": run.id,
        "started": words.moment(run.started),
        "finished": words.moment(run.finished),
        "duration": words.duration(max(0.0, (run.finished - run.started).total_seconds())),
        "state": words.say(f"html.run_state.{run.state}"),
        "tool": f"pgssi-probe {run.tool_version}",
        "level": words.say(f"html.level.{run.level.value}"),
        "requests": words.number(run.requests),
        "connections": words.number(run.connections),
        "received": words.size(run.bytes_received),
        "user_agent": run.user_agent,
        "command": " ".join(run.command_line),
        "journal": run.journal_head,
    }
    if run.stopped_because:
        values["stopped"] = source.reason(run.stopped_because)
    return tuple((words.say(f"html.run.{name}"), value) for name, value in values.items() if value)


def mandate_rows(mandate: MandateSummary, source: Source) -> tuple[Row, ...]:
    words = source.words
    values = {
        "reference": mandate.reference,
        "organisation": mandate.organisation,
        "signatory": mandate.signatory,
        "signed": source.words.day(mandate.signed),
        "valid_from": source.words.day(mandate.valid_from),
        "valid_until": source.words.day(mandate.valid_until),
        "hours": mandate.hours,
        "source_addresses": ", ".join(mandate.source_addresses),
        "hosting_agreement": mandate.hosting_agreement,
        "emergency_contact": mandate.emergency_contact,
    }
    return tuple((words.say(f"html.mandate.{name}"), value) for name, value in values.items() if value)


def scope_rows(source: Source) -> tuple[Row, ...]:
    """Hosts, addresses reached, exclusions, levels and limits."""
    engagement, words = source.result.engagement, source.words
    reached = [f"{h.host}:{h.port} → {', '.join(h.addresses) or '—'}" for h in source.result.run.addresses]
    limits = [
        words.say("html.limit.each", limit=words.word("html.limit", name), value=_amount(words, name, v))
        for name, v in engagement.limits.items()
    ]
    values = {
        "hosts": ", ".join(engagement.hosts),
        "reached": "\n".join(reached),
        "excluded": ", ".join(engagement.excluded_paths),
        "levels": ", ".join(words.say(f"html.level.{level.value}") for level in engagement.levels),
        "limits": "\n".join(limits),
        "engagement": engagement.file_sha256,
    }
    return tuple((words.say(f"html.scope.{name}"), value) for name, value in values.items() if value)


def _amount(words: Words, limit: str, value: float) -> str:
    """Limits of time are kept in seconds, and said as durations."""
    return words.wait(value) if limit.endswith("_seconds") else words.number(value)


def check_views(source: Source) -> tuple[CheckView, ...]:
    by_check: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in source.result.outcomes:
        by_check[outcome.check].append(outcome)
    return tuple(_check(check, by_check[check.id], source) for check in source.result.checks)


def _check(check: CheckRun, outcomes: list[Outcome], source: Source) -> CheckView:
    words = source.words
    counts = [(status, sum(outcome.status is status for outcome in outcomes)) for status in Status]
    why = " — ".join(filter(None, (source.reason(check.reason) if check.reason else None, check.missing)))
    return CheckView(
        id=check.id,
        version=check.version,
        title=words.text(check.title),
        level=words.say(f"html.level.{check.level.value}"),
        state=words.say(f"html.check_state.{check.state}"),
        completed=check.state == "completed",
        why=why or None,
        requests=words.number(check.requests),
        connections=words.number(check.connections),
        duration=words.duration(check.duration),
        results=tuple((words.say(f"html.status.{s.value}"), words.number(count)) for s, count in counts if count),
        references=reference_rows(check.references, source),
    )


def not_run(source: Source) -> tuple[NotRun, ...]:
    """Checks that did not complete, and those that the rules call for and that the run does not know, by reason."""
    groups: dict[str, list[tuple[str | None, str, str | None]]] = defaultdict(list)
    for check in source.result.checks:
        if check.state != "completed":
            reason = (
                source.reason(check.reason) if check.reason else source.words.say(f"html.check_state.{check.state}")
            )
            groups[reason].append((source.words.text(check.title), check.id, check.missing))
    gaps = (gap for rule in source.result.verdicts for part in rule.parts for gap in part.unevaluated)
    for name, reason in {gap.check: gap.reason for gap in gaps if gap.check not in source.checks}.items():
        groups[source.reason(reason)].append((None, name, None))
    ordered = sorted(groups.items(), key=lambda group: -len(group[1]))
    return tuple(NotRun(reason, tuple(checks)) for reason, checks in ordered)


def unsure(source: Source) -> tuple[Unsure, ...]:
    """Outcomes that conclude nothing."""
    return tuple(
        Unsure(outcome.subject.name, source.reason(outcome.reason) if outcome.reason else "—", outcome.check)
        for outcome in source.result.outcomes
        if outcome.status is Status.INCONCLUSIVE
    )


def unevaluated(source: Source) -> tuple[Unevaluated, ...]:
    """Rules that could be observed and were not."""
    return tuple(
        Unevaluated(rule.rule, source.words.text(rule.title), source.reason(rule.reason) if rule.reason else "—")
        for rule in source.rules_with(Verdict.NOT_EVALUATED)
    )


def to_justify(source: Source) -> tuple[ToJustify, ...]:
    """Rules that only documents can support, with the documents that are expected."""
    words = source.words
    return tuple(
        ToJustify(rule.rule, words.text(rule.title), tuple(words.text(document) for document in rule.documents))
        for rule in source.rules_with(Verdict.TO_JUSTIFY)
    )


def observed(source: Source, shelf: EvidenceShelf) -> tuple[Observed, ...]:
    """What was seen without fault, check by check, with the facts read: TLS parameters, for instance."""
    counting = {identifier for rule in source.result.verdicts for identifier in rule.outcomes}
    groups: dict[tuple[bool, str], list[Outcome]] = defaultdict(list)
    for outcome in source.result.outcomes:
        if outcome.status is Status.PASS:
            groups[outcome.id in counting, outcome.check].append(outcome)
    return tuple(
        Observed(
            id=check,
            check=source.title(check),
            counts=counts,
            sentences=tuple((o.subject.name, source.words.text(o.sentence)) for o in outcomes[:OUTCOMES_MAX]),
            hidden=max(0, len(outcomes) - OUTCOMES_MAX),
            evidence=shelf.take(e for o in outcomes[:OUTCOMES_MAX] for e in o.evidence if _is_facts(e, source)),
        )
        for (counts, check), outcomes in sorted(groups.items(), key=lambda group: not group[0][0])
    )


def _is_facts(identifier: str, source: Source) -> bool:
    piece = source.evidence.get(identifier)
    return piece is not None and piece.kind in ("handshake", "facts", "timing") and bool(piece.data)


def _detail(event: Event, source: Source) -> str:
    """A code in words: a reason of the closed list, or what became of a check. Anything else is shown as it is."""
    known = {reason.value: reason for reason in Reason}
    if event.detail in known:
        return source.reason(known[event.detail])
    return source.words.word("html.event_detail", event.detail) if event.detail else ""


def events(source: Source) -> tuple[tuple[EventView, ...], int]:
    """The chronology, and how many of its lines are left to report.json. A check that ran to its end has one line."""
    words, found = source.words, source.result.chronology
    ends = {event.subject: event for event in found if event.kind == "check" and event.detail == "completed"}
    begun = {event.subject for event in found if event.kind == "check" and event.detail == "begun"}
    told = [event for event in found if not (event is ends.get(event.subject) and event.subject in begun)]

    def detail(event: Event) -> str:
        end = ends.get(event.subject) if event.kind == "check" and event.detail == "begun" else None
        return words.say("html.event_detail.until", time=f"{end.at:%H:%M:%S}") if end else _detail(event, source)

    views = tuple(
        EventView(
            at=f"{event.at:%H:%M:%S}",
            kind=words.say(f"html.event.{event.kind}"),
            subject=event.subject,
            detail=detail(event),
        )
        for event in told[:EVENTS_MAX]
    )
    return views, max(0, len(told) - EVENTS_MAX)
