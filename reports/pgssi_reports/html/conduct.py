"""How the run went: what the machine did, what weighs on the conclusions."""

from __future__ import annotations

from dataclasses import dataclass

from pgssi_probe.model.outcome import Level, Status
from pgssi_reports.html.source import Source


@dataclass(frozen=True)
class Activity:
    """What the machine did at one level, or for all checks together."""

    name: str
    meaning: str
    checks: str
    requests: str
    connections: str


def reserves(source: Source) -> tuple[str, ...]:
    """What weighs on the conclusions of this very run."""
    result, words = source.result, source.words
    said = [words.text(reserve.text) for reserve in result.engagement.reserves]
    said += [] if result.engagement.mandate else [words.say("html.reserve.no_mandate")]
    if result.run.state != "completed":
        why = source.reason(result.run.stopped_because) if result.run.stopped_because else ""
        said.append(f"{words.say(f'html.reserve.{result.run.state}')} {why}".strip())
    counted = {
        "not_run": sum(check.state != "completed" for check in result.checks),
        "unsure": sum(outcome.status is Status.INCONCLUSIVE for outcome in result.outcomes),
        "suspected": len(source.suspected),
        "paused": sum(event.kind == "paused" for event in result.chronology),
        "refused": sum(event.kind == "refused" for event in result.chronology),
        "contradicted": sum(part.contradiction is not None for rule in result.verdicts for part in rule.parts),
        "idle": sum(not entry.counts for entry in result.declarations.entries) if result.declarations else 0,
    }
    return (*said, *(words.count(f"html.reserve.{name}", count) for name, count in counted.items() if count))


def shared_traffic(source: Source) -> tuple[int, int]:
    """Requests and connections of the run that no check made alone: collections are made once for all who ask."""
    run, checks = source.result.run, source.result.checks
    requests, connections = sum(check.requests for check in checks), sum(check.connections for check in checks)
    return max(0, run.requests - requests), max(0, run.connections - connections)


def activities(source: Source) -> tuple[Activity, ...]:
    """Automated activities, level by level, then what all checks share: the walk of the site, sign-ins, controls."""
    words = source.words
    rows = []
    for level in Level:
        checks = [check for check in source.result.checks if check.level is level and check.state != "not_run"]
        sent, opened = sum(check.requests for check in checks), sum(check.connections for check in checks)
        if checks:
            rows.append((f"html.level.{level.value}", f"html.level_meaning.{level.value}", len(checks), sent, opened))
    if any(shared := shared_traffic(source)):
        rows.append(("html.activity.shared", "html.activity.shared_meaning", 0, *shared))
    return tuple(
        Activity(
            name=words.say(name),
            meaning=words.say(meaning),
            checks=words.number(count) if count else "—",
            requests=words.number(sent),
            connections=words.number(opened),
        )
        for name, meaning, count, sent, opened in rows
    )
