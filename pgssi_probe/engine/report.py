"""Assembling the result of a run: pure, from what was gathered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pgssi_probe.assess import assess, summarise
from pgssi_probe.engagement import Engagement
from pgssi_probe.guide import Guide
from pgssi_probe.guide.actions import action_catalogue
from pgssi_probe.model.evidence import Evidence
from pgssi_probe.model.inventory import InventorySummary
from pgssi_probe.model.outcome import Outcome, Reason, Status
from pgssi_probe.model.result import Chapter, CheckRun, Event, Plan, Run, RunResult
from pgssi_probe.words import both

_STATUS_ORDER = (Status.FAIL, Status.INCONCLUSIVE, Status.PASS, Status.NOT_APPLICABLE)


def assemble(
    *,
    run: Run,
    engagement: Engagement,
    plan: Plan,
    runs: Sequence[CheckRun],
    outcomes: Sequence[Outcome],
    evidence: Sequence[Evidence],
    events: Sequence[Event],
    guide: Guide,
    now: datetime,
    inventory: InventorySummary | None = None,
) -> RunResult:
    """The whole result. Findings come first, the worst before the others; evidence nobody refers to is left out."""
    ordered = sorted(outcomes, key=_place)
    checks = sorted(runs, key=lambda run: run.id)
    verdicts = assess(guide, checks, ordered, context=engagement.context.answers)
    used = {identifier for outcome in ordered for identifier in outcome.evidence}
    return RunResult(
        run=run,
        engagement=engagement.summary(run.target, now).model_copy(
            update={"reserves": guide.applicability.reserves_of(engagement.context.answers)}
        ),
        plan=plan,
        checks=tuple(checks),
        outcomes=tuple(ordered),
        evidence=tuple(piece for piece in evidence if piece.id in used),
        verdicts=verdicts,
        chronology=tuple(sorted(events, key=lambda event: event.at)),
        summary=summarise(checks, ordered, verdicts),
        reasons={reason: both(f"reason.{reason}") for reason in Reason},
        guide=f"{guide.book.title.fr}, v{guide.version}",
        chapters=tuple(Chapter(id=one.id, section=one.section, title=one.title) for one in guide.book.families),
        actions=action_catalogue().actions(ordered),
        inventory=inventory,
    )


def _place(outcome: Outcome) -> tuple[int, int, str, str]:
    severity = -outcome.severity.rank if outcome.severity else 0
    return _STATUS_ORDER.index(outcome.status), severity, outcome.check, outcome.id
