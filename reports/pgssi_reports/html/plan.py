"""The action plan: each action once for all the findings that it mends, in the order of its priority."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pgssi_probe.model.action import Action, Delay, Effort
from pgssi_probe.model.outcome import Outcome, Strength
from pgssi_probe.model.severity import Ease, Severity
from pgssi_probe.model.verdict import Verdict
from pgssi_reports.html.priority import is_pepite, priority, qualities
from pgssi_reports.html.source import Source
from pgssi_reports.html.tags import Tag, priority_tag, severity_tag

FIRST_MAX: Final = 5
FINDINGS_MAX: Final = 12
REMEDIES_MAX: Final = 6


@dataclass(frozen=True)
class Efforts:
    """In words. What the catalogue does not know is said to be estimated."""

    cost: str
    complexity: str
    delay: str


@dataclass(frozen=True)
class PlannedAction:
    """`findings` are the first ids; `count` counts them all. `qualities` are words, `why` the same as one sentence.

    `scenario` is that of the worst finding, as the direction reads it.
    """

    number: int
    title: str
    severity: Tag
    proved: bool
    priority: Tag
    efforts: Efforts
    qualities: tuple[str, ...]
    pepite: bool
    why: str
    scenario: str | None
    count: int
    findings: tuple[str, ...]
    hidden_findings: int
    rules: tuple[str, ...]
    remedies: tuple[str, ...]


def efforts(action: Action | None, source: Source) -> Efforts:
    words = source.words
    if action is None:
        unknown = words.say("html.effort.unknown")
        return Efforts(unknown, unknown, unknown)
    return Efforts(
        words.say(f"html.effort.cost.{action.cost.value}"),
        words.say(f"html.effort.complexity.{action.complexity.value}"),
        words.say(f"html.effort.delay.{action.delay.value}"),
    )


def plan(source: Source) -> tuple[PlannedAction, ...]:
    """Every action, the most pressing first."""
    groups: dict[str, list[Outcome]] = {}
    for outcome in (*source.proved, *source.suspected):
        groups.setdefault(_key(outcome, source), []).append(outcome)
    ranked = sorted(groups.values(), key=lambda group: _place(group, source))
    return tuple(_planned(number, group, source) for number, group in enumerate(ranked, start=1))


def first_actions(actions: Sequence[PlannedAction]) -> tuple[PlannedAction, ...]:
    """What the direction decides first: what is proved, the most pressing first."""
    return tuple(action for action in actions if action.proved)[:FIRST_MAX]


def _key(outcome: Outcome, source: Source) -> str:
    action = source.action(outcome)
    return action.title.fr if action else f"{outcome.check}/{outcome.slug}"


def _place(group: Sequence[Outcome], source: Source) -> tuple[int, bool, int, int, int, int, str]:
    """Priority, proofs before clues, the gravest, the most qualities, the easiest to exploit, the most rules."""
    worst = group[0]
    severity = worst.severity.rank if worst.severity else -1
    ease = list(Ease).index(worst.ease) if worst.ease else -1
    held = len(_qualities(group, source))
    return (
        _priority(group, source),
        not _proved(worst),
        -severity,
        -held,
        -ease,
        -len(_rules(group, source)),
        worst.check,
    )


def _priority(group: Sequence[Outcome], source: Source) -> int:
    return min(priority(one.severity, source.action(one), proved=_proved(one)) for one in group)


def _proved(outcome: Outcome) -> bool:
    return outcome.strength is Strength.PROOF


def _rules(group: Sequence[Outcome], source: Source) -> tuple[str, ...]:
    return tuple(dict.fromkeys(rule.rule for one in group for rule in source.accused.get(one.id, [])))


def _unmet(group: Sequence[Outcome], source: Source) -> tuple[str, ...]:
    """Rules that would be met again: those that a proof speaks against."""
    accused = (rule for one in group if _proved(one) for rule in source.accused.get(one.id, []))
    return tuple(dict.fromkeys(rule.rule for rule in accused if rule.verdict is Verdict.NON_COMPLIANT))


def _whole(group: Sequence[Outcome], source: Source) -> Action | None:
    """The action of a group, as demanding as its most demanding member."""
    members = [action for one in group if (action := source.action(one)) is not None]
    if not members:
        return None
    return members[0].model_copy(
        update={
            "cost": max((one.cost for one in members), key=lambda effort: effort.rank, default=Effort.LOW),
            "complexity": max((one.complexity for one in members), key=lambda effort: effort.rank, default=Effort.LOW),
            "delay": max((one.delay for one in members), key=lambda delay: delay.rank, default=Delay.DAYS),
            "unobtrusive": all(one.unobtrusive for one in members),
        }
    )


def _qualities(group: Sequence[Outcome], source: Source) -> tuple[str, ...]:
    severity: Severity | None = group[0].severity
    return qualities(_whole(group, source), severity if _proved(group[0]) else None, _unmet(group, source))


def _planned(number: int, group: Sequence[Outcome], source: Source) -> PlannedAction:
    words, worst = source.words, group[0]
    action = _whole(group, source)
    held = tuple(words.say(f"html.quality.{name}") for name in _qualities(group, source))
    remedies = dict.fromkeys(words.text(one.remedy) for one in group if one.remedy)
    return PlannedAction(
        number=number,
        title=words.text(action.title) if action else source.title(worst.check),
        severity=severity_tag(worst.severity, words),
        proved=_proved(worst),
        priority=priority_tag(_priority(group, source), words),
        efforts=efforts(action, source),
        qualities=held,
        pepite=is_pepite(held),
        why=words.say("html.plan.why", qualities=", ".join(held)),
        scenario=words.text(action.scenario) if action else None,
        count=len(group),
        findings=tuple(one.id for one in group[:FINDINGS_MAX]),
        hidden_findings=max(0, len(group) - FINDINGS_MAX),
        rules=_rules(group, source),
        remedies=tuple(remedies)[:REMEDIES_MAX],
    )
