"""The action plan: one row for each remedy, the most urgent first; and the 65 rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pgssi_probe.model.outcome import Outcome, Strength
from pgssi_probe.model.severity import Severity
from pgssi_reports.html.findings import reference_rows
from pgssi_reports.html.source import Source
from pgssi_reports.machine import rule_ids

SUBJECTS_MAX: Final = 20
# Left empty, for those who carry the actions out.
TO_FILL: Final = ("owner", "due", "state", "comment")
COLUMNS: Final = (
    "number",
    "severity",
    "certainty",
    "action",
    "finding",
    "subjects",
    "count",
    "rules",
    "impact",
    "ease",
    "check",
    "references",
    "ids",
    *TO_FILL,
)
RULE_COLUMNS: Final = ("rule", "chapter", "rule_title", "verdict", "why", "stakes", "obligation", "documents")


@dataclass(frozen=True)
class Row:
    """The cells of a line in the order of its columns, and the severity or the verdict that colours it."""

    code: str
    cells: tuple[str | int, ...]


def headings(columns: Sequence[str], source: Source) -> tuple[str, ...]:
    """The words above the columns."""
    shared = {"references": "html.finding.references"}
    return tuple(source.words.say(shared.get(name, f"table.{name}")) for name in columns)


def action_rows(source: Source) -> tuple[Row, ...]:
    """One row for each weakness of a check, whatever the number of subjects that show it: proofs before doubts."""
    groups: dict[tuple[str, str], list[Outcome]] = {}
    for outcome in (*source.proved, *source.suspected):
        groups.setdefault((outcome.check, outcome.slug), []).append(outcome)
    ranked = sorted(groups.values(), key=_urgency)
    return tuple(_action(number, group, source) for number, group in enumerate(ranked, start=1))


def _urgency(group: Sequence[Outcome]) -> tuple[bool, int]:
    worst = group[0]
    return worst.strength is Strength.HINT, -(worst.severity.rank if worst.severity else -1)


def _action(number: int, group: Sequence[Outcome], source: Source) -> Row:
    words, worst = source.words, group[0]
    severity = worst.severity or Severity.MINOR
    check = source.checks.get(worst.check)
    subjects = [outcome.subject.name for outcome in group]
    more = f" (+{len(subjects) - SUBJECTS_MAX})" if len(subjects) > SUBJECTS_MAX else ""
    references = reference_rows(check.references, source) if check else ()
    values: dict[str, str | int] = {
        "number": number,
        "severity": words.say(f"html.severity.{severity.value}.name"),
        "certainty": words.say("html.finding.proved" if worst.strength is Strength.PROOF else "html.finding.hint"),
        "action": words.text(worst.remedy) if worst.remedy else "",
        "finding": words.text(worst.sentence),
        "subjects": ", ".join(subjects[:SUBJECTS_MAX]) + more,
        "count": len(group),
        "rules": ", ".join(dict.fromkeys(rule for outcome in group for rule in rule_ids(outcome, source))),
        "impact": words.say(f"html.impact.{worst.impact.value}") if worst.impact else "",
        "ease": words.say(f"html.ease.{worst.ease.value}") if worst.ease else "",
        "check": worst.check,
        "references": " ; ".join(f"{kind} {ids}" for kind, ids in references),
        "ids": ", ".join(outcome.id for outcome in group[:SUBJECTS_MAX]) + more,
    }
    return Row(severity.value, tuple(values.get(name, "") for name in COLUMNS))


def rule_rows(source: Source) -> tuple[Row, ...]:
    """The 65 rules in the order of the guide."""
    words = source.words
    rows = []
    for rule in source.result.verdicts:
        values = {
            "rule": rule.rule,
            "chapter": words.word("html.family", rule.family),
            "rule_title": words.text(rule.title),
            "verdict": words.say(f"html.verdict.{rule.verdict.value}.name"),
            "why": source.reason(rule.reason) if rule.reason else "",
            "stakes": rule.dicp,
            "obligation": words.word("html.obligation", rule.obligation),
            "documents": ", ".join(words.text(document) for document in rule.documents),
        }
        rows.append(Row(rule.verdict.value, tuple(values[name] for name in RULE_COLUMNS)))
    return tuple(rows)
