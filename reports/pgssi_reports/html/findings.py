"""Findings: each failed or suspected outcome as people read it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pgssi_probe.model.outcome import Outcome, Strength
from pgssi_probe.model.result import References
from pgssi_probe.model.verdict import RuleVerdict
from pgssi_reports.html.evidence import EvidenceRef, EvidenceShelf
from pgssi_reports.html.plan import Efforts, efforts
from pgssi_reports.html.priority import priority
from pgssi_reports.html.source import Source
from pgssi_reports.html.tags import Tag, priority_tag, severity_tag

_REFERENCES = ("wstg", "asvs", "cwe", "owasp", "anssi", "other")


@dataclass(frozen=True)
class RuleLink:
    """`verdict` is that of the rule: a finding may accuse one rule and only raise a doubt about another.

    `parts` are the parts of the rule that the finding speaks against, as (id, point).
    """

    rule: str
    title: str
    verdict: str
    parts: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class FindingView:
    """`expected` is the check's title, which states the passing condition; `attacker`, `scenario` and `conditions` are
    None where the run knew nothing of them."""

    number: int
    id: str
    severity: Tag
    proved: bool
    sentence: str
    subject: str
    subject_kind: str
    check: str
    expected: str
    impact: str | None
    ease: str | None
    attacker: str | None
    scenario: str | None
    conditions: str | None
    priority: Tag
    efforts: Efforts
    rules: tuple[RuleLink, ...]
    remedy: str | None
    references: tuple[tuple[str, str], ...]
    evidence: tuple[EvidenceRef, ...]


def finding_views(source: Source, shelf: EvidenceShelf) -> tuple[FindingView, ...]:
    """Proofs first, then what must be confirmed; the worst first in each."""
    ordered: Sequence[Outcome] = [*source.proved, *source.suspected]
    return tuple(_view(number, outcome, source, shelf) for number, outcome in enumerate(ordered, start=1))


def _view(number: int, outcome: Outcome, source: Source, shelf: EvidenceShelf) -> FindingView:
    words = source.words
    check = source.checks.get(outcome.check)
    rules = source.accused.get(outcome.id, [])
    action = source.action(outcome)
    proved = outcome.strength is Strength.PROOF
    return FindingView(
        number=number,
        id=outcome.id,
        severity=severity_tag(outcome.severity, words),
        proved=proved,
        sentence=words.text(outcome.sentence),
        subject=outcome.subject.name,
        subject_kind=words.say(f"html.subject.{outcome.subject.kind}"),
        check=outcome.check,
        expected=source.title(outcome.check),
        impact=words.say(f"html.impact.{outcome.impact.value}") if outcome.impact else None,
        ease=words.say(f"html.ease.{outcome.ease.value}") if outcome.ease else None,
        attacker=words.say(f"html.attacker.{action.attacker.value}") if action else None,
        scenario=words.text(action.scenario) if action else None,
        conditions=words.text(action.conditions) if action else None,
        priority=priority_tag(priority(outcome.severity, action, proved=proved), words),
        efforts=efforts(action, source),
        rules=tuple(_link(rule, outcome, source) for rule in rules),
        remedy=words.text(outcome.remedy) if outcome.remedy else None,
        references=reference_rows(check.references, source) if check else (),
        evidence=shelf.take(outcome.evidence),
    )


def _link(rule: RuleVerdict, outcome: Outcome, source: Source) -> RuleLink:
    words = source.words
    return RuleLink(
        rule=rule.rule,
        title=words.text(rule.title),
        verdict=words.say(f"html.verdict.{rule.verdict}.name").lower(),
        parts=tuple((part.part, words.text(part.point)) for part in source.accused_parts(rule, outcome.id)),
    )


def reference_rows(references: References, source: Source) -> tuple[tuple[str, str], ...]:
    """(kind, identifiers joined) for each kind that has some."""
    rows = ((name, getattr(references, name)) for name in _REFERENCES)
    return tuple((source.words.say(f"html.reference.{name}"), ", ".join(ids)) for name, ids in rows if ids)
