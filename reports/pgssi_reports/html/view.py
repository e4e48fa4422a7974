"""What the page shows, computed from a result. No markup and no sentence is written here."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from unicodedata import combining, normalize
from urllib.parse import urlsplit

from pgssi_probe.model.result import RunResult
from pgssi_probe.model.severity import Severity
from pgssi_probe.model.verdict import Verdict
from pgssi_reports.html import account, conduct, declared
from pgssi_reports.html.evidence import EvidenceShelf
from pgssi_reports.html.figures import BAR_ORDER, Matrix, Segment, matrix, verdict_bar
from pgssi_reports.html.findings import FindingView, finding_views
from pgssi_reports.html.listed import Listing, listed_requests
from pgssi_reports.html.pictures import Pictures, pictures
from pgssi_reports.html.plan import PlannedAction, first_actions, plan
from pgssi_reports.html.priority import PRIORITIES
from pgssi_reports.html.rules import FamilyView, family_views
from pgssi_reports.html.sections import Reader, Section, readers, sections
from pgssi_reports.html.source import Source
from pgssi_reports.html.synthesis import Stake, overall, stakes
from pgssi_reports.html.tags import Tag, priority_tag, severity_tag, verdict_tag
from pgssi_reports.words import Words, french


@dataclass(frozen=True)
class Count:
    tag: Tag
    count: int
    meaning: str


@dataclass(frozen=True)
class Term:
    name: str
    meaning: str


@dataclass(frozen=True)
class Page:
    """Everything that the templates print."""

    sections: dict[str, Section]
    readers: tuple[Reader, ...]

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
    signatory: str | None
    validity: str
    agent: str
    requests: str
    connections: str
    duration: str
    overall: tuple[str, ...]
    rules_total: int
    bar: tuple[Segment, ...]
    verdicts: tuple[Count, ...]
    severities: tuple[Count, ...]
    suspected: int
    stakes: tuple[Stake, ...]
    actions: tuple[PlannedAction, ...]
    plan: tuple[PlannedAction, ...]
    pepites: int
    priorities: tuple[Count, ...]
    pictures: Pictures
    families: tuple[FamilyView, ...]
    matrix: Matrix
    findings: tuple[FindingView, ...]
    numbers: dict[str, int]
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
    open: int
    reserves: tuple[str, ...]
    activities: tuple[conduct.Activity, ...]
    shared: tuple[str, ...]
    """Requests and connections that no check made alone; empty when there are none."""
    declarations: tuple[declared.Declared, ...]
    inventory: Listing | None
    declarant: str
    diagnosis: declared.Annex | None
    glossary: tuple[Term, ...]


def build(result: RunResult, words: Words) -> Page:
    """The view of a result."""
    source = Source(result, words)
    shelf = EvidenceShelf(source)
    findings = finding_views(source, shelf)
    mandate = result.engagement.mandate
    chronology, hidden = account.events(source)
    counts = Counter(rule.verdict for rule in result.verdicts)
    planned = plan(source)
    drawn = pictures(source)
    answers, annex = declared.declarations(source), declared.annex(source)
    told = listed_requests(source)
    shown = sections(
        words,
        total=len(result.verdicts),
        measures=bool(drawn),
        declarations=bool(answers or annex),
        inventory=told is not None,
    )
    return Page(
        sections=shown,
        readers=readers(shown, words),
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
        signatory=mandate.signatory if mandate else None,
        validity=words.say("html.block.valid", start=words.day(mandate.valid_from), end=words.day(mandate.valid_until))
        if mandate
        else "",
        agent=result.run.user_agent,
        requests=words.number(result.run.requests),
        connections=words.number(result.run.connections),
        duration=words.duration(max(0.0, (result.run.finished - result.run.started).total_seconds())),
        overall=overall(source),
        rules_total=len(result.verdicts),
        bar=verdict_bar((rule.verdict for rule in result.verdicts), words),
        verdicts=tuple(_verdict_count(verdict, counts[verdict], words) for verdict in BAR_ORDER),
        severities=tuple(_severity_count(severity, source) for severity in reversed(Severity)),
        suspected=len(source.suspected),
        stakes=stakes(source),
        actions=first_actions(planned),
        plan=planned,
        pepites=sum(action.pepite for action in planned if action.proved),
        priorities=tuple(_priority_count(step, planned, words) for step in PRIORITIES),
        pictures=drawn,
        families=family_views(source),
        matrix=matrix([*source.proved, *source.suspected], words),
        findings=findings,
        numbers={finding.id: finding.number for finding in findings},
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
        open=counts[Verdict.NOT_EVALUATED] + counts[Verdict.TO_JUSTIFY],
        reserves=conduct.reserves(source),
        activities=conduct.activities(source),
        shared=tuple(words.number(count) for count in shared) if any(shared := conduct.shared_traffic(source)) else (),
        declarations=answers,
        declarant=result.declarations.organisation if result.declarations else "",
        diagnosis=annex,
        inventory=told,
        glossary=_glossary(words),
    )


def _verdict_count(verdict: Verdict, count: int, words: Words) -> Count:
    return Count(verdict_tag(verdict, words), count, words.say(f"html.verdict.{verdict.value}.meaning"))


def _severity_count(severity: Severity, source: Source) -> Count:
    count = sum(outcome.severity is severity for outcome in source.proved)
    meaning = source.words.say(f"html.severity.{severity.value}.meaning")
    return Count(severity_tag(severity, source.words), count, meaning)


def _priority_count(step: int, planned: tuple[PlannedAction, ...], words: Words) -> Count:
    tag = priority_tag(step, words)
    count = sum(action.priority == tag for action in planned)
    return Count(tag, count, words.say(f"html.priority.p{step}.meaning"))


def _glossary(words: Words) -> tuple[Term, ...]:
    """In alphabetical order of the language."""
    codes = words.codes("html.glossary")
    terms = (Term(words.say(f"html.glossary.{c}.term"), words.say(f"html.glossary.{c}.meaning")) for c in codes)
    return tuple(sorted(terms, key=lambda term: unaccented(term.name)))


def unaccented(text: str) -> str:
    """As a dictionary orders it: without accents or capitals."""
    return "".join(char for char in normalize("NFD", text) if not combining(char)).casefold()


def host_of(target: str) -> str:
    """The name that people know the application by; the whole target when it has none."""
    try:
        return urlsplit(target).hostname or target
    except ValueError:
        return target
