"""The rules as rows and sheets for people: what `rules list` and `rules show` print, in one language."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

from pydantic import JsonValue

from pgssi_probe.guide.load import guide, labels
from pgssi_probe.guide.model import Edge, Guide, Part, Rule
from pgssi_probe.model.text import Bilingual, Lang

Titles = Mapping[str, Bilingual]
"""Titles of the shipped checks by id, from the registry: the guide knows only those that are announced."""


class UnknownRule(KeyError):
    """No rule has this id. `close` lists the ids that look like it, best first."""

    def __init__(self, identifier: str, close: tuple[str, ...]) -> None:
        super().__init__(identifier)
        self.identifier = identifier
        self.close = close


def find(identifier: str, book: Guide | None = None) -> Rule:
    """The rule of an id, whatever its case, or of one of its parts (`aa7`, `AA7.2`). UnknownRule otherwise."""
    book = book or guide()
    wanted = identifier.strip().strip("[]").upper().replace(" ", "").replace("-", "")
    try:
        rule = book.rule(wanted.partition(".")[0])
    except KeyError:
        raise UnknownRule(identifier[:40], _close(wanted, book)) from None
    if "." in wanted and wanted not in {part.id for part in rule.parts}:
        raise UnknownRule(identifier[:40], tuple(part.id for part in rule.parts))
    return rule


def _close(wanted: str, book: Guide) -> tuple[str, ...]:
    ids = [rule.id for rule in book.rules]
    letters = wanted.rstrip("0123456789")
    same_family = [number for number in ids if number.rstrip("0123456789") == letters]
    near = get_close_matches(wanted[:10], ids, n=3, cutoff=0.5)
    # A number out of range (AA14): the last of the family tells how far it goes.
    return tuple(dict.fromkeys([*near, *same_family[-1:]]))


def rule_row(rule: Rule, lang: Lang) -> dict[str, JsonValue]:
    """One line of the list. Keys: id, family, section, title, class, obligation, dicp, checks."""
    return {
        "id": rule.id,
        "family": rule.family,
        "section": guide().family(rule.family).section,
        "title": rule.title.in_(lang),
        "class": rule.rule_class.value,
        "obligation": rule.obligation.value,
        "dicp": rule.dicp,
        "checks": list(rule.checks),
    }


def rule_sheet(rule: Rule, lang: Lang, titles: Titles | None = None) -> dict[str, JsonValue]:
    """Everything about a rule. Codes stay codes; each one comes with its label in `labels`."""
    book = guide()
    family = book.family(rule.family)
    return {
        "id": rule.id,
        "title": rule.title.in_(lang),
        "text": rule.text.in_(lang),
        "family": {"id": family.id, "section": family.section, "title": family.title.in_(lang)},
        "guide": {"title": book.book.title.in_(lang), "version": book.version, "page": rule.page},
        "class": rule.rule_class.value,
        "evidence": rule.evidence,
        "obligation": rule.obligation.value,
        "obligation_note": rule.obligation_note.in_(lang) if rule.obligation_note else None,
        "addressed_to": list(rule.addressed_to),
        "addressed_basis": rule.addressed_basis,
        "dicp": rule.dicp,
        "refers_to": list(rule.refers_to),
        "reading": rule.reading.in_(lang),
        "note": rule.note.in_(lang) if rule.note else None,
        "documents": [document.in_(lang) for document in rule.documents],
        "parts": [_part(part, lang, titles or {}, book) for part in rule.parts],
        "labels": _labels(rule, lang),
    }


def label(kind: str, code: str, lang: Lang) -> str:
    """A code of the rules in words. KeyError when the labels do not have it."""
    return labels()[kind][code].in_(lang)


def _part(part: Part, lang: Lang, titles: Titles, book: Guide) -> dict[str, JsonValue]:
    return {
        "id": part.id,
        "point": part.point.in_(lang),
        "class": part.rule_class.value,
        "checks": [_edge(edge, lang, titles, book) for edge in part.edges],
    }


def _edge(edge: Edge, lang: Lang, titles: Titles, book: Guide) -> dict[str, JsonValue]:
    planned = next((check for check in book.planned if check.id == edge.check), None)
    title = titles.get(edge.check) or (planned.title if planned else None)
    return {
        "check": edge.check,
        "title": title.in_(lang) if title else None,
        "state": "planned" if planned else "shipped",
        "weight": edge.weight.value,
        "coverage": edge.coverage.value,
        "outcomes": list(edge.outcomes) if edge.outcomes else None,
    }


def _labels(rule: Rule, lang: Lang) -> dict[str, JsonValue]:
    return {
        "class": label("class", rule.rule_class, lang),
        "obligation": label("obligation", rule.obligation, lang),
        "addressed_to": [label("addressed_to", actor, lang) for actor in rule.addressed_to],
        "addressed_basis": label("addressed_basis", rule.addressed_basis, lang),
        "dicp": [label("dicp", letter, lang) for letter in rule.dicp],
        "evidence": label("evidence", rule.evidence, lang),
    }
