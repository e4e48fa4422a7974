"""The 65 rules: the map, and one entry for each with its parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pgssi_probe.model.verdict import Applicability, PartVerdict, RuleVerdict
from pgssi_reports.html import declared
from pgssi_reports.html.source import Source
from pgssi_reports.html.tags import Tag, severity_tag, verdict_tag


@dataclass(frozen=True)
class Basis:
    """An outcome that a verdict rests on. `finding` tells whether it has an entry of its own to link to."""

    id: str
    sentence: str
    finding: bool
    severity: Tag | None


@dataclass(frozen=True)
class Gap:
    """A check that concluded nothing for this part, and why."""

    check: str
    reason: str


@dataclass(frozen=True)
class PartView:
    id: str
    point: str
    verdict: Tag
    basis: tuple[Basis, ...]
    hidden_basis: int
    gaps: tuple[Gap, ...]
    applicability: str | None
    declared: str | None


@dataclass(frozen=True)
class RuleView:
    id: str
    title: str
    text: str
    verdict: Tag
    obligation: str
    addressed_to: str
    stakes: str
    page: int
    reason: str | None
    applicability: str | None
    parts: tuple[PartView, ...]
    informative: tuple[Basis, ...]
    documents: tuple[str, ...]


@dataclass(frozen=True)
class FamilyView:
    """A chapter of the guide with its rules."""

    id: str
    title: str
    rules: tuple[RuleView, ...]


BASIS_MAX = 8


def family_views(source: Source) -> tuple[FamilyView, ...]:
    """The chapters in the order of the guide."""
    families: dict[str, list[RuleVerdict]] = {}
    for rule in source.result.verdicts:
        families.setdefault(rule.family, []).append(rule)
    return tuple(
        FamilyView(name, source.chapter(name), tuple(_rule(rule, source) for rule in rules))
        for name, rules in families.items()
    )


def _rule(rule: RuleVerdict, source: Source) -> RuleView:
    words = source.words
    return RuleView(
        id=rule.rule,
        title=words.text(rule.title),
        text=words.text(rule.text),
        verdict=verdict_tag(rule.verdict, words),
        obligation=words.word("html.obligation", rule.obligation),
        addressed_to=", ".join(words.word("html.actor", actor) for actor in rule.addressed_to),
        stakes=", ".join(words.say(f"html.stake.{letter}.name").lower() for letter in rule.dicp),
        page=rule.page,
        reason=source.reason(rule.reason) if rule.reason else None,
        applicability=_applicability(rule.applicability, source),
        parts=tuple(_part(part, source) for part in rule.parts),
        informative=_basis(rule.informative, source)[0],
        documents=tuple(words.text(document) for document in rule.documents),
    )


def _part(part: PartVerdict, source: Source) -> PartView:
    basis, hidden = _basis(part.outcomes, source)
    return PartView(
        id=part.part,
        point=source.words.text(part.point),
        verdict=verdict_tag(part.verdict, source.words),
        basis=basis,
        hidden_basis=hidden,
        gaps=tuple(Gap(source.title(gap.check), source.reason(gap.reason)) for gap in part.unevaluated),
        applicability=_applicability(part.applicability, source),
        declared=declared.basis(part, source),
    )


def _applicability(found: Applicability | None, source: Source) -> str | None:
    """Why a rule or part that the guide puts conditions on applies or not, and where the guide says so."""
    if found is None:
        return None
    reason = source.words.text(found.reason)
    return source.words.say("html.rule.applicability", reason=reason, section=found.section, page=found.page)


def _basis(identifiers: Sequence[str], source: Source) -> tuple[tuple[Basis, ...], int]:
    """The first outcomes, failures before the others, and how many more there are."""
    found = [source.outcomes[identifier] for identifier in identifiers if identifier in source.outcomes]
    found.sort(key=lambda outcome: not outcome.failed)
    views = [
        Basis(
            id=outcome.id,
            sentence=source.words.text(outcome.sentence),
            finding=outcome.failed,
            severity=severity_tag(outcome.severity, source.words) if outcome.failed else None,
        )
        for outcome in found[:BASIS_MAX]
    ]
    return tuple(views), max(0, len(found) - BASIS_MAX)
