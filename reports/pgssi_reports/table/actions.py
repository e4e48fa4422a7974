"""The action plan as the report has it, the findings, and the 65 rules: as rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pgssi_probe.model.outcome import Outcome, Strength
from pgssi_probe.model.severity import Severity
from pgssi_reports.html.declared import by_rule, in_one_line
from pgssi_reports.html.findings import reference_rows
from pgssi_reports.html.plan import PlannedAction, plan
from pgssi_reports.html.source import Source
from pgssi_reports.machine import rule_ids

# Left empty, for those who carry the actions out.
TO_FILL: Final = ("owner", "due", "state", "comment")
ACTION_COLUMNS: Final = (
    "number",
    "priority",
    "pepite",
    "severity",
    "certainty",
    "action",
    "how",
    "scenario",
    "cost",
    "complexity",
    "delay",
    "qualities",
    "count",
    "ids",
    "rules",
    *TO_FILL,
)
FINDING_COLUMNS: Final = (
    "id",
    "severity",
    "certainty",
    "finding",
    "subject",
    "remedy",
    "rules",
    "impact",
    "ease",
    "check",
    "references",
)
RULE_COLUMNS: Final = (
    "rule",
    "chapter",
    "rule_title",
    "verdict",
    "why",
    "declared",
    "stakes",
    "obligation",
    "documents",
)


@dataclass(frozen=True)
class Row:
    """The cells of a line in the order of its columns, and the severity or the verdict that colours it."""

    code: str
    cells: tuple[str | int, ...]


def headings(columns: Sequence[str], source: Source) -> tuple[str, ...]:
    """The words above the columns."""
    return tuple(source.words.say(f"table.{name}") for name in columns)


def action_rows(source: Source) -> tuple[Row, ...]:
    """One row for each action, numbered as in the report."""
    return tuple(_action(action, source) for action in plan(source))


def _action(action: PlannedAction, source: Source) -> Row:
    more = f" (+{action.hidden_findings})" if action.hidden_findings else ""
    values: dict[str, str | int] = {
        "number": action.number,
        "priority": action.priority.word,
        "pepite": source.words.say("table.yes") if action.pepite else "",
        "severity": action.severity.word,
        "certainty": _certainty(action.proved, source),
        "action": action.title,
        "how": " ".join(action.remedies),
        "scenario": action.scenario or "",
        "cost": action.efforts.cost,
        "complexity": action.efforts.complexity,
        "delay": action.efforts.delay,
        "qualities": ", ".join(action.qualities),
        "count": action.count,
        "ids": ", ".join(action.findings) + more,
        "rules": ", ".join(action.rules),
    }
    return Row(action.severity.code, tuple(values.get(name, "") for name in ACTION_COLUMNS))


def finding_rows(source: Source) -> tuple[Row, ...]:
    """One row for each failure: proofs before doubts, the worst first."""
    return tuple(_finding(outcome, source) for outcome in (*source.proved, *source.suspected))


def _finding(outcome: Outcome, source: Source) -> Row:
    words = source.words
    severity = outcome.severity or Severity.MINOR
    check = source.checks.get(outcome.check)
    references = reference_rows(check.references, source) if check else ()
    values = {
        "id": outcome.id,
        "severity": words.say(f"html.severity.{severity.value}.name"),
        "certainty": _certainty(outcome.strength is Strength.PROOF, source),
        "finding": words.text(outcome.sentence),
        "subject": outcome.subject.name,
        "remedy": words.text(outcome.remedy) if outcome.remedy else "",
        "rules": ", ".join(rule_ids(outcome, source)),
        "impact": words.say(f"html.impact.{outcome.impact.value}") if outcome.impact else "",
        "ease": words.say(f"html.ease.{outcome.ease.value}") if outcome.ease else "",
        "check": outcome.check,
        "references": " ; ".join(f"{kind} {ids}" for kind, ids in references),
    }
    return Row(severity.value, tuple(values[name] for name in FINDING_COLUMNS))


def _certainty(proved: bool, source: Source) -> str:
    return source.words.say("html.finding.proved" if proved else "html.finding.hint")


def rule_rows(source: Source) -> tuple[Row, ...]:
    """The 65 rules in the order of the guide."""
    words = source.words
    declared = by_rule(source)
    rows = []
    for rule in source.result.verdicts:
        values = {
            "rule": rule.rule,
            "chapter": source.chapter(rule.family),
            "rule_title": words.text(rule.title),
            "verdict": words.say(f"html.verdict.{rule.verdict.value}.name"),
            "why": source.reason(rule.reason) if rule.reason else "",
            "declared": " · ".join(in_one_line(entry, source) for entry in declared.get(rule.rule, [])),
            "stakes": rule.dicp,
            "obligation": words.word("html.obligation", rule.obligation),
            "documents": ", ".join(words.text(document) for document in rule.documents),
        }
        rows.append(Row(rule.verdict.value, tuple(values[name] for name in RULE_COLUMNS)))
    return tuple(rows)
