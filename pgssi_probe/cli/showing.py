"""What is shown of a plan and of a run."""

from __future__ import annotations

from pgssi_probe.cli.page import Styled, heading, line, marked, table
from pgssi_probe.cli.safe import plain
from pgssi_probe.cli.watching import STYLES
from pgssi_probe.model.outcome import Level, Outcome, Reason, Status, Strength
from pgssi_probe.model.result import Plan, PlanEntry, PlannedCollection, RunResult
from pgssi_probe.model.severity import Severity
from pgssi_probe.model.text import Lang
from pgssi_probe.model.verdict import Verdict
from pgssi_probe.words import say

VERDICT_STYLES = {
    Verdict.NON_COMPLIANT: "bold red",
    Verdict.SUSPECTED: "yellow",
    Verdict.COMPLIANT: "green",
    Verdict.NO_DEVIATION: "green",
}


def show_plan(plan: Plan, target: str, level: Level, lang: Lang) -> None:
    running = [entry for entry in plan.entries if entry.runs]
    left_out = [entry for entry in plan.entries if entry.reason is Reason.DESELECTED]
    held = [entry for entry in plan.entries if not entry.runs and entry not in left_out]
    heading(say(lang, "plan.title", target=target, level=say(lang, f"level.{level}")))
    line(say(lang, "plan.runs", count=len(running), requests=plan.requests_max, seconds=about(plan.seconds_max)))
    line(say(lang, "plan.connections", connections=plan.connections_max))
    amounts = (say(lang, "plan.requests"), say(lang, "plan.sockets"), say(lang, "plan.methods"))
    if plan.collections:
        heading(say(lang, "plan.collections"))
        rows = ((each.title.in_(lang), *_amounts(each)) for each in plan.collections)
        table((say(lang, "plan.collection"), *amounts), rows)
    heading(say(lang, "plan.checks"))
    table(
        (say(lang, "plan.check"), say(lang, "plan.level"), *amounts),
        ((entry.check, say(lang, f"level.{entry.level}"), *_amounts(entry)) for entry in running),
    )
    if held:
        heading(say(lang, "plan.held", count=len(held)))
        table(
            (say(lang, "plan.check"), say(lang, "plan.level"), say(lang, "plan.why")),
            (
                (
                    entry.check,
                    say(lang, f"level.{entry.level}"),
                    (say(lang, f"reason.{entry.reason}") if entry.reason else "")
                    + (say(lang, "plan.missing", missing=entry.missing) if entry.missing else ""),
                )
                for entry in held
            ),
        )
    if left_out:
        line("\n" + say(lang, "plan.deselected", count=len(left_out)))
    for reserve in plan.reserves:
        line("\n" + say(lang, "engagement.reserve", text=reserve.text.in_(lang)), "yellow")
    line("\n" + say(lang, "plan.nothing_sent"))


def about(seconds: float) -> int:
    """Seconds, in whole minutes: nobody counts those of a plan."""
    return 60 * max(1, round(seconds / 60))


def _amounts(sent: PlanEntry | PlannedCollection) -> tuple[str, str, str]:
    """Requests, connections and methods; nothing where nothing is sent."""
    methods = ", ".join(sent.methods) if sent.requests_max else ""
    return str(sent.requests_max or ""), str(sent.connections_max or ""), methods


def show_summary(result: RunResult, lang: Lang) -> None:
    """What a person wants to know first: verdicts, deviations, the worst of them."""
    run = result.run
    heading(say(lang, "summary.title", target=plain(run.target), state=say(lang, f"state.{_state(run.state)}")))
    seconds = round((run.finished - run.started).total_seconds())
    line(say(lang, "summary.sent", requests=run.requests, connections=run.connections, seconds=seconds))
    heading(say(lang, "summary.rules"))
    table(
        (),
        (
            (
                Styled(f"{count:>4}"),
                Styled(say(lang, f"summary.verdict.{verdict}", count=count), VERDICT_STYLES.get(verdict, "")),
            )
            for verdict, count in result.summary.verdicts.items()
            if count
        ),
    )
    heading(say(lang, "summary.findings"))
    found = [(severity, result.summary.findings.get(severity, 0)) for severity in reversed(Severity)]
    if any(count for _, count in found):
        table(
            (),
            (
                (
                    Styled(f"{count:>4}"),
                    Styled(say(lang, f"summary.severity.{severity}", count=count), STYLES[severity]),
                )
                for severity, count in found
                if count
            ),
        )
    else:
        line(f"   {say(lang, 'summary.none')}")
    if result.summary.suspected:
        line("   " + say(lang, "summary.suspected", count=result.summary.suspected))
    if result.summary.inconclusive:
        line("   " + say(lang, "summary.inconclusive", count=result.summary.inconclusive))
    if failed := [check.id for check in result.checks if check.state == "error"]:
        line("   " + say(lang, "summary.failed", count=len(failed), names=", ".join(failed)), "yellow")
    failures = [outcome for outcome in result.outcomes if outcome.status is Status.FAIL]
    worst = sorted(failures, key=_weight, reverse=True)[:5]
    if worst:
        heading(say(lang, "summary.worst"))
        for outcome in worst:
            severity = outcome.severity or Severity.MINOR
            mark = Styled(f"  {say(lang, f'severity.{severity}'):<9} ", STYLES[severity])
            marked(mark, Styled(plain(outcome.sentence.in_(lang), 220)), hang=len(mark.text))


def _weight(outcome: Outcome) -> tuple[int, bool]:
    """By severity; among equals, what is proved before what a person must confirm."""
    return (outcome.severity or Severity.MINOR).rank, outcome.strength is Strength.PROOF


def _state(state: str) -> str:
    return {"aborted": "interrupted"}.get(state, state)
