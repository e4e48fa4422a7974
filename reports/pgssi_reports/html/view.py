"""What the page shows, computed from a result. No markup and no sentence is written here."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from urllib.parse import urlsplit

from pgssi_probe.model.result import RunResult
from pgssi_probe.model.severity import Severity
from pgssi_probe.model.verdict import Verdict
from pgssi_reports.html import account
from pgssi_reports.html.evidence import EvidenceShelf
from pgssi_reports.html.figures import BAR_ORDER, Matrix, Segment, matrix, verdict_bar
from pgssi_reports.html.findings import FindingView, finding_views
from pgssi_reports.html.rules import FamilyView, family_views
from pgssi_reports.html.source import Source
from pgssi_reports.html.synthesis import Action, Stake, actions, overall, stakes
from pgssi_reports.html.tags import Tag, severity_tag, verdict_tag
from pgssi_reports.words import Words, french


@dataclass(frozen=True)
class Count:
    tag: Tag
    count: int
    meaning: str


@dataclass(frozen=True)
class Page:
    """Everything that the templates print."""

    host: str
    target: str
    date: str
    tool: str
    level: str
    guide: str
    state: str
    completed: bool
    stopped: str | None
    mandate: str | None
    overall: tuple[str, ...]
    rules_total: int
    bar: tuple[Segment, ...]
    verdicts: tuple[Count, ...]
    severities: tuple[Count, ...]
    suspected: int
    stakes: tuple[Stake, ...]
    actions: tuple[Action, ...]
    families: tuple[FamilyView, ...]
    matrix: Matrix
    findings: tuple[FindingView, ...]
    observed: tuple[account.Observed, ...]
    not_run: tuple[account.NotRun, ...]
    unsure: tuple[account.Unsure, ...]
    unevaluated: tuple[account.Unevaluated, ...]
    to_justify: tuple[account.ToJustify, ...]
    run: tuple[account.Row, ...]
    mandate_rows: tuple[account.Row, ...]
    scope: tuple[account.Row, ...]
    checks: tuple[account.CheckView, ...]
    events: tuple[account.EventView, ...]
    hidden_events: int
    declarative: int


def build(result: RunResult, words: Words) -> Page:
    """The view of a result."""
    source = Source(result, words)
    shelf = EvidenceShelf(source)
    findings = finding_views(source, shelf)
    mandate = result.engagement.mandate
    chronology, hidden = account.events(source)
    counts = Counter(rule.verdict for rule in result.verdicts)
    return Page(
        host=host_of(result.run.target),
        target=result.run.target,
        date=words.moment(result.run.started),
        tool=f"pgssi-probe {result.run.tool_version}",
        level=words.say(f"html.level.{result.run.level.value}"),
        guide=french(result.guide),
        state=words.say(f"html.run_state.{result.run.state}"),
        completed=result.run.state == "completed",
        stopped=source.reason(result.run.stopped_because) if result.run.stopped_because else None,
        mandate=f"{mandate.reference} — {mandate.organisation}" if mandate else None,
        overall=overall(source),
        rules_total=len(result.verdicts),
        bar=verdict_bar((rule.verdict for rule in result.verdicts), words),
        verdicts=tuple(_verdict_count(verdict, counts[verdict], words) for verdict in BAR_ORDER),
        severities=tuple(_severity_count(severity, source) for severity in reversed(Severity)),
        suspected=len(source.suspected),
        stakes=stakes(source),
        actions=actions(source),
        families=family_views(source),
        matrix=matrix([*source.proved, *source.suspected], words),
        findings=findings,
        observed=account.observed(source, shelf),
        not_run=account.not_run(source),
        unsure=account.unsure(source),
        unevaluated=account.unevaluated(source),
        to_justify=account.to_justify(source),
        run=account.run_rows(source),
        mandate_rows=account.mandate_rows(mandate, source) if mandate else (),
        scope=account.scope_rows(source),
        checks=account.check_views(source),
        events=chronology,
        hidden_events=hidden,
        declarative=sum(rule.rule_class == "declarative" for rule in result.verdicts),
    )


def _verdict_count(verdict: Verdict, count: int, words: Words) -> Count:
    return Count(verdict_tag(verdict, words), count, words.say(f"html.verdict.{verdict.value}.meaning"))


def _severity_count(severity: Severity, source: Source) -> Count:
    count = sum(outcome.severity is severity for outcome in source.proved)
    meaning = source.words.say(f"html.severity.{severity.value}.meaning")
    return Count(severity_tag(severity, source.words), count, meaning)


def host_of(target: str) -> str:
    """The name that people know the application by; the whole target when it has none."""
    try:
        return urlsplit(target).hostname or target
    except ValueError:
        return target
