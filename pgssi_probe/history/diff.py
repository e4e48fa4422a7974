"""What changed from one run to another: a pure function of two results.

Findings are known by their stable ids, which hold no text (`pgssi_probe.model.outcome.stable_id`). A finding that only
one run shows is new or fixed when the other run could have shown it; otherwise it is not comparable, and why is said:
silence is never taken for a repair.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from enum import StrEnum
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field

from pgssi_probe.history.comparable import Obstacle, Why, obstacle
from pgssi_probe.model.outcome import Frozen, Outcome, Reason, Strength, Subject
from pgssi_probe.model.result import RunResult
from pgssi_probe.model.severity import Severity
from pgssi_probe.model.text import Bilingual
from pgssi_probe.model.verdict import Verdict


class Change(StrEnum):
    """`worse`: the same finding is graver or is now proved, or a graver one of the same check took its place."""

    NEW = "new"
    WORSE = "worse"
    NOT_COMPARABLE = "not_comparable"
    UNCHANGED = "unchanged"
    BETTER = "better"
    FIXED = "fixed"


class Side(Frozen):
    """A finding as one run shows it. `count` is how often it was seen, when the check counts."""

    id: str
    slug: str
    severity: Severity
    strength: Strength
    sentence: Bilingual
    count: int | None = None

    @property
    def weight(self) -> tuple[int, int]:
        return self.severity.rank, int(self.strength is Strength.PROOF)


class Entry(Frozen):
    """One finding of one run or of both. `why` and `reason` say why it is not comparable, when it is not."""

    change: Change
    check: str
    subject: Subject
    old: Side | None = None
    new: Side | None = None
    why: Why | None = None
    reason: Reason | None = None


class VerdictChange(Frozen):
    """A rule whose verdict is not what it was. `direction` is `other` when one of the two says nothing, and when what
    makes the difference could not be seen by both."""

    rule: str
    title: Bilingual
    old: Verdict
    new: Verdict
    direction: Literal["worse", "better", "other"]


class RunSide(Frozen):
    id: str
    target: str
    level: str
    started: str
    state: str
    tool_version: str


class Difference(Frozen):
    """Everything that changed, the gravest first. Its JSON form is the output of `diff --json`."""

    schema_version: Literal["1.0"] = "1.0"
    old: RunSide
    new: RunSide
    same_target: bool
    counts: dict[Change, int] = Field(description="every change is counted, nought included")
    entries: tuple[Entry, ...]
    rules: tuple[VerdictChange, ...]

    @property
    def regressed(self) -> bool:
        return bool(self.counts[Change.NEW] or self.counts[Change.WORSE])


def difference(old: RunResult, new: RunResult) -> Difference:
    """The changes from `old` to `new`."""
    same_target = origin(old.run.target) == origin(new.run.target)
    before = {outcome.id: outcome for outcome in old.outcomes if outcome.failed}
    after = {outcome.id: outcome for outcome in new.outcomes if outcome.failed}
    entries = list(_entries(old, new, before, after)) if same_target else list(_all_apart(before, after))
    entries.sort(key=_place)
    return Difference(
        old=_run(old),
        new=_run(new),
        same_target=same_target,
        counts={change: sum(entry.change is change for entry in entries) for change in Change},
        entries=tuple(entries),
        rules=_rules(old, new, _not_compared(entries)) if same_target else (),
    )


def _not_compared(entries: Iterable[Entry]) -> frozenset[str]:
    """The ids of the deviations of which nothing is concluded."""
    apart = [entry for entry in entries if entry.change is Change.NOT_COMPARABLE]
    return frozenset(side.id for entry in apart for side in (entry.old, entry.new) if side is not None)


def origin(address: str) -> tuple[str, str, int | None]:
    """Scheme, host and port; the whole text when it is not an address."""
    try:
        parts = urlsplit(address)
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme)
    except ValueError:
        return "", address, None
    return parts.scheme, parts.hostname or address, port


def _all_apart(before: dict[str, Outcome], after: dict[str, Outcome]) -> Iterable[Entry]:
    for identifier in dict.fromkeys((*before, *after)):
        yield _entry(Change.NOT_COMPARABLE, before.get(identifier), after.get(identifier), Obstacle(Why.TARGET))


def _entries(old: RunResult, new: RunResult, before: dict[str, Outcome], after: dict[str, Outcome]) -> Iterable[Entry]:
    gone: dict[tuple[str, Subject], list[Outcome]] = defaultdict(list)
    for identifier, outcome in before.items():
        if identifier in after:
            yield _in_both(outcome, after[identifier])
        elif found := obstacle(outcome, seen_in=old, missing_from=new):
            yield _entry(Change.NOT_COMPARABLE, outcome, None, found)
        else:
            gone[outcome.check, outcome.subject].append(outcome)
    for outcome in after.values():
        if outcome.id in before:
            continue
        if found := obstacle(outcome, seen_in=new, missing_from=old):
            yield _entry(Change.NOT_COMPARABLE, None, outcome, found)
            continue
        lesser = [one for one in gone[outcome.check, outcome.subject] if _side(one).weight < _side(outcome).weight]
        if lesser:
            replaced = max(lesser, key=lambda one: (_side(one).weight, one.id))
            gone[outcome.check, outcome.subject].remove(replaced)
            yield _entry(Change.WORSE, replaced, outcome)
        else:
            # A lesser weakness in place of a graver one may be another weakness: it is new, and the graver is fixed.
            yield _entry(Change.NEW, None, outcome)
    for outcomes in gone.values():
        for outcome in outcomes:
            yield _entry(Change.FIXED, outcome, None)


def _in_both(old: Outcome, new: Outcome) -> Entry:
    before, after = _side(old).weight, _side(new).weight
    change = Change.UNCHANGED if before == after else Change.WORSE if after > before else Change.BETTER
    return _entry(change, old, new)


def _entry(change: Change, old: Outcome | None, new: Outcome | None, found: Obstacle | None = None) -> Entry:
    shown = new or old
    assert shown is not None  # noqa: S101 (narrowing)
    return Entry(
        change=change,
        check=shown.check,
        subject=shown.subject,
        old=_side(old) if old else None,
        new=_side(new) if new else None,
        why=found.why if found else None,
        reason=found.reason if found else None,
    )


def _side(outcome: Outcome) -> Side:
    count = outcome.facts.get("count")
    return Side(
        id=outcome.id,
        slug=outcome.slug,
        severity=outcome.severity or Severity.MINOR,
        strength=outcome.strength,
        sentence=outcome.sentence,
        count=count if isinstance(count, int) and not isinstance(count, bool) else None,
    )


def _place(entry: Entry) -> tuple[int, int, str, str, str]:
    shown = entry.new or entry.old
    assert shown is not None  # noqa: S101 (narrowing)
    return list(Change).index(entry.change), -shown.severity.rank, entry.check, entry.subject.name, shown.id


def _run(result: RunResult) -> RunSide:
    run = result.run
    return RunSide(
        id=run.id,
        target=run.target,
        level=run.level.value,
        started=run.started.isoformat(),
        state=run.state,
        tool_version=run.tool_version,
    )


_GOOD = (Verdict.NO_DEVIATION, Verdict.COMPLIANT)
_RANKS = {Verdict.NON_COMPLIANT: 0, Verdict.SUSPECTED: 1, **dict.fromkeys(_GOOD, 2)}


def _rules(old: RunResult, new: RunResult, apart: frozenset[str]) -> tuple[VerdictChange, ...]:
    before = {rule.rule: rule.verdict for rule in old.verdicts}
    rests_on = {rule.rule: frozenset(rule.outcomes) for rule in old.verdicts}
    return tuple(
        VerdictChange(
            rule=rule.rule,
            title=rule.title,
            old=before[rule.rule],
            new=rule.verdict,
            direction="other"
            if apart & (rests_on[rule.rule] | frozenset(rule.outcomes))
            else _direction(before[rule.rule], rule.verdict),
        )
        for rule in new.verdicts
        if rule.rule in before and before[rule.rule] is not rule.verdict
    )


def _direction(old: Verdict, new: Verdict) -> Literal["worse", "better", "other"]:
    """Between `compliant` and `no_deviation` only the coverage differs."""
    if old not in _RANKS or new not in _RANKS or _RANKS[old] == _RANKS[new]:
        return "other"
    return "worse" if _RANKS[new] < _RANKS[old] else "better"
