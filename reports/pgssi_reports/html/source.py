"""A result with the look-ups that every section of the page needs."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from pgssi_probe.model.action import Action
from pgssi_probe.model.evidence import Evidence
from pgssi_probe.model.outcome import Outcome, Reason, Strength
from pgssi_probe.model.result import CheckRun, RunResult
from pgssi_probe.model.verdict import PartVerdict, RuleVerdict, Verdict
from pgssi_reports.words import Words

ACCUSING = (Verdict.NON_COMPLIANT, Verdict.SUSPECTED)


class Source:
    """The result to show, and the words to show it with."""

    def __init__(self, result: RunResult, words: Words) -> None:
        self.result = result
        self.words = words
        self.outcomes: dict[str, Outcome] = {outcome.id: outcome for outcome in result.outcomes}
        self.evidence: dict[str, Evidence] = {piece.id: piece for piece in result.evidence}
        self.checks: dict[str, CheckRun] = {check.id: check for check in result.checks}
        self._actions = {(action.check, action.slug): action for action in result.actions}
        self._chapters = {chapter.id: chapter.title for chapter in result.chapters}

    @cached_property
    def proved(self) -> list[Outcome]:
        """Failures that are proofs, the worst first."""
        return _worst_first(o for o in self.result.outcomes if o.failed and o.strength is Strength.PROOF)

    @cached_property
    def suspected(self) -> list[Outcome]:
        """Failures that a person must confirm, the worst first."""
        return _worst_first(o for o in self.result.outcomes if o.failed and o.strength is Strength.HINT)

    @cached_property
    def accused(self) -> dict[str, list[RuleVerdict]]:
        """By outcome id, the rules that the outcome speaks against, in the order of the guide."""
        found: dict[str, list[RuleVerdict]] = {}
        for rule in self.result.verdicts:
            ids = {i for part in rule.parts if part.verdict in ACCUSING for i in part.outcomes}
            for identifier in ids:
                if (outcome := self.outcomes.get(identifier)) is not None and outcome.failed:
                    found.setdefault(identifier, []).append(rule)
        return found

    def accused_parts(self, rule: RuleVerdict, outcome: str) -> list[PartVerdict]:
        """The parts of a rule that an outcome speaks against."""
        return [part for part in rule.parts if part.verdict in ACCUSING and outcome in part.outcomes]

    def action(self, outcome: Outcome) -> Action | None:
        """What to do about a failure; None when the run had nothing to say of it."""
        return self._actions.get((outcome.check, outcome.slug))

    def chapter(self, family: str) -> str:
        """The title of a chapter of the guide, or its letters when the result does not hold it."""
        return self.words.text(self._chapters[family]) if family in self._chapters else family

    def rules_with(self, *verdicts: Verdict) -> list[RuleVerdict]:
        return [rule for rule in self.result.verdicts if rule.verdict in verdicts]

    def reason(self, reason: Reason) -> str:
        return self.words.text(self.result.reasons[reason]) if reason in self.result.reasons else reason.value

    def title(self, check: str) -> str:
        """The title of a check, or its id when it did not take part."""
        return self.words.text(self.checks[check].title) if check in self.checks else check


def _worst_first(outcomes: Iterable[Outcome]) -> list[Outcome]:
    def place(outcome: Outcome) -> tuple[int, str, str]:
        return (-outcome.severity.rank if outcome.severity else 1, outcome.check, outcome.subject.name)

    return sorted(outcomes, key=place)
