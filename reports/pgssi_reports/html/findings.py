"""Findings: each failed or suspected outcome as people read it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pgssi_probe.model.outcome import Outcome, Strength
from pgssi_probe.model.result import References
from pgssi_reports.html.evidence import EvidenceRef, EvidenceShelf
from pgssi_reports.html.source import Source
from pgssi_reports.html.tags import Tag, severity_tag

_REFERENCES = ("wstg", "asvs", "cwe", "owasp", "anssi", "other")


@dataclass(frozen=True)
class RuleLink:
    """`verdict` is that of the rule: a finding may accuse one rule and only raise a doubt about another."""

    rule: str
    title: str
    verdict: str


@dataclass(frozen=True)
class FindingView:
    """`expected` is the check's title, which states the passing condition."""

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
    return FindingView(
        number=number,
        id=outcome.id,
        severity=severity_tag(outcome.severity, words),
        proved=outcome.strength is Strength.PROOF,
        sentence=words.text(outcome.sentence),
        subject=outcome.subject.name,
        subject_kind=words.say(f"html.subject.{outcome.subject.kind}"),
        check=outcome.check,
        expected=source.title(outcome.check),
        impact=words.say(f"html.impact.{outcome.impact.value}") if outcome.impact else None,
        ease=words.say(f"html.ease.{outcome.ease.value}") if outcome.ease else None,
        rules=tuple(
            RuleLink(rule.rule, words.text(rule.title), words.say(f"html.verdict.{rule.verdict}.name").lower())
            for rule in rules
        ),
        remedy=words.text(outcome.remedy) if outcome.remedy else None,
        references=reference_rows(check.references, source) if check else (),
        evidence=shelf.take(outcome.evidence),
    )


def reference_rows(references: References, source: Source) -> tuple[tuple[str, str], ...]:
    """(kind, identifiers joined) for each kind that has some."""
    rows = ((name, getattr(references, name)) for name in _REFERENCES)
    return tuple((source.words.say(f"html.reference.{name}"), ", ".join(ids)) for name, ids in rows if ids)
